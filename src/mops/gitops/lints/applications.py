"""Lints for Argo CD's Applications, ApplicationSets and AppProjects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from mops.gitops.lints.finding import Find, Finding, Lint, Manifest, items, mapping, metadata, spec
from mops.model.layer import Path

APPLICATIONS = ("Application", "ApplicationSet")


class Application(NamedTuple):
    """The Application in an object: its name, and its spec at a path in the object."""

    name: str
    path: Path
    spec: Manifest


def application_in(entry: Manifest) -> Application:
    """The Application in an object: the object itself, or the template of an ApplicationSet."""
    if entry.get("kind") == "Application":
        return Application(str(metadata(entry).get("name", "")), ("spec",), spec(entry))
    template = mapping(spec(entry).get("template"))
    name = str(metadata(template).get("name", ""))
    return Application(name, ("spec", "template", "spec"), spec(template))


def about_application(find: Callable[[Application], Iterator[Finding]]) -> Find:
    """A lint that looks at the Application in an object."""

    def find_in(entry: Manifest, _objects: Sequence[Manifest]) -> Iterator[Finding]:
        return find(application_in(entry))

    return find_in


def _one_kind_of_source(app: Application) -> Iterator[Finding]:
    if ("source" in app.spec) == ("sources" in app.spec):
        hint = "Argo CD ignores source if sources is set" if "source" in app.spec else ""
        yield Finding(app.path, "expected either source or sources", hint)


def _destination(app: Application) -> Iterator[Finding]:
    place = mapping(app.spec.get("destination"))
    path = (*app.path, "destination")
    if ("server" in place) == ("name" in place):
        message = "expected either server or name"
        yield Finding(path, message, "Argo CD rejects both and neither")
    if not place.get("namespace"):
        yield Finding(path, "namespace is missing")


def _project_is_named(app: Application) -> Iterator[Finding]:
    if not app.spec.get("project"):
        yield Finding(app.path, "project is missing")


def _group_of_ignored_difference(app: Application) -> Iterator[Finding]:
    for index, rule in enumerate(items(app.spec.get("ignoreDifferences"))):
        if mapping(rule).get("kind") == "Deployment" and not mapping(rule).get("group"):
            yield Finding(
                (*app.path, "ignoreDifferences", str(index)),
                "group is missing, so no Deployment matches",
                "add group: apps",
            )


def _ignored_by_sync_too(app: Application) -> Iterator[Finding]:
    options = items(mapping(app.spec.get("syncPolicy")).get("syncOptions"))
    if app.spec.get("ignoreDifferences") and "RespectIgnoreDifferences=true" not in options:
        yield Finding(
            (*app.path, "ignoreDifferences"),
            "differences are ignored in the comparison but overwritten by the sync",
            "add the sync option RespectIgnoreDifferences=true",
        )


def _literal_project(entry: Manifest, _objects: Sequence[Manifest]) -> Iterator[Finding]:
    app = application_in(entry)
    if "{{" in str(app.spec.get("project", "")):
        yield Finding(
            (*app.path, "project"),
            "the project must not be a template",
            "write its name; otherwise the parameters decide what is allowed",
        )


def _missing_parameters(entry: Manifest, _objects: Sequence[Manifest]) -> Iterator[Finding]:
    options = items(spec(entry).get("goTemplateOptions"))
    if spec(entry).get("goTemplate") is not True or "missingkey=error" not in options:
        yield Finding(
            ("spec", "goTemplateOptions"),
            "a missing parameter is not reported",
            "set goTemplate: true and goTemplateOptions: [missingkey=error]",
        )


def _kept_on_deletion(entry: Manifest, _objects: Sequence[Manifest]) -> Iterator[Finding]:
    if mapping(spec(entry).get("syncPolicy")).get("preserveResourcesOnDeletion") is not True:
        yield Finding(
            ("spec", "syncPolicy"),
            "deleting the ApplicationSet deletes all workspaces",
            "set preserveResourcesOnDeletion: true",
        )


def _allowed_repositories(entry: Manifest, objects: Sequence[Manifest]) -> Iterator[Finding]:
    """Projects with patterns are left to Argo CD, here and below."""
    project = _project_of(entry, objects)
    if project is None:
        return
    allowed = [str(url) for url in items(project.get("sourceRepos"))]
    if any("*" in url for url in allowed):
        return
    for source in [spec(entry).get("source"), *items(spec(entry).get("sources"))]:
        url = str(mapping(source).get("repoURL", ""))
        if url and url not in allowed:
            message = f"the project does not allow the repository {url}"
            yield Finding(("spec", "project"), message, "add it to sourceRepos")


def _allowed_destination(entry: Manifest, objects: Sequence[Manifest]) -> Iterator[Finding]:
    project = _project_of(entry, objects)
    if project is None:
        return
    allowed = [mapping(place) for place in items(project.get("destinations"))]
    patterns = [place for place in allowed if "*" in "".join(map(str, place.values()))]
    place = mapping(spec(entry).get("destination"))
    if not patterns and place not in allowed:
        yield Finding(
            ("spec", "destination"),
            f"the project does not allow the namespace {place.get('namespace')} there",
            "add it to destinations",
        )


def _project_of(entry: Manifest, objects: Sequence[Manifest]) -> Manifest | None:
    """The spec of an Application's project; None if the project is not among the objects."""
    for other in objects:
        named = metadata(other).get("name") == spec(entry).get("project")
        if other.get("kind") == "AppProject" and named:
            return spec(other)
    return None


def _destinations(entry: Manifest, _objects: Sequence[Manifest]) -> Iterator[Finding]:
    for index, place in enumerate(items(spec(entry).get("destinations"))):
        if "server" in mapping(place) and "name" in mapping(place):
            yield Finding(("spec", "destinations", str(index)), "expected either server or name")


LINTS = (
    Lint("source-or-sources", APPLICATIONS, about_application(_one_kind_of_source)),
    Lint("destination", APPLICATIONS, about_application(_destination)),
    Lint("project-missing", APPLICATIONS, about_application(_project_is_named)),
    Lint("difference-group", APPLICATIONS, about_application(_group_of_ignored_difference)),
    Lint("difference-sync", APPLICATIONS, about_application(_ignored_by_sync_too)),
    Lint("repository-allowed", ("Application",), _allowed_repositories),
    Lint("destination-allowed", ("Application",), _allowed_destination),
    Lint("template-project", ("ApplicationSet",), _literal_project),
    Lint("template-missing-key", ("ApplicationSet",), _missing_parameters),
    Lint("deletion", ("ApplicationSet",), _kept_on_deletion),
    Lint("project-destination", ("AppProject",), _destinations),
)
