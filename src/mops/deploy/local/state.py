"""The directory that records which processes of a workspace run on this machine."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import IO, NamedTuple

from mops.deploy.release import Target
from mops.model import disk
from mops.model.problems import EnvironmentFailure

_NO_PIDS: Mapping[str, int] = MappingProxyType({})


class Facts(NamedTuple):
    """Facts about a running workspace; all empty while it is starting.

    `pid` is the process id of mops, `address` the scheduler's, `dashboard` a port, `logs` a
    directory, and `pids` the process ids by name.
    """

    pid: int = 0
    address: str = ""
    dashboard: int = 0
    logs: str = ""
    pids: Mapping[str, int] = _NO_PIDS


class State(NamedTuple):
    """The directory. The process that holds its lock runs the workspace."""

    directory: str

    def read(self) -> Facts | None:
        """The facts; None if the workspace is not running."""
        try:
            with open(self._lock_file, "rb") as lock:
                _lock(lock)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            return self._facts()
        return None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Holds the lock. Raises EnvironmentFailure if another mops does."""
        try:
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
            lock = open(self._lock_file, "wb")  # noqa: SIM115 - closed below
        except OSError as error:
            raise EnvironmentFailure(f"{self.directory}: {error.strerror}") from None
        with lock:
            try:
                _lock(lock)
            except BlockingIOError:
                raise EnvironmentFailure(self._already_running()) from None
            try:
                yield
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._facts_file)

    def write(self, facts: Facts) -> None:
        """Records the facts, for `status`, `logs` and `down`."""
        disk.write(json.dumps(facts._asdict()), self._facts_file)

    def _already_running(self) -> str:
        facts = self.read() or Facts()
        return (
            f"this workspace is already running on this machine (process {facts.pid or 'unknown'});"
            " stop it, or choose another --release-name"
        )

    def _facts(self) -> Facts:
        try:
            with open(self._facts_file, encoding="utf-8") as file:
                return Facts(**json.load(file))
        except (OSError, ValueError, TypeError):
            return Facts()

    @property
    def _lock_file(self) -> str:
        return os.path.join(self.directory, "lock")

    @property
    def _facts_file(self) -> str:
        return os.path.join(self.directory, "state.json")


def state_of(target: Target, environ: Mapping[str, str]) -> State:
    """The state of a release on this machine, below $XDG_STATE_HOME or ~/.local/state."""
    home = environ.get("XDG_STATE_HOME", "")
    if not home and environ.get("HOME"):
        home = os.path.join(environ["HOME"], ".local", "state")
    if not home:
        raise EnvironmentFailure("neither XDG_STATE_HOME nor HOME is set; set one of them")
    return State(os.path.join(home, "mops", "local", f"{target.namespace}.{target.name}"))


def _lock(file: IO[bytes]) -> None:
    """Locks a file, or raises BlockingIOError; closing the file unlocks it."""
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
