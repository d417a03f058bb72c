"""Runs processes until they are stopped; restarts those that exit, and leaves none behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from mops.deploy.local.processes import Process

# Seconds for a process to end by itself, and between two attempts to end it.
_PATIENCE = 6.0
_PAUSE = 0.01
# The lines of output that are kept to explain a failure.
_TAIL = 15
_RESTARTS = 5
# A wrapper that makes the process end when mops is killed: prctl(PR_SET_PDEATHSIG, SIGTERM).
_END_WITH_PARENT = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); "
    "os.getppid() == int(sys.argv[1]) and os.execvp(sys.argv[2], sys.argv[2:])"
)


class Supervisor:
    """Runs the processes of a plan.

    The output of each is written to NAME.log in the directory `logs`. `say` is called with the name
    of a process and each line of its output, `note` with messages. `ends` has the last lines of
    each process.
    """

    def __init__(
        self,
        processes: Sequence[Process],
        logs: str,
        say: Callable[[str, str], None],
        note: Callable[[str], None],
    ) -> None:
        self._processes = processes
        self._logs = logs
        self._say, self._note = say, note
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._readers: list[threading.Thread] = []
        self._starts: dict[str, int] = {}
        self._due: dict[str, float] = {}
        self._swept: list[subprocess.Popen[bytes]] = []
        self.ends: dict[str, deque[str]] = {}

    def start(self, *, scheduler: bool) -> None:
        """Starts the scheduler, or the workers."""
        for process in self._processes:
            if process.scheduler == scheduler:
                self._start(process)

    def pids(self) -> dict[str, int]:
        """The process ids by name; for a restarted process, the latest."""
        return {name: process.pid for name, process in self._running.items()}

    def restart_exited(self) -> str:
        """Restarts the workers that have exited, each after an increasing delay.

        Returns the name of a process that is not restarted any more, or "".
        """
        for process in self._processes:
            running = self._running.get(process.name)
            if running is None or running.poll() is None:
                continue
            if process.scheduler or self._starts[process.name] > _RESTARTS:
                return process.name
            if process.name not in self._due:
                # Immediately, because the id may soon belong to another process.
                self._sweep(running)
                self._due[process.name] = time.monotonic() + 2 ** self._starts[process.name] / 4
                self._note(f"{process.name} exited with code {running.returncode}; restarting it")
            elif time.monotonic() >= self._due[process.name]:
                del self._due[process.name]
                self._start(process)
        return ""

    def exit_code(self, name: str) -> int | None:
        """The exit code of a process; None while it runs."""
        return self._running[name].poll()

    def stop(self) -> None:
        """Ends everything, the workers first: with SIGTERM, and after a while with SIGKILL."""
        for scheduler in (False, True):
            group = [
                self._running[process.name]
                for process in self._processes
                if process.scheduler == scheduler and process.name in self._running
            ]
            for running in group:
                with contextlib.suppress(ProcessLookupError):
                    running.terminate()
            deadline = time.monotonic() + _PATIENCE
            for running in group:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    running.wait(max(0.0, deadline - time.monotonic()))
                self._sweep(running)
        for reader in self._readers:
            reader.join(_PATIENCE)

    def _start(self, process: Process) -> None:
        self._starts[process.name] = self._starts.get(process.name, 0) + 1
        running = subprocess.Popen(  # noqa: S603 - the command of the manifest
            [*_end_with_parent(), *process.command],
            env=process.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._running[process.name] = running
        end = self.ends.setdefault(process.name, deque(maxlen=_TAIL))
        reader = threading.Thread(
            target=self._read, args=(process.name, running.stdout, end), daemon=True
        )
        self._readers.append(reader)
        reader.start()

    def _read(self, name: str, output: IO[bytes], end: deque[str]) -> None:
        """Copies the output of a process to its log and to `say`."""
        path = os.path.join(self._logs, f"{name}.log")
        with output, open(path, "ab", buffering=0) as log:
            for line in output:
                log.write(line)
                text = line.decode("utf-8", "replace").rstrip()
                end.append(text)
                self._say(name, text)

    def _sweep(self, running: subprocess.Popen[bytes]) -> None:
        """Kills the rest of a process's group, once, and waits until it is gone."""
        if running in self._swept:
            return
        self._swept.append(running)
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            try:
                os.killpg(running.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                break
            running.poll()
            time.sleep(_PAUSE)
        running.wait()


def _end_with_parent() -> tuple[str, ...]:
    """The start of a command that ends when mops does; only Linux supports that."""
    if sys.platform != "linux":
        return ()
    return (sys.executable, "-I", "-S", "-c", _END_WITH_PARENT, str(os.getpid()))


def log_lines(directory: str, process: str, tail: int) -> Iterator[str]:
    """The last lines of a process's log; none if there is no log."""
    try:
        with open(os.path.join(directory, f"{process}.log"), "rb") as file:
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return
    yield from lines[max(0, len(lines) - tail) :]
