"""What a test sees of a cluster: a kubeconfig, kubectl, and a way to wait."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from .controlplane import ControlPlane

T = TypeVar("T")


@dataclass(frozen=True)
class Cluster:
    """A running cluster and how to reach it as an administrator.

    ``plane`` is the control plane that was started for the tests, or None for
    a cluster that was there before: only the former simulates failures.
    """

    kubeconfig: Path
    version: str
    plane: ControlPlane | None = None
    kubectl_program: str = "kubectl"
    environment: dict[str, str] = field(default_factory=dict)

    def kubectl(
        self,
        *args: str,
        stdin: str | None = None,
        check: bool = False,
        timeout: float = 120.0,
    ) -> subprocess.CompletedProcess[str]:
        """Run ``kubectl args...`` with ``stdin`` on standard input.

        Returns the completed process with its output as text, whatever the
        exit code; with ``check`` a failure raises AssertionError instead,
        with the words of kubectl.
        """
        done = subprocess.run(
            [self.kubectl_program, *args],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**os.environ, **self.environment, "KUBECONFIG": str(self.kubeconfig)},
            check=False,
        )
        if check and done.returncode != 0:
            words = f"kubectl {' '.join(args)} failed: {done.stderr}{done.stdout}"
            raise AssertionError(words)
        return done

    def get(self, *args: str) -> Any:
        """Return the parsed JSON of ``kubectl get args...``; raise on failure."""
        return json.loads(self.kubectl("get", *args, "-o", "json", check=True).stdout)

    def apply(self, *objects: dict[str, Any], namespace: str = "default") -> None:
        """Create or update ``objects`` (their own namespace wins, if they have one)."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        self.kubectl("apply", "-n", namespace, "-f", "-", stdin=text, check=True)


def wait_for(what: str, attempt: Callable[[], T | None], timeout: float = 30.0) -> T:
    """Call ``attempt`` until it returns something true; return that.

    Raises AssertionError naming ``what`` after ``timeout`` seconds.
    """
    deadline = time.monotonic() + timeout
    while True:
        found = attempt()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not seen within {timeout:.0f} s: {what}")
        time.sleep(0.1)
