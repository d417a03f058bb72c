"""A grid as an SVG drawing. This module decides where things are, the template how they look.

Coordinates are in pixels, from the upper left corner.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from mops.report.grid import Cell, Column, Grid, Row

_TEMPLATES = os.path.join(os.path.dirname(__file__), "templates")

_TEXT_SIZE, _SMALL_SIZE = 13, 10.5
# The width of a character of a monospaced font, in font sizes.
_ADVANCE = 0.602

_MARGIN = 24
_HEADER_HEIGHT = 52
_ROW_HEIGHT = 44
_CARD_GAP = 26
# From a card's edge to its pills, and from a pill's edge to its text.
_CARD_PADDING, _PILL_PADDING = 14, 8

_NO_SETTINGS = "every setting has its default"
# Left out if it is wider than the names of the settings.
_LEGEND = "each layer overrides those to its left"
_ACTIVE = Column("active", "in effect")


class Card(NamedTuple):
    """A column of the drawing: its place, and the layer or the active values that it shows."""

    x: float
    width: float
    column: Column

    @property
    def pill_x(self) -> float:
        """The left edge of its pills."""
        return self.x + _CARD_PADDING

    @property
    def text_x(self) -> float:
        """The left edge of its texts."""
        return self.pill_x + _PILL_PADDING


class Pill(NamedTuple):
    """A value in a card; `shape` is the class of its outline, "" for none."""

    x: float
    width: float
    cell: Cell
    shape: str
    text_style: str

    @property
    def text_x(self) -> float:
        """The left edge of its text."""
        return self.x + _PILL_PADDING

    @property
    def end(self) -> float:
        """Its right edge."""
        return self.x + self.width


class Line(NamedTuple):
    """A row of the drawing: its middle, its setting, and the pills from left to right."""

    y: float
    row: Row
    pills: tuple[Pill, ...]

    @property
    def gaps(self) -> list[tuple[float, float]]:
        """The spans between neighbouring pills."""
        return [(left.end, right.x) for left, right in pairwise(self.pills)]


def drawing(grid: Grid) -> str:
    """The SVG document."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=True,
    )
    environment.filters["px"] = lambda number: f"{number:.1f}"
    cards = _cards(grid)
    lines = [_line(cards, index, row) for index, row in enumerate(grid.rows)]
    return environment.get_template("layers.svg.j2").render(
        width=cards[-1].x + cards[-1].width + _MARGIN,
        height=2 * _MARGIN + _HEADER_HEIGHT + _ROW_HEIGHT * max(len(lines), 1),
        margin=_MARGIN,
        top=_MARGIN + _HEADER_HEIGHT,
        row_height=_ROW_HEIGHT,
        cards=cards,
        lines=lines,
        no_settings=_NO_SETTINGS,
        legend=_LEGEND if _small_width(_LEGEND) < _names_width(grid) else "",
    )


def _cards(grid: Grid) -> list[Card]:
    """A card for each layer, and one for the active values at the right."""
    x = _MARGIN + _names_width(grid) + _CARD_GAP
    found: list[Card] = []
    for column, content in _contents(grid):
        width = content + 2 * (_CARD_PADDING + _PILL_PADDING)
        found.append(Card(x, width, column))
        x += width + _CARD_GAP
    return found


def _names_width(grid: Grid) -> float:
    names = [row.section + row.name for row in grid.rows] or [_NO_SETTINGS]
    return max(map(_text_width, names))


def _contents(grid: Grid) -> Iterable[tuple[Column, float]]:
    """The columns, each with the width of its widest text."""
    cells = [cell for row in grid.rows for cell in row.cells]
    for index, column in enumerate(grid.columns):
        texts = [_cell_width(cell) for cell in cells if cell.column == index]
        yield column, max([_heading_width(column), *texts])
    active = [_text_width(_shown(row)) for row in grid.rows]
    yield _ACTIVE, max([_heading_width(_ACTIVE), *active])


def _line(cards: list[Card], index: int, row: Row) -> Line:
    middle = _MARGIN + _HEADER_HEIGHT + (index + 0.5) * _ROW_HEIGHT
    return Line(middle, row, tuple(_pill(cards[cell.column], cell) for cell in row.cells))


def _pill(card: Card, cell: Cell) -> Pill:
    width = _cell_width(cell) + 2 * _PILL_PADDING
    if cell.is_null:
        return Pill(card.pill_x, width, cell, "empty" if cell.wins else "", "dim")
    if cell.wins:
        return Pill(card.pill_x, width, cell, "pill", "won")
    return Pill(card.pill_x, width, cell, "", "lost")


def _shown(row: Row) -> str:
    return "not set" if row.active is None else row.active


def _heading_width(column: Column) -> float:
    return max(_text_width(column.title), _small_width(column.kind))


def _cell_width(cell: Cell) -> float:
    return max(_text_width(cell.value), _small_width(cell.place))


def _text_width(text: str) -> float:
    return len(text) * _ADVANCE * _TEXT_SIZE


def _small_width(text: str) -> float:
    return len(text) * _ADVANCE * _SMALL_SIZE
