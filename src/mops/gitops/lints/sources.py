"""Lints for the sources of Argo CD's Applications: where charts and values come from."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from mops.gitops.lints.applications import APPLICATIONS, Application, about_application
from mops.gitops.lints.finding import (
    Find,
    Finding,
    Lint,
    Manifest,
    items,
    mapping,
    release_name,
)
from mops.model.layer import Path
from mops.model.spelling import near

_VERSION = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+(-[-.0-9A-Za-z]+)?(\+[-.0-9A-Za-z]+)?")
_TOOLS = ("helm", "kustomize", "directory", "plugin")
_FIELDS = (*_TOOLS, "repoURL", "path", "targetRevision", "chart", "ref", "name")
# Fields of helm that must not be used with values that mops renders, each with the reason.
REFUSED = {
    "parameters": "use valueFiles: parameters are expanded, and their order is not fixed",
    "fileParameters": "use valueFiles: parameters are expanded, and their order is not fixed",
    "values": "use valueFiles, with the file that mops renders",
    "valuesObject": "use valueFiles: valuesObject changes numbers",
    "ignoreMissingValueFiles": "a missing values file must be an error",
    "skipSchemaValidation": "the chart's schema rejects empty values, and values of other charts",
}
_HELM_FIELDS = (
    *REFUSED,
    "releaseName",
    "valueFiles",
    "skipCrds",
    "skipTests",
    "namespace",
    "kubeVersion",
    "apiVersions",
    "version",
    "passCredentials",
)


class Source(NamedTuple):
    """A source of the Application `app`, at a path in its object."""

    app: Application
    path: Path
    data: Manifest

    @property
    def helm(self) -> Manifest:
        """Its section helm."""
        return mapping(self.data.get("helm"))

    @property
    def url(self) -> str:
        """The repository."""
        return str(self.data.get("repoURL", ""))


def _sources(app: Application) -> list[Source]:
    found = []
    if "source" in app.spec:
        found.append(Source(app, (*app.path, "source"), mapping(app.spec["source"])))
    for index, source in enumerate(items(app.spec.get("sources"))):
        found.append(Source(app, (*app.path, "sources", str(index)), mapping(source)))
    return found


def _each(find: Callable[[Source], Iterator[Finding]]) -> Find:
    """A lint that looks at each source of an Application."""

    def find_in(app: Application) -> Iterator[Finding]:
        for source in _sources(app):
            yield from find(source)

    return about_application(find_in)


def _known_fields(source: Source) -> Iterator[Finding]:
    yield from _unknown(source.data, _FIELDS, source.path)
    yield from _unknown(source.helm, _HELM_FIELDS, (*source.path, "helm"))


def _unknown(data: Manifest, fields: Sequence[str], path: Path) -> Iterator[Finding]:
    for key in data:
        if key not in fields:
            yield Finding((*path, key), "unknown field", near(key, fields))


def _one_tool(source: Source) -> Iterator[Finding]:
    tools = [tool for tool in _TOOLS if tool in source.data]
    if len(tools) > 1:
        message = f"a source must have only one of {', '.join(tools)}"
        yield Finding((*source.path, tools[1]), message)


def _fixed_revision(source: Source) -> Iterator[Finding]:
    revision = str(source.data.get("targetRevision") or "")
    if not revision:
        message = "targetRevision is missing"
        yield Finding(source.path, message, "without it, Argo CD uses the newest version")
        return
    from_registry = source.data.get("chart") and not source.data.get("ref")
    if from_registry and "{{" not in revision and not _VERSION.fullmatch(revision):
        yield Finding(
            (*source.path, "targetRevision"),
            f"{revision} is not an exact chart version",
            "write it in full, as in 1.4.2",
        )


def _only_a_reference(source: Source) -> Iterator[Finding]:
    for other in ("chart", "path"):
        if source.data.get("ref") and source.data.get(other):
            yield Finding(
                (*source.path, "ref"),
                f"a source with ref must not have {other}",
                "use a separate source for the files",
            )


def _chart_or_path(source: Source) -> Iterator[Finding]:
    if source.data.get("chart") and source.data.get("path"):
        yield Finding((*source.path, "chart"), "expected either chart or path")


def _registry_without_scheme(source: Source) -> Iterator[Finding]:
    if source.url.startswith("oci://") and source.data.get("chart"):
        message = "the URL of a chart registry must not have a scheme"
        yield Finding((*source.path, "repoURL"), message, "write HOST/PATH")


def _refused_fields(source: Source) -> Iterator[Finding]:
    for key, reason in REFUSED.items():
        if source.helm.get(key):
            message = f"{key} must not be used with values that mops renders"
            yield Finding((*source.path, "helm", key), message, reason)


def _value_files(source: Source) -> Iterator[Finding]:
    references = {str(other.data["ref"]) for other in _sources(source.app) if other.data.get("ref")}
    for index, file in enumerate(map(str, items(source.helm.get("valueFiles")))):
        yield from _value_file(file, references, (*source.path, "helm", "valueFiles", str(index)))


def _value_file(file: str, references: Collection[str], path: Path) -> Iterator[Finding]:
    first, *_ = parts = file.split("/")
    if first.startswith("$") and first[1:] not in references:
        yield Finding(path, f"no source has the ref {first[1:]}", near(first[1:], references))
    if ".." in parts:
        message = "the path points outside its directory"
        yield Finding(path, message, "start it with / for the root of the repository")


def _release(source: Source) -> Iterator[Finding]:
    name = str(source.helm.get("releaseName") or source.app.name)
    if not source.helm or "{{" in name:
        return
    path = (*source.path, "helm")
    yield from release_name(name, (*path, "releaseName") if "releaseName" in source.helm else path)


def _one_revision(app: Application) -> Iterator[Finding]:
    """Argo CD rejects one repository at two revisions."""
    first: dict[str, str] = {}
    for source in _sources(app):
        if source.data.get("chart") or not source.url:
            continue
        revision = str(source.data.get("targetRevision"))
        other = first.setdefault(source.url, revision)
        if other != revision:
            yield Finding(
                (*source.path, "targetRevision"),
                f"another source has the same repository at {other}",
                "use the same revision in both",
            )


LINTS = (
    Lint("unknown-field", APPLICATIONS, _each(_known_fields)),
    Lint("one-tool", APPLICATIONS, _each(_one_tool)),
    Lint("fixed-revision", APPLICATIONS, _each(_fixed_revision)),
    Lint("reference-alone", APPLICATIONS, _each(_only_a_reference)),
    Lint("chart-or-path", APPLICATIONS, _each(_chart_or_path)),
    Lint("registry-scheme", APPLICATIONS, _each(_registry_without_scheme)),
    Lint("refused-field", APPLICATIONS, _each(_refused_fields)),
    Lint("value-files", APPLICATIONS, _each(_value_files)),
    Lint("release-name", APPLICATIONS, _each(_release)),
    Lint("one-revision", APPLICATIONS, about_application(_one_revision)),
)
