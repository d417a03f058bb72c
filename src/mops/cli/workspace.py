"""`mops workspace`: the commands on a workspace in a cluster."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from mops.cli import streams
from mops.cli.parse import Selection
from mops.cli.progress import OUTPUT
from mops.cli.run import configuration_without_errors, valid_configuration
from mops.cli.workspace_options import (
    DiffOptions,
    DownOptions,
    HistoryOptions,
    ListOptions,
    RollbackOptions,
    StatusOptions,
    UpOptions,
)
from mops.deploy.release import DEPLOYED, Target, not_found, seconds
from mops.deploy.workspace import Workspace, open_workspace, require_idle
from mops.model.problems import DIFFERENCE, OK
from mops.report.text import json_text
from mops.schema.fields import load_schema

if TYPE_CHECKING:
    from mops.deploy.status import Status

_WATCH_SECONDS = 2.0


def up(options: UpOptions) -> int:
    """Deploys the configuration to the cluster, or runs it on this machine."""
    if options.local:
        from mops.cli.workspace_local import up_local

        return up_local(options)
    from mops.deploy import upgrade
    from mops.deploy.plan import plan_upgrade, values_text
    from mops.deploy.plan_text import next_steps, plan_lines

    limit = seconds(options.timeout)
    workspace = open_selected(options.selection, options.context, warn=True)
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
        streams.note(f"{streams.UNCHANGED} (--dry-run)")
        return OK
    if not streams.confirmed(f"Deploy {target.name} to {target.namespace}?", yes=options.yes):
        return OK
    if live is None:
        from mops.checks.admission import admission
        from mops.deploy.namespaces import ensure_namespace

        needed = admission(workspace.verdict)
        ensure_namespace(workspace.client(), target.namespace, needed, streams.note)
    upgrade.run(plan, lambda: releases.upgrade(values, limit), limit, OUTPUT)
    streams.out(next_steps(plan))
    return OK


def status(options: StatusOptions) -> int:
    """Prints what is deployed, and where it differs from the configuration."""
    if options.local:
        from mops.cli.workspace_local import status_local

        return status_local(options)
    from mops.deploy.status import read_status

    workspace = open_selected(options.selection, options.context, warn=False)
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
    """Prints what `up` would change; returns DIFFERENCE if that is anything."""
    from mops.deploy.plan import plan_upgrade
    from mops.deploy.plan_text import plan_data, plan_lines

    workspace = open_selected(options.selection, options.context, warn=True)
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
    workspace = open_selected(options.selection, options.context, warn=False)
    removal = plan_removal(workspace, namespace=options.delete_namespace)
    if removal is None:
        streams.note(not_found(workspace.target))
    elif streams.confirmed(removal.question, yes=options.yes):
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


def history(options: HistoryOptions) -> int:
    """Prints the revisions with the layers of each, and what it changed."""
    from mops.deploy.history import history_data, history_text, read_history

    workspace = open_selected(options.selection, options.context, warn=False)
    entries = read_history(workspace)
    if options.format == "json":
        streams.out(json_text(history_data(entries, workspace.schema)))
    else:
        streams.out(history_text(entries, workspace.schema))
    return OK


def rollback(options: RollbackOptions) -> int:
    """Rolls back to an earlier revision."""
    from mops.deploy import upgrade
    from mops.deploy.history import plan_rollback
    from mops.deploy.plan_text import plan_lines

    limit = seconds(options.timeout)
    workspace = open_selected(options.selection, options.context, warn=False)
    number, layers, plan = plan_rollback(workspace, options.revision)
    streams.note(f"revision {number}: {' < '.join(layers)}")
    for line in plan_lines(plan):
        streams.line(line)
    question = f"Roll {workspace.target.name} back to revision {number}?"
    if not streams.confirmed(question, yes=options.yes):
        return OK
    upgrade.run(plan, lambda: workspace.releases.roll_back(number, limit), limit, OUTPUT)
    return OK


def open_selected(selection: Selection, context: str, *, warn: bool) -> Workspace:
    """The selected workspace; prints its release and cluster on stderr."""
    schema = load_schema()
    read = valid_configuration if warn else configuration_without_errors
    verdict = read(selection, schema)
    workspace = open_workspace(schema, verdict, selection.request, context, os.environ)
    OUTPUT.note(workspace.location)
    return workspace
