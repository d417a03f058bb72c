"""This machine: memory, CPUs, free ports, the installed Dask, and the running scheduler."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from mops.deploy.local.container import LOOPBACK
from mops.deploy.local.processes import Machine
from mops.model.problems import EnvironmentFailure
from mops.report.text import printable

INSTALL_DASK = "activate an environment with Dask, or run pip install 'dask[distributed]'"

_TIMEOUT = 60.0
_HAS_DASK = (
    "import importlib.util as u, sys; "
    "sys.exit(not (u.find_spec('dask') and u.find_spec('distributed')))"
)
# The memory limit of the control group (version 2) that a container runs in; "max" for none.
_CONTAINER_MEMORY = "/sys/fs/cgroup/memory.max"


def this_machine() -> Machine:
    """The memory and CPUs of this machine; in a container, its memory limit."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with (
        contextlib.suppress(OSError, ValueError),
        open(_CONTAINER_MEMORY, encoding="ascii") as file,
    ):
        memory = min(memory, int(file.read()))
    return Machine(memory, os.cpu_count() or 1)


def free_port(preferred: int) -> int:
    """The preferred port if it is free, else another one."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EnvironmentFailure("no free port")


def find_dask(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The command that runs `dask` in the active environment.

    Raises EnvironmentFailure if Dask is not installed.
    """
    path = environ.get("PATH", os.defpath)
    program = shutil.which("dask", path=path)
    if program:
        return (program,)
    candidates = (shutil.which("python", path=path), shutil.which("python3", path=path))
    for python in (*candidates, sys.executable):
        if python and _has_dask(python):
            return (python, "-m", "dask")
    raise EnvironmentFailure(f"Dask not found in the active environment; {INSTALL_DASK}")


def _has_dask(python: str) -> bool:
    command = [python, "-c", _HAS_DASK]
    done = subprocess.run(  # noqa: S603 - an interpreter on the user's PATH
        command, capture_output=True, check=False, timeout=_TIMEOUT
    )
    return done.returncode == 0


def worker_count(dashboard: int, address: str) -> int | None:
    """The number of worker processes that a scheduler knows; None if it does not answer.

    Dask moves its dashboard if the port is in use. Raises EnvironmentFailure if the scheduler
    behind the port `dashboard` has another address.
    """
    connection = HTTPConnection(LOOPBACK, dashboard, timeout=2)
    try:
        connection.request("GET", "/json/identity.json")
        answer = connection.getresponse()
        found = json.loads(answer.read()) if answer.status == HTTPStatus.OK else None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
    if not isinstance(found, dict):
        return None
    if found.get("address") != address:
        other = printable(str(found.get("address")))
        raise EnvironmentFailure(
            f"port {dashboard} is now used by another Dask ({other}); try again"
        )
    # Newer schedulers describe only some of their workers.
    return int(found.get("n_workers", len(found.get("workers") or ())))


def is_running(pid: int) -> bool:
    """Whether there is a process with this id."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
