"""`mops workspace up --local`: a client computes with it, and nothing is left behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from invoke import ROOT, helm, mops, takes_interrupts
from mops.deploy.local.machine import worker_count
from mops.model.problems import EnvironmentFailure

pytestmark = pytest.mark.dask

CONFIG = """\
schema_version: 2
workspace:
  worker_replicas: 2
  worker_processes: 1
  worker_env:
    MODELOPS_EXECUTOR_TYPE: direct
    MARK: {mark}
    SCRATCH: $(TMPDIR)/scratch
  scheduler_env: {{MARK: {mark}}}
  scheduler: {{port: {ports[0]}, dashboard_port: {ports[1]}}}
"""


def _ports() -> tuple[int, int]:
    """Two free ports, so that tests can run at the same time."""
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _bytes(path: Path) -> bytes:
    """A file in /proc; b"" if the process has ended."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


class Local:
    """mops in its own process, and all processes that carry its mark."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.mark = uuid.uuid4().hex
        (directory / "modelops.yaml").write_text(CONFIG.format(mark=self.mark, ports=_ports()))
        programs = (Path(helm()).parent, Path(sys.executable).parent)
        path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
        self.env = {"HOME": str(directory), "PATH": path, "TMPDIR": str(directory)}
        self.process: subprocess.Popen[str] | None = None

    def start(self, *args: str) -> None:
        """Starts `up --local`."""
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MODELOPS_", "DASK_"))
        }
        environ |= {
            "PYTHONPATH": str(ROOT / "src"),
            "MODELOPS_LOG_LEVEL": "of the shell",
            **self.env,
        }
        self.err = open(self.directory / "err", "a")  # noqa: SIM115 - closed by the fixture
        command = [
            sys.executable,
            "-m",
            "mops",
            "workspace",
            "up",
            "--local",
            "--config",
            "modelops.yaml",
            *args,
        ]
        self.process = subprocess.Popen(
            command,
            cwd=self.directory,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=self.err,
            text=True,
            start_new_session=True,
            preexec_fn=takes_interrupts,  # noqa: PLW1509 - no threads here
        )

    def address(self) -> str:
        """The address of the scheduler, once everything is running."""
        assert self.process is not None
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("scheduler  tcp://127.0.0.1:"), (self.directory / "err").read_text()
        return line.split()[1]

    def mops(self, verb: str, *args: str) -> str:
        """The output of another mops on the same workspace."""
        done = mops(
            "workspace",
            verb,
            "--local",
            "--config",
            "modelops.yaml",
            *args,
            cwd=self.directory,
            env=self.env,
        )
        assert done.code == 0, done.err
        return done.out

    def marked(self) -> list[int]:
        """The ids of the processes whose environment has the mark."""
        return [
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/environ")
            if f"MARK={self.mark}".encode() in _bytes(path)
        ]

    def gone(self) -> bool:
        """Whether all of them end within a few seconds."""
        deadline = time.monotonic() + 10
        while self.marked() and time.monotonic() < deadline:
            time.sleep(0.05)
        return not self.marked()

    def interrupted(self) -> int:
        """Presses Ctrl-C; the exit code of mops."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(40)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    if not Path("/proc/self/environ").exists():
        pytest.skip("this test finds processes by their environment in /proc")
    made = Local(tmp_path)
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.wait()
        assert made.process.stdout is not None
        made.process.stdout.close()
        made.err.close()
    for pid in made.marked():
        os.kill(pid, signal.SIGKILL)


def test_a_client_computes_and_ctrl_c_leaves_nothing_behind(local: Local) -> None:
    from distributed import Client

    local.start()
    with Client(local.address(), timeout=30) as client:
        client.wait_for_workers(2, timeout=30)
        assert client.submit(sum, range(10)).result(timeout=30) == 45
        environments = client.run(lambda: dict(os.environ))
    assert len(environments) == 2
    for found in environments.values():
        assert (found["MODELOPS_EXECUTOR_TYPE"], found["MARK"], found["POD_IP"]) == (
            "direct",
            local.mark,
            "127.0.0.1",
        )
        assert found["HOME"] == found["TMPDIR"]
        assert found["SCRATCH"] == f"{found['TMPDIR']}/scratch"
        assert found["HOME"].startswith(str(local.directory))
        # What the shell exports is ignored.
        assert "MODELOPS_LOG_LEVEL" not in found
    assert {found["POD_NAME"] for found in environments.values()} == {
        "dask-workers-0",
        "dask-workers-1",
    }
    status = json.loads(local.mops("status", "--format", "json"))
    assert (status["running"], status["workers"], set(status["alive"])) == (
        True,
        2,
        {"dask-scheduler", "dask-workers-0", "dask-workers-1"},
    )
    logs = local.mops("logs", "workers", "--tail", "2")
    assert re.fullmatch(r"(dask-workers-0: .*\n){2}(dask-workers-1: .*\n){2}", logs)
    again = mops(
        "workspace",
        "up",
        "--local",
        "--config",
        "modelops.yaml",
        cwd=local.directory,
        env=local.env,
    )
    assert again.code == 4
    assert "this workspace is already running on this machine" in again.err
    assert local.interrupted() == 0
    assert local.gone()
    assert not list(local.directory.glob("mops-local-*"))
    assert local.mops("status") == "dask is not running on this machine\n"


def test_a_worker_that_exits_is_restarted_and_down_stops_everything(local: Local) -> None:
    local.start("--replicas", "1")
    local.address()
    pid = json.loads(local.mops("status", "--format", "json"))["pids"]["dask-workers-0"]
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while (found := json.loads(local.mops("status", "--format", "json")))["pids"][
        "dask-workers-0"
    ] == pid or found["workers"] != 1:
        assert time.monotonic() < deadline, (local.directory / "err").read_text()
        time.sleep(0.2)
    local.mops("down", "--yes")
    assert local.process is not None
    assert local.process.wait(20) == 0
    assert local.gone()


def test_nothing_outlives_a_mops_that_is_killed(local: Local) -> None:
    local.start("--replicas", "1")
    local.address()
    assert local.process is not None
    assert len(local.marked()) > 2
    local.process.kill()
    assert local.gone()
    assert local.mops("status") == "dask is not running on this machine\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "wait", ["until it runs"] * 20 + [f"{tenths / 10} s" for tenths in range(20)]
)
def test_ctrl_c_at_any_time_leaves_nothing_behind(local: Local, wait: str) -> None:
    local.start()
    if wait.endswith(" s"):
        time.sleep(float(wait.split(maxsplit=1)[0]))
        assert local.interrupted() in (0, 130, -signal.SIGINT)
    else:
        local.address()
        assert local.interrupted() == 0
    assert local.gone()


def test_an_environment_without_dask(local: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = shutil.which("python3", path="/usr/bin:/bin")
    if (
        bare is None
        or subprocess.run(
            [bare, "-c", "import distributed"], capture_output=True, check=False
        ).returncode
        == 0
    ):
        pytest.skip("no interpreter here is without Dask")
    tools = local.directory / "bin"
    tools.mkdir()
    (tools / "helm").symlink_to(helm())
    monkeypatch.setattr(sys, "executable", bare)
    done = mops(
        "workspace",
        "up",
        "--local",
        "--config",
        "modelops.yaml",
        cwd=local.directory,
        env={**local.env, "PATH": str(tools)},
    )
    assert (done.code, done.out) == (4, "")
    assert "Dask not found in the active environment" in done.err
    assert "pip install 'dask[distributed]'" in done.err


def test_the_dashboard_of_another_dask_is_not_mistaken_for_ours(local: Local) -> None:
    local.start("--replicas", "1")
    local.address()
    state = json.loads(local.mops("status", "--format", "json"))
    with pytest.raises(EnvironmentFailure, match="is now used by another Dask"):
        worker_count(state["dashboard"], "tcp://127.0.0.1:1")
    assert worker_count(state["dashboard"], state["address"]) == 1


def test_an_idle_scheduler_ends_the_workspace(local: Local) -> None:
    local.start("--replicas", "1", "--set", "scheduler.idleTimeout=12s")
    local.address()
    assert local.process is not None
    assert local.process.wait(40) == 0
    said = (local.directory / "err").read_text()
    assert "dask-scheduler has stopped: it was idle for too long, or a client shut it down" in said
    assert "all processes have stopped" in said
    assert local.gone()


def test_a_client_ends_the_workspace(local: Local) -> None:
    local.start("--replicas", "1")
    client = f"from distributed import Client; Client({local.address()!r}).shutdown()"
    subprocess.run([sys.executable, "-c", client], check=True, env=local.env)
    assert local.process is not None
    assert local.process.wait(40) == 0
    said = (local.directory / "err").read_text()
    assert "dask-scheduler has stopped: it was idle for too long, or a client shut it down" in said
    assert local.gone()


def test_a_dask_without_a_scheduler_command(local: Local) -> None:
    tools = local.directory / "bin"
    tools.mkdir()
    (tools / "dask").write_text("#!/bin/sh\necho \"Error: No such command '$1'.\" >&2\nexit 2\n")
    (tools / "dask").chmod(0o755)
    done = mops(
        "workspace",
        "up",
        "--local",
        "--config",
        "modelops.yaml",
        cwd=local.directory,
        env={**local.env, "PATH": f"{tools}{os.pathsep}{local.env['PATH']}"},
    )
    assert (done.code, done.out) == (4, "")
    assert "dask-scheduler exited with code 2; this dask has no such command" in done.err
    assert "  dask-scheduler | Error: No such command 'scheduler'." in done.err
