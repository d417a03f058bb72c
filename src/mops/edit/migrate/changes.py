"""The result of a migration: the new text, and what became of every key."""

from __future__ import annotations

from typing import Literal, NamedTuple

Action = Literal["kept", "renamed", "moved", "changed", "added", "dropped", "differs", "conflict"]
KEPT: Action = "kept"
RENAMED: Action = "renamed"
MOVED: Action = "moved"
CHANGED: Action = "changed"
ADDED: Action = "added"
DROPPED: Action = "dropped"
DIFFERS: Action = "differs"
CONFLICT: Action = "conflict"

UNCHANGED = "unchanged"


class Change(NamedTuple):
    """What became of a key. `to` is its new key if that is different.

    `place` is file:line:col in the old file, or the file's name if the key was not in it.
    """

    key: str
    action: Action
    why: str
    place: str = ""
    to: str = ""


class Migrated(NamedTuple):
    """The result for one file, or for several files that were read together.

    `target` is the name of the new file. `before` is its old text if it is one of the sources.
    """

    sources: list[str]
    target: str
    format: str
    text: str
    before: str | None
    changes: list[Change]
