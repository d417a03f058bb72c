"""`mops config set` and `unset`: change a setting in its file, and say what counts afterwards."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mops.cli import streams
from mops.config.files import file_to_edit
from mops.config.keys import find_setting
from mops.edit.effect import effect_lines, removed_line, written_lines
from mops.edit.files import Target, set_in_file, unset_in_file
from mops.edit.value import typed_value
from mops.model.problems import OK
from mops.schema.fields import SettingsSchema


def assign(schema: SettingsSchema, key: str, value: str, file: str, profile: str) -> int:
    """Sets one setting in its file."""
    paths = find_setting(schema, key)
    target = Target(file_to_edit(file, os.environ), profile, schema)
    edited, changed = set_in_file(target, paths, typed_value(schema, key, paths, value))
    for line in written_lines(target, edited, changed=changed):
        streams.note(line)
    for line in effect_lines(target, edited, os.environ):
        streams.note(line)
    return OK


def forget(schema: SettingsSchema, keys: Sequence[str], file: str, profile: str) -> int:
    """Removes settings from their file."""
    target = Target(file_to_edit(file, os.environ), profile, schema)
    edits = unset_in_file(target, [find_setting(schema, key) for key in keys])
    for key, edited in zip(keys, edits, strict=True):
        streams.note(removed_line(target, key, edited))
        if edited is not None:
            for line in effect_lines(target, edited, os.environ, removed=True):
                streams.note(line)
    return OK
