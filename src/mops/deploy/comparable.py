"""Manifests in a form for comparison: lists become mappings.

Kubernetes identifies the items of most lists by a field (a container's name, a mount's path), so
lists are compared by item, not by position. Arguments are keyed by their flag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mops.model.layer import Path, Value
from mops.model.quantities import memory_bytes, millicpu

# Fields that identify the items of a list; the first one that all items have is used.
_IDENTITIES = ("name", "mountPath", "containerPort", "port", "key")
_EMPTY: tuple[Value, ...] = (None, [], {}, "")


def comparable(value: Value, key: str = "") -> Value:
    """A manifest, or the value of `key` in one, with lists as mappings and without nulls.

    Lists of scalars stay lists, except for `args`.
    """
    if isinstance(value, Mapping):
        return {name: comparable(entry, name) for name, entry in value.items() if entry is not None}
    if isinstance(value, list):
        return _comparable_list(value, key)
    return value


def _comparable_list(items: list[Value], key: str) -> Value:
    if key == "args":
        return _arguments(items)
    if not items or not all(isinstance(item, dict) for item in items):
        return list(items)
    if key == "env":
        return {item["name"]: _variable(item) for item in items}
    identity = _identity(items)
    return {
        str(item[identity] if identity else index): comparable(item)
        for index, item in enumerate(items)
    }


def _identity(items: Sequence[Mapping[str, Value]]) -> str:
    """The field that identifies the items; "" if there is none."""
    for key in _IDENTITIES:
        values = {item.get(key) for item in items}
        if None not in values and len(values) == len(items):
            return key
    return ""


def _variable(item: Mapping[str, Value]) -> Value:
    """The value of an environment variable; the API server drops empty ones."""
    source = item.get("valueFrom")
    return comparable({"valueFrom": source}) if source else item.get("value") or ""


def _arguments(items: Sequence[Value]) -> dict[str, str]:
    """Arguments by flag: a repeated flag gets a ', a positional argument a name such as `[0]`."""
    found: dict[str, str] = {}
    positional = 0
    pending = [str(item) for item in reversed(items)]
    while pending:
        flag, equals, value = pending.pop().partition("=")
        if not flag.startswith("--"):
            flag, value = f"[{positional}]", f"{flag}{equals}{value}"
            positional += 1
        elif not equals and pending and not pending[-1].startswith("--"):
            value = pending.pop()
        while flag in found:
            flag += "'"
        found[flag] = value
    return found


def value_at(tree: Value, path: Path) -> Value:
    """The value at a path of nested mappings; None if there is none."""
    for part in path:
        if not isinstance(tree, Mapping) or part not in tree:
            return None
        tree = tree[part]
    return tree


def equal(path: Path, left: Value, right: Value) -> bool:
    """Whether two values at a path mean the same to Kubernetes."""
    if left == right:
        return True
    if path[-2:-1] in (("args",), ("env",)):
        # An empty string is a value here.
        return False
    if left in _EMPTY and right in _EMPTY:
        return True
    if "resources" in path or path[-1] in ("sizeLimit", "divisor"):
        amount = _thousandths(right)
        return amount is not None and amount == _thousandths(left)
    return False


def _thousandths(value: Value) -> int | None:
    """A quantity of CPUs or bytes in thousandths; None if it is not a quantity."""
    text = str(value)
    has_unit = text[-1:].isalpha() and not text.endswith("m")
    try:
        return memory_bytes(text) * 1000 if has_unit else millicpu(text)
    except (ValueError, KeyError):
        return None
