"""The command line: the only place that prints and exits."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mops import __version__
from mops.cli import streams
from mops.model.problems import BUG, ERROR, OK, InvalidConfig, MopsError
from mops.report.problems import problem_line, problems_json
from mops.schema.fields import load_schema

if TYPE_CHECKING:
    from mops.cli.flags import Given, Option
    from mops.schema.fields import SettingsSchema

_INTERRUPTED = 130


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command; the process's exit code. Every expected failure is a line on stderr."""
    given = list(sys.argv[1:] if args is None else args)
    try:
        return _dispatch(given)
    except InvalidConfig as invalid:
        _invalid(invalid, given)
        return invalid.exit_code
    except MopsError as error:
        streams.note(_plain(str(error)))
        return error.exit_code
    except KeyboardInterrupt:
        streams.note("interrupted")
        return _INTERRUPTED
    except Exception as error:
        if os.environ.get("MOPS_TRACEBACK"):
            raise
        streams.note(
            f"this is a bug in mops: {type(error).__name__}; run again with MOPS_TRACEBACK=1 to see where, and report it"
        )
        return BUG


def _dispatch(args: list[str]) -> int:
    """The plain forms of the commands that scripts run go straight to work; all else goes through typer."""
    if args == ["--version"]:
        streams.out(f"mops {__version__}\n")
        return OK
    if args[:1] == ["render"]:
        from mops.cli.flags import RENDER
        from mops.cli.render import render

        given = _quickly(args[1:], RENDER)
        if given is not None:
            return render(*given)
    if args[:2] == ["workspace", "up"]:
        from mops.cli.workspace import UP

        given = _quickly(args[2:], UP)
        if given is not None:
            from mops.cli.workspace_change import up

            return up(*given)
    from mops.cli.app import run

    return run(args)


def _quickly(args: Sequence[str], own: Sequence[Option]) -> tuple[Given, SettingsSchema] | None:
    """The options of a command that reads a configuration; None where the full parser is needed."""
    from mops.cli import flags

    settings = load_schema()
    given = flags.parse(args, [*flags.SELECTION, *own, *flags.overrides(settings)])
    return None if given is None else (given, settings)


def _invalid(invalid: InvalidConfig, args: Sequence[str]) -> None:

    if "json" in args or "--format=json" in args:
        streams.line(problems_json(invalid.problems).rstrip())
        return
    for problem in invalid.problems:
        streams.line(problem_line(problem))
    if any(problem.severity == ERROR for problem in invalid.problems):
        streams.note(str(invalid))


def _plain(text: str) -> str:
    from mops.report.text import printable

    return printable(text)
