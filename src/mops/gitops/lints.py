"""What is wrong with objects for Argo CD and Flux that their CRDs accept. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mops.model.layer import Path
from mops.model.spelling import near

# A ConfigMap holds 1 MiB.
_MAX_TEXT = 1 << 20
_VERSION = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+(-[-.0-9A-Za-z]+)?(\+[-.0-9A-Za-z]+)?")
_RELEASE = re.compile(r"[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?")


class Finding(NamedTuple):
    """One thing wrong with an object, at a path in it."""

    path: Path
    message: str
    hint: str = ""


def lint(objects: Sequence[Mapping[str, Any]]) -> list[tuple[int, Finding]]:
    """What is wrong with objects that their CRDs accept, each with the object's index."""
    found: list[tuple[int, Finding]] = []
    for index, entry in enumerate(objects):
        check = _LINTS.get(str(entry.get("kind")))
        if check is not None:
            found += [(index, finding) for finding in check(entry, objects)]
    names: dict[tuple[str, ...], int] = {}
    for index, entry in enumerate(objects):
        metadata = _map(entry.get("metadata"))
        key = (
            str(entry.get("kind")),
            str(metadata.get("namespace", "")),
            str(metadata.get("name")),
        )
        if key in names:
            found.append(
                (
                    index,
                    Finding(
                        ("metadata", "name"),
                        f"two objects are {key[0]} {key[2]}",
                        "the later would replace the earlier",
                    ),
                )
            )
        names.setdefault(key, index)
    return found


Lint = Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], Iterator[Finding]]

_SOURCE_KEYS = (
    "repoURL",
    "path",
    "targetRevision",
    "helm",
    "kustomize",
    "directory",
    "plugin",
    "chart",
    "ref",
    "name",
)
_HELM_KEYS = (
    "releaseName", "valueFiles", "skipCrds", "skipTests", "namespace", "kubeVersion", "apiVersions", "version", "passCredentials",
    "parameters", "fileParameters", "values", "valuesObject", "ignoreMissingValueFiles", "skipSchemaValidation",
)  # fmt: skip
_REFUSED = {
    "parameters": "values are files: parameters are expanded, and their order is not fixed",
    "fileParameters": "values are files: parameters are expanded, and their order is not fixed",
    "values": "values are files that mops renders",
    "valuesObject": "values are files: numbers change on their way through this",
    "ignoreMissingValueFiles": "a values file that is missing must fail",
    "skipSchemaValidation": "the chart's schema is what refuses empty and foreign values",
}


def _application(
    entry: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    spec = _map(entry.get("spec"))
    yield from _application_spec(spec, ("spec",), str(_map(entry.get("metadata")).get("name", "")))
    projects = {
        str(_map(other.get("metadata")).get("name")): _map(other.get("spec"))
        for other in objects
        if other.get("kind") == "AppProject"
    }
    allowed = projects.get(str(spec.get("project")))
    if allowed is not None:
        yield from _permitted(spec, allowed)


def _application_set(
    entry: Mapping[str, Any], _objects: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    spec = _map(entry.get("spec"))
    template = _map(spec.get("template"))
    inner = _map(template.get("spec"))
    yield from _application_spec(
        inner, ("spec", "template", "spec"), str(_map(template.get("metadata")).get("name", ""))
    )
    if "{{" in str(inner.get("project", "")):
        yield Finding(
            ("spec", "template", "spec", "project"),
            "the project is a template",
            "write its name: who writes the parameters would choose what is allowed",
        )
    if spec.get("goTemplate") is not True or "missingkey=error" not in _list(
        spec.get("goTemplateOptions")
    ):
        yield Finding(
            ("spec", "goTemplateOptions"),
            "a missing parameter goes unnoticed",
            "set goTemplate: true and goTemplateOptions: [missingkey=error]",
        )
    if _map(spec.get("syncPolicy")).get("preserveResourcesOnDeletion") is not True:
        yield Finding(
            ("spec", "syncPolicy"),
            "deleting the ApplicationSet deletes all workspaces",
            "set preserveResourcesOnDeletion: true",
        )


def _application_spec(spec: Mapping[str, Any], path: Path, name: str) -> Iterator[Finding]:
    if ("source" in spec) == ("sources" in spec):
        yield Finding(
            path,
            "expected either source or sources",
            "with sources Argo CD ignores source" if "source" in spec else "",
        )
    placed = [((*path, "source"), _map(spec["source"]))] if "source" in spec else []
    placed += [
        ((*path, "sources", str(index)), _map(source))
        for index, source in enumerate(_list(spec.get("sources")))
    ]
    references = {f"${source['ref']}" for _, source in placed if source.get("ref")}
    for here, source in placed:
        yield from _source(source, here, references, name)
    yield from _one_revision(placed)
    place = _map(spec.get("destination"))
    if ("server" in place) == ("name" in place):
        yield Finding(
            (*path, "destination"),
            "expected either server or name",
            "Argo CD refuses both, and neither",
        )
    if not place.get("namespace"):
        yield Finding((*path, "destination"), "namespace is missing")
    if not spec.get("project"):
        yield Finding(path, "project is missing")
    for index, rule in enumerate(_list(spec.get("ignoreDifferences"))):
        if _map(rule).get("kind") == "Deployment" and not _map(rule).get("group"):
            yield Finding(
                (*path, "ignoreDifferences", str(index)),
                "group is missing, so that no Deployment matches",
                "write group: apps",
            )
    options = _list(_map(spec.get("syncPolicy")).get("syncOptions"))
    if spec.get("ignoreDifferences") and "RespectIgnoreDifferences=true" not in options:
        yield Finding(
            (*path, "ignoreDifferences"),
            "differences are ignored in the comparison, and overwritten by the sync",
            "add the sync option RespectIgnoreDifferences=true",
        )


def _source(
    source: Mapping[str, Any], path: Path, references: set[str], name: str
) -> Iterator[Finding]:
    yield from _known(source, _SOURCE_KEYS, path)
    kinds = [kind for kind in ("helm", "kustomize", "directory", "plugin") if kind in source]
    if len(kinds) > 1:
        yield Finding((*path, kinds[1]), f"a source is one of {', '.join(kinds)}")
    if not source.get("targetRevision"):
        yield Finding(path, "targetRevision is missing", "without one Argo CD takes what is newest")
    elif (
        source.get("chart")
        and not source.get("ref")
        and not _is_version(str(source["targetRevision"]))
    ):
        yield Finding(
            (*path, "targetRevision"),
            f"{source['targetRevision']} is not one version of a chart",
            "write it out, as in 1.4.2",
        )
    for other in ("chart", "path"):
        if source.get("ref") and source.get(other):
            yield Finding(
                (*path, "ref"),
                f"a source with ref has no {other}",
                "name the files in a source of its own",
            )
    if source.get("chart") and source.get("path"):
        yield Finding((*path, "chart"), "a source has either chart or path")
    if str(source.get("repoURL", "")).startswith("oci://") and source.get("chart"):
        yield Finding(
            (*path, "repoURL"), "of a chart in a registry the URL has no scheme", "write HOST/PATH"
        )
    helm = _map(source.get("helm"))
    yield from _known(helm, _HELM_KEYS, (*path, "helm"))
    for key, reason in _REFUSED.items():
        if helm.get(key):
            yield Finding(
                (*path, "helm", key), f"{key} is not for values that mops renders", reason
            )
    for index, file in enumerate(map(str, _list(helm.get("valueFiles")))):
        here = (*path, "helm", "valueFiles", str(index))
        first = file.split("/", 1)[0]
        if first.startswith("$") and first not in references:
            yield Finding(
                here,
                f"no source has the ref {first[1:]}",
                near(first[1:], [reference[1:] for reference in references]),
            )
        if ".." in file.split("/"):
            yield Finding(
                here, "the path leaves its folder", "begin it with / for the repository's root"
            )
    release = str(helm.get("releaseName") or name)
    if helm and "{{" not in release and not _RELEASE.fullmatch(release):
        yield Finding(
            (*path, "helm", "releaseName") if "releaseName" in helm else (*path, "helm"),
            f"{release} is no release name",
            "lower-case letters, digits and -, at most 53",
        )


def _known(found: Mapping[str, Any], keys: Sequence[str], path: Path) -> Iterator[Finding]:
    for key in found:
        if key not in keys:
            yield Finding((*path, key), "no such setting", near(key, keys))


def _one_revision(placed: Sequence[tuple[Path, Mapping[str, Any]]]) -> Iterator[Finding]:
    """Argo CD refuses one repository at two revisions."""
    seen: dict[str, str] = {}
    for path, source in placed:
        if source.get("chart") or not source.get("repoURL"):
            continue
        first = seen.setdefault(str(source["repoURL"]), str(source.get("targetRevision")))
        if first != str(source.get("targetRevision")):
            yield Finding(
                (*path, "targetRevision"),
                f"the same repository is at {first} in another source",
                "give both the same revision",
            )


def _permitted(spec: Mapping[str, Any], allowed: Mapping[str, Any]) -> Iterator[Finding]:
    """What the project does not allow. Patterns are left to Argo CD."""
    urls = [str(url) for url in _list(allowed.get("sourceRepos"))]
    for source in [spec.get("source"), *_list(spec.get("sources"))]:
        url = str(_map(source).get("repoURL", ""))
        if url and url not in urls and not any("*" in one for one in urls):
            yield Finding(
                ("spec", "project"),
                f"the project does not allow the repository {url}",
                "add it to sourceRepos",
            )
    place = _map(spec.get("destination"))
    places = [_map(one) for one in _list(allowed.get("destinations"))]
    if place not in places and not any(
        "*" in str(value) for one in places for value in one.values()
    ):
        yield Finding(
            ("spec", "destination"),
            f"the project does not allow the namespace {place.get('namespace')} there",
            "add it to destinations",
        )


def _project(entry: Mapping[str, Any], _objects: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    for index, place in enumerate(_list(_map(entry.get("spec")).get("destinations"))):
        if "server" in _map(place) and "name" in _map(place):
            yield Finding(("spec", "destinations", str(index)), "expected either server or name")


def _helm_release(
    entry: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    spec, metadata = _map(entry.get("spec")), _map(entry.get("metadata"))
    if ("chart" in spec) == ("chartRef" in spec):
        yield Finding(("spec",), "expected either chart or chartRef")
    for key in ("disableSchemaValidation", "disableOpenAPIValidation"):
        for part in ("install", "upgrade"):
            if _map(spec.get(part)).get(key):
                yield Finding(
                    ("spec", part, key),
                    f"{key} is not for values that mops renders",
                    _REFUSED["skipSchemaValidation"],
                )
    chart = _map(_map(spec.get("chart")).get("spec"))
    if (
        chart
        and _map(chart.get("sourceRef")).get("kind") != "HelmRepository"
        and chart.get("reconcileStrategy") != "Revision"
    ):
        yield Finding(
            ("spec", "chart", "spec"),
            "changes of the chart are not picked up while its version stays",
            "write reconcileStrategy: Revision",
        )
    release = str(spec.get("releaseName") or metadata.get("name"))
    if not _RELEASE.fullmatch(release):
        yield Finding(
            ("spec", "releaseName"),
            f"{release} is no release name",
            "lower-case letters, digits and -, at most 53",
        )
    here = str(metadata.get("namespace", ""))
    maps = [_map(other.get("metadata")) for other in objects if other.get("kind") == "ConfigMap"]
    for index, source in enumerate(_list(spec.get("valuesFrom"))):
        one = _map(source)
        if one.get("optional"):
            yield Finding(
                ("spec", "valuesFrom", str(index), "optional"), "values that are missing must fail"
            )
        if (
            maps
            and one.get("kind") == "ConfigMap"
            and not any(
                m.get("name") == one.get("name") and str(m.get("namespace", "")) == here
                for m in maps
            )
        ):
            yield Finding(
                ("spec", "valuesFrom", str(index), "name"),
                f"there is no ConfigMap {one.get('name')} in the namespace {here}",
            )
    if spec.get("values"):
        yield Finding(("spec", "values"), "values stand in the ConfigMap that mops renders")


def _config_map(
    entry: Mapping[str, Any], _objects: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    if sum(len(str(value).encode()) for value in _map(entry.get("data")).values()) > _MAX_TEXT:
        yield Finding(("data",), "the values are larger than a ConfigMap may be (1 MiB)")


_LINTS: Mapping[str, Lint] = {
    "Application": _application,
    "ApplicationSet": _application_set,
    "AppProject": _project,
    "HelmRelease": _helm_release,
    "ConfigMap": _config_map,
}


def _is_version(text: str) -> bool:
    return "{{" in text or _VERSION.fullmatch(text) is not None


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
