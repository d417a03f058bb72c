"""The command line: the only place that prints and exits."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from mops import __version__
from mops.cli import streams
from mops.model.problems import BUG, ERROR, OK, USAGE, InvalidConfig, MopsError

_INTERRUPTED = 130
_COMPLETE = "_MOPS_COMPLETE"
_COMPLETION = ("--install-completion", "--show-completion")


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code. Expected failures are reported on stderr."""
    words = list(sys.argv[1:] if args is None else args)
    try:
        return _run(words)
    except MopsError as error:
        streams.note(_message(error, words))
        return error.exit_code
    except KeyboardInterrupt:
        streams.note("interrupted")
        return _INTERRUPTED
    except Exception as error:
        if os.environ.get("MOPS_TRACEBACK"):
            raise
        streams.note(
            f"this is a bug in mops: {type(error).__name__}; "
            "run again with MOPS_TRACEBACK=1 to see where, and report it"
        )
        return BUG


def _run(words: list[str]) -> int:
    if words == ["--version"]:
        streams.out(f"mops {__version__}\n")
        return OK
    if os.environ.get(_COMPLETE) or (words and words[0] in _COMPLETION):
        from mops.cli.help import complete

        return complete(words)
    from mops.cli.parse import HelpRequested, MisusedCommand, invocation

    try:
        invoked = invocation(words)
    except HelpRequested as request:
        return _help(request.path, asked=request.asked)
    except MisusedCommand as error:
        streams.note(_message(error, words))
        streams.note(f"try `{' '.join(('mops', *error.path))} --help`")
        return error.exit_code
    try:
        return invoked.run()
    except InvalidConfig as invalid:
        _report(invalid, as_json=invoked.wants_json)
        return invalid.exit_code


def _help(path: Sequence[str], *, asked: bool) -> int:
    """Prints help: on stdout if it was asked for, on stderr if a command is missing."""
    from mops.cli.help import help_text

    if asked:
        streams.out(help_text(path))
        return OK
    streams.line(help_text(path).rstrip("\n"))
    return USAGE


def _report(invalid: InvalidConfig, *, as_json: bool) -> None:
    from mops.report.problem_lines import problem_lines
    from mops.report.problems import problems_json

    if as_json:
        streams.line(problems_json(invalid.problems).rstrip())
        return
    for line in problem_lines(invalid.problems):
        streams.line(line)
    if any(problem.severity == ERROR for problem in invalid.problems):
        streams.note(str(invalid))


def _message(error: MopsError, words: Sequence[str]) -> str:
    """The error's message without the secrets that it may repeat from the command line."""
    from mops.report.text import printable
    from mops.schema.secrets import secret_words, without_secrets

    return printable(without_secrets(str(error), secret_words(words)))
