"""Background programs that never outlive the one who started them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_REAPER = Path(__file__).with_name("reaper.py")
_TAIL_LINES = 25


@dataclass(frozen=True)
class Daemon:
    """A running program and the file that takes its output."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def log_tail(self) -> str:
        """Return the last lines that the program wrote."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-_TAIL_LINES:])


class Supervisor:
    """Starts programs, each in a session of its own, and stops all of them.

    A session of its own keeps Ctrl-C at the terminal from reaching a program
    before its turn. Should this process die first, reaper.py does the stopping.
    """

    def __init__(self, scratch: Path, logs: Path) -> None:
        """Keep logs in ``logs``; remove the folder ``scratch`` in the end."""
        self._logs = logs
        self.daemons: list[Daemon] = []
        self._reaper = subprocess.Popen(
            [sys.executable, "-I", str(_REAPER), str(scratch)],
            stdin=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )

    def start(self, name: str, command: Sequence[str]) -> Daemon:
        """Start ``command``; its output goes to the log file ``name``.log."""
        log = self._logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._tell_reaper(f"+{process.pid}")
        daemon = Daemon(name, process, log)
        self.daemons.append(daemon)
        return daemon

    def ended(self) -> list[Daemon]:
        """Return the programs that run no more."""
        return [daemon for daemon in self.daemons if daemon.process.poll() is not None]

    def pids(self) -> list[int]:
        """Return the ids of all processes started here, the reaper's too."""
        return [*(daemon.process.pid for daemon in self.daemons), self._reaper.pid]

    def stop(self, groups: Iterable[Iterable[str]], grace: float) -> None:
        """Stop the named programs group by group, then all others.

        Each group gets ``grace`` seconds to end on SIGTERM before SIGKILL.
        Afterwards the reaper removes the scratch folder and ends too.
        """
        for names in groups:
            wanted = set(names)
            self._stop_all([d for d in self.daemons if d.name in wanted], grace)
        self._stop_all(self.daemons, grace)
        assert self._reaper.stdin is not None
        self._reaper.stdin.close()
        self._reaper.wait()

    def _stop_all(self, daemons: Sequence[Daemon], grace: float) -> None:
        """Stop ``daemons`` together and wait until they are gone."""
        running = [daemon for daemon in daemons if daemon.process.poll() is None]
        for daemon in running:
            _signal(daemon, signal.SIGTERM)
        deadline = time.monotonic() + grace
        for daemon in running:
            try:
                daemon.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(daemon, signal.SIGKILL)
                daemon.process.wait()
            self._tell_reaper(f"-{daemon.process.pid}")

    def _tell_reaper(self, line: str) -> None:
        """Send one line to the reaper; without a reaper we manage, too."""
        assert self._reaper.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._reaper.stdin.write(f"{line}\n".encode())


def _signal(daemon: Daemon, number: signal.Signals) -> None:
    """Send ``number`` to all processes of ``daemon``, if there are any."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(daemon.process.pid, number)
