"""The commands on a live workspace, as typer sees them: names, options, help."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from mops.cli import flags
from mops.cli import workspace as live_cli
from mops.cli.options import selection, takes
from mops.schema.fields import load_schema

_PARTS = ("scheduler", "workers")


def register(workspace: typer.Typer) -> None:
    """Puts the commands into the group `mops workspace`."""
    for command in (
        _up,
        _status,
        _diff,
        _down,
        _list,
        _port_forward,
        _logs,
        _restart,
        _history,
        _rollback,
    ):
        name = command.__name__.lstrip("_").replace("_", "-")
        workspace.command(name, epilog=_EXAMPLES[name])(command)


_EXAMPLES = {
    "up": "Examples: mops workspace up | mops workspace up --debug-mode --local | mops workspace up --config workspace.yaml --profile production --context prod --yes",
    "status": "Examples: mops workspace status | mops workspace status --show-config | mops workspace status --exit-code --format json",
    "diff": "Examples: mops workspace diff | mops workspace diff --config workspace.yaml --format json",
    "down": "Examples: mops workspace down | mops workspace down --yes --delete-namespace",
    "list": "Examples: mops workspace list | mops workspace list --context prod --format json",
    "port-forward": "Examples: mops workspace port-forward | mops workspace port-forward scheduler --port 8786",
    "logs": "Examples: mops workspace logs | mops workspace logs workers --follow | mops workspace logs scheduler --previous",
    "restart": "Examples: mops workspace restart workers | mops workspace restart --yes",
    "history": "Examples: mops workspace history | mops workspace history --format json",
    "rollback": "Examples: mops workspace rollback | mops workspace rollback 3 --yes",
}


@takes(*selection(), *live_cli.UP)
def _up(given: flags.Given) -> int:
    """Deploy the configuration: show what changes, ask, have helm do it, and wait for the pods."""
    from mops.cli.workspace_change import up

    return up(given, load_schema())


@takes(*selection(), *live_cli.STATUS)
def _status(given: flags.Given) -> int:
    """Tell what is live, and where it differs from what the configuration says."""
    from mops.cli.workspace_look import status

    return status(given, load_schema())


@takes(*selection(), *live_cli.DIFF)
def _diff(given: flags.Given) -> int:
    """Tell what `up` would change, and which pods that restarts. Exits with 1 where there is a difference."""
    from mops.cli.workspace_change import diff

    return diff(given, load_schema())


@takes(*selection(), *live_cli.DOWN)
def _down(given: flags.Given) -> int:
    """Remove the workspace. The namespace stays, unless --delete-namespace says otherwise."""
    from mops.cli.workspace_change import down

    return down(given, load_schema())


@takes(*live_cli.LIST)
def _list(given: flags.Given) -> int:
    """List all workspaces in the cluster."""
    from mops.cli.workspace_look import listed

    return listed(given)


@takes(*selection(), *live_cli.PORT_FORWARD)
def _port_forward(
    part: Annotated[
        str,
        typer.Argument(
            metavar="[dashboard|scheduler]",
            help="What to reach.",
            autocompletion=lambda: ["dashboard", "scheduler"],
        ),
    ] = "dashboard",
    *,
    given: flags.Given,
) -> int:
    """Reach the dashboard or the scheduler through a port of this machine, until Ctrl-C."""
    from mops.cli.workspace_look import port_forward

    return port_forward(given, load_schema(), part)


@takes(*selection(), *live_cli.LOGS)
def _logs(
    part: Annotated[
        Optional[str],
        typer.Argument(
            metavar="[scheduler|workers|POD]",
            help="Whose logs; all without it.",
            autocompletion=lambda: list(_PARTS),
        ),
    ] = None,
    *,
    given: flags.Given,
) -> int:
    """Print the ends of the logs."""
    from mops.cli.workspace_look import logs

    return logs(given, load_schema(), part or "")


@takes(*selection(), *live_cli.RESTART)
def _restart(
    part: Annotated[
        Optional[str],
        typer.Argument(
            metavar="[scheduler|workers]",
            help="What to restart; both without it.",
            autocompletion=lambda: list(_PARTS),
        ),
    ] = None,
    *,
    given: flags.Given,
) -> int:
    """Replace the pods, the workers' a quarter at a time, as after a push to the same image tag."""
    from mops.cli.workspace_change import restart

    return restart(given, load_schema(), part or "")


@takes(*selection(), *live_cli.HISTORY)
def _history(given: flags.Given) -> int:
    """List the revisions, with the layers of each and what it changed."""
    from mops.cli.workspace_look import history

    return history(given, load_schema())


@takes(*selection(), *live_cli.ROLLBACK)
def _rollback(
    revision: Annotated[
        Optional[int],
        typer.Argument(metavar="[REVISION]", help="The revision; the one before without it."),
    ] = None,
    *,
    given: flags.Given,
) -> int:
    """Bring an earlier revision back, with its configuration."""
    from mops.cli.workspace_change import rollback

    return rollback(given, load_schema(), revision)
