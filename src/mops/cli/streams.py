"""Where output goes: artifacts to stdout or a file, whole or not at all; all else to stderr."""

from __future__ import annotations

import os
import sys

from mops.model.problems import EnvironmentFailure


def note(text: str) -> None:
    """One line for the user, on stderr."""
    print(f"mops: {text}", file=sys.stderr)


def line(text: str) -> None:
    """One line of a report on stderr, without the program's name."""
    print(text, file=sys.stderr)


def ask(question: str) -> bool:
    """Whether the user at the terminal says yes. The question goes to stderr."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def out(text: str) -> None:
    """A complete artifact on stdout."""
    try:
        if sys.stdout is None:
            raise OSError("it is closed")
        sys.stdout.flush()
        data = memoryview(text.encode("utf-8", "backslashreplace"))
        while data:
            data = data[os.write(1, data) :]
    except BrokenPipeError:
        # The reader has seen enough. Nothing may be flushed into the pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError as error:
        raise EnvironmentFailure(f"stdout: {error.strerror or error}") from None
