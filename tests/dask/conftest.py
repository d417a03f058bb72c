"""Rendered containers as real processes: what a kubelet does, without a cluster."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chart.manifests import group, over, render

PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
_REFERENCE = re.compile(r"\$\$|\$\(([^)]*)\)")


def pytest_collection_modifyitems(items):
    for item in items:
        if "/tests/dask/" in item.path.as_posix():
            item.add_marker(pytest.mark.dask)
            # Clients that lose their scheduler on purpose complain as they close.
            item.add_marker(pytest.mark.filterwarnings("default"))


def expand(text: str, env: dict[str, str]) -> str:
    """`$(NAME)` as Kubernetes expands it; `$$` is a dollar."""
    return _REFERENCE.sub(
        lambda found: "$" if found[0] == "$$" else env.get(found[1], found[0]), text
    )


class Pod:
    """One pod's main container as a process of this machine, in a process group of its own."""

    def __init__(self, name: str, template, folder: Path, replace: dict[str, str]) -> None:
        self.name = name
        self.grace = template["spec"]["terminationGracePeriodSeconds"]
        self.container = template["spec"]["containers"][0]
        self.log = folder / f"{name}.log"
        self.replace = replace
        self.process = None
        fields = {"metadata.name": name, "status.podIP": "127.0.0.1"}
        self.env: dict[str, str] = {}
        for entry in self.container["env"]:
            value = (
                fields[entry["valueFrom"]["fieldRef"]["fieldPath"]]
                if "valueFrom" in entry
                else entry["value"]
            )
            self.env[entry["name"]] = self.here(expand(value, self.env))

    def here(self, text: str) -> str:
        """A text of the manifest with cluster names and paths replaced by this machine's."""
        for there, here in self.replace.items():
            text = text.replace(there, here)
        return text

    def words(self, command: list[str]) -> list[str]:
        return [self.here(expand(word, self.env)) for word in command]

    def start(self, **env: str) -> Pod:
        command = self.words([*self.container["command"], *self.container.get("args", [])])
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env={"PATH": PATH, **self.env, **env},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
            )
        return self

    def run_hook(self, address: str | None = None, seconds: int | None = None) -> tuple[int, float]:
        """The preStop hook's exit code and how long it took; exec does not expand variables."""
        *script, scheduler, processes, limit = [
            self.here(word) for word in self.container["lifecycle"]["preStop"]["exec"]["command"]
        ]
        started = time.monotonic()
        done = subprocess.run(
            [*script, address or scheduler, processes, str(seconds or limit)],
            env={"PATH": PATH, **self.env},
            check=False,
            cwd="/",
            timeout=self.grace,
        )
        return done.returncode, time.monotonic() - started

    def delete(self, *, hook: bool = True) -> float:
        """The kubelet's steps: the hook, SIGTERM, the rest of the grace period, SIGKILL to all."""
        started = time.monotonic()
        if hook:
            code, _ = self.run_hook()
            assert code == 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(self.grace - (time.monotonic() - started))
        self.kill()
        return time.monotonic() - started

    def kill(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def free_ports(count: int, taken: set[int]) -> int:
    """The first of `count` ports in a row that nobody uses."""
    # Test processes that run side by side look in ranges of their own, because a port is in use
    # only some time after it was found free.
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 6
    for first in range(20000 + 2000 * worker, 22000 + 2000 * worker, 64):
        ports = range(first, first + count)
        if taken.isdisjoint(ports) and all(_free(port) for port in ports):
            taken.update(ports)
            return first
    raise AssertionError("no free ports")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
        return True


@pytest.fixture(scope="module")
def take_ports():
    """Gives the first of a number of free ports in a row, each time others."""
    taken: set[int] = set()
    block: list[int] = []

    def take(count: int) -> int:
        if len(block) < count:
            first = free_ports(64, taken)
            block[:] = range(first, first + 64)
        ports, block[:] = block[:count], block[count:]
        return ports[0]

    return take


class Cluster:
    """A scheduler and worker pods of one rendered release."""

    def __init__(self, folder: Path, values, groups) -> None:
        self.folder, self.pods, self.taken = folder, [], set()
        ports = free_ports(2, self.taken)
        scheduler = {"port": ports, "dashboardPort": ports + 1, "env": {"TMPDIR": str(folder)}}
        self.replace = {"//dask-scheduler:": "//127.0.0.1:", "/etc/dask/tls": str(folder)}
        self.manifests = render(
            over(
                {
                    "scheduler": scheduler,
                    "workers": self.placed(groups.get("default", {})),
                    "workerGroups": {
                        name: group(**self.placed(changes))
                        for name, changes in groups.items()
                        if name != "default"
                    },
                },
                values,
            )
        )
        self.address = self.replaced(self.manifests.container()["args"][0])
        self.scheduler = self.pod("dask-scheduler", "scheduler")

    def replaced(self, text: str) -> str:
        for there, here in self.replace.items():
            text = text.replace(there, here)
        return text

    def placed(self, changes):
        """A group's settings with ports and folders that are free on this machine."""
        count = changes.get("processes", 2) + 1  # a range of one port is none for Dask
        first = free_ports(2 * count + 1, self.taken)
        ports = {
            "workerPorts": f"{first}:{first + count - 1}",
            "nannyPorts": f"{first + count}:{first + 2 * count - 1}",
            "dashboardPort": first + 2 * count,
        }
        memory = {
            "requests": {"memory": "1Gi", "cpu": "1"},
            "limits": {"memory": "1Gi", "cpu": "1"},
        }
        return over(
            {
                **ports,
                "resources": memory,
                "localDirectory": str(self.folder / f"spill{first}"),
                "env": {"TMPDIR": str(self.folder)},
            },
            changes,
        )

    def pod(self, deployment: str, suffix: str) -> Pod:
        pod = Pod(
            f"{deployment}-{suffix}", self.manifests.pod(deployment), self.folder, self.replace
        )
        self.pods.append(pod)
        return pod

    def client(self):
        from distributed import Client

        return Client(self.address, timeout=60)

    def close(self) -> None:
        for pod in reversed(self.pods):
            pod.kill()

    def logs(self) -> str:
        return "\n".join(
            f"--- {pod.name}\n{pod.log.read_text(errors='replace')[-3000:]}"
            for pod in self.pods
            if pod.log.exists()
        )


@pytest.fixture
def cluster(tmp_path):
    """Makes a Cluster; all of its processes end with the test."""
    made = []

    def make(values=None, **groups) -> Cluster:
        made.append(Cluster(tmp_path, values or {}, groups))
        return made[-1]

    yield make
    for one in made:
        one.close()
        print(one.logs())
