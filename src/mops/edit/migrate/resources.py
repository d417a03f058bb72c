"""The resources of a section: requests, limits, and keys that the older tool ignored there."""

from __future__ import annotations

from mops.edit.migrate.changes import ADDED, CHANGED, DIFFERS
from mops.edit.migrate.draft import Draft
from mops.edit.migrate.older_yaml import data
from mops.edit.migrate.scalars import drop_null
from mops.model.layer import Path, Value
from mops.yamltext.outline import Map, Pair, resolved

_KINDS = ("requests", "limits")
_AMOUNTS = ("memory", "cpu")
# The resources of a pod in each section if requests or limits were missing.
_DEFAULTS = {
    "scheduler": {"memory": "2Gi", "cpu": "1"},
    "workers": {"memory": "4Gi", "cpu": "2"},
}


def migrate_resources(draft: Draft, here: Path, pair: Pair) -> None:
    """Migrates the resources at `here`, a path that ends with the section and `resources`."""
    node = resolved(pair.value)
    if not isinstance(node, Map):
        return
    if draft.options.intended and _carry_over(draft, here, pair, node):
        return
    default = _DEFAULTS[here[-2]]
    why = (
        "the older tool read only requests and limits, so the pod got"
        f" {default['memory']} and {default['cpu']} CPU"
        " (--intended makes it the request and the limit)"
    )
    for part in node.pairs:
        if part.key.text not in _KINDS:
            draft.comment_out((*here, part.key.text), part, why)
    for kind, other in (_KINDS, _KINDS[::-1]):
        _complete(draft, here, node, kind, other)


def _carry_over(draft: Draft, here: Path, pair: Pair, node: Map) -> bool:
    """Turns plain cpu and memory into requests and limits; returns whether there were any."""
    values = {part.key.text: str(data(part.value)) for part in node.pairs}
    meant = {name: value for name, value in values.items() if name in _AMOUNTS}
    if not meant or values.keys() & set(_KINDS):
        return False
    draft.rewrite.put(pair, {"requests": meant, "limits": meant})
    why = "the older tool ignored cpu and memory here; they are now the request and the limit"
    draft.note(CHANGED, here, why, pair)
    return True


def _complete(draft: Draft, here: Path, node: Map, kind: str, other: str) -> None:
    """Adds to requests or limits (`kind`) the amounts that the older tool added."""
    pair = node.pair(kind)
    if pair is None or drop_null(draft, (*here, kind), pair):
        return
    given = data(pair.value)
    if not isinstance(given, dict):
        return
    beside = node.pair(other)
    others = data(beside.value) if beside is not None else _DEFAULTS[here[-2]]
    for name in _AMOUNTS:
        if name not in given:
            _add_missing(draft, (*here, kind, name), others)


def _add_missing(draft: Draft, keys: Path, others: Value) -> None:
    """Adds a missing amount; `others` are the limits for a request, and vice versa."""
    *_, section, _, kind, name = keys
    if (kind, name) == ("limits", "cpu"):
        draft.ensure(keys, "")
        why = "no limit was written or set; an empty string means no limit"
        draft.note(ADDED, keys, why)
    elif kind == "requests" and isinstance(others, dict) and name in others:
        draft.ensure(keys, str(others[name]))
        why = "without a request Kubernetes uses the limit, which is now written out"
        draft.note(ADDED, keys, why)
    else:
        tree = draft.schema.at((section, "resources", kind, name)) or {}
        draft.note(DIFFERS, keys, f"none was set; now the default {tree.get('default')} applies")
