"""The status of a workspace on this machine, and its logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mops.deploy.local.machine import is_running, worker_count
from mops.deploy.local.run import dashboard_url
from mops.deploy.local.state import Facts, state_of
from mops.deploy.local.supervisor import log_lines
from mops.deploy.release import Target
from mops.model.layer import Value
from mops.model.problems import EnvironmentFailure

_NOT_YET = "starting"


class LocalStatus(NamedTuple):
    """A workspace on this machine; `facts` is None if it is not running.

    `alive` says by name which processes are running. `workers` is the number of worker processes
    that the scheduler knows, None while it does not answer.
    """

    target: Target
    facts: Facts | None
    alive: Mapping[str, bool]
    workers: int | None

    @property
    def is_complete(self) -> bool:
        """Whether it runs with all its processes."""
        return self.facts is not None and all(self.alive.values())


def read_local_status(target: Target, environ: Mapping[str, str]) -> LocalStatus:
    """The state of a release on this machine."""
    facts = state_of(target, environ).read()
    if facts is None or not facts.pid:
        return LocalStatus(target, facts, {}, None)
    alive = {name: is_running(pid) for name, pid in facts.pids.items()}
    return LocalStatus(target, facts, alive, worker_count(facts.dashboard, facts.address))


def not_running(target: Target) -> str:
    """The message that a release does not run on this machine."""
    return f"{target.name} is not running on this machine"


def local_status_text(status: LocalStatus) -> str:
    """The state for people."""
    facts = status.facts
    if facts is None:
        return f"{not_running(status.target)}\n"
    rows = [
        ("scheduler", facts.address or _NOT_YET),
        ("dashboard", dashboard_url(facts.dashboard) if facts.dashboard else _NOT_YET),
        ("workers", _NOT_YET if status.workers is None else str(status.workers)),
    ]
    for name, pid in facts.pids.items():
        rows.append((name, f"process {pid}{'' if status.alive[name] else ' (exited)'}"))
    return "".join(f"{name:20} {text}\n" for name, text in rows)


def local_status_data(status: LocalStatus) -> dict[str, Value]:
    """The state as data for JSON."""
    facts = status.facts
    return {
        "release": status.target.name,
        "running": facts is not None,
        **(facts._asdict() if facts and facts.pid else {}),
        "alive": dict(status.alive),
        "workers": status.workers,
    }


def local_logs(target: Target, environ: Mapping[str, str], part: str, tail: int) -> Iterator[str]:
    """The last lines of the logs: all (""), of the "scheduler", the "workers", or one process.

    Raises EnvironmentFailure if there is no such process.
    """
    facts = state_of(target, environ).read()
    if not facts or not facts.pid:
        raise EnvironmentFailure(not_running(target))
    names = [name for name in facts.pids if part in ("", name, _part(name))]
    if not names:
        raise EnvironmentFailure(f"no process {part} of {target.name} on this machine")
    for name in names:
        for line in log_lines(facts.logs, name, tail):
            yield f"{name}: {line}\n"


def _part(process: str) -> str:
    """The part of a workspace that a process belongs to."""
    return "scheduler" if process.endswith("-scheduler") else "workers"
