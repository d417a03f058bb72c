"""`mops migrate`: files of the older tool to the current formats."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mops.cli import streams
from mops.edit.migrate import Options
from mops.edit.migrate.plan import (
    Step,
    files_in_home,
    is_stale,
    plan,
    refuse_standard_input,
    write_steps,
)
from mops.edit.migrate.table import json_table, text_table
from mops.model import disk
from mops.model.problems import DIFFERENCE, OK, UsageError
from mops.schema.fields import SettingsSchema

FORMATS = ("text", "json")


def run(
    schema: SettingsSchema,
    files: Sequence[str],
    output: str,
    kind: str,
    *,
    check: bool,
    write: bool,
    drop_defaults: bool,
    intended: bool,
) -> int:
    """Prints, writes or checks; the exit code."""
    if kind not in FORMATS:
        raise UsageError(f"--format: expected one of {', '.join(FORMATS)}")
    if [check, write, bool(output)].count(True) > 1:
        raise UsageError("--check, --write and -o are mutually exclusive")
    if write:
        refuse_standard_input(files)
    names = list(files) or files_in_home(os.environ)
    steps = plan(names, schema, Options(drop_defaults, intended))
    if write:
        for line in write_steps(steps, names):
            streams.note(line)
        _print(steps, kind, with_text=False)
    elif check:
        _print(steps, kind, with_text=False)
        return DIFFERENCE if is_stale(steps) else OK
    else:
        _output(steps, kind, output or "-")
    return OK


def _output(steps: Sequence[Step], kind: str, output: str) -> None:
    """Writes the one new document to a file, or to stdout for `-`."""
    if len(steps) > 1:
        targets = ", ".join(step.result.target for step in steps)
        raise UsageError(
            f"these files become {len(steps)} documents: {targets}; use --write, or name one file"
        )
    if output != "-":
        disk.write(steps[0].result.text, output)
    _print(steps, kind, with_text=output == "-")


def _print(steps: Sequence[Step], kind: str, *, with_text: bool) -> None:
    """Prints the table, and the new document if wanted: then the table goes to stderr."""
    if kind == "json":
        streams.out(json_table(steps, with_text=with_text))
    elif with_text:
        streams.out(steps[0].result.text)
        streams.line(text_table(steps).rstrip("\n"))
    else:
        streams.out(text_table(steps))
