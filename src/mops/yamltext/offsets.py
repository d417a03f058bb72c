"""Offsets in a text, and its lines and columns.

Offsets count characters from 0, lines and columns from 1. Like YAML 1.1, these functions also break
lines at carriage returns, U+0085, U+2028 and U+2029.
"""

from __future__ import annotations

import re

BREAKS = "\n\r\x85\u2028\u2029"
BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def line_start(text: str, offset: int) -> int:
    """The offset at which the line of `offset` starts."""
    last = 0
    for found in BREAK.finditer(text, 0, offset):
        last = found.end()
    return last


def line_end(text: str, offset: int) -> int:
    """The offset of the line break that ends the line of `offset`, or the end of the text."""
    found = BREAK.search(text, offset)
    return found.start() if found else len(text)


def next_line(text: str, offset: int) -> int:
    """The offset at which the next line starts, or the end of the text."""
    found = BREAK.search(text, offset)
    return found.end() if found else len(text)


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset."""
    starts = [0, *(found.end() for found in BREAK.finditer(text, 0, offset))]
    return len(starts), offset - starts[-1] + 1


def offset_of(text: str, line: int, col: int) -> int:
    """The offset of a line and column; positions past the end are the end."""
    starts = [0, *(found.end() for found in BREAK.finditer(text))]
    return min(starts[min(line, len(starts)) - 1] + col - 1, len(text))


def indent(text: str, offset: int) -> int:
    """The number of characters before `offset` on its line."""
    return offset - line_start(text, offset)


def newline(text: str) -> str:
    """The line break that a text uses: its first one, or a line feed."""
    found = BREAK.search(text)
    return found.group() if found else "\n"
