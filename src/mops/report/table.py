"""Rows as aligned text, cut to a width where there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

GAP = "  "
_LEAST = 12
_CUT = "..."

Paint = Callable[[str, str], str]


class Column(NamedTuple):
    """A column: its heading, its style's name, and whether it gives way where the width is short."""

    heading: str
    style: str = ""
    gives: bool = False


def plain(text: str, _style: str) -> str:
    """Text without a style."""
    return text


def table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    width: int | None,
    paint: Paint = plain,
) -> str:
    """The rows below their headings. Columns that are empty throughout are left out; the last is not padded."""
    used = [index for index in range(len(columns)) if any(row[index] for row in rows)]
    chosen = [columns[index] for index in used]
    cells = [[row[index] for index in used] for row in rows]
    widths = _fitted(
        chosen,
        [
            max(len(column.heading), *(len(row[index]) for row in cells))
            for index, column in enumerate(chosen)
        ],
        width,
    )
    lines = [_line([column.heading for column in chosen], widths, ["heading"] * len(chosen), paint)]
    lines += [_line(row, widths, [column.style for column in chosen], paint) for row in cells]
    return "".join(f"{line}\n" for line in lines)


def _fitted(columns: Sequence[Column], wanted: list[int], width: int | None) -> list[int]:
    """The widths, the widest column that may give way being cut first."""
    widths = list(wanted)
    while width is not None and sum(widths) + len(GAP) * (len(widths) - 1) > width:
        giving = [
            index
            for index, column in enumerate(columns)
            if column.gives and widths[index] > max(_LEAST, len(column.heading))
        ]
        if not giving:
            break
        widths[max(giving, key=lambda index: widths[index])] -= 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], styles: Sequence[str], paint: Paint) -> str:
    parts = []
    for index, (cell, size, style) in enumerate(zip(cells, widths, styles, strict=True)):
        shown = cell if len(cell) <= size else cell[: size - len(_CUT)] + _CUT
        padding = " " * (size - len(shown)) if index < len(cells) - 1 else ""
        parts.append((paint(shown, style) if shown else "") + padding)
    return GAP.join(parts).rstrip()
