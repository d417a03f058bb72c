"""Changes of a text that do not overlap; all other characters stay."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple


class Splice(NamedTuple):
    """The characters from `start` to `end` become `text`."""

    start: int
    end: int
    text: str


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text with all changes applied. Raises ValueError if they overlap."""
    parts: list[str] = []
    last = 0
    for start, end, new in _ordered(splices):
        parts += [text[last:start], new]
        last = end
    return "".join([*parts, text[last:]])


def offset_before(splices: Iterable[Splice], offset: int) -> int:
    """The old offset of a character of the changed text; for new text, the insertion point."""
    shift = 0
    for start, end, new in _ordered(splices):
        if offset < start + shift:
            break
        if offset < start + shift + len(new):
            return start
        shift += len(new) - (end - start)
    return offset - shift


def _ordered(splices: Iterable[Splice]) -> list[Splice]:
    found = sorted(splices, key=lambda splice: splice[:2])
    for low, high in pairwise(found):
        if high.start < low.end:
            raise ValueError(f"changes overlap: {low} and {high}")
    return found
