"""Helm is found, judged by its version, and run by itself. Shell scripts stand for other helms."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from mops.chart import helm
from mops.model.problems import EnvironmentFailure
from mops.schema.secrets import MASK


def program(folder: Path, body: str) -> dict[str, str]:
    """An environment whose helm is a shell script."""
    path = folder / "helm"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return {
        "PATH": f"{folder}:/usr/bin:/bin",
        "HELM_DRIVER": "memory",
        "HELM_DEBUG": "1",
        "KUBECONFIG": "/nowhere",
    }


VERSION = '[ "$1" = version ] && echo v3.15.0 && exit 0\n'


@pytest.mark.parametrize("version", ["v3.14.0", "v3.17.3", "3.20.0", "v4.0.0", "v4.2.1+g1234"])
def test_versions_that_will_do(tmp_path: Path, version: str) -> None:
    assert helm.find(program(tmp_path, f"echo {version}")).version == version.lstrip("v")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo v3.13.3", "helm 3.13.3 is not supported; mops works with 3.14 to 4"),
        ("echo v2.17.0", "helm 2.17.0 is not supported"),
        ("echo v5.0.0", "helm 5.0.0 is not supported"),
        ("echo hello", "`helm version` printed no version"),
        ("echo boom >&2; exit 3", "helm version failed (exit code 3): boom"),
    ],
)
def test_versions_that_will_not(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(EnvironmentFailure) as failure:
        helm.find(program(tmp_path, body))
    assert message in str(failure.value)


def test_no_helm_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(EnvironmentFailure, match="helm not found; install it"):
        helm.find({"PATH": str(tmp_path)})


def test_the_helm_beside_the_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "echo v3.15.0")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert helm.find({"PATH": "/nonexistent"}).path == str(tmp_path / "helm")


def test_the_users_own_set_up_stays_out(tmp_path: Path) -> None:
    found = helm.find(program(tmp_path, VERSION + "env"), offline=True)
    seen = dict(line.split("=", 1) for line in found.run(["env"]).splitlines() if "=" in line)
    assert not {"HELM_DEBUG", "HELM_DRIVER", "KUBECONFIG"} & set(seen)
    private = {
        name: seen[name]
        for name in (
            "HELM_CACHE_HOME",
            "HELM_CONFIG_HOME",
            "HELM_DATA_HOME",
            "HELM_PLUGINS",
            "XDG_CONFIG_HOME",
        )
    }
    assert len({os.path.dirname(value) for value in private.values()}) == 1
    assert not any(os.path.exists(os.path.dirname(value)) for value in private.values())


def test_how_to_reach_the_cluster_is_passed_on_unless_offline(tmp_path: Path) -> None:
    found = helm.find(program(tmp_path, VERSION + "env"))
    seen = dict(line.split("=", 1) for line in found.run(["env"]).splitlines() if "=" in line)
    assert (seen["HELM_DRIVER"], seen["KUBECONFIG"]) == ("memory", "/nowhere")
    assert "HELM_DEBUG" not in seen


def test_standard_input_and_the_directory(tmp_path: Path) -> None:
    found = helm.find(program(tmp_path, VERSION + "pwd; cat"))
    assert found.run(["x"], stdin="a: ä\n", directory=str(tmp_path)) == f"{tmp_path}\na: ä\n"


def test_a_failure_tells_the_end_of_stderr_without_secrets(tmp_path: Path) -> None:
    body = (
        VERSION
        + "i=0; while [ $i -lt 30 ]; do echo line $i >&2; i=$((i+1)); done; "
        + "echo https://me:hunter2@example.com >&2; exit 1"
    )
    with pytest.raises(EnvironmentFailure) as failure:
        helm.find(program(tmp_path, body)).run(["template"])
    text = str(failure.value)
    assert "hunter2" not in text
    assert text.endswith(f"line 29 | https://me:{MASK}@example.com")
    assert "line 10 |" not in text
    assert "\n" not in text


def test_a_time_limit_ends_all_that_helm_has_started(tmp_path: Path) -> None:
    body = VERSION + f"sleep 300 & echo $! > {tmp_path}/child; trap '' TERM; wait; sleep 300"
    found = helm.find(program(tmp_path, body))
    helm_patience = helm._PATIENCE
    helm._PATIENCE = 0.3
    try:
        with pytest.raises(EnvironmentFailure, match=r"helm template did not finish within 0.5 s"):
            found.run(["template"], timeout=0.5)
    finally:
        helm._PATIENCE = helm_patience
    child = int((tmp_path / "child").read_text())
    assert _ended(child)


def _ended(pid: int) -> bool:
    """Whether a process ends soon."""
    for _ in range(50):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False
