"""The Pod Security level that mops derives is the one that Kubernetes' own evaluation gives."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from invoke import manifests
from mops.chart.manifests import objects
from mops.checks.admission import admission
from mops.checks.verdict import judge
from mops.config.podsecurity import LEVELS
from mops.config.sources import Request, gather
from mops.model.problems import ERROR
from mops.schema.fields import load_schema

from .binaries import BUILD_COMMAND, binaries_dir

RESTRICTED, BASELINE, PRIVILEGED = LEVELS


def container(**fields: Any) -> dict[str, Any]:
    """The workers' section with a side container that has the fields."""
    image = "registry.example.com/proxy:1.2.3"
    return {"workers": {"sidecars": [{"name": "proxy", "image": image, **fields}]}}


def context(**fields: Any) -> dict[str, Any]:
    """A side container whose security context meets "restricted" in everything else."""
    meets = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return container(securityContext={**meets, **fields})


def volume(**source: Any) -> dict[str, Any]:
    """The workers' section with a volume."""
    return {"workers": {"volumes": [{"name": "extra", **source}]}}


def added(*names: str) -> dict[str, Any]:
    """Added capabilities of all containers."""
    return {"containerSecurityContext": {"capabilities": {"drop": ["ALL"], "add": list(names)}}}


APPARMOR = "container.apparmor.security.beta.kubernetes.io/worker"
CASES: list[tuple[dict[str, Any], str]] = [
    ({}, RESTRICTED),
    ({"openshift": True}, RESTRICTED),
    ({"openshift": True, "podSecurityContext": {"runAsUser": 0}}, RESTRICTED),
    ({"podSecurityContext": {"runAsNonRoot": False}}, BASELINE),
    ({"podSecurityContext": {"runAsUser": 0, "runAsNonRoot": False}}, BASELINE),
    ({"podSecurityContext": {"seccompProfile": {"type": "Unconfined"}}}, PRIVILEGED),
    ({"containerSecurityContext": {"allowPrivilegeEscalation": True}}, BASELINE),
    ({"containerSecurityContext": {"readOnlyRootFilesystem": False}}, RESTRICTED),
    ({"containerSecurityContext": {"capabilities": {"drop": ["NET_RAW"]}}}, BASELINE),
    (added("NET_BIND_SERVICE"), RESTRICTED),
    (added("CHOWN"), BASELINE),
    (added("SYS_PTRACE"), PRIVILEGED),
    (added("CHOWN", "SYS_ADMIN"), PRIVILEGED),
    (volume(hostPath={"path": "/cvmfs"}), PRIVILEGED),
    (volume(nfs={"server": "nfs.example.com", "path": "/data"}), BASELINE),
    (volume(emptyDir={}), RESTRICTED),
    (volume(persistentVolumeClaim={"claimName": "data"}), RESTRICTED),
    (volume(csi={"driver": "csi.example.com"}), RESTRICTED),
    (volume(image={"reference": "registry.example.com/data:1"}), RESTRICTED),
    ({"scheduler": {"volumes": [{"name": "h", "hostPath": {"path": "/d"}}]}}, PRIVILEGED),
    (
        {"workerGroups": {"gpu": {"volumes": [{"name": "h", "hostPath": {"path": "/d"}}]}}},
        PRIVILEGED,
    ),
    ({"workers": {"podAnnotations": {APPARMOR: "unconfined"}}}, PRIVILEGED),
    ({"workers": {"podAnnotations": {APPARMOR: "runtime/default"}}}, RESTRICTED),
    ({"workers": {"podAnnotations": {APPARMOR: "localhost/dask"}}}, RESTRICTED),
    (container(), RESTRICTED),
    (container(securityContext={}), BASELINE),
    (container(ports=[{"containerPort": 8080}]), RESTRICTED),
    (container(ports=[{"containerPort": 8080, "hostPort": 8080}]), PRIVILEGED),
    (container(livenessProbe={"httpGet": {"port": 80, "host": "other.example.com"}}), PRIVILEGED),
    (container(readinessProbe={"tcpSocket": {"port": 80}}), RESTRICTED),
    (
        container(lifecycle={"preStop": {"tcpSocket": {"port": 80, "host": "other"}}}),
        PRIVILEGED,
    ),
    (context(), RESTRICTED),
    (context(runAsUser=0), BASELINE),
    (context(runAsNonRoot=False), BASELINE),
    (context(privileged=True, allowPrivilegeEscalation=True), PRIVILEGED),
    (context(procMount="Default"), RESTRICTED),
    (context(seccompProfile={"type": "Unconfined"}), PRIVILEGED),
    (context(seccompProfile={"type": "Localhost", "localhostProfile": "p.json"}), RESTRICTED),
    (context(appArmorProfile={"type": "Unconfined"}), PRIVILEGED),
    (context(appArmorProfile={"type": "RuntimeDefault"}), RESTRICTED),
    (context(seLinuxOptions={"type": "container_t"}), RESTRICTED),
    (context(seLinuxOptions={"type": "spc_t"}), PRIVILEGED),
    (context(seLinuxOptions={"user": "system_u"}), PRIVILEGED),
    (context(seLinuxOptions={"level": "s0:c1"}), RESTRICTED),
]


@pytest.fixture(scope="module")
def program() -> Path:
    """The program that evaluates the rendered pods."""
    found = binaries_dir() / "judge"
    if not found.is_file():
        pytest.skip(f"{found} is missing; run: {BUILD_COMMAND}")
    return found


def _pairs() -> list[dict[str, Any]]:
    """A sample of two cases at once, of those that set different things."""
    pairs = [
        {**one, **two}
        for (one, _), (two, _) in itertools.combinations(CASES, 2)
        if not one.keys() & two.keys()
    ]
    return random.Random(11).sample(pairs, 40)


def test_the_derived_level_is_that_of_kubernetes(program: Path, tmp_path: Path) -> None:
    schema = load_schema()
    derived, rendered = [], []
    for index, body in enumerate([*(case for case, _ in CASES), *_pairs()]):
        file = tmp_path / f"{index}.yaml"
        file.write_text(json.dumps({"workspace": body}))
        verdict = judge(gather(Request(config=(str(file),)), {}, schema), schema)
        errors = {problem.check for problem in verdict.problems if problem.severity == ERROR}
        # A container that cannot start, such as root in a pod of another user, has a level too.
        assert errors <= {"security-context"}, body
        derived.append(admission(verdict).level)
        rendered.append(objects(manifests(json.dumps(verdict.values)), "ns"))
    lines = "".join(json.dumps(one) + "\n" for one in rendered)
    done = subprocess.run(
        [program, "-levels"], input=lines, capture_output=True, text=True, check=True
    )
    assert derived == [json.loads(line) for line in done.stdout.splitlines()]
    assert derived[: len(CASES)] == [level for _, level in CASES]
