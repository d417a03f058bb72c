"""The commands that only read: status, list, history, logs, port-forward."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket

from invoke import ROOT
from invoke import mops as run

from .conftest import Workspace


def test_drift_names_the_line_that_sets_the_value(workspace: Workspace) -> None:
    """Three processes are deployed from one file, and another file says four."""
    workspace.up()
    shutil.copytree(ROOT / "examples", workspace.directory / "examples")
    text = (workspace.directory / "examples" / "workspace.yaml").read_text()
    line = next(
        number for number, written in enumerate(text.splitlines(), 1) if "processes: 4" in written
    )
    done = workspace.mops("status", "--exit-code", config="examples/workspace.yaml")
    assert done.code == 1
    assert f"deployed --nworkers 3; config says 4, examples/workspace.yaml:{line}:16\n" in done.out
    assert "deployed   defaults < modelops.yaml < command line" in done.out
    assert "active     defaults < examples/workspace.yaml < command line" in done.out


def test_changes_by_kubectl_are_drift(
    workspace: Workspace,
) -> None:
    workspace.up()
    assert workspace.mops("status", "--exit-code").code == 0
    workspace.kubectl("scale", "deployment/dask-workers", "--replicas=5")
    workspace.kubectl(
        "set", "env", "deployment/dask-workers", "MODELOPS_LOG_LEVEL=DEBUG", "EXTRA=1"
    )
    workspace.kubectl(
        "set", "image", "deployment/dask-scheduler", "scheduler=ghcr.io/example/scheduler:2.0"
    )
    done = workspace.mops("status", "--exit-code")
    assert done.code == 1
    assert (
        "Deployment/dask-workers: deployed replicas 5; "
        "config says 2, modelops.yaml:3:20 (set in the cluster by kubectl"
    ) in done.out
    assert (
        "Deployment/dask-workers: deployed env MODELOPS_LOG_LEVEL DEBUG; "
        "config says INFO, modelops.yaml:8:36 (set in the cluster by kubectl-set"
    ) in done.out
    assert (
        "Deployment/dask-scheduler: deployed image ghcr.io/example/scheduler:2.0; "
        "config says ghcr.io/example/scheduler:1.0, modelops.yaml:7:20"
    ) in done.out
    assert "Deployment/dask-workers: deployed env EXTRA 1 is not in the config" in done.out
    removal = re.search(
        r"run kubectl (.* set env deployment/dask-workers EXTRA-) to remove it", done.out
    )
    assert removal is not None
    data = json.loads(workspace.mops("status", "--format", "json").out)
    assert {
        (entry["field"], entry["live"], entry["wanted"], entry["key"], entry["place"])
        for entry in data["drift"]
    } == {
        ("replicas", 5, 2, "workers.replicas", "modelops.yaml:3:20"),
        (
            "env MODELOPS_LOG_LEVEL",
            "DEBUG",
            "INFO",
            "workers.env.MODELOPS_LOG_LEVEL",
            "modelops.yaml:8:36",
        ),
        (
            "image",
            "ghcr.io/example/scheduler:2.0",
            "ghcr.io/example/scheduler:1.0",
            "scheduler.image",
            "modelops.yaml:7:20",
        ),
        ("env EXTRA", "1", None, "", ""),
    }
    # up restores what the configuration says, and the command shown removes the rest.
    workspace.up()
    workspace.cluster.kubectl(*removal[1].split(), check=True)
    assert workspace.mops("status", "--exit-code").code == 0


def test_a_deleted_object_is_drift(workspace: Workspace) -> None:
    workspace.up()
    workspace.kubectl("delete", "service", "dask-scheduler")
    assert "Service/dask-scheduler: missing in the cluster" in workspace.mops("status").out
    workspace.up()
    assert workspace.mops("status", "--exit-code").code == 0


def test_another_machine_knows_what_was_deployed(workspace: Workspace) -> None:
    workspace.up("--processes", "2")
    there = workspace.mops("status", "--exit-code", config=None)
    assert there.code == 0
    assert "deployed   defaults < modelops.yaml < command line" in there.out
    assert "none; compared with the deployed layers" in there.out
    workspace.kubectl("scale", "deployment/dask-workers", "--replicas=1")
    assert (
        "deployed replicas 1; config says 2, revision 1 (from modelops.yaml < command line)"
        in workspace.mops("status", config=None).out
    )


def test_the_active_configuration_is_shown_next_to_the_deployed_one(workspace: Workspace) -> None:
    workspace.up()
    done = workspace.mops("status", "--show-config", "--processes", "2")
    rows = {
        line.split()[0]: line.split()[1:]
        for line in done.out.splitlines()
        if line.startswith("workers.")
    }
    assert rows["workers.processes"] == ["3", "2", "--processes"]
    assert rows["workers.replicas"] == ["2", "same", "modelops.yaml:3:20"]


def test_secrets_are_not_printed(workspace: Workspace) -> None:
    secret = "pl41n-s3cret"
    workspace.up("--set", f"workers.env.MY_TOKEN={secret}")
    shown = [
        workspace.mops(verb)
        for verb in (
            "status",
            "status --show-config",
            "status --format json",
            "diff",
            "diff --format json",
            "history",
            "history --format json",
        )
    ]
    workspace.kubectl(
        "set", "env", "deployment/dask-workers", f"MY_TOKEN={secret}x", f"NEW_PASSWORD={secret}"
    )
    shown += [
        workspace.mops(verb)
        for verb in ("status", "status --format json", "diff", "diff --format json", "up --dry-run")
    ]
    assert all("MY_TOKEN" in done.out + done.err for done in shown if done.code == 1)
    assert not any(secret in done.out + done.err for done in shown)


def test_pods_that_are_not_ready_are_listed_with_their_reason(workspace: Workspace) -> None:
    workspace.up()
    workspace.kubectl(
        "set", "image", "deployment/dask-workers", "worker=ghcr.io/example/does-not-exist:1"
    )
    workspace.kubectl(
        "wait",
        "--for=jsonpath={.status.unavailableReplicas}=1",
        "deployment/dask-workers",
        "--timeout=30s",
    )
    found = json.loads(workspace.mops("status", "--format", "json").out)
    assert any(
        entry["reason"] in ("ErrImagePull", "ImagePullBackOff") for entry in found["notReady"]
    ), found
    assert 'Failed to pull image "ghcr.io/example/does-not-exist:1"' in workspace.mops("status").out


def test_a_workspace_that_is_not_deployed(workspace: Workspace) -> None:
    assert (
        workspace.mops("status").out
        == f"dask in {workspace.namespace} (context mops-test) is not deployed\n"
    )
    assert workspace.mops("status").code == 0
    assert workspace.mops("status", "--exit-code").code == 1


def test_only_workspaces_are_listed(workspace: Workspace) -> None:
    workspace.up()
    workspace.up("--release-name", "second")
    done = run("workspace", "list", "--format", "json", env=workspace.env, cwd=workspace.directory)
    mine = [entry for entry in json.loads(done.out) if entry["namespace"] == workspace.namespace]
    assert {(entry["name"], entry["revision"], entry["status"]) for entry in mine} == {
        ("dask", "1", "deployed"),
        ("second", "1", "deployed"),
    }
    table = run("workspace", "list", env=workspace.env, cwd=workspace.directory).out
    assert re.search(rf"^second +{workspace.namespace} +1 +deployed", table, re.MULTILINE)


def test_logs_of_all_or_of_one(workspace: Workspace) -> None:
    workspace.up()
    done = workspace.mops("logs", "workers")
    assert done.code == 0
    assert len(done.out.splitlines()) == 2
    assert all(line.endswith("simulated container: started") for line in done.out.splitlines())
    assert workspace.mops("logs", "scheduler").out == "simulated container: started\n"
    assert workspace.mops("logs", "nobody").code == 4


def test_logs_are_followed_until_ctrl_c(workspace: Workspace) -> None:
    workspace.up()
    process = workspace.started("logs", "workers", "--follow")
    try:
        assert process.stdout is not None
        pods = {process.stdout.readline().split(": ")[0] for _ in range(2)}
        assert pods == {name for name in workspace.pods() if "workers" in name}
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_a_forwarded_port_carries_bytes_both_ways(workspace: Workspace) -> None:
    workspace.up()
    process = workspace.started("port-forward", "scheduler", "--port", "0")
    try:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "tcp://localhost:" in line)
        port = int(re.search(r"localhost:(\d+)", line)[1])
        for text in (b"first", b"second"):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                connection.sendall(text)
                assert connection.recv(100) == text
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_watch_shows_changes_until_ctrl_c(workspace: Workspace) -> None:
    workspace.up()
    process = workspace.started("status", "--watch")
    try:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith("drift      none"))
        workspace.kubectl("scale", "deployment/dask-workers", "--replicas=3")
        assert any("deployed replicas 3; config says 2" in line for line in process.stdout)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0
