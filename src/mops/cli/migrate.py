"""`mops migrate`: files of the older tool to today's."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mops.cli import streams
from mops.config.files import home_file, read_text
from mops.edit.migrate import Migrated, migrate
from mops.model import disk
from mops.model.problems import DIFFERENCE, OK, UsageError
from mops.report.text import printable
from mops.schema.fields import SettingsSchema, load_schema

# What the older tool kept in its folder, the file that counted first.
HOME_FILES = ("modelops.yaml", "infrastructure.yaml", "unified-infra.yaml", "config.yaml")
FORMATS = ("text", "json")
_AS_IT_IS = "as it is"


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
    if sum((check, write, bool(output))) > 1:
        raise UsageError("--check, --write and -o exclude each other")
    if write and "-" in files:
        raise UsageError("--write changes files in place, and - is none: use -o")
    names = list(files) or _home(os.environ)
    if len(set(map(os.path.realpath, names))) < len(names):
        raise UsageError("a file is named twice")
    done = migrate(
        [(name, read_text(name)) for name in names],
        schema,
        drop_defaults=drop_defaults,
        intended=intended,
    )
    to_stdout = not (check or write or output)
    if len(done) > 1 and (to_stdout or output):
        raise UsageError(
            f"these files make {len(done)} documents: {', '.join(result.target for result in done)}; use --write, or name one"
        )
    before = [_before(result) for result in done]
    for result, old in zip(done, before, strict=True):
        if write and old is not None and old != result.text and result.target not in names:
            raise UsageError(
                f"{result.target} exists and is not one of the files given: name it too, or write elsewhere with -o"
            )
    if write:
        _write(done, before)
    elif output and output != "-":
        disk.write(done[0].text, output)
    stale = any(old != result.text for result, old in zip(done, before, strict=True))
    if kind == "json":
        streams.out(_json(done, before, with_text=to_stdout or output == "-"))
    elif to_stdout or output == "-":
        streams.out(done[0].text)
        streams.line(_table(done, before).rstrip("\n"))
    else:
        streams.out(_table(done, before))
    return DIFFERENCE if check and stale else OK


def _home(environ: Mapping[str, str]) -> list[str]:
    home = home_file(environ)
    found = [
        name
        for base in HOME_FILES
        if home and os.path.lexists(name := os.path.join(os.path.dirname(home), base))
    ]
    if not found:
        raise UsageError(
            f"there is nothing to migrate in {os.path.dirname(home) or 'the home folder (HOME is not set)'}: name a file"
        )
    return found


def _before(result: Migrated) -> str | None:
    """The text of the target as it is now; None where it is not there."""
    if result.before is not None:
        return result.before
    return read_text(result.target) if os.path.lexists(result.target) else None


def _write(done: Sequence[Migrated], before: Sequence[str | None]) -> None:
    for result, old in zip(done, before, strict=True):
        if old == result.text:
            streams.note(f"{result.target} is as it should be")
        elif old is None:
            if not disk.create(result.text, result.target, _mode(result.sources)):
                raise UsageError(f"{result.target} has appeared meanwhile")
            streams.note(
                f"{result.target} is written; {', '.join(result.sources)} is left as it is"
            )
        else:
            kept = _backup(old, result.target)
            disk.write(result.text, result.target)
            streams.note(f"{result.target} is written, the old one is {kept}")


def _backup(text: str, name: str) -> str:
    """Keeps the old text under a name that is free."""
    number = 0
    while not disk.create(
        text, kept := f"{name}.bak" + (f".{number}" if number else ""), _mode([name])
    ):
        number += 1
    return kept


def _mode(names: Sequence[str]) -> int:
    """Who may read what these files hold: nobody who may not read one of them."""
    mode = 0o666
    for name in names:
        with contextlib.suppress(OSError):
            mode &= os.stat(name).st_mode
    return mode


def _table(done: Sequence[Migrated], before: Sequence[str | None]) -> str:
    """What became of every key, for people."""
    lines: list[str] = []
    for result, old in zip(done, before, strict=True):
        verb = "nothing to do" if old == result.text else f"to {result.target} ({result.format})"
        lines.append(f"{', '.join(result.sources)}: {verb}")
        kept = [change.key for change in result.changes if change.why == _AS_IT_IS]
        rows = [
            (
                f"{change.key} -> {change.to}" if change.to else change.key,
                change.action,
                change.why,
                change.place,
            )
            for change in result.changes
            if change.why != _AS_IT_IS
        ]
        rows += (
            [
                (
                    f"{len(kept)} key{'s' if len(kept) > 1 else ''}",
                    "kept",
                    f"as {'they are' if len(kept) > 1 else 'it is'}: {', '.join(kept)}",
                    "",
                )
            ]
            if kept
            else []
        )
        widths = [
            min(max((len(row[column]) for row in rows), default=0), limit)
            for column, limit in ((0, 56), (1, 9))
        ]
        lines += [
            f"  {key:<{widths[0]}}  {action:<{widths[1]}}  {why}"
            + (f"  [{place}]" if place.rpartition(":")[0] else "")
            for key, action, why, place in rows
        ]
        if any(row[1] == "dropped" for row in rows):
            lines.append(
                "  (what is dropped stays as a comment where it has lines of its own and says something)"
            )
    return "".join(f"{printable(line)}\n" for line in lines)


def _json(done: Sequence[Migrated], before: Sequence[str | None], *, with_text: bool) -> str:
    def one(result: Migrated, old: str | None) -> dict[str, Any]:
        told = {
            "sources": result.sources, "target": result.target, "format": result.format, "changed": old != result.text,
            "changes": [change._asdict() for change in result.changes],
        }  # fmt: skip
        return {**told, "text": result.text} if with_text else told

    return (
        json.dumps(
            [one(result, old) for result, old in zip(done, before, strict=True)],
            indent=2,
            ensure_ascii=False,
        )
        + "\n"
    )


class MigrateOptions(NamedTuple):
    """What `mops migrate` is asked for."""

    files: tuple[str, ...] = ()
    check: bool = False
    write: bool = False
    output: str = ""
    format: str = "text"
    drop_defaults: bool = False
    intended: bool = False


def migrate_files(options: MigrateOptions) -> int:
    """Converts files of the older tool."""
    return run(
        load_schema(),
        options.files,
        options.output,
        options.format,
        check=options.check,
        write=options.write,
        drop_defaults=options.drop_defaults,
        intended=options.intended,
    )
