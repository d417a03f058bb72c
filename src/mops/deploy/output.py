"""Where long-running operations report their progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Output(NamedTuple):
    """`note` receives messages of mops, `line` the lines of a report or a log."""

    note: Callable[[str], None]
    line: Callable[[str], None]
