"""`config set` and `config unset` on the text of a file; all other bytes stay the same.

Three steps: choose the spelling (the one that the file uses, else the one that its dialect
prefers), find the place in the document, and change the text. Then the result is read back.
"""

from __future__ import annotations

from collections.abc import Sequence

from mops.edit.document import Document
from mops.edit.readback import Edited, read_back
from mops.edit.spelling import Keys
from mops.model.layer import Path, Value, dotted
from mops.model.problems import UsageError
from mops.schema.fields import SettingsSchema


def assign(
    text: str,
    name: str,
    schema: SettingsSchema,
    paths: Sequence[Path],
    value: Value,
    *,
    profile: str = "",
) -> Edited:
    """The file with the setting at `paths` set to `value`.

    Raises InvalidConfig if the file is invalid before or after the edit, and UsageError if the text
    cannot be changed there.
    """
    document = Document(text, name, schema, profile)
    for keys in _spellings_to_write(document, paths):
        document.put(keys, value)
    expects_value = value is not None and value not in ({}, [])
    return read_back(document, schema, paths, expects_value=expects_value)


def unset(
    text: str, name: str, schema: SettingsSchema, paths: Sequence[Path], *, profile: str = ""
) -> Edited | None:
    """The file without the setting at `paths`; None if it does not set it.

    Raises like `assign`.
    """
    document = Document(text, name, schema, profile)
    speller = document.speller
    spellings = [*speller.short(paths), *speller.nested(paths)]
    written = [keys for keys in spellings if document.writes(keys)]
    if not written:
        shared = _shared_key(document, paths)
        if shared:
            raise UsageError(f"{dotted(paths[0])}: {shared} {_SHARED}; unset {shared}")
        return None
    for keys in written:
        document.remove(keys)
    return read_back(document, schema, paths, expects_value=False)


def _spellings_to_write(document: Document, paths: Sequence[Path]) -> list[Keys]:
    """The spellings to write: those that the file uses, else those that the dialect prefers."""
    short, nested = document.speller.short(paths), document.speller.nested(paths)
    for keys in short:
        if document.writes(keys):
            return [keys]
    if any(document.writes(keys) for keys in nested):
        return nested
    shared = _shared_key(document, paths)
    if shared:
        raise UsageError(f"{dotted(paths[0])}: {shared} {_SHARED}; set {shared}, or unset it first")
    if not short:
        return nested
    if _is_entry(document, nested[0]) and document.writes(nested[0][:-1]):
        # A variable is added to the other variables in the file.
        return nested
    return short[:1]


def _is_entry(document: Document, keys: Keys) -> bool:
    """Whether a spelling leads to an entry of a mapping that may be written as a list."""
    return "x-list-key" in document.speller.schema_at(keys[:-1])


_SHARED = "sets it together with another setting"


def _shared_key(document: Document, paths: Sequence[Path]) -> str:
    """The flat key with which the file sets these paths and others; "" if there is none.

    Paths that have a short spelling of their own do not depend on others.
    """
    if document.speller.short(paths):
        return ""
    written = (keys for keys in document.speller.shared(paths) if document.writes(keys))
    return next((keys[-1] for keys in written), "")
