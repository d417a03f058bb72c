"""Scalars that the older tool's YAML reader took for numbers or truth values, as today's reader wants them."""

from __future__ import annotations

from mops.edit.migrate.draft import CHANGED, DROPPED, Draft, data
from mops.model.layer import Path
from mops.yamltext.outline import Pair, Scalar, resolved
from mops.yamltext.writer import natural_scalar

_TRUE, _FALSE = (
    frozenset({"true", "yes", "on", "t", "y", "1"}),
    frozenset({"false", "no", "off", "f", "n", "0"}),
)


def whole(draft: Draft, names: Path, pair: Pair) -> None:
    """Writes an integer plainly."""
    found = data(pair.value)
    if isinstance(found, str) and found.strip().lstrip("+-").isdigit():
        found = int(found)
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if isinstance(found, int) and not isinstance(found, bool):
        _plainly(draft, names, pair, found)


def truth(draft: Draft, names: Path, pair: Pair) -> None:
    """Writes a truth value as true or false."""
    found = data(pair.value)
    word = str(found).lower()
    if isinstance(found, bool) or word in _TRUE | _FALSE:
        _plainly(draft, names, pair, found if isinstance(found, bool) else word in _TRUE)


def nothing(draft: Draft, names: Path, pair: Pair) -> bool:
    """Takes a key away that has no value; whether it did."""
    node = resolved(pair.value)
    if isinstance(node, Scalar) and data(node) is None:
        draft.rewrite.remove(pair)
        draft.note(DROPPED, names, "nothing was written here", pair)
        return True
    return False


def _plainly(draft: Draft, names: Path, pair: Pair, value: int) -> None:
    node = resolved(pair.value)
    if isinstance(node, Scalar) and (node.style or node.text != natural_scalar(value)):
        draft.rewrite.replace(pair.value.start, pair.value.end, natural_scalar(value))
        draft.note(
            CHANGED,
            names,
            f"{node.text!r} meant {natural_scalar(value)}, which is now written plainly",
            pair,
        )
