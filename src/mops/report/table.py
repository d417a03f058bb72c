"""Rows as aligned text, shortened to a width if there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

GAP = "  "
# The width below which no column is shortened.
_LEAST = 12
_ELLIPSIS = "..."

Paint = Callable[[str, str], str]


class Column(NamedTuple):
    """A column: its heading, the name of its style, and whether it may be shortened."""

    heading: str
    style: str = ""
    shrinks: bool = False


class _Filled(NamedTuple):
    """A column with its cells from top to bottom."""

    column: Column
    cells: Sequence[str]

    @property
    def widest(self) -> int:
        """The width that the heading and all cells fit in."""
        return max(map(len, (self.column.heading, *self.cells)))

    @property
    def least(self) -> int:
        """The width that the column keeps when it is shortened."""
        return max(_LEAST, len(self.column.heading))


def plain(text: str, _style: str) -> str:
    """Text without a style."""
    return text


def table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    width: int | None,
    paint: Paint = plain,
) -> str:
    """The rows below their headings.

    Columns without any text are left out, and the last one is not padded.
    """
    by_column = zip(columns, zip(*rows, strict=True), strict=bool(rows))
    filled = [_Filled(column, cells) for column, cells in by_column if any(cells)]
    widths = _fitted(filled, width)
    headings = [column.heading for column, _ in filled]
    styles = [column.style for column, _ in filled]
    lines = [_line(headings, widths, ["heading"] * len(filled), paint)]
    shown = zip(*(cells for _, cells in filled), strict=True)
    lines += [_line(row, widths, styles, paint) for row in shown]
    return "".join(f"{line}\n" for line in lines)


def _fitted(columns: Sequence[_Filled], width: int | None) -> list[int]:
    """The widths of the columns; where they exceed `width`, the widest is shortened first."""
    widths = [column.widest for column in columns]
    while width is not None and sum(widths) + len(GAP) * (len(widths) - 1) > width:
        shrinking = [
            index
            for index, column in enumerate(columns)
            if column.column.shrinks and widths[index] > column.least
        ]
        if not shrinking:
            break
        widths[max(shrinking, key=lambda index: widths[index])] -= 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], styles: Sequence[str], paint: Paint) -> str:
    parts = []
    for index, (cell, size, style) in enumerate(zip(cells, widths, styles, strict=True)):
        shown = cell if len(cell) <= size else cell[: size - len(_ELLIPSIS)] + _ELLIPSIS
        padding = " " * (size - len(shown)) if index < len(cells) - 1 else ""
        parts.append((paint(shown, style) if shown else "") + padding)
    return GAP.join(parts).rstrip()
