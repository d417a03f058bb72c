"""-o and --check of commands that write several files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mops.chart.manifests import stream
from mops.cli import streams
from mops.gitops import files
from mops.gitops.files import Change
from mops.model.problems import DIFFERENCE, OK, UsageError
from mops.report.difference import compared


def save(texts: Mapping[str, str], output: str, *, check: bool) -> int:
    """Writes texts, given by file name, or with `check` compares them; returns the exit code.

    `output` is a file for all of them (`-` or "" for stdout), or a directory, DIR/.
    """
    if output in ("", "-"):
        if check:
            raise UsageError("--check compares with the files of -o: add -o FILE or -o DIR/")
        streams.out(stream(texts.values()))
        return OK
    changes = files.changes(texts, output)
    if check:
        return _compare(changes)
    files.apply(changes, output)
    for change in changes:
        if change.text is None:
            streams.note(f"removed {change.path}: no object with this name is rendered any more")
    return OK


def _compare(changes: Sequence[Change]) -> int:
    """Prints the differences."""
    streams.out("".join(compared(one.text or "", one.committed, one.path) for one in changes))
    for change in changes:
        state = "obsolete" if change.text is None else "stale"
        streams.note(f"{change.path} is {state}: run the same command without --check")
    return DIFFERENCE if changes else OK
