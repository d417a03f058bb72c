"""The active configuration as tables and as data."""

from __future__ import annotations

from mops.config import derived
from mops.config.resolve import Config
from mops.model.layer import Path, Value, dotted
from mops.report.origins import stack_data, written_at
from mops.report.table import Column, Paint, plain, table
from mops.report.text import printable, shown
from mops.schema.fields import SettingsSchema

_SETTINGS = (
    Column("SETTING"),
    Column("VALUE", "value", shrinks=True),
    Column("FROM", "origin"),
    Column("INSTEAD OF", "faint", shrinks=True),
)

_FACTS = (Column("DERIVED"), Column("VALUE", "value"), Column("BECAUSE", "faint", shrinks=True))


def settings_text(
    config: Config,
    schema: SettingsSchema,
    paths: list[Path],
    width: int | None = None,
    paint: Paint = plain,
) -> str:
    """The settings and the derived facts as two tables."""
    settings = "Every setting has its default (--all shows them).\n"
    if paths:
        rows = [_row(config, schema, path) for path in paths]
        settings = table(_SETTINGS, rows, width, paint)
    return settings + "\n" + table(_FACTS, list(derived.facts(config)), width, paint)


def settings_data(config: Config, schema: SettingsSchema, paths: list[Path]) -> dict[str, Value]:
    """The same as data, with the names of the layers."""
    return {
        "layers": [printable(layer.name) for layer in config.layers],
        "settings": {dotted(path): stack_data(schema, path, config.stacks[path]) for path in paths},
        "derived": derived.data(config),
    }


def _row(config: Config, schema: SettingsSchema, path: Path) -> tuple[str, ...]:
    *lower, top = config.stacks[path]
    instead = ", ".join(
        f"{shown(schema, path, leaf.value)} ({written_at(leaf).removeprefix('the ')})"
        for leaf in reversed(lower)
    )
    value = "(cleared)" if top.value is None else shown(schema, path, top.value)
    cells = (dotted(path), value, written_at(top).removeprefix("the "), instead)
    return tuple(map(printable, cells))
