"""`mops config show`: the active configuration as a table for people, or as data."""

from __future__ import annotations

import os
import shutil
import sys

from mops.cli import flags, run, streams
from mops.model.problems import OK, UsageError
from mops.report.origins import selected
from mops.report.settings import settings_data, settings_text
from mops.report.table import Paint, plain
from mops.report.text import json_text
from mops.schema.fields import SettingsSchema
from mops.yamltext.writer import dump

FORMATS = ("text", "yaml", "json")

# Colours that light and dark terminals both show.
_STYLES = {"heading": "1", "value": "32", "origin": "36", "faint": "2"}


def show(given: flags.Given, schema: SettingsSchema) -> int:
    """Prints the active configuration."""
    kinds = given.get("format") or ["text"]
    if len(kinds) > 1 or kinds[0] not in FORMATS:
        raise UsageError(f"--format: expected one of {', '.join(FORMATS)}")
    verdict = run.configuration(given, schema)
    run.settle(verdict, given)
    paths = selected(verdict.config, schema, [()] if given.get("all") else None)
    if kinds[0] == "text":
        streams.out(settings_text(verdict.config, schema, paths, *_terminal()))
    else:
        found = settings_data(verdict.config, schema, paths)
        streams.out(dump(found) if kinds[0] == "yaml" else json_text(found))
    return OK


def _terminal() -> tuple[int | None, Paint]:
    """The width and the paint of standard output: none in a pipe."""
    if not (sys.stdout and sys.stdout.isatty()):
        return None, plain
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return shutil.get_terminal_size().columns, _painted if colour else plain


def _painted(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if style in _STYLES else text
