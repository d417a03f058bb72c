"""`mops config show`: the active configuration as a table for people, or as data."""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import Any

from mops import derived, flags, report
from mops.cli import run, streams
from mops.errors import OK, UsageError
from mops.layer import Path, dotted
from mops.resolve import Config
from mops.schema import SettingsSchema
from mops.table import Column, Paint, plain, table

FORMATS = ("text", "yaml", "json")

_SETTINGS = (Column("SETTING"), Column("VALUE", "value", gives=True), Column("FROM", "origin"), Column("INSTEAD OF", "faint", gives=True))
_FACTS = (Column("DERIVED"), Column("VALUE", "value"), Column("BECAUSE", "faint", gives=True))
# Colours that light and dark terminals both show.
_STYLES = {"heading": "1", "value": "32", "origin": "36", "faint": "2"}


def show(given: flags.Given, schema: SettingsSchema) -> int:
    """Prints the active configuration."""
    kinds = given.get("format") or ["text"]
    if len(kinds) > 1 or kinds[0] not in FORMATS:
        raise UsageError(f"--format: expected one of {', '.join(FORMATS)}")
    outcome = run.configuration(given, schema)
    run.settle(outcome, given)
    paths = report.selected(outcome.config, schema, [()] if given.get("all") else None)
    if kinds[0] == "text":
        streams.out(text(outcome.config, schema, paths, *_terminal()))
    else:
        found = data(outcome.config, schema, paths)
        streams.out(_yaml(found) if kinds[0] == "yaml" else report.as_json(found))
    return OK


def text(config: Config, schema: SettingsSchema, paths: list[Path], width: int | None = None, paint: Paint = plain) -> str:
    """The settings and the derived facts as two tables."""
    rows = [_row(config, schema, path) for path in paths]
    settings = table(_SETTINGS, rows, width, paint) if rows else "Every setting has its default (--all shows them).\n"
    return settings + "\n" + table(_FACTS, list(derived.facts(config)), width, paint)


def data(config: Config, schema: SettingsSchema, paths: list[Path]) -> dict[str, Any]:
    """The same as data."""
    return {
        "layers": [report.printable(layer.name) for layer in config.layers],
        "settings": {dotted(path): report.told(schema, path, config.stacks[path]) for path in paths},
        "derived": derived.data(config),
    }


def _row(config: Config, schema: SettingsSchema, path: Path) -> tuple[str, ...]:
    *losers, top = config.stacks[path]
    instead = ", ".join(f"{report.shown(schema, path, leaf.value)} ({report.whence(leaf).removeprefix('the ')})" for leaf in reversed(losers))
    value = "(forgotten)" if top.value is None else report.shown(schema, path, top.value)
    cells = (dotted(path), value, report.whence(top).removeprefix("the "), instead)
    return tuple(map(report.printable, cells))


def _terminal() -> tuple[int | None, Paint]:
    """The width and the paint of standard output: none in a pipe."""
    if not (sys.stdout and sys.stdout.isatty()):
        return None, plain
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return shutil.get_terminal_size().columns, _painted if colour else plain


def _painted(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if style in _STYLES else text


def _yaml(found: dict[str, Any]) -> str:
    """Data as YAML in which all but plain words is quoted, so that every reader reads the same."""
    import yaml

    from mops.document import ambiguous

    class Careful(yaml.SafeDumper):
        """Writes no aliases."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - yaml's signature
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        bare = re.fullmatch(r"[A-Za-z][-A-Za-z0-9_./]*", value) is not None and not ambiguous(value)
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if bare else '"')

    Careful.add_representer(str, text)
    return yaml.dump(found, Dumper=Careful, sort_keys=False, allow_unicode=True, width=10**6)
