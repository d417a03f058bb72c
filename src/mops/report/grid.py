"""Settings by the layers that set them: what the pictures show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mops.config.resolve import Config
from mops.model.layer import COMMAND_LINE, DEBUG, DEFAULTS, ENVIRONMENT, Leaf, Path, dotted
from mops.report.text import printable, shown
from mops.schema.fields import SettingsSchema

_LONGEST = 30
_KINDS = {
    DEFAULTS: "schema",
    ENVIRONMENT: "variables",
    DEBUG: "built in",
    COMMAND_LINE: "flags",
}


class Column(NamedTuple):
    """A layer: its name, and what kind of layer it is."""

    title: str
    kind: str


class Cell(NamedTuple):
    """The value of one setting in one layer; it `wins` if no higher layer overrides it."""

    column: int
    value: str
    place: str
    wins: bool
    is_null: bool


class Row(NamedTuple):
    """A setting: its key in two parts, its cells from the lowest layer up, its active value."""

    section: str
    name: str
    cells: tuple[Cell, ...]
    active: str | None


class Grid(NamedTuple):
    """Settings by layers, the lowest layer first."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def grid(config: Config, schema: SettingsSchema, paths: Sequence[Path]) -> Grid:
    """The settings at these paths, with the layers that set any of them."""
    used = {leaf.origin.layer for path in paths for leaf in config.stacks[path]}
    layers = [layer.name for layer in config.layers if layer.name in used]
    rows = tuple(_row(config.stacks[path], schema, path, layers) for path in paths)
    return Grid(tuple(map(_column, layers)), rows)


def _row(stack: Sequence[Leaf], schema: SettingsSchema, path: Path, layers: Sequence[str]) -> Row:
    # A worker group may have two leaves from one layer, an inherited one and its own. The second,
    # which is its own, overrides the first.
    leaves = {leaf.origin.layer: leaf for leaf in stack if leaf.origin.layer in layers}
    cells = [
        Cell(
            column=layers.index(layer),
            value=_shortened(shown(schema, path, leaf.value)),
            place=_place(leaf),
            wins=leaf is stack[-1],
            is_null=leaf.value is None,
        )
        for layer, leaf in leaves.items()
    ]
    cells.sort(key=lambda cell: cell.column)
    section = f"{dotted(path[:-1])}." if len(path) > 1 else ""
    last = stack[-1].value
    active = None if last is None else _shortened(shown(schema, path, last))
    return Row(section, dotted(path[-1:]), tuple(cells), active)


def _column(layer: str) -> Column:
    name, opened, place = layer.rstrip(")").partition(" (")
    if layer.startswith("profile ") and opened:
        return Column(printable(name), printable(place.rsplit("/", 1)[-1]))
    return Column(printable(layer.rsplit("/", 1)[-1]), _KINDS.get(layer, "file"))


def _place(leaf: Leaf) -> str:
    """Where in its layer a leaf was written: the line, the variable or the flag."""
    place = leaf.origin.place
    if leaf.origin.layer in (DEFAULTS, DEBUG):
        return ""
    if place.startswith("--"):
        return printable(place.partition(" ")[0])
    match place.rsplit(":", 2):
        case [_, line, _] if line.isdigit():
            return f"line {line}"
    return printable(place)


def _shortened(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
