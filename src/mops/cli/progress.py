"""Where the commands on a live workspace print their progress."""

from __future__ import annotations

from mops.cli import streams
from mops.deploy.output import Output
from mops.report.text import printable


def _note(text: str) -> None:
    streams.note(printable(text))


OUTPUT = Output(_note, streams.line)
