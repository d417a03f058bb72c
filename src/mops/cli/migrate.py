"""`mops migrate`: converting files of the older tool to the current formats."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

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
from mops.schema.fields import load_schema


class MigrateOptions(NamedTuple):
    """The options of `mops migrate`."""

    files: tuple[str, ...] = ()
    check: bool = False
    write: bool = False
    output: str = ""
    format: str = "text"
    drop_defaults: bool = False
    intended: bool = False


def migrate_files(options: MigrateOptions) -> int:
    """Prints, writes or checks the migrated files; returns the exit code."""
    if [options.check, options.write, bool(options.output)].count(True) > 1:
        raise UsageError("--check, --write and -o are mutually exclusive")
    if options.write:
        refuse_standard_input(options.files)
    names = list(options.files) or files_in_home(os.environ)
    steps = plan(names, load_schema(), Options(options.drop_defaults, options.intended))
    if options.write:
        for line in write_steps(steps, names):
            streams.note(line)
        _print(steps, options.format, with_text=False)
    elif options.check:
        _print(steps, options.format, with_text=False)
        return DIFFERENCE if is_stale(steps) else OK
    else:
        _output(steps, options.format, options.output or "-")
    return OK


def _output(steps: Sequence[Step], kind: str, output: str) -> None:
    """Writes the new document, which must be the only one, to a file, or to stdout for `-`."""
    if len(steps) > 1:
        targets = ", ".join(step.result.target for step in steps)
        raise UsageError(
            f"these files become {len(steps)} documents: {targets}; use --write, or name one file"
        )
    if output != "-":
        disk.write(steps[0].result.text, output)
    _print(steps, kind, with_text=output == "-")


def _print(steps: Sequence[Step], kind: str, *, with_text: bool) -> None:
    """Prints the table; `with_text` prints the new document, and the table on stderr."""
    if kind == "json":
        streams.out(json_table(steps, with_text=with_text))
    elif with_text:
        streams.out(steps[0].result.text)
        streams.line(text_table(steps).rstrip("\n"))
    else:
        streams.out(text_table(steps))
