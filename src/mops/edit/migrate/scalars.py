"""Scalars that the older tool read as numbers, booleans or null, in the current notation."""

from __future__ import annotations

from mops.edit.migrate.changes import CHANGED, DROPPED
from mops.edit.migrate.draft import Draft
from mops.edit.migrate.older_yaml import data
from mops.model.layer import Path
from mops.yamltext.outline import Pair, Scalar, resolved
from mops.yamltext.writer import natural_scalar

_TRUE = frozenset({"true", "yes", "on", "t", "y", "1"})
_FALSE = frozenset({"false", "no", "off", "f", "n", "0"})


def write_integer(draft: Draft, keys: Path, pair: Pair) -> None:
    """Writes a value that was read as an integer in the current notation."""
    found = data(pair.value)
    if isinstance(found, str) and found.strip().lstrip("+-").isdigit():
        found = int(found)
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if isinstance(found, int) and not isinstance(found, bool):
        _write(draft, keys, pair, found)


def write_boolean(draft: Draft, keys: Path, pair: Pair) -> None:
    """Writes a value that was read as a boolean as true or false."""
    word = str(data(pair.value)).lower()
    if word in _TRUE | _FALSE:
        _write(draft, keys, pair, word in _TRUE)


def drop_null(draft: Draft, keys: Path, pair: Pair) -> bool:
    """Removes a key if its value is null or missing; returns whether it did."""
    node = resolved(pair.value)
    if not isinstance(node, Scalar) or data(node) is not None:
        return False
    draft.rewrite.remove(pair)
    draft.note(DROPPED, keys, "it had no value", pair)
    return True


def _write(draft: Draft, keys: Path, pair: Pair, value: int) -> None:
    node = resolved(pair.value)
    text = natural_scalar(value)
    if isinstance(node, Scalar) and (node.style or node.text != text):
        draft.rewrite.replace(pair.value.start, pair.value.end, text)
        draft.note(CHANGED, keys, f"{node.text!r} meant {text}, which is now written", pair)
