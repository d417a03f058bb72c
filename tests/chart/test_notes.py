"""NOTES.txt: short, and every command in it holds for the config."""

from __future__ import annotations

import shutil

import pytest

from chart.manifests import CHART, NAMESPACE, group, render


@pytest.fixture(scope="session")
def notes(tmp_path_factory):
    """What `helm install` would print; a copy of the chart renders it as an object."""
    copy = tmp_path_factory.mktemp("notes") / "mops-dask"
    shutil.copytree(CHART, copy)
    (copy / "templates" / "notes.yaml").write_text(
        "kind: Notes\nmetadata: {name: notes}\n"
        'text: {{ include (print $.Template.BasePath "/NOTES.txt") . | quote }}\n'
    )
    return lambda values: render(values, chart=copy)["Notes", "notes"]["text"]


CONFIGS = {
    "default": {},
    "hpa": {"autoscaling": {"enabled": True}},
    "keda": {"autoscaling": {"enabled": True, "type": "keda"}},
    "exposed": {"ingress": {"enabled": True}},
    "balancer": {"scheduler": {"serviceType": "LoadBalancer"}},
    "tls": {"tls": {"secretName": "a"}},
    "open": {"networkPolicy": {"enabled": False}},
    "groups": {
        "workerGroups": {"gpu": group()},
        "scheduler": {"port": 9000, "dashboardPort": 9001},
    },
}


@pytest.mark.parametrize("name", CONFIGS)
def test_notes_are_short(notes, name):
    text = notes(CONFIGS[name])
    assert len(text.splitlines()) <= 20
    assert "<no value>" not in text
    assert "%!" not in text


@pytest.mark.parametrize("name", CONFIGS)
def test_commands_name_objects_that_there_are(notes, name):
    manifests, text = render(CONFIGS[name]), notes(CONFIGS[name])
    commands = [line.split() for line in text.splitlines() if line.startswith("  kubectl ")]
    kinds = {"deployment": "Deployment", "service": "Service", "hpa": "HorizontalPodAutoscaler"}
    assert len(commands) == 3
    for command in commands:
        assert command[1:3] == ["-n", NAMESPACE]
        for word in command:
            kind, _, object_ = word.partition("/")
            if kind in kinds and object_ and not (kind == "hpa" and name == "keda"):
                assert (kinds[kind], object_) in manifests


@pytest.mark.parametrize(
    ("name", "scales"), [("default", True), ("groups", True), ("hpa", False), ("keda", False)]
)
def test_nobody_is_told_to_scale_what_an_autoscaler_owns(notes, name, scales):
    text = notes(CONFIGS[name])
    assert (" scale deployment/dask-workers --replicas=2" in text) is scales
    assert ("get hpa/dask-workers" in text) is not scales


@pytest.mark.parametrize(
    ("name", "warned"), [("default", False), ("exposed", True), ("balancer", True)]
)
def test_an_exposed_dashboard_is_warned_of(notes, name, warned):
    assert ("WARNING" in notes(CONFIGS[name])) is warned


def test_the_address_is_the_schedulers(notes):
    assert "tcp://dask-scheduler:8786" in notes({})
    assert "tls://dask-scheduler:8786" in notes(CONFIGS["tls"])
    assert "tcp://dask-scheduler:9000" in notes(CONFIGS["groups"])
    assert "port-forward service/dask-scheduler 9001" in notes(CONFIGS["groups"])


def test_who_may_connect(notes):
    assert 'with the labels {"modelops.io/dask-client":"true"}' in notes({})
    assert "with the labels" not in notes(CONFIGS["open"])
    assert "of this release" in notes(
        "networkPolicy: {clientLabels: {modelops.io/dask-client: null}}\n"
        "mopsValues: {schemaVersion: 1}\n"
    )
