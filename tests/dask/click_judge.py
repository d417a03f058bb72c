"""Dask's own verdict on arguments, with the interpreter that runs this: a JSON list a line.

    python click_judge.py     ["worker", "--lifetime", "1h"] on stdin -> "starts" or why not

Only click's parser runs, with the parents that a command has on the command line, so no process of
Dask is started. The first word of a list is the command; `cuda worker` is one word.
"""

from __future__ import annotations

import json
import sys
import warnings

import click
from dask.cli import cli
from distributed.cli.dask_scheduler import main as scheduler
from distributed.cli.dask_worker import main as worker

COMMANDS = {"scheduler": scheduler, "worker": worker}
try:
    from dask_cuda.cli import worker as cuda_worker
except ImportError:
    pass
else:
    COMMANDS["cuda worker"] = cuda_worker


def verdict(command: str, args: list[str]) -> str:
    """What click makes of the arguments."""
    parent = click.Context(cli, **cli.context_settings)
    # The chart passes the scheduler's address before all other arguments.
    first = [] if command == "scheduler" else ["tcp://scheduler:8786"]
    try:
        COMMANDS[command].make_context(command, [*first, *args], parent=parent)
    except click.ClickException as error:
        return f"refused: {error.format_message()}"
    except click.exceptions.Exit as stop:
        return f"exits with {stop.exit_code}"
    except Exception as error:  # noqa: BLE001 - whatever a module of --preload raises
        return f"has no module: {error!r}"
    return "starts"


def main() -> None:
    """Answers line by line."""
    warnings.simplefilter("ignore")
    print(json.dumps(sorted(COMMANDS)), flush=True)
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        command, *args = json.loads(line)
        print(json.dumps(verdict(command, args)), file=out, flush=True)


if __name__ == "__main__":
    main()
