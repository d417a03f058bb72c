"""`mops workspace … --local`: the commands on a workspace that runs on this machine."""

from __future__ import annotations

import os

from mops.cli import streams
from mops.cli.parse import Selection
from mops.cli.progress import OUTPUT
from mops.cli.run import configuration_without_errors, valid_configuration
from mops.cli.workspace_options import DownOptions, LogsOptions, StatusOptions, UpOptions
from mops.deploy.local import status
from mops.deploy.local.run import dry_run, local_run, local_workspace, stop_run
from mops.deploy.local.state import state_of
from mops.deploy.release import Releases, Target, seconds
from mops.deploy.workspace import target_of
from mops.model.problems import DIFFERENCE, OK
from mops.report.text import json_text
from mops.schema.fields import load_schema
from mops.yamltext.writer import dump


def up_local(options: UpOptions) -> int:
    """Runs the scheduler and the workers until Ctrl-C."""
    limit = seconds(options.timeout)
    verdict = valid_configuration(options.selection, load_schema())
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
    """Prints the status of the workspace on this machine."""
    found = status.read_local_status(_target(options.selection), os.environ)
    if options.format == "json":
        streams.out(json_text(status.local_status_data(found)))
    else:
        streams.out(status.local_status_text(found))
    return DIFFERENCE if options.exit_code and not found.is_complete else OK


def logs_local(options: LogsOptions) -> int:
    """Prints the last lines of the logs of the scheduler, the workers, or one process."""
    target = _target(options.selection)
    streams.out("".join(status.local_logs(target, os.environ, options.part, options.tail)))
    return OK


def down_local(options: DownOptions) -> int:
    """Stops the processes and waits until they are gone."""
    target = _target(options.selection)
    state = state_of(target, os.environ)
    facts = state.read()
    if facts is None:
        streams.note(status.not_running(target))
        return OK
    question = f"Stop {target.name} on this machine? Running work is lost."
    if streams.confirmed(question, yes=options.yes):
        stop_run(state, facts)
        streams.note(f"stopped {target.name}")
    return OK


def _target(selection: Selection) -> Target:
    return target_of(configuration_without_errors(selection, load_schema()).config)
