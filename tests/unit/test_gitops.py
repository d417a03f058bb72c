"""What is written for Argo CD and Flux."""

from __future__ import annotations

import pytest
import yaml

from mops.gitops import argocd, flux, objects, plugin
from mops.gitops.delivery import IN_CLUSTER, Delivery, Target, app_name, chart_at
from mops.gitops.lints import lint
from mops.model.problems import UsageError

REPO = "https://git.example.com/team/dask.git"
OCI = chart_at("oci://registry.example.com/charts/mops-dask", "mops-dask", "1.4.2")
GIT = chart_at("./charts/mops-dask/", "mops-dask", "1.4.2")
INDEX = chart_at("https://charts.example.com", "mops-dask", "1.4.2")
DEV = Target(
    "dask-dev", "dask", "modelops-dask-dev", "envs/dev/values.yaml", 'a: "1"\n', autoscaled=False
)
PROD = Target(
    "dask-prod", "dask", "modelops-dask-prod", "envs/prod/values.yaml", 'a: "2"\n', autoscaled=True
)
DELIVERY = Delivery(OCI, REPO, "main", "dask")
HELM = {"releaseName": "dask", "skipCrds": True, "skipTests": True}


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
    assert chart_at(place, "name", "1.0.0")[:3] == wanted


@pytest.mark.parametrize("place", ["oci://host", "git://x/y", "/abs", "../up"])
def test_other_places_of_a_chart_are_refused(place: str) -> None:
    with pytest.raises(UsageError, match="expected oci://"):
        chart_at(place, "name", "1.0.0")


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
def test_the_name_of_an_application_has_release_and_workspace_once(
    release: str, workspace: str, wanted: str
) -> None:
    assert app_name(release, workspace) == wanted


def test_a_chart_from_a_registry_reads_values_from_git() -> None:
    first, second = argocd.application(DEV, DELIVERY)["spec"]["sources"]
    assert first == {
        "repoURL": "registry.example.com/charts",
        "chart": "mops-dask",
        "targetRevision": "1.4.2",
        "helm": {**HELM, "valueFiles": ["$values/envs/dev/values.yaml"]},
    }
    assert second == {"repoURL": REPO, "targetRevision": "main", "ref": "values"}


def test_a_chart_from_git_needs_one_source() -> None:
    spec = argocd.application(DEV, DELIVERY._replace(chart=GIT))["spec"]
    assert "sources" not in spec
    assert spec["source"] == {
        "repoURL": REPO,
        "targetRevision": "main",
        "path": "charts/mops-dask",
        "helm": {**HELM, "valueFiles": ["/envs/dev/values.yaml"]},
    }


def test_differences_are_ignored_exactly_where_an_autoscaler_owns_the_replicas() -> None:
    rule = {
        "group": "apps",
        "kind": "Deployment",
        "name": "dask-workers",
        "jsonPointers": ["/spec/replicas"],
    }
    assert "ignoreDifferences" not in argocd.application(DEV, DELIVERY)["spec"]
    assert argocd.application(PROD, DELIVERY)["spec"]["ignoreDifferences"] == [rule]
    assert "templatePatch" not in argocd.application_set("dask", [DEV], DELIVERY)["spec"]
    assert "templatePatch" in argocd.application_set("dask", [DEV, PROD], DELIVERY)["spec"]
    dev, prod = (
        flux.objects(target, DELIVERY)[-1]["spec"]["driftDetection"] for target in (DEV, PROD)
    )
    workers = {"kind": "Deployment", "name": "dask-workers"}
    assert dev == {"mode": "enabled"}
    assert prod == {
        "mode": "enabled",
        "ignore": [{"paths": ["/spec/replicas"], "target": workers}],
    }


@pytest.mark.parametrize(
    ("delivery", "wanted"),
    [
        ({}, {"server": IN_CLUSTER}),
        ({"server": "https://api:6443"}, {"server": "https://api:6443"}),
        ({"cluster": "west"}, {"name": "west"}),
    ],
)
def test_destinations(delivery: dict[str, str], wanted: dict[str, str]) -> None:
    assert argocd.application(DEV, DELIVERY._replace(**delivery))["spec"]["destination"] == {
        **wanted,
        "namespace": DEV.namespace,
    }


def test_the_project_allows_what_is_needed_and_no_more() -> None:
    spec = argocd.project([PROD, DEV], DELIVERY)["spec"]
    assert spec["sourceRepos"] == [REPO, "registry.example.com/charts"]
    assert [place["namespace"] for place in spec["destinations"]] == [
        "modelops-dask-dev",
        "modelops-dask-prod",
    ]
    assert spec["clusterResourceWhitelist"] == [{"group": "", "kind": "Namespace"}]
    assert not any("*" in str(entry) for entry in spec.values())


def test_flux_gets_the_values_byte_by_byte_and_leaves_dollars_alone() -> None:
    text = 'a: "${HOME} \\u2028"\nb:\n  "c d": "#"\n'
    _, values, _, release = flux.objects(DEV._replace(text=text), DELIVERY)
    for entry in (values, release):
        assert entry["metadata"]["annotations"] == {
            "kustomize.toolkit.fluxcd.io/substitute": "disabled"
        }
    assert yaml.safe_load(objects.text(values))["data"]["values.yaml"] == text


def test_flux_takes_a_chart_from_git_at_every_revision() -> None:
    release = flux.objects(DEV, DELIVERY._replace(chart=GIT, source="team"))[-1]
    assert release["spec"]["chart"]["spec"] == {
        "chart": "./charts/mops-dask",
        "sourceRef": {"kind": "GitRepository", "name": "team", "namespace": "flux-system"},
        "reconcileStrategy": "Revision",
    }
    with pytest.raises(UsageError, match="for Flux"):
        flux.objects(DEV, DELIVERY._replace(chart=INDEX))


def test_the_text_of_every_object_reads_back_unchanged() -> None:
    written = [
        argocd.application(PROD, DELIVERY),
        argocd.application_set("dask", [DEV, PROD], DELIVERY),
        argocd.project([DEV], DELIVERY),
        *flux.objects(PROD, DELIVERY),
        plugin.configuration(),
    ]
    assert list(yaml.safe_load_all(objects.stream(written))) == written


@pytest.mark.parametrize(
    "delivery",
    [
        DELIVERY,
        DELIVERY._replace(chart=GIT),
        DELIVERY._replace(chart=INDEX, cluster="west", automated=False),
    ],
)
def test_the_lints_find_nothing_in_what_is_written_for_argo_cd(delivery: Delivery) -> None:
    written = [
        argocd.project([DEV, PROD], delivery),
        argocd.application(DEV, delivery),
        argocd.application(PROD, delivery),
        argocd.application_set("dask", [DEV, PROD], delivery),
    ]
    assert lint(written) == []


def test_the_lints_find_nothing_in_what_is_written_for_flux() -> None:
    from_git = DELIVERY._replace(chart=GIT)
    assert lint([*flux.objects(DEV, DELIVERY), *flux.objects(PROD, from_git)]) == []
