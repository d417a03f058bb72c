"""A real API server accepts all objects for Argo CD and Flux, and what their helm renders."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.client import Cluster, wait_for
from docs.test_blocks import blocks, commands
from gitops import schemas
from gitops.test_objects import FORMS
from gitops.trees import EXAMPLE, OCI, objects
from invoke import ROOT, mops

pytestmark = pytest.mark.cluster

STRICT = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")
LEVELS = {
    f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")
}


def apply(cluster: Cluster, entry: dict[str, Any]) -> None:
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(entry), check=True)


@pytest.fixture(scope="module")
def ready(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster with the CRDs and the namespaces of the example."""
    schemas.needed()
    files = [part for path in sorted(schemas.FOLDER.glob("*.yaml")) for part in ("-f", str(path))]
    cluster.kubectl("apply", "--server-side", *files, check=True)
    wait_for(
        "the CRDs established",
        lambda: (
            cluster.kubectl(
                "wait", "--for=condition=Established", "crd", "--all", "--timeout=1s"
            ).returncode
            == 0
        ),
    )
    for name in ("argocd", "modelops-dask-dev", "modelops-dask-prod"):
        apply(
            cluster,
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": LEVELS}},
        )
    yield cluster
    for name in ("argocd", "modelops-dask-dev", "modelops-dask-prod"):
        cluster.kubectl("delete", "namespace", name, "--wait=false", check=True)


@pytest.mark.parametrize("args", FORMS)
def test_strict_dry_run_takes_every_object(ready: Cluster, args: tuple[str, ...]) -> None:
    written = mops("gitops", *args, cwd=EXAMPLE)
    assert written.code == 0, written.err
    done = ready.kubectl(*STRICT, stdin=written.out)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == len(objects(written.out))


def test_ten_minutes_end_with_applications_in_the_cluster(
    ready: Cluster, machine: dict[str, str], tmp_path: Path
) -> None:
    """The page, block by block.

    Its last step needs Argo CD's API, so tests/docs cannot run it.
    """
    tools = Path(machine["PATH"].split(os.pathsep)[0])
    (tools / "kubectl").write_text(f'#!/bin/sh\nexec "{ready.kubectl_program}" "$@"\n')
    (tools / "kubectl").chmod(0o755)
    env = {**machine, **ready.environment, "KUBECONFIG": str(ready.kubeconfig)}
    work = tmp_path / "work"
    for language, title, text in blocks(ROOT / "docs" / "ten-minutes.md"):
        if title:
            (work / title).parent.mkdir(parents=True, exist_ok=True)
            (work / title).write_text(text)
        runs = (
            [command for command, _ in commands(text)]
            if language == "console"
            else [text]
            if language == "sh"
            else []
        )
        for command in runs:
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=work,
                env=env,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == (1 if "--check" in command else 0), (command, done.stderr)
    names = {
        entry["metadata"]["name"]
        for entry in ready.get("applications.argoproj.io", "-n", "argocd")["items"]
    }
    assert names == {"dask-dev", "dask-prod"}


@pytest.mark.parametrize(("path", "value"), [("valuesFiles", ["x"]), ("skipTests", "yes")])
def test_strict_dry_run_refuses_mistakes(ready: Cluster, path: str, value: object) -> None:
    application = objects(mops("gitops", *FORMS[1].values[0], cwd=EXAMPLE).out)[1]
    application["spec"]["source"]["helm"][path] = value
    assert ready.kubectl(*STRICT, stdin=json.dumps(application)).returncode != 0


def test_the_values_come_back_from_the_server_as_they_are_committed(ready: Cluster) -> None:
    written = objects(mops("gitops", "flux", "--all", *OCI, cwd=EXAMPLE).out)
    for entry in written:
        if entry["kind"] == "ConfigMap":
            apply(ready, entry)
    for name in ("dev", "prod"):
        stored = ready.get("configmap", "dask-values", "-n", f"modelops-dask-{name}")["data"][
            "values.yaml"
        ]
        assert stored == (EXAMPLE / f"envs/{name}/values.yaml").read_text()


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_manifests_fit_a_restricted_namespace_and_applying_them_again_changes_nothing(
    ready: Cluster, name: str
) -> None:
    written = mops(
        "render",
        "--hermetic",
        "--quiet",
        "-c",
        "base.yaml",
        "-c",
        f"envs/{name}/mops.yaml",
        "--format",
        "manifests",
        "--kube-version",
        "1.33",
        cwd=EXAMPLE,
    )
    assert written.code == 0, written.err
    command = ("apply", "--server-side", "--validate=strict", "-f", "-", "-o", "json")
    versions = []
    for _ in range(2):
        done = ready.kubectl(*command, stdin=written.out)
        assert (done.returncode, done.stderr) == (0, "")
        # Controllers write the status meanwhile: the generation says whether the spec was changed.
        versions.append(
            [
                (
                    entry["kind"],
                    entry["metadata"]["uid"],
                    entry["metadata"].get("generation"),
                    entry["metadata"]["labels"],
                )
                for entry in json.loads(done.stdout)["items"]
            ]
        )
    assert versions[0] == versions[1]
