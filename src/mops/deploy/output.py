"""Where long-running work reports what happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Output(NamedTuple):
    """`note` takes a message of mops, `line` one line of a report or a log."""

    note: Callable[[str], None]
    line: Callable[[str], None]
