"""The command line: the only place that prints and exits."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from mops import __version__
from mops.cli import streams
from mops.errors import BUG, ERROR, OK, InvalidConfig, MopsError

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
        streams.note(f"this is a bug in mops: {type(error).__name__}; run again with MOPS_TRACEBACK=1 to see where, and report it")
        return BUG


def _dispatch(args: list[str]) -> int:
    """The plain forms of the commands that scripts run go straight to work; all else goes through typer."""
    if args == ["--version"]:
        streams.out(f"mops {__version__}\n")
        return OK
    if args and args[0] == "render":
        from mops import flags, schema

        settings = schema.load()
        given = flags.parse(args[1:], [*flags.SELECTION, *flags.RENDER, *flags.overrides(settings)])
        if given is not None:
            from mops.cli.render import render

            return render(given, settings)
    if args[:2] == ["workspace", "up"]:
        from mops import flags, schema
        from mops.cli.workspace import UP

        settings = schema.load()
        given = flags.parse(args[2:], [*flags.SELECTION, *UP, *flags.overrides(settings)])
        if given is not None:
            from mops.cli.workspace_change import up

            return up(given, settings)
    from mops.cli.app import run

    return run(args)


def _invalid(invalid: InvalidConfig, args: Sequence[str]) -> None:
    from mops import report

    if "json" in args or "--format=json" in args:
        streams.line(report.problems_json(invalid.problems).rstrip())
        return
    for problem in invalid.problems:
        streams.line(report.problem_line(problem))
    if any(problem.severity == ERROR for problem in invalid.problems):
        streams.note(str(invalid))


def _plain(text: str) -> str:
    from mops.report import printable

    return printable(text)
