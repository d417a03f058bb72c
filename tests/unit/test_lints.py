"""What the lints find in objects that were changed."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import pytest

from mops.gitops import argocd, flux
from mops.gitops.delivery import Delivery, Target, chart_at
from mops.gitops.lints import LINTS, lint

REPO = "https://git.example.com/team/dask.git"
OCI = chart_at("oci://registry.example.com/charts/mops-dask", "mops-dask", "1.4.2")
GIT = chart_at("charts/mops-dask", "mops-dask", "1.4.2")
DELIVERY = Delivery(OCI, REPO, "main", "dask")
DEV, PROD = (
    Target(
        f"dask-{name}",
        "dask",
        f"modelops-dask-{name}",
        f"envs/{name}/values.yaml",
        'a: "1"\n',
        autoscaled=name == "prod",
    )
    for name in ("dev", "prod")
)

APP = argocd.application(PROD, DELIVERY)
GIT_APP = argocd.application(PROD, DELIVERY._replace(chart=GIT))
PROJECT = argocd.project([PROD], DELIVERY)
SET = argocd.application_set("dask", [DEV, PROD], DELIVERY)
CONFIG_MAP = flux.objects(PROD, DELIVERY)[1]
RELEASE = flux.objects(PROD, DELIVERY)[-1]
GIT_RELEASE = flux.objects(PROD, DELIVERY._replace(chart=GIT))[-1]


class Case(NamedTuple):
    """A value at a path of an object (None removes what is there), and what is found then."""

    entry: dict[str, Any]
    path: str
    value: Any
    lint: str
    message: str


FIRST, SECOND, SPEC = "spec/sources/0", "spec/sources/1", "spec/template/spec"
NO_REF = "no source has the ref"
NOT_EXACT = "is not an exact chart version"
EITHER = "expected either"
FROM_REPO = {"repoURL": REPO, "targetRevision": "main", "path": "x"}
VERSIONED = {"spec": {"chart": "x", "sourceRef": {"kind": "HelmRepository", "name": "x"}}}
CHART = "spec/chart/spec"

CASES = [
    Case(APP, f"{SECOND}/chart", "x", "reference-alone", "a source with ref must not have chart"),
    Case(APP, f"{SECOND}/path", "x", "reference-alone", "a source with ref must not have path"),
    Case(APP, f"{SECOND}/ref", "vals", "value-files", f"{NO_REF} values"),
    Case(APP, f"{FIRST}/helm/valueFiles", ["$value/x.yaml"], "value-files", f"{NO_REF} value"),
    Case(
        APP,
        f"{FIRST}/helm/valueFiles",
        ["../values.yaml"],
        "value-files",
        "the path points outside its directory",
    ),
    Case(APP, f"{FIRST}/targetRevision", None, "fixed-revision", "targetRevision is missing"),
    *[
        Case(APP, f"{FIRST}/targetRevision", revision, "fixed-revision", f"{revision} {NOT_EXACT}")
        for revision in ("1.x", "latest", "^1.2.0")
    ],
    Case(
        APP,
        f"{FIRST}/repoURL",
        "oci://registry.example.com/charts",
        "registry-scheme",
        "the URL of a chart registry must not have a scheme",
    ),
    Case(APP, f"{FIRST}/path", "x", "chart-or-path", f"{EITHER} chart or path"),
    Case(APP, f"{FIRST}/helm/valuesFiles", ["x"], "unknown-field", "unknown field"),
    Case(APP, f"{FIRST}/helms", {}, "unknown-field", "unknown field"),
    Case(APP, f"{FIRST}/plugin", {}, "one-tool", "a source must have only one of helm, plugin"),
    *[
        Case(
            APP,
            f"{FIRST}/helm/releaseName",
            name,
            "release-name",
            f"{name} is not a valid release name",
        )
        for name in ("Dask", "d" * 54)
    ],
    *[
        Case(
            APP,
            f"{FIRST}/helm/{key}",
            value,
            "refused-field",
            f"{key} must not be used with values that mops renders",
        )
        for key, value in (
            ("parameters", [{"name": "a", "value": "b"}]),
            ("fileParameters", [{}]),
            ("values", "a: b"),
            ("valuesObject", {"a": 1}),
            ("ignoreMissingValueFiles", True),
            ("skipSchemaValidation", True),
        )
    ],
    Case(APP, "spec/source", FROM_REPO, "source-or-sources", f"{EITHER} source or sources"),
    Case(APP, "spec/sources", None, "source-or-sources", f"{EITHER} source or sources"),
    Case(APP, "spec/destination/name", "west", "destination", f"{EITHER} server or name"),
    Case(APP, "spec/destination/server", None, "destination", f"{EITHER} server or name"),
    Case(APP, "spec/destination/namespace", None, "destination", "namespace is missing"),
    Case(APP, "spec/project", "", "project-missing", "project is missing"),
    Case(
        APP,
        "spec/ignoreDifferences/0/group",
        None,
        "difference-group",
        "group is missing, so no Deployment matches",
    ),
    Case(
        APP,
        "spec/syncPolicy/syncOptions",
        [],
        "difference-sync",
        "differences are ignored in the comparison but overwritten by the sync",
    ),
    Case(
        APP,
        "spec/sources",
        [*APP["spec"]["sources"], {**FROM_REPO, "targetRevision": "next"}],
        "one-revision",
        "another source has the same repository at main",
    ),
    Case(
        GIT_APP,
        "spec/source/helm/valueFiles",
        ["$values/x.yaml"],
        "value-files",
        f"{NO_REF} values",
    ),
    Case(
        SET,
        f"{SPEC}/project",
        "{{.project}}",
        "template-project",
        "the project must not be a template",
    ),
    *[
        Case(SET, path, value, "template-missing-key", "a missing parameter is not reported")
        for path, value in (("spec/goTemplateOptions", []), ("spec/goTemplate", None))
    ],
    Case(
        SET,
        "spec/syncPolicy/preserveResourcesOnDeletion",
        None,
        "deletion",
        "deleting the ApplicationSet deletes all workspaces",
    ),
    Case(SET, f"{SPEC}/sources/1/ref", "vals", "value-files", f"{NO_REF} values"),
    Case(
        PROJECT,
        "spec/destinations/0/name",
        "west",
        "project-destination",
        f"{EITHER} server or name",
    ),
    Case(RELEASE, "spec/chart", VERSIONED, "chart-or-reference", f"{EITHER} chart or chartRef"),
    Case(
        RELEASE,
        "spec/releaseName",
        "-x",
        "flux-release-name",
        "-x is not a valid release name",
    ),
    Case(
        RELEASE,
        "spec/values",
        {"a": 1},
        "inline-values",
        "values belong in the ConfigMap that mops renders",
    ),
    Case(
        RELEASE,
        "spec/valuesFrom/0/optional",
        value=True,
        lint="required-values",
        message="missing values must be an error",
    ),
    Case(
        RELEASE,
        "spec/install",
        {"disableSchemaValidation": True},
        "validation",
        "disableSchemaValidation must not be used with values that mops renders",
    ),
    Case(
        GIT_RELEASE,
        f"{CHART}/reconcileStrategy",
        None,
        "every-revision",
        "changes of the chart have no effect until its version changes",
    ),
    Case(
        CONFIG_MAP,
        "data/values.yaml",
        "x" * (1 << 20) + "x",
        "size",
        "the values exceed the size limit of a ConfigMap (1 MiB)",
    ),
]


def changed(entry: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of an object with a value at a path; None removes what is there."""
    found = copy.deepcopy(entry)
    *above, last = (int(part) if part.isdigit() else part for part in path.split("/"))
    node: Any = found
    for part in above:
        node = node[part]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return found


def found_in(*objects: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.lint, one.finding.message) for one in lint(objects)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.lint}: {case.path}")
def test_one_change_is_one_finding(case: Case) -> None:
    found = found_in(changed(case.entry, case.path, case.value))
    assert found == [(case.lint, case.message)]


def test_another_repository_for_the_values_is_fine() -> None:
    other = "https://git.example.com/other.git"
    assert found_in(changed(APP, "spec/sources/1/repoURL", other)) == []


def test_an_application_is_judged_with_its_project() -> None:
    project, other = argocd.project([DEV], DELIVERY), argocd.application(PROD, DELIVERY)
    message = "the project does not allow the namespace modelops-dask-prod there"
    assert found_in(project, other) == [("destination-allowed", message)]
    url = "https://git.example.com/other.git"
    moved = argocd.application(DEV, DELIVERY._replace(repo=url))
    message = f"the project does not allow the repository {url}"
    assert found_in(project, moved) == [("repository-allowed", message)]
    pattern = changed(project, "spec/sourceRepos", ["https://git.example.com/*"])
    assert found_in(pattern, moved) == []
    pattern = changed(project, "spec/destinations/0/namespace", "modelops-*")
    assert found_in(pattern, other) == []


def test_a_release_is_judged_with_its_values() -> None:
    renamed = changed(CONFIG_MAP, "metadata/name", "other")
    message = "ConfigMap dask-values not found in the namespace modelops-dask-prod"
    assert found_in(renamed, RELEASE) == [("existing-values", message)]
    assert found_in(CONFIG_MAP, RELEASE) == []


def test_the_second_of_two_objects_with_one_name_is_reported() -> None:
    assert found_in(APP, APP) == [("duplicate", "Application dask-prod is defined twice")]
    elsewhere = changed(APP, "metadata/namespace", "other")
    assert found_in(APP, elsewhere) == []


def test_every_lint_has_a_case_and_its_own_name() -> None:
    names = [one.name for one in LINTS]
    assert len(set(names)) == len(names)
    judged_together = {"repository-allowed", "destination-allowed", "existing-values"}
    assert {case.lint for case in CASES} | judged_together == set(names)


@pytest.mark.parametrize("kind", ["Application", "ApplicationSet", "AppProject", "HelmRelease"])
@pytest.mark.parametrize("spec", [None, [], "x", {"source": [], "sources": {}, "destination": 1}])
def test_no_shape_of_an_object_is_too_odd(kind: str, spec: Any) -> None:
    assert isinstance(lint([{"kind": kind, "metadata": [], "spec": spec}, {}]), list)
