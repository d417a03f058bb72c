"""Validation of typed data: the draft-07 keywords that the schema uses, with readable messages.

The tests compare the verdicts with those of the jsonschema library and of helm.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from mops.model.layer import Path, Value
from mops.model.spelling import near, one_of
from mops.schema.tree import Tree

UNKNOWN_SETTING = "unknown setting"

_FREE: Tree = {"x-free": True}

_EXPECTED = {
    "string": "a string",
    "integer": "an integer",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
    "number": "a number",
}
_FOUND: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "a mapping",
}
# Helm's YAML writer drops these.
_UNWRITABLE = "[\x7f-\x84\x86-\x9f\ufffe\uffff]"
_UNWRITABLE_MESSAGE = (
    "Helm does not support U+FFFE, U+FFFF, and the control characters U+007F to U+009F"
    " except U+0085"
)
# What the schema says that it expects where it takes an amount.
_AMOUNT = "quantity|duration|percentage"
# The longest invalid value that a message repeats, in characters.
_LONGEST_SHOWN = 40


class Violation(NamedTuple):
    """One thing wrong at `path`. `at_key`: the key itself is invalid, not its value."""

    path: Path
    message: str
    hint: str = ""
    at_key: bool = False
    unknown: bool = False


def violations(tree: Tree, value: Value, path: Path = ()) -> Iterator[Violation]:
    """Everything that is wrong with `value`, which is at `path`."""
    if "anyOf" in tree:
        tree = {**tree, **_branch(tree, value)}
    names = types(tree)
    if names and not any(_is(name, value) for name in names):
        expected = " or ".join(_EXPECTED[name] for name in names)
        yield Violation(path, f"expected {expected}, found {_kind(value)}", tree.get("x-hint", ""))
        return
    if "enum" in tree:
        yield from _enum(tree, value, path)
    if "not" in tree:
        yield from _not(tree, value, path)
    check = _CHECKS.get(type(value))
    if check is not None:
        yield from check(tree, value, path)


def types(tree: Tree) -> tuple[str, ...]:
    """The types that the schema allows; () for any."""
    if "anyOf" in tree:
        return tuple(dict.fromkeys(name for branch in tree["anyOf"] for name in types(branch)))
    found = tree.get("type", ())
    return (found,) if isinstance(found, str) else tuple(found)


def child(tree: Tree, key: str) -> Tree | None:
    """The schema of a mapping's value at `key`; None if the key is not allowed."""
    found: Tree
    if key in tree.get("properties", ()):
        found = tree["properties"][key]
        return _with_kubernetes(found) if "x-kubernetes" in found else found
    for pattern, found in tree.get("patternProperties", {}).items():
        if matches(pattern, key):
            return found
    names = types(tree)
    others = tree.get("additionalProperties", tree.get("x-free", "object" in names or not names))
    if others is False:
        return None
    return _FREE if others is True else others


_MERGED: dict[int, Tree] = {}


def _with_kubernetes(tree: Tree) -> Tree:
    """A setting that is passed on to Kubernetes, with what Kubernetes says about its type."""
    if id(tree) not in _MERGED:
        from mops.schema.kubernetes import merged, type_tree

        _MERGED[id(tree)] = merged(tree, type_tree(tree["x-kubernetes"]))
    return _MERGED[id(tree)]


def matches(pattern: str, text: str) -> bool:
    """Whether `pattern` is found in `text`; as in Go, `$` matches only at the very end."""
    return re.search(pattern.replace("$", r"\Z"), text) is not None


def shown(value: Value) -> str:
    """An invalid value for a message: its kind if it is long or may contain credentials."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str) and len(value) <= _LONGEST_SHOWN and not _is_address(value):
        return f'"{value}"'
    return _kind(value)


def _is_address(text: str) -> bool:
    return "://" in text or "@" in text


def _enum(tree: Tree, value: Value, path: Path) -> Iterator[Violation]:
    if value not in tree["enum"]:
        hint = near(value, tree["enum"]) or tree.get("x-hint", "")
        yield Violation(path, f"expected {one_of(tree['enum'])}, found {shown(value)}", hint)


def _not(tree: Tree, value: Value, path: Path) -> Iterator[Violation]:
    refused = tree["not"]
    # The suggestions for a violation of an enum are costly, and nobody reads them here.
    if "enum" in refused and value not in refused["enum"]:
        return
    if not any(violations(refused, value)):
        hint = refused.get("x-hint") or tree.get("x-hint", "")
        yield Violation(path, f"{shown(value)} is not allowed here", hint)


def _string(tree: Tree, value: str, path: Path) -> Iterator[Violation]:
    if len(value) < tree.get("minLength", 0):
        wanted = f"expected at least {tree['minLength']} characters"
        yield Violation(path, wanted if value else "must not be empty")
    elif len(value) > tree.get("maxLength", len(value)):
        wanted = f"expected at most {tree['maxLength']} characters"
        yield Violation(path, f"{wanted}, found {len(value)}")
    elif "pattern" in tree and not matches(tree["pattern"], value):
        wanted = tree.get("x-expected", f"a string that matches {tree['pattern']}")
        yield _unmatched(tree, value, path, f"expected {wanted}")
    elif not value.isprintable() and re.search(_UNWRITABLE, value):
        yield Violation(path, _UNWRITABLE_MESSAGE, "remove them")


def _unmatched(tree: Tree, value: str, path: Path, message: str) -> Violation:
    """A string that does not match its pattern; for an amount, with its nearest legal spelling."""
    hint = tree.get("x-hint", "")
    if re.search(_AMOUNT, message):
        from mops.schema.amounts import respelled

        message = f"{message}, found {shown(value)}"
        hint = hint or respelled(value, lambda text: matches(tree["pattern"], text))
    return Violation(path, message, hint)


def _number(tree: Tree, value: float, path: Path) -> Iterator[Violation]:
    low, high = tree.get("minimum"), tree.get("maximum")
    if (low is not None and value < low) or (high is not None and value > high):
        message = f"expected {number_range(low, high)}, found {value}"
        yield Violation(path, message, tree.get("x-hint", ""))


def number_range(low: float | None, high: float | None) -> str:
    """The range from `low` to `high` in words; one of them may be None, for no bound."""
    if high is None:
        return f"at least {low}"
    if low is None:
        return f"at most {high}"
    return f"exactly {low}" if low == high else f"{low} to {high}"


def _list(tree: Tree, value: list[Value], path: Path) -> Iterator[Violation]:
    if "items" in tree:
        for index, item in enumerate(value):
            yield from violations(tree["items"], item, (*path, str(index)))


def _mapping(tree: Tree, value: dict[str, Value], path: Path) -> Iterator[Violation]:
    if not tree.get("minProperties", 0) <= len(value) <= tree.get("maxProperties", len(value)):
        wanted = tree.get("x-hint") or "a different number of keys"
        yield Violation(path, f"expected {wanted}, found {len(value)} keys")
    for key in tree.get("required", ()):
        if key not in value:
            yield Violation(path, f"{key} is missing")
    for key, entry in value.items():
        here = (*path, key)
        for wrong in name_violations(tree, key):
            yield wrong._replace(path=here)
        found = child(tree, key)
        if found is None:
            hint = near(key, tree.get("properties", ()))
            message = (
                f"{tree['x-type']} has no field {key}" if "x-type" in tree else UNKNOWN_SETTING
            )
            yield Violation(here, message, hint, at_key=True, unknown=True)
        else:
            yield from violations(found, entry, here)


def name_violations(tree: Tree, key: str) -> Iterator[Violation]:
    """Everything that is wrong with `key` as a name in a mapping."""
    names = tree.get("propertyNames")
    if names is not None:
        for wrong in violations(names, key):
            yield wrong._replace(at_key=True, hint=wrong.hint or names.get("x-hint", ""))


_CHECKS: dict[type, Callable[[Tree, Value, Path], Iterator[Violation]]] = {
    str: _string,
    int: _number,
    float: _number,
    list: _list,
    dict: _mapping,
}


def _branch(tree: Tree, value: Value) -> Tree:
    """The alternative of `anyOf` that has the value's type, preferably one that it satisfies."""
    fitting = [
        branch for branch in tree["anyOf"] if any(_is(name, value) for name in types(branch))
    ]
    if not fitting:
        return {"anyOf": tree["anyOf"], "type": list(types(tree))}
    return next((branch for branch in fitting if not any(violations(branch, value))), fitting[0])


_CLASSES: dict[str, type] = {
    "string": str,
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


def _is(name: str, value: Value) -> bool:
    """Whether a value has a type of JSON Schema: True is not a number, and 2.0 is an integer."""
    if name in _CLASSES:
        return isinstance(value, _CLASSES[name])
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return name == "number" or isinstance(value, int) or value.is_integer()


def _kind(value: Value) -> str:
    return _FOUND.get(type(value), "something else")
