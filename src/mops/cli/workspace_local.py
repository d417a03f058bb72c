"""`mops workspace … --local`: the commands on a workspace that runs on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping

from mops.cli import streams
from mops.cli.parse import Selection
from mops.cli.workspace import (
    OUTPUT,
    DownOptions,
    LogsOptions,
    StatusOptions,
    UpOptions,
    configuration,
    confirmed,
)
from mops.deploy.local.machine import is_running, worker_count
from mops.deploy.local.run import dashboard_url, dry_run, local_run, local_workspace, stop_run
from mops.deploy.local.state import Facts, state_of
from mops.deploy.local.supervisor import log_lines
from mops.deploy.release import Releases, Target, seconds
from mops.deploy.workspace import target_of
from mops.model.problems import DIFFERENCE, OK, EnvironmentFailure
from mops.report.text import json_text
from mops.schema.fields import load_schema
from mops.yamltext.writer import dump

_NOT_YET = "starting"


def up_local(options: UpOptions) -> int:
    """Runs the scheduler and the workers until Ctrl-C."""
    limit = seconds(options.timeout)
    verdict = configuration(options.selection, load_schema(), warn=True)
    target = target_of(verdict.config)
    manifests = Releases(target, os.environ, offline=True).rendered(dump(verdict.values))
    workspace = local_workspace(target, manifests, os.environ)
    if options.dry_run:
        for line in dry_run(workspace):
            OUTPUT.note(line)
        return OK
    with local_run(workspace, limit, OUTPUT, quiet=options.selection.quiet) as run:
        if run.start():
            streams.out(run.summary)
            streams.note("running; press Ctrl-C to stop")
            run.keep()
    return OK


def status_local(options: StatusOptions) -> int:
    """Prints what runs on this machine of the workspace."""
    target = _target(options.selection)
    facts = state_of(target, os.environ).read()
    found = facts or Facts()
    alive = {name: is_running(pid) for name, pid in found.pids.items()}
    workers = worker_count(found.dashboard, found.address) if found.pid else None
    if options.format == "json":
        data = {"release": target.name, "running": facts is not None}
        known = found._asdict() if found.pid else {}
        streams.out(json_text({**data, **known, "alive": alive, "workers": workers}))
    elif facts is None:
        streams.out(f"{_not_running(target)}\n")
    else:
        streams.out(_status_text(found, alive, workers))
    differs = facts is None or not all(alive.values())
    return DIFFERENCE if differs and options.exit_code else OK


def _status_text(facts: Facts, alive: Mapping[str, bool], workers: int | None) -> str:
    rows = [
        ("scheduler", facts.address or _NOT_YET),
        ("dashboard", dashboard_url(facts.dashboard) if facts.dashboard else _NOT_YET),
        ("workers", _NOT_YET if workers is None else str(workers)),
    ]
    rows += [
        (name, f"process {pid}{'' if alive[name] else ' (exited)'}")
        for name, pid in facts.pids.items()
    ]
    return "".join(f"{name:20} {text}\n" for name, text in rows)


def logs_local(options: LogsOptions) -> int:
    """Prints the last lines of the logs of the scheduler, the workers, or one process."""
    target = _target(options.selection)
    facts = state_of(target, os.environ).read()
    if not facts or not facts.pid:
        raise EnvironmentFailure(_not_running(target))
    names = [name for name in facts.pids if options.part in ("", name, _part(name))]
    if not names:
        raise EnvironmentFailure(f"no process {options.part} of {target.name} on this machine")
    for name in names:
        lines = log_lines(facts.logs, name, options.tail)
        streams.out("".join(f"{name}: {line}\n" for line in lines))
    return OK


def _part(name: str) -> str:
    """The part of a workspace that a process belongs to."""
    return "scheduler" if name.endswith("-scheduler") else "workers"


def down_local(options: DownOptions) -> int:
    """Stops the processes and waits until they are gone."""
    target = _target(options.selection)
    state = state_of(target, os.environ)
    facts = state.read()
    if facts is None:
        streams.note(_not_running(target))
        return OK
    question = f"Stop {target.name} on this machine? Running work is lost."
    if not confirmed(question, yes=options.yes):
        return OK
    stop_run(state, facts)
    streams.note(f"stopped {target.name}")
    return OK


def _target(selection: Selection) -> Target:
    return target_of(configuration(selection, load_schema(), warn=False).config)


def _not_running(target: Target) -> str:
    return f"{target.name} is not running on this machine"
