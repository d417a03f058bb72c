"""`mops config set` and `unset`: change a setting in its file, and report the effect."""

from __future__ import annotations

import os
from typing import NamedTuple

from mops.cli import streams
from mops.config.files import file_to_edit
from mops.config.keys import find_setting
from mops.edit.effect import effect_lines, removed_line, written_lines
from mops.edit.files import Target, set_in_file, unset_in_file
from mops.edit.value import typed_value
from mops.model.problems import OK, UsageError
from mops.schema.fields import load_schema


class SetOptions(NamedTuple):
    """The options of `mops config set`."""

    key: str
    value: str
    file: str = ""
    profile: str = ""


class UnsetOptions(NamedTuple):
    """The options of `mops config unset`."""

    keys: tuple[str, ...]
    file: str = ""
    profile: str = ""


def set_setting(options: SetOptions) -> int:
    """Sets one setting in its file."""
    schema = load_schema()
    try:
        paths = find_setting(schema, options.key)
    except UsageError:
        from mops.cli.habits import pairs_hint

        hint = pairs_hint((options.key, options.value))
        if hint:
            raise UsageError(f"expected KEY VALUE ({hint})") from None
        raise
    target = Target(file_to_edit(options.file, os.environ), options.profile, schema)
    value = typed_value(schema, options.key, paths, options.value)
    edited, changed = set_in_file(target, paths, value)
    for line in written_lines(target, edited, changed=changed):
        streams.note(line)
    for line in effect_lines(target, edited, os.environ):
        streams.note(line)
    return OK


def unset_settings(options: UnsetOptions) -> int:
    """Removes settings from their file."""
    schema = load_schema()
    target = Target(file_to_edit(options.file, os.environ), options.profile, schema)
    edits = unset_in_file(target, [find_setting(schema, key) for key in options.keys])
    for key, edited in zip(options.keys, edits, strict=True):
        streams.note(removed_line(target, key, edited))
        if edited is not None:
            for line in effect_lines(target, edited, os.environ, removed=True):
                streams.note(line)
    return OK
