"""`mops workspace`: the commands on a workspace in a cluster."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from mops.checks.verdict import Verdict
from mops.cli import streams
from mops.cli.parse import Selection
from mops.cli.run import read_configuration, valid_configuration
from mops.deploy.output import Output
from mops.deploy.release import DEPLOYED, Target, not_found, seconds
from mops.deploy.workspace import Workspace, open_workspace, require_idle
from mops.model.problems import DIFFERENCE, ERROR, OK, InvalidConfig, UsageError
from mops.report.text import json_text, printable
from mops.schema.fields import SettingsSchema, load_schema

if TYPE_CHECKING:
    from mops.deploy.status import Status

_TIMEOUT = "10m"
_TAIL = 100
_WATCH_SECONDS = 2.0
_PORTS = 65536
_UNCHANGED = "nothing was changed"


class UpOptions(NamedTuple):
    """What `mops workspace up` is asked for."""

    selection: Selection
    context: str = ""
    timeout: str = _TIMEOUT
    yes: bool = False
    dry_run: bool = False
    local: bool = False


class StatusOptions(NamedTuple):
    """What `mops workspace status` is asked for."""

    selection: Selection
    context: str = ""
    format: str = "text"
    local: bool = False
    show_config: bool = False
    exit_code: bool = False
    watch: bool = False


class DiffOptions(NamedTuple):
    """What `mops workspace diff` is asked for."""

    selection: Selection
    context: str = ""
    format: str = "text"


class DownOptions(NamedTuple):
    """What `mops workspace down` is asked for."""

    selection: Selection
    context: str = ""
    timeout: str = _TIMEOUT
    yes: bool = False
    local: bool = False
    delete_namespace: bool = False


class ListOptions(NamedTuple):
    """What `mops workspace list` is asked for."""

    context: str = ""
    format: str = "text"


class PortForwardOptions(NamedTuple):
    """What `mops workspace port-forward` is asked for; without a port any free one will do."""

    selection: Selection
    context: str = ""
    port: int | None = None
    part: str = "dashboard"


class LogsOptions(NamedTuple):
    """What `mops workspace logs` is asked for."""

    selection: Selection
    context: str = ""
    local: bool = False
    follow: bool = False
    tail: int = _TAIL
    previous: bool = False
    part: str = ""


class RestartOptions(NamedTuple):
    """What `mops workspace restart` is asked for."""

    selection: Selection
    context: str = ""
    yes: bool = False
    part: str = ""


class HistoryOptions(NamedTuple):
    """What `mops workspace history` is asked for."""

    selection: Selection
    context: str = ""
    format: str = "text"


class RollbackOptions(NamedTuple):
    """What `mops workspace rollback` is asked for; revision 0 is the previous one."""

    selection: Selection
    context: str = ""
    timeout: str = _TIMEOUT
    yes: bool = False
    revision: int = 0


def up(options: UpOptions) -> int:
    """Deploys the configuration to the cluster, or runs it on this machine."""
    if options.local:
        from mops.cli.workspace_local import up_local

        return up_local(options)
    from mops.deploy import upgrade
    from mops.deploy.plan import plan_upgrade, values_text
    from mops.deploy.plan_text import next_steps, plan_lines

    limit = seconds(options.timeout)
    workspace = _open(options.selection, options.context, warn=True)
    releases, target = workspace.releases, workspace.target
    live = releases.live()
    require_idle(workspace, live)
    plan = plan_upgrade(workspace, live)
    for line in plan_lines(plan):
        streams.line(line)
    if plan.is_empty and live is not None and live.status == DEPLOYED:
        streams.note(f"nothing to change; revision {live.revision} matches the configuration")
        streams.out(next_steps(plan))
        return OK
    values = values_text(workspace)
    if options.dry_run:
        releases.try_upgrade(values)
        streams.note(f"{_UNCHANGED} (--dry-run)")
        return OK
    if not confirmed(f"Deploy {target.name} to {target.namespace}?", yes=options.yes):
        return OK
    if live is None:
        from mops.deploy.namespaces import ensure_namespace

        ensure_namespace(workspace.client(), target.namespace, streams.note)
    upgrade.run(plan, lambda: releases.upgrade(values, limit), limit, OUTPUT)
    streams.out(next_steps(plan))
    return OK


def status(options: StatusOptions) -> int:
    """Prints what is deployed, and where it differs from the configuration."""
    if options.local:
        from mops.cli.workspace_local import status_local

        return status_local(options)
    from mops.deploy.status import read_status

    workspace = _open(options.selection, options.context, warn=False)
    if options.watch:
        with contextlib.suppress(KeyboardInterrupt):
            _watch_status(workspace, options)
        return OK
    found = read_status(workspace)
    streams.out(_status_text(found, workspace.target, options))
    differs = found is None or found.has_drift
    return DIFFERENCE if differs and options.exit_code else OK


def _watch_status(workspace: Workspace, options: StatusOptions) -> None:
    """Prints the status whenever it has changed, until Ctrl-C."""
    from mops.deploy.status import read_status

    before = ""
    while True:
        text = _status_text(read_status(workspace), workspace.target, options)
        if text != before:
            streams.out(f"\n{text}" if before else text)
        before = text
        time.sleep(_WATCH_SECONDS)


def _status_text(found: Status | None, target: Target, options: StatusOptions) -> str:
    from mops.deploy.status_text import status_data, status_text

    if options.format == "json":
        return json_text(status_data(found, target))
    return status_text(found, target, show_config=options.show_config)


def diff(options: DiffOptions) -> int:
    """Prints what `up` would change; the exit code says whether that is anything."""
    from mops.deploy.plan import plan_upgrade
    from mops.deploy.plan_text import plan_data, plan_lines

    workspace = _open(options.selection, options.context, warn=True)
    live = workspace.releases.live()
    plan = plan_upgrade(workspace, live)
    if options.format == "json":
        streams.out(json_text(plan_data(plan)))
    else:
        streams.out("".join(f"{line}\n" for line in plan_lines(plan)))
        if plan.is_empty and live is not None:
            streams.note(f"no difference from revision {live.revision}")
    return OK if plan.is_empty else DIFFERENCE


def down(options: DownOptions) -> int:
    """Removes the release, and with --delete-namespace the namespace."""
    if options.local:
        from mops.cli.workspace_local import down_local

        return down_local(options)
    from mops.deploy.removal import plan_removal

    limit = seconds(options.timeout)
    workspace = _open(options.selection, options.context, warn=False)
    removal = plan_removal(workspace, namespace=options.delete_namespace)
    if removal is None:
        streams.note(not_found(workspace.target))
    elif confirmed(removal.question, yes=options.yes):
        removal.run(limit, OUTPUT.note)
    return OK


def list_workspaces(options: ListOptions) -> int:
    """Prints all workspaces of the cluster."""
    from mops.deploy.kubeconfig import IN_CLUSTER, choose_context, read_kubeconfig
    from mops.deploy.listing import list_workspaces, listing_text

    context = choose_context(read_kubeconfig(os.environ), options.context, os.environ)
    OUTPUT.note(f"context {context or IN_CLUSTER}")
    found = list_workspaces(os.environ, context)
    if options.format == "json":
        streams.out(json_text([entry._asdict() for entry in found]))
    elif found:
        streams.out(listing_text(found))
    else:
        streams.note("no workspaces found")
    return OK


def port_forward(options: PortForwardOptions) -> int:
    """Forwards a port of this machine to the dashboard or the scheduler, until Ctrl-C."""
    from mops.deploy.forward import find_port, listen, serve

    if options.port is not None and options.port >= _PORTS:
        raise UsageError(f"--port: expected a number below {_PORTS}, found {options.port}")
    workspace = _open(options.selection, options.context, warn=False)
    client = workspace.client()
    remote = find_port(client, workspace.target, options.part)
    with listen(options.port, remote.port) as listener:
        local = f"localhost:{listener.getsockname()[1]}"
        is_dashboard = options.part == "dashboard"
        address = f"http://{local}/status" if is_dashboard else f"tcp://{local}"
        streams.note(f"{options.part} of {remote.pod}: {address} (press Ctrl-C to stop)")
        serve(client, remote, listener, OUTPUT.note)
    return OK


def logs(options: LogsOptions) -> int:
    """Prints the logs of the scheduler, the workers, or one pod."""
    if options.local:
        from mops.cli.workspace_local import logs_local

        return logs_local(options)
    from mops.deploy.logs import find_pods, follow_logs, read_logs

    workspace = _open(options.selection, options.context, warn=False)
    client, namespace = workspace.client(), workspace.target.namespace
    pods = find_pods(client, workspace.target, options.part)
    if not options.follow:
        for text in read_logs(client, namespace, pods, options.tail, previous=options.previous):
            streams.out(text)
        return OK
    with contextlib.suppress(KeyboardInterrupt):
        for line in follow_logs(client, namespace, pods, options.tail):
            streams.out(line)
    return OK


def restart(options: RestartOptions) -> int:
    """Replaces the pods of the scheduler, of the workers, or of both."""
    from mops.deploy.impact import LOST_BY_SCHEDULER
    from mops.deploy.restart import find_deployments, restart

    workspace = _open(options.selection, options.context, warn=False)
    client, target = workspace.client(), workspace.target
    names = find_deployments(client, target, options.part)
    if options.part != "workers":
        streams.note(LOST_BY_SCHEDULER)
    if not confirmed(f"Restart {', '.join(names)}?", yes=options.yes):
        return OK
    for name in names:
        restart(client, target.namespace, name)
        streams.note(f"restarting {name}")
    return OK


def history(options: HistoryOptions) -> int:
    """Prints the revisions with the layers of each, and what it changed."""
    from mops.deploy.history import history_data, history_text, read_history

    workspace = _open(options.selection, options.context, warn=False)
    entries = read_history(workspace)
    if options.format == "json":
        streams.out(json_text(history_data(entries, workspace.schema)))
    else:
        streams.out(history_text(entries, workspace.schema))
    return OK


def rollback(options: RollbackOptions) -> int:
    """Returns to an earlier revision."""
    from mops.deploy import upgrade
    from mops.deploy.history import plan_rollback
    from mops.deploy.plan_text import plan_lines

    limit = seconds(options.timeout)
    workspace = _open(options.selection, options.context, warn=False)
    number, layers, plan = plan_rollback(workspace, options.revision)
    streams.note(f"revision {number}: {' < '.join(layers)}")
    for line in plan_lines(plan):
        streams.line(line)
    if not confirmed(f"Roll {workspace.target.name} back to revision {number}?", yes=options.yes):
        return OK
    upgrade.run(plan, lambda: workspace.releases.roll_back(number, limit), limit, OUTPUT)
    return OK


def _note(text: str) -> None:
    streams.note(printable(text))


OUTPUT = Output(_note, streams.line)


def _open(selection: Selection, context: str, *, warn: bool) -> Workspace:
    """The workspace that the options select; says on stderr which release in which cluster."""
    schema = load_schema()
    verdict = configuration(selection, schema, warn=warn)
    workspace = open_workspace(schema, verdict, selection.request, context, os.environ)
    streams.note(printable(workspace.location))
    return workspace


def configuration(selection: Selection, schema: SettingsSchema, *, warn: bool) -> Verdict:
    """The valid configuration that the options select; with `warn`, its warnings are printed.

    Raises InvalidConfig if it has errors.
    """
    if warn:
        return valid_configuration(selection, schema)
    verdict = read_configuration(selection, schema)
    if any(problem.severity == ERROR for problem in verdict.problems):
        raise InvalidConfig(verdict.problems)
    return verdict


def confirmed(question: str, *, yes: bool) -> bool:
    """Whether the user agrees, with --yes or at the terminal; says so if not.

    Raises UsageError if there is no terminal to ask on.
    """
    if yes:
        return True
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty()):
        raise UsageError("no terminal to ask for confirmation; add --yes")
    agreed = streams.ask(f"{question} [y/N] ")
    if not agreed:
        streams.note(_UNCHANGED)
    return agreed
