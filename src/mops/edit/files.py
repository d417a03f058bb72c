"""Changing settings in a file on disk: lock, edit, validate, and only then write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mops.config.files import read_text
from mops.edit.readback import Edited, refuse_new_errors
from mops.edit.setting import assign, unset
from mops.model import disk
from mops.model.layer import Path, Value
from mops.schema.fields import SettingsSchema


class Target(NamedTuple):
    """What is edited: a file, or one profile in it."""

    file: str
    profile: str
    schema: SettingsSchema


def set_in_file(target: Target, paths: Sequence[Path], value: Value) -> tuple[Edited, bool]:
    """Sets the setting at `paths`; returns the edit, and whether it changed the file.

    Raises like `assign`.
    """
    name, profile, schema = target
    with disk.locked(name):
        text = read_text(name)
        edited = assign(text, name, schema, paths, value, profile=profile)
        refuse_new_errors(text, edited, name, schema)
        return edited, disk.write(edited.text, name)


def unset_in_file(target: Target, settings: Sequence[Sequence[Path]]) -> list[Edited | None]:
    """Removes settings, each given by its paths; returns None for each that the file does not set.

    If `unset` raises for one of them, none is removed. All edits have the final file.
    """
    name, profile, schema = target
    edits: list[Edited | None] = []
    last: Edited | None = None
    with disk.locked(name):
        before = text = read_text(name)
        for paths in settings:
            edited = unset(text, name, schema, paths, profile=profile)
            edits.append(edited)
            if edited is not None:
                last, text = edited, edited.text
        if last is None:
            return edits
        refuse_new_errors(before, last, name, schema)
        disk.write(text, name)
    return [edit and last._replace(paths=edit.paths) for edit in edits]
