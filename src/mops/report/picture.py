"""The layers and what each contributed, as a picture: Mermaid for texts, SVG for pages. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from mops.config.resolve import Config
from mops.model.layer import COMMAND_LINE, DEBUG, DEFAULTS, ENVIRONMENT, Leaf, Path, dotted
from mops.report.text import printable, shown
from mops.schema.fields import SettingsSchema

_LONGEST = 30
_KINDS = {
    DEFAULTS: "of the schema",
    ENVIRONMENT: "variables",
    DEBUG: "built in",
    COMMAND_LINE: "flags",
}


class Cell(NamedTuple):
    """What one layer says of one setting; `wins` where it is the active value, `forgets` where it is null."""

    column: int
    value: str
    place: str
    wins: bool
    forgets: bool


class Row(NamedTuple):
    """A setting: its key, its cells from the lowest layer to the highest, and its active value."""

    section: str
    name: str
    cells: tuple[Cell, ...]
    active: str


class Grid(NamedTuple):
    """Settings by layers. A column is a layer's title and what kind of layer it is."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


def grid(config: Config, schema: SettingsSchema, paths: Sequence[Path]) -> Grid:
    """The settings at these paths against the layers that say something of them."""
    saying = {leaf.origin.layer for path in paths for leaf in config.stacks[path]}
    names = [layer.name for layer in config.layers if layer.name in saying]
    return Grid(
        tuple(map(_title, names)), tuple(_row(config, schema, path, names) for path in paths)
    )


def mermaid(config: Config, schema: SettingsSchema, paths: Sequence[Path]) -> str:
    """A Mermaid flowchart: a box for each layer, an arrow from each value to the one that shadows it."""
    found = grid(config, schema, paths)
    lines = [
        "flowchart LR",
        "  classDef active fill:#0b7a75,stroke:#0b7a75,color:#ffffff",
        "  classDef shadowed fill:#8b98a522,stroke:#8b98a5,color:#7b8794,stroke-dasharray:4 3",
    ]
    for column, (title, kind) in enumerate(found.columns):
        lines.append(
            f'  subgraph layer{column}["{_label(f"{column + 1}. {title}")}{f" ({_label(kind)})" if kind else ""}"]'
        )
        for index, row in enumerate(found.rows):
            lines += [
                f'    {_node(index, cell)}["{_label(_sentence(row, cell))}"]'
                for cell in row.cells
                if cell.column == column
            ]
        lines.append("  end")
    # Invisible links keep the layers in their order.
    lines += [f"  layer{column} ~~~ layer{column + 1}" for column in range(len(found.columns) - 1)]
    if not found.columns:
        lines.append('  nothing["every setting has its default"]')
    for index, row in enumerate(found.rows):
        lines += [
            f"  {_node(index, low)} -.-> {_node(index, high)}" for low, high in pairwise(row.cells)
        ]
    lines += [
        f"  style layer{column} fill:#8b98a511,stroke:#8b98a5"
        for column in range(len(found.columns))
    ]
    for name, wins in (("active", True), ("shadowed", False)):
        nodes = [
            _node(index, cell)
            for index, row in enumerate(found.rows)
            for cell in row.cells
            if (cell.wins and not cell.forgets) == wins
        ]
        if nodes:
            lines.append(f"  class {','.join(nodes)} {name}")
    return "".join(f"{line}\n" for line in lines)


def svg(config: Config, schema: SettingsSchema, paths: Sequence[Path]) -> str:
    """An SVG picture: a row for each setting, a card for each layer, the lowest at the left, the active values at the right."""
    return _Drawing(grid(config, schema, paths)).text()


def _row(config: Config, schema: SettingsSchema, path: Path, names: Sequence[str]) -> Row:
    stack = config.stacks[path]
    # A group has what it takes from the workers and what it says itself from one layer: the latter counts.
    said = {leaf.origin.layer: leaf for leaf in stack if leaf.origin.layer in names}
    cells = tuple(
        Cell(
            names.index(layer),
            _short("null" if leaf.value is None else shown(schema, path, leaf.value)),
            _place(leaf),
            leaf is stack[-1],
            leaf.value is None,
        )
        for layer, leaf in sorted(said.items(), key=lambda entry: names.index(entry[0]))
    )
    section = dotted(path[:-1])
    active = "not set" if stack[-1].value is None else _short(shown(schema, path, stack[-1].value))
    return Row(f"{section}." if section else "", dotted(path[-1:]), cells, active)


def _title(name: str) -> tuple[str, str]:
    """A layer's name as a heading, and what it is."""
    inner, opened, place = name.rstrip(")").partition(" (")
    if name.startswith("profile ") and opened:
        return printable(inner), printable(place.rsplit("/", 1)[-1])
    return printable(name.rsplit("/", 1)[-1]), _KINDS.get(name, "file")


def _place(leaf: Leaf) -> str:
    """Where in its layer a leaf was written: the line, the variable or the flag."""
    place = leaf.origin.place
    if leaf.origin.layer in (DEFAULTS, DEBUG):
        return ""
    if place.startswith("--"):
        return printable(place.partition(" ")[0])
    parts = place.rsplit(":", 2)
    # A path and a line and a column.
    return printable(f"line {parts[1]}" if len(parts) == 3 and parts[1].isdigit() else place)


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _node(index: int, cell: Cell) -> str:
    return f"s{index}l{cell.column}"


def _sentence(row: Row, cell: Cell) -> str:
    return f"{row.section}{row.name} {'is forgotten' if cell.forgets else f'= {cell.value}'}"


def _label(text: str) -> str:
    """Text in a Mermaid label: what Mermaid or HTML would read as more than text is written as its number."""
    return "".join(
        char if char.isalnum() or char in " _.,:/=+-" else f"#{ord(char)};" for char in text
    )


_STYLE = """
    text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 13px; fill: #1f2933 }
    .page { fill: #f6f7f9 } .card { fill: #ffffff; stroke: #d3d9e0 } .stripe { fill: #7b8794; fill-opacity: 0.07 }
    .title { font-weight: 700 } .small { font-size: 10.5px; fill: #6b7785 } .dim { fill: #6b7785 }
    .lost { fill: #6b7785; text-decoration: line-through } .won { fill: #075f5b; font-weight: 700 } .pill { fill: #d5f1ed; stroke: #0b7a75 }
    .track { stroke: #c2cad3; stroke-width: 1.5; fill: none } .flow { stroke: #0b7a75; stroke-width: 1.5; fill: none } .tip { fill: #0b7a75 }
    .empty { fill: none; stroke: #93a1af; stroke-dasharray: 4 3 } .faint { fill: #c2cad3 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e4e7eb } .page { fill: #14181d } .card { fill: #1d232a; stroke: #3a444f }
      .small, .dim, .lost { fill: #93a1af } .won { fill: #7ee7d6 } .pill { fill: #12403c; stroke: #38b2a3 }
      .track { stroke: #46525e } .flow { stroke: #38b2a3 } .tip { fill: #38b2a3 } .faint { fill: #46525e }
    }
"""
# Advance of one character of a monospaced font, as part of the size.
_ADVANCE = 0.602
_SIZE, _SMALL = 13, 10.5
_MARGIN, _PAD, _GAP, _HEAD, _LINE = 24, 14, 26, 52, 44


class _Drawing:
    """The picture of a grid: where its columns are, and its parts as SVG text."""

    def __init__(self, found: Grid) -> None:
        self.grid = found
        names = [row.section + row.name for row in found.rows] or ["every setting has its default"]
        self.names = max(map(_width, names))
        self.left: list[float] = []
        self.widths: list[float] = []
        at = _MARGIN + self.names + _GAP
        for column, (title, kind) in enumerate(found.columns):
            cells = [cell for row in found.rows for cell in row.cells if cell.column == column]
            texts = [
                _width(title),
                _width(kind, _SMALL),
                *(max(_width(cell.value), _width(cell.place, _SMALL)) for cell in cells),
            ]
            at = self._place(at, max(texts))
        at = self._place(at, max([_width("active"), *(_width(row.active) for row in found.rows)]))
        self.width = at - _GAP + _MARGIN
        self.height = _MARGIN * 2 + _HEAD + _LINE * max(len(found.rows), 1)

    def text(self) -> str:
        """The whole picture."""
        size = f'width="{self.width:.0f}" height="{self.height:.0f}" viewBox="0 0 {self.width:.0f} {self.height:.0f}"'
        title = "The layers of the configuration, lowest first, and what each contributed"
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            f"  <title>{title}</title>",
            f"  <style>{_STYLE}  </style>",
            *(f"  {part}" for part in self._parts()),
            "</svg>",
        ]
        return "".join(f"{line}\n" for line in lines)

    def _place(self, at: float, content: float) -> float:
        """Puts a column of this content at `at`; where the next one goes."""
        self.left.append(at)
        self.widths.append(content + 2 * _PAD + 16)
        return at + self.widths[-1] + _GAP

    def _parts(self) -> Iterator[str]:
        yield f'<rect class="page" width="{self.width:.0f}" height="{self.height:.0f}" rx="14"/>'
        for column, (title, kind) in enumerate([*self.grid.columns, ("active", "what counts")]):
            yield from self._card(column, title, kind)
        yield _text(_MARGIN, _MARGIN + 23, "setting", "title")
        yield (
            _text(_MARGIN, _MARGIN + 38, "a layer wins over those to its left", "small")
            if self.names > _width("a layer wins over those to its left", _SMALL)
            else ""
        )
        if not self.grid.rows:
            yield _text(_MARGIN, _MARGIN + _HEAD + 27, "every setting has its default", "dim")
        for index, row in enumerate(self.grid.rows):
            yield from self._line(index, row)

    def _card(self, column: int, title: str, kind: str) -> Iterator[str]:
        x, width = self.left[column], self.widths[column]
        yield f'<rect class="card" x="{x:.1f}" y="{_MARGIN}" width="{width:.1f}" height="{self.height - 2 * _MARGIN:.0f}" rx="10"/>'
        yield _text(x + _PAD + 8, _MARGIN + 23, title, "title")
        yield _text(x + _PAD + 8, _MARGIN + 38, kind, "small")

    def _line(self, index: int, row: Row) -> Iterator[str]:
        top = _MARGIN + _HEAD + index * _LINE
        middle = top + _LINE / 2
        if index % 2 == 0:
            yield f'<rect class="stripe" x="{_MARGIN / 2:.0f}" y="{top}" width="{self.width - _MARGIN:.0f}" height="{_LINE}" rx="6"/>'
        yield f'<text x="{_MARGIN}" y="{middle + 4.5:.1f}"><tspan class="dim">{escape(row.section)}</tspan><tspan>{escape(row.name)}</tspan></text>'
        for low, high in pairwise(row.cells):
            yield f'<path class="track" d="M{self._right(low.column, low):.1f} {middle:.1f}H{self.left[high.column] + _PAD:.1f}"/>'
        if row.cells:
            last, end = row.cells[-1], self.left[-1] + _PAD
            flow, tip = ("track", "faint") if last.forgets else ("flow", "tip")
            yield f'<path class="{flow}" d="M{self._right(last.column, last):.1f} {middle:.1f}H{end - 5:.1f}"/>'
            yield f'<path class="{tip}" d="M{end:.1f} {middle:.1f}l-8 -4v8z"/>'
        for cell in row.cells:
            yield from self._cell(cell, middle)
        yield _text(
            self.left[-1] + _PAD + 8,
            middle + 4.5,
            row.active,
            "dim" if row.active == "not set" else "won",
        )

    def _cell(self, cell: Cell, middle: float) -> Iterator[str]:
        x = self.left[cell.column] + _PAD
        if cell.wins:
            style = "empty" if cell.forgets else "pill"
            yield f'<rect class="{style}" x="{x:.1f}" y="{middle - 18:.1f}" width="{self._right(cell.column, cell) - x:.1f}" height="36" rx="8"/>'
        yield _text(
            x + 8,
            middle - 2 if cell.place else middle + 4.5,
            cell.value,
            "dim" if cell.forgets else "won" if cell.wins else "lost",
        )
        if cell.place:
            yield _text(x + 8, middle + 12, cell.place, "small")

    def _right(self, column: int, cell: Cell) -> float:
        """Where a cell ends."""
        return self.left[column] + _PAD + 16 + max(_width(cell.value), _width(cell.place, _SMALL))


def _width(text: str, size: float = _SIZE) -> float:
    return len(text) * size * _ADVANCE


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'
