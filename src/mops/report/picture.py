"""The layers and what each contributed, as a picture: Mermaid for Markdown, SVG for web pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from mops.config.resolve import Config
from mops.model.layer import Path
from mops.report.grid import Cell, Column, Grid, Row, grid
from mops.schema.fields import SettingsSchema

_HEAD = """\
flowchart LR
  classDef active fill:#0b7a75,stroke:#0b7a75,color:#ffffff
  classDef overridden fill:#8b98a522,stroke:#8b98a5,color:#7b8794,stroke-dasharray:4 3
"""


def svg(config: Config, schema: SettingsSchema, paths: Sequence[Path]) -> str:
    """A row for each setting, a card for each layer from left to right, and the active values.

    `paths` are settings of `config`.
    """
    from mops.report.drawing import drawing

    return drawing(grid(config, schema, paths))


def mermaid(config: Config, schema: SettingsSchema, paths: Sequence[Path]) -> str:
    """A flowchart: a box for each layer, an arrow from each value to the one that overrides it.

    `paths` are settings of `config`.
    """
    found = grid(config, schema, paths)
    if not found.columns:
        return f'{_HEAD}  nothing["every setting has its default"]\n'
    lines = (*_boxes(found), *_links(found), *_styles(found))
    return _HEAD + "".join(f"  {line}\n" for line in lines)


def _boxes(found: Grid) -> Iterator[str]:
    """For each layer a box with its values."""
    for column, layer in enumerate(found.columns):
        yield f'subgraph layer{column}["{_label(_heading(column, layer))}"]'
        for index, row in enumerate(found.rows):
            for cell in row.cells:
                if cell.column == column:
                    yield f'  {_node(index, cell)}["{_label(_sentence(row, cell))}"]'
        yield "end"


def _links(found: Grid) -> Iterator[str]:
    """Invisible links that keep the layers in order, and the arrows between values."""
    for left, right in pairwise(range(len(found.columns))):
        yield f"layer{left} ~~~ layer{right}"
    for index, row in enumerate(found.rows):
        for lower, higher in pairwise(row.cells):
            yield f"{_node(index, lower)} -.-> {_node(index, higher)}"


def _styles(found: Grid) -> Iterator[str]:
    """The colours of the boxes, and of the active and the overridden values."""
    for column in range(len(found.columns)):
        yield f"style layer{column} fill:#8b98a511,stroke:#8b98a5"
    active: list[str] = []
    overridden: list[str] = []
    for index, row in enumerate(found.rows):
        for cell in row.cells:
            nodes = active if cell.wins and not cell.is_null else overridden
            nodes.append(_node(index, cell))
    for name, nodes in (("active", active), ("overridden", overridden)):
        if nodes:
            yield f"class {','.join(nodes)} {name}"


def _heading(column: int, layer: Column) -> str:
    return f"{column + 1}. {layer.title} ({layer.kind})"


def _node(index: int, cell: Cell) -> str:
    return f"s{index}l{cell.column}"


def _sentence(row: Row, cell: Cell) -> str:
    statement = "is cleared" if cell.is_null else f"= {cell.value}"
    return f"{row.section}{row.name} {statement}"


def _label(text: str) -> str:
    """Text in a Mermaid label: characters that Mermaid or HTML would interpret become `#CODE;`."""
    return "".join(
        char if char.isalnum() or char in " _.,:/=+-()" else f"#{ord(char)};" for char in text
    )
