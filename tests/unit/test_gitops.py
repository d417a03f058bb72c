"""What is written for Argo CD and Flux, and what is found wrong in what others write."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from mops.gitops import lints
from mops.gitops import objects as gitops
from mops.gitops.objects import Delivery, Target
from mops.model.problems import UsageError

REPO = "https://git.example.com/team/dask.git"
OCI = gitops.chart_at("oci://registry.example.com/charts/mops-dask", "mops-dask", "1.4.2")
GIT = gitops.chart_at("./charts/mops-dask/", "mops-dask", "1.4.2")
INDEX = gitops.chart_at("https://charts.example.com", "mops-dask", "1.4.2")
DEV = Target(
    "dask-dev", "dask", "modelops-dask-dev", "envs/dev/values.yaml", 'a: "1"\n', autoscaled=False
)
PROD = Target(
    "dask-prod", "dask", "modelops-dask-prod", "envs/prod/values.yaml", 'a: "2"\n', autoscaled=True
)
DELIVERY = Delivery(OCI, REPO, "main", "dask")


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        (
            "oci://registry.example.com/charts/mops-dask",
            ("oci", "registry.example.com/charts", "mops-dask"),
        ),
        ("oci://localhost:5000/mops-dask", ("oci", "localhost:5000", "mops-dask")),
        ("https://charts.example.com", ("repository", "https://charts.example.com", "name")),
        ("./charts/mops-dask/", ("git", "", "charts/mops-dask")),
    ],
)
def test_places_of_a_chart(place: str, wanted: tuple[str, str, str]) -> None:
    assert gitops.chart_at(place, "name", "1.0.0")[:3] == wanted


@pytest.mark.parametrize("place", ["oci://host", "git://x/y", "/abs", "../up"])
def test_what_is_no_place_of_a_chart(place: str) -> None:
    with pytest.raises(UsageError, match="expected oci://"):
        gitops.chart_at(place, "name", "1.0.0")


@pytest.mark.parametrize(
    ("release", "workspace", "wanted"),
    [
        ("dask", "dev", "dask-dev"),
        ("dask-dev", "dev", "dask-dev"),
        ("dev", "dev", "dev"),
        ("dask", "", "dask"),
        ("undev", "dev", "undev-dev"),
    ],
)
def test_an_applications_name_says_release_and_workspace_once(
    release: str, workspace: str, wanted: str
) -> None:
    assert gitops.app_name(release, workspace) == wanted


def test_a_chart_from_a_registry_reads_values_from_git() -> None:
    first, second = gitops.application(DEV, DELIVERY)["spec"]["sources"]
    assert first == {
        "repoURL": "registry.example.com/charts", "chart": "mops-dask", "targetRevision": "1.4.2",
        "helm": {"releaseName": "dask", "skipCrds": True, "skipTests": True, "valueFiles": ["$values/envs/dev/values.yaml"]},
    }  # fmt: skip
    assert second == {"repoURL": REPO, "targetRevision": "main", "ref": "values"}


def test_a_chart_from_git_needs_one_source() -> None:
    spec = gitops.application(DEV, DELIVERY._replace(chart=GIT))["spec"]
    assert "sources" not in spec
    assert spec["source"] == {
        "repoURL": REPO, "targetRevision": "main", "path": "charts/mops-dask",
        "helm": {"releaseName": "dask", "skipCrds": True, "skipTests": True, "valueFiles": ["/envs/dev/values.yaml"]},
    }  # fmt: skip


def test_differences_are_ignored_exactly_where_an_autoscaler_owns_the_replicas() -> None:
    rule = {
        "group": "apps",
        "kind": "Deployment",
        "name": "dask-workers",
        "jsonPointers": ["/spec/replicas"],
    }
    assert "ignoreDifferences" not in gitops.application(DEV, DELIVERY)["spec"]
    assert gitops.application(PROD, DELIVERY)["spec"]["ignoreDifferences"] == [rule]
    assert "templatePatch" not in gitops.application_set("dask", [DEV], DELIVERY)["spec"]
    assert "templatePatch" in gitops.application_set("dask", [DEV, PROD], DELIVERY)["spec"]
    releases = [
        gitops.flux(target, DELIVERY)[-1]["spec"]["driftDetection"] for target in (DEV, PROD)
    ]
    assert releases == [
        {"mode": "enabled"},
        {
            "mode": "enabled",
            "ignore": [
                {
                    "paths": ["/spec/replicas"],
                    "target": {"kind": "Deployment", "name": "dask-workers"},
                }
            ],
        },
    ]


@pytest.mark.parametrize(
    ("delivery", "wanted"),
    [
        ({}, {"server": gitops.IN_CLUSTER}),
        ({"server": "https://api:6443"}, {"server": "https://api:6443"}),
        ({"cluster": "west"}, {"name": "west"}),
    ],
)
def test_destinations(delivery: dict[str, str], wanted: dict[str, str]) -> None:
    assert gitops.application(DEV, DELIVERY._replace(**delivery))["spec"]["destination"] == {
        **wanted,
        "namespace": DEV.namespace,
    }


def test_the_project_allows_what_is_needed_and_no_more() -> None:
    spec = gitops.project([PROD, DEV], DELIVERY)["spec"]
    assert spec["sourceRepos"] == [REPO, "registry.example.com/charts"]
    assert [place["namespace"] for place in spec["destinations"]] == [
        "modelops-dask-dev",
        "modelops-dask-prod",
    ]
    assert spec["clusterResourceWhitelist"] == [{"group": "", "kind": "Namespace"}]
    assert not any("*" in str(entry) for entry in spec.values())


def test_flux_gets_the_values_byte_by_byte_and_leaves_dollars_alone() -> None:
    text = 'a: "${HOME} \\u2028"\nb:\n  "c d": "#"\n'
    _, values, _, release = gitops.flux(DEV._replace(text=text), DELIVERY)
    for entry in (values, release):
        assert entry["metadata"]["annotations"] == {
            "kustomize.toolkit.fluxcd.io/substitute": "disabled"
        }
    assert yaml.safe_load(gitops.text(values))["data"]["values.yaml"] == text


def test_flux_takes_a_chart_from_git_at_every_revision() -> None:
    release = gitops.flux(DEV, DELIVERY._replace(chart=GIT, source="team"))[-1]
    assert release["spec"]["chart"]["spec"] == {
        "chart": "./charts/mops-dask", "sourceRef": {"kind": "GitRepository", "name": "team", "namespace": "flux-system"}, "reconcileStrategy": "Revision",
    }  # fmt: skip
    with pytest.raises(UsageError, match="for Flux"):
        gitops.flux(DEV, DELIVERY._replace(chart=INDEX))


def test_the_text_of_every_object_reads_back_as_it_was() -> None:
    objects = [
        gitops.application(PROD, DELIVERY),
        gitops.application_set("dask", [DEV, PROD], DELIVERY),
        gitops.project([DEV], DELIVERY),
        *gitops.flux(PROD, DELIVERY),
        gitops.plugin(),
    ]
    assert list(yaml.safe_load_all(gitops.stream(objects))) == objects


def test_what_is_written_has_nothing_wrong() -> None:
    for delivery in (
        DELIVERY,
        DELIVERY._replace(chart=GIT),
        DELIVERY._replace(chart=INDEX, cluster="west", automated=False),
    ):
        objects = [
            gitops.project([DEV, PROD], delivery),
            gitops.application(DEV, delivery),
            gitops.application(PROD, delivery),
            gitops.application_set("dask", [DEV, PROD], delivery),
        ]
        assert lints.lint(objects) == []
    assert (
        lints.lint([*gitops.flux(DEV, DELIVERY), *gitops.flux(PROD, DELIVERY._replace(chart=GIT))])
        == []
    )


def changed(entry: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of an object with a value at a dotted path; None removes what is there."""
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


APP = gitops.application(PROD, DELIVERY)
ONE = gitops.application(PROD, DELIVERY._replace(chart=GIT))
SET = gitops.application_set("dask", [DEV, PROD], DELIVERY)
RELEASE = gitops.flux(PROD, DELIVERY)[-1]


@pytest.mark.parametrize(
    ("entry", "path", "value", "message"),
    [
        (APP, "spec/sources/1/chart", "x", "a source with ref has no chart"),
        (APP, "spec/sources/1/path", "x", "a source with ref has no path"),
        (APP, "spec/sources/1/ref", "vals", "no source has the ref values"),
        (APP, "spec/sources/0/helm/valueFiles", ["$value/envs/dev/values.yaml"], "no source has the ref value"),
        (APP, "spec/sources/0/helm/valueFiles", ["../values.yaml"], "the path leaves its folder"),
        (APP, "spec/sources/0/targetRevision", None, "targetRevision is missing"),
        (APP, "spec/sources/0/targetRevision", "1.x", "1.x is not one version of a chart"),
        (APP, "spec/sources/0/targetRevision", "latest", "latest is not one version of a chart"),
        (APP, "spec/sources/0/targetRevision", "^1.2.0", "^1.2.0 is not one version of a chart"),
        (APP, "spec/sources/0/repoURL", "oci://registry.example.com/charts", "of a chart in a registry the URL has no scheme"),
        (APP, "spec/sources/0/path", "x", "a source has either chart or path"),
        (APP, "spec/sources/0/helm/valuesFiles", ["x"], "no such setting"),
        (APP, "spec/sources/0/helms", {}, "no such setting"),
        (APP, "spec/sources/0/plugin", {}, "a source is one of helm, plugin"),
        (APP, "spec/sources/0/helm/releaseName", "Dask", "Dask is no release name"),
        (APP, "spec/sources/0/helm/releaseName", "d" * 54, f"{'d' * 54} is no release name"),
        *[(APP, f"spec/sources/0/helm/{key}", value, f"{key} is not for values that mops renders") for key, value in (
            ("parameters", [{"name": "a", "value": "b"}]), ("fileParameters", [{}]), ("values", "a: b"), ("valuesObject", {"a": 1}),
            ("ignoreMissingValueFiles", True), ("skipSchemaValidation", True),
        )],
        (APP, "spec/source", {"repoURL": REPO, "targetRevision": "main", "path": "x"}, "expected either source or sources"),
        (APP, "spec/sources", None, "expected either source or sources"),
        (APP, "spec/sources/1/repoURL", "https://git.example.com/other.git", None),
        (APP, "spec/destination/name", "west", "expected either server or name"),
        (APP, "spec/destination/server", None, "expected either server or name"),
        (APP, "spec/destination/namespace", None, "namespace is missing"),
        (APP, "spec/project", "", "project is missing"),
        (APP, "spec/ignoreDifferences/0/group", None, "group is missing, so that no Deployment matches"),
        (APP, "spec/syncPolicy/syncOptions", [], "differences are ignored in the comparison, and overwritten by the sync"),
        (APP, "spec/sources", [*APP["spec"]["sources"], {"repoURL": REPO, "targetRevision": "next", "path": "x"}], "the same repository is at main in another source"),
        (ONE, "spec/source/helm/valueFiles", ["$values/x.yaml"], "no source has the ref values"),
        (SET, "spec/template/spec/project", "{{.project}}", "the project is a template"),
        (SET, "spec/goTemplateOptions", [], "a missing parameter goes unnoticed"),
        (SET, "spec/goTemplate", None, "a missing parameter goes unnoticed"),
        (SET, "spec/syncPolicy/preserveResourcesOnDeletion", None, "deleting the ApplicationSet deletes all workspaces"),
        (SET, "spec/template/spec/sources/1/ref", "vals", "no source has the ref values"),
        (RELEASE, "spec/chart", {"spec": {"chart": "x", "sourceRef": {"kind": "HelmRepository", "name": "x"}}}, "expected either chart or chartRef"),
        (RELEASE, "spec/releaseName", "-x", "-x is no release name"),
        (RELEASE, "spec/values", {"a": 1}, "values stand in the ConfigMap that mops renders"),
        (RELEASE, "spec/valuesFrom/0/optional", True, "values that are missing must fail"),
        (RELEASE, "spec/install", {"disableSchemaValidation": True}, "disableSchemaValidation is not for values that mops renders"),
        (gitops.flux(PROD, DELIVERY._replace(chart=GIT))[-1], "spec/chart/spec/reconcileStrategy", None, "changes of the chart are not picked up while its version stays"),
        (gitops.flux(PROD, DELIVERY)[1], "data/values.yaml", "x" * (1 << 20) + "x", "the values are larger than a ConfigMap may be (1 MiB)"),
    ],
)  # fmt: skip
def test_one_change_is_one_finding(
    entry: dict[str, Any], path: str, value: Any, message: str | None
) -> None:
    found = [finding.message for _, finding in lints.lint([changed(entry, path, value)])]
    assert found == ([message] if message else [])


def test_objects_are_judged_together() -> None:
    project, other = gitops.project([DEV], DELIVERY), gitops.application(PROD, DELIVERY)
    assert [finding.message for _, finding in lints.lint([project, other])] == [
        "the project does not allow the namespace modelops-dask-prod there"
    ]
    moved = gitops.application(DEV, DELIVERY._replace(repo="https://git.example.com/other.git"))
    assert [finding.message for _, finding in lints.lint([project, moved])] == [
        "the project does not allow the repository https://git.example.com/other.git"
    ]
    assert [finding.message for _, finding in lints.lint([APP, APP])] == [
        "two objects are Application dask-prod"
    ]
    flux = gitops.flux(PROD, DELIVERY)
    assert [
        finding.message
        for _, finding in lints.lint([changed(flux[1], "metadata/name", "other"), flux[3]])
    ] == ["there is no ConfigMap dask-values in the namespace modelops-dask-prod"]
