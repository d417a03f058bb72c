"""Migrating files on disk: which are read, which are written, and backups of the old ones."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mops.config.files import home_file, read_text
from mops.edit.migrate import Migrated, Options, migrate
from mops.model import disk
from mops.model.problems import UsageError
from mops.schema.fields import SettingsSchema

# The older tool's files in its directory, in order of precedence.
_HOME_FILES = ("modelops.yaml", "infrastructure.yaml", "unified-infra.yaml", "config.yaml")


class Step(NamedTuple):
    """One file to write: a migration's result, and the target's current text (None if missing)."""

    result: Migrated
    before: str | None

    @property
    def is_needed(self) -> bool:
        """Whether the target's content would change."""
        return self.before != self.result.text


def files_in_home(environ: Mapping[str, str]) -> list[str]:
    """The older tool's files in the home directory. Raises UsageError if there are none."""
    home = home_file(environ)
    if not home:
        raise UsageError("nothing to migrate: HOME is not set; name a file")
    directory = os.path.dirname(home)
    names = [os.path.join(directory, name) for name in _HOME_FILES]
    found = [name for name in names if os.path.lexists(name)]
    if not found:
        raise UsageError(f"nothing to migrate in {directory}; name a file")
    return found


def is_stale(steps: Sequence[Step]) -> bool:
    """Whether a step would change something."""
    return any(step.is_needed for step in steps)


def refuse_standard_input(names: Sequence[str]) -> None:
    """Raises UsageError for standard input, which cannot be changed in place."""
    if "-" in names:
        raise UsageError("--write changes files in place; for standard input (-) use -o")


def plan(names: Sequence[str], schema: SettingsSchema, options: Options) -> list[Step]:
    """The steps that bring files to the current formats. Raises like `migrate`."""
    if len(set(map(os.path.realpath, names))) < len(names):
        raise UsageError("the same file is given twice")
    texts = [(name, read_text(name)) for name in names]
    return [Step(result, _text_now(result)) for result in migrate(texts, schema, options)]


def _text_now(result: Migrated) -> str | None:
    if result.before is not None:
        return result.before
    return read_text(result.target) if os.path.lexists(result.target) else None


def _refuse_overwriting(steps: Sequence[Step], names: Sequence[str]) -> None:
    for step in steps:
        target = step.result.target
        if step.is_needed and step.before is not None and target not in names:
            raise UsageError(
                f"{target} exists and is not one of the given files;"
                " name it too, or write to another file with -o"
            )


def write_steps(steps: Sequence[Step], names: Sequence[str]) -> Iterator[str]:
    """Writes the targets one by one, and yields a line for each that says what was done.

    Replaced files are kept as backups. Raises UsageError, with nothing written, if a file that is
    not among the given `names` would be replaced.
    """
    _refuse_overwriting(steps, names)
    for step in steps:
        result = step.result
        if not step.is_needed:
            yield f"{result.target} is up to date"
        elif step.before is None:
            if not disk.create(result.text, result.target, _common_mode(result.sources)):
                raise UsageError(f"{result.target} was just created by another program")
            yield f"wrote {result.target}; {', '.join(result.sources)} left unchanged"
        else:
            backup = _back_up(step.before, result.target)
            disk.write(result.text, result.target)
            yield f"wrote {result.target}; the old file is {backup}"


def _back_up(text: str, name: str) -> str:
    """Writes the old text of the file `name` to a new file beside it; returns its name."""
    mode = _common_mode([name])
    backup, number = f"{name}.bak", 0
    while not disk.create(text, backup, mode):
        number += 1
        backup = f"{name}.bak.{number}"
    return backup


def _common_mode(names: Sequence[str]) -> int:
    """The permissions that all of these files grant."""
    mode = 0o666
    for name in names:
        with contextlib.suppress(OSError):
            mode &= os.stat(name).st_mode
    return mode
