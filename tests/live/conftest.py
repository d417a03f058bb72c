"""A workspace for one test, in the cluster that tests/cluster starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.client import Cluster
from cluster.conftest import cluster, simulated
from invoke import ROOT, Done, helm, mops, takes_interrupts

__all__ = ["cluster", "simulated"]

_HERE = Path(__file__).parent

# Images with fixed tags, small pods, and nothing that depends on the machine of the tests.
UNIFIED = """\
schema_version: 2
workspace:
  worker_replicas: 2
  worker_processes: 3
  worker_threads: 1
  worker_image: ghcr.io/example/worker:1.0
  scheduler_image: ghcr.io/example/scheduler:1.0
  worker_env: {MODELOPS_LOG_LEVEL: INFO}
"""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.cluster)


class Workspace:
    """Runs mops and kubectl on one release in its own namespace."""

    def __init__(self, cluster: Cluster, directory: Path) -> None:
        self.cluster, self.directory = cluster, directory
        self.namespace = f"mops-live-{uuid.uuid4().hex[:8]}"
        self.config = directory / "modelops.yaml"
        self.config.write_text(UNIFIED)
        self.env = {"KUBECONFIG": str(cluster.kubeconfig), "HOME": str(directory)}

    def mops(
        self,
        verb: str,
        *args: str,
        config: str | None = "modelops.yaml",
        env: dict[str, str] | None = None,
    ) -> Done:
        """A run of `mops workspace VERB` on this workspace."""
        chosen = ("--config", config) if config else ()
        return mops(
            "workspace",
            *verb.split(),
            *chosen,
            "-n",
            self.namespace,
            *args,
            cwd=self.directory,
            env={**self.env, **(env or {})},
        )

    def up(self, *args: str, code: int = 0) -> Done:
        """A run of `up` that is expected to end with this exit code."""
        done = self.mops("up", "--yes", "--timeout", "60s", *args)
        assert done.code == code, done.err
        return done

    def started(self, *args: str, terminal: int | None = None) -> subprocess.Popen[str]:
        """mops in its own process, for signals; `terminal` is its stdin and stderr."""
        command = [
            sys.executable,
            "-m",
            "mops",
            "workspace",
            *args,
            "--config",
            "modelops.yaml",
            "-n",
            self.namespace,
        ]
        return subprocess.Popen(
            command,
            cwd=self.directory,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT / "src"),
                "PYTHONUNBUFFERED": "1",
                **self.env,
            },
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stderr=subprocess.PIPE if terminal is None else terminal,
            text=True,
            # A shell in the background ignores SIGINT, and what it starts inherits that.
            preexec_fn=takes_interrupts,  # noqa: PLW1509 - no threads here
        )

    def mops_render(self) -> str:
        """The manifests of the configuration, as helm renders the values."""
        values = mops(
            "render",
            "--config",
            "modelops.yaml",
            "-n",
            self.namespace,
            cwd=self.directory,
            env=self.env,
        ).out
        done = subprocess.run(
            [
                helm(),
                "template",
                "dask",
                str(ROOT / "chart"),
                "-n",
                self.namespace,
                "--skip-tests",
                "-f",
                "-",
            ],
            input=values,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def kubectl(self, *args: str) -> str:
        """The output of kubectl in the namespace."""
        return self.cluster.kubectl(*args, "-n", self.namespace, check=True).stdout

    def deployment(self, part: str = "workers") -> Any:
        """A live Deployment."""
        return self.cluster.get("deployment", f"dask-{part}", "-n", self.namespace)

    def versions(self) -> dict[str, str]:
        """The version of each object, which changes when it is written."""
        objects = self.cluster.get("service,serviceaccount,networkpolicy", "-n", self.namespace)[
            "items"
        ]
        found = {
            f"{entry['kind']}/{entry['metadata']['name']}": entry["metadata"]["resourceVersion"]
            for entry in objects
        }
        # The controllers change a Deployment's status at any time; only changes of its spec
        # increase its generation.
        deployments = self.cluster.get("deployment", "-n", self.namespace)["items"]
        return found | {
            f"Deployment/{entry['metadata']['name']}": str(entry["metadata"]["generation"])
            for entry in deployments
        }

    def pods(self) -> list[str]:
        """The names of the pods that are not being deleted."""
        return [
            pod["metadata"]["name"]
            for pod in self.cluster.get("pods", "-n", self.namespace)["items"]
            if not pod["metadata"].get("deletionTimestamp")
        ]

    def helm(self, *args: str) -> Any:
        """The JSON that a helm command prints about the release."""
        done = subprocess.run(
            [helm(), *args, "-n", self.namespace, "-o", "json"],
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)


@pytest.fixture
def workspace(cluster: Cluster, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace whose namespace does not exist yet."""
    made = Workspace(cluster, tmp_path)
    yield made
    cluster.kubectl("delete", "namespace", made.namespace, "--wait=false", "--ignore-not-found")
