"""Output: artifacts go to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from mops.model.problems import EnvironmentFailure, UsageError

UNCHANGED = "nothing was changed"

# Styles as terminal attributes, in colours that are visible on light and dark terminals.
_STYLES = {"heading": "1", "value": "32", "origin": "36", "faint": "2"}


def note(text: str) -> None:
    """Prints one line for the user on stderr."""
    print(f"mops: {text}", file=sys.stderr)


def line(text: str) -> None:
    """Prints one line of a report on stderr, without the program's name."""
    print(text, file=sys.stderr)


def confirmed(question: str, *, yes: bool) -> bool:
    """Whether the user agrees, with --yes or at the terminal; if not, prints a note.

    Raises UsageError if there is no terminal.
    """
    if yes:
        return True
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty()):
        raise UsageError("no terminal to ask for confirmation; add --yes")
    agreed = _ask(f"{question} [y/N] ")
    if not agreed:
        note(UNCHANGED)
    return agreed


def _ask(question: str) -> bool:
    """Asks the user at the terminal, on stderr; returns whether the answer is yes."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def out(text: str) -> None:
    """Writes a complete artifact to stdout. Raises EnvironmentFailure if that fails."""
    if sys.stdout is None:
        raise EnvironmentFailure("stdout: closed")
    try:
        sys.stdout.flush()
        data = memoryview(text.encode("utf-8", "backslashreplace"))
        while data:
            data = data[os.write(1, data) :]
    except BrokenPipeError:
        # The reader has closed the pipe. Nothing may be flushed into it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError as error:
        raise EnvironmentFailure(f"stdout: {error.strerror or error}") from None


def width() -> int | None:
    """The width of the terminal on stdout in columns; None if stdout is not a terminal."""
    if not _on_terminal():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def paint() -> Callable[[str, str], str]:
    """A function that styles text (text, name of the style) for stdout, if it is a terminal."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not _on_terminal()
    return _unpainted if plain else _painted


def _on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _painted(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if style in _STYLES else text


def _unpainted(text: str, _style: str) -> str:
    return text
