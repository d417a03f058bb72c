"""Typed data against the schema: the draft-07 keywords that the schema uses, with messages for people.

The tests hold this against the jsonschema library and against helm on generated documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mops.model.layer import Path

Schema = Mapping[str, Any]

_TYPES: dict[str, Any] = {"string": str, "boolean": bool, "array": list, "object": dict}
_ARTICLES = {
    "string": "text",
    "integer": "an integer",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
    "null": "null",
    "number": "a number",
}
# How many characters of a refused value a message repeats at most.
_SHOWN = 40


class Violation(NamedTuple):
    """One thing wrong at `path`. `at_key`: it is the key itself that is wrong."""

    path: Path
    message: str
    hint: str = ""
    at_key: bool = False
    unknown: bool = False


def violations(schema: Schema, value: Any, path: Path = ()) -> Iterator[Violation]:
    """All that is wrong with `value`."""
    if "anyOf" in schema:
        schema = {**schema, **_branch(schema, value)}
    names = types(schema)
    if names and not any(_is(name, value) for name in names):
        yield Violation(
            path, f"expected {_any_of(names)}, found {_kind(value)}", schema.get("x-hint", "")
        )
        return
    if "enum" in schema and value not in schema["enum"]:
        yield Violation(
            path,
            f"expected {_choices(schema['enum'])}, found {shown(value)}",
            near(value, schema["enum"]) or schema.get("x-hint", ""),
        )
    if "not" in schema and not any(violations(schema["not"], value)):
        yield Violation(
            path,
            f"{shown(value)} is not allowed here",
            schema["not"].get("x-hint") or schema.get("x-hint", ""),
        )
    if isinstance(value, str):
        yield from _text(schema, value, path)
    elif isinstance(value, list):
        yield from _list(schema, value, path)
    elif isinstance(value, dict):
        yield from _map(schema, value, path)
    elif not isinstance(value, bool) and isinstance(value, (int, float)):
        yield from _number(schema, value, path)


def types(schema: Schema) -> tuple[str, ...]:
    """The types that the schema allows; () for any."""
    if "anyOf" in schema:
        return tuple(dict.fromkeys(name for branch in schema["anyOf"] for name in types(branch)))
    found = schema.get("type", ())
    return (found,) if isinstance(found, str) else tuple(found)


def child(schema: Schema, key: str) -> Schema | None:
    """What the schema says of a map's value at `key`; None where it allows no such key."""
    if key in schema.get("properties", ()):
        return schema["properties"][key]  # type: ignore[no-any-return]
    for pattern, found in schema.get("patternProperties", {}).items():
        if matches(pattern, key):
            return found  # type: ignore[no-any-return]
    more = schema.get(
        "additionalProperties", schema.get("x-free", "object" in types(schema) or not types(schema))
    )
    if more is False:
        return None
    return _FREE if more is True else more


_FREE: Schema = {"x-free": True}


def matches(pattern: str, text: str) -> bool:
    """Whether `pattern` is found in `text`, `$` meaning the very end, as it does in Go."""
    return re.search(pattern.replace("$", r"\Z"), text) is not None


def near(word: Any, known: Any) -> str:
    """`did you mean …?` for the known word that is nearest to `word`, else ""."""
    if not isinstance(word, str):
        return ""
    from difflib import get_close_matches

    words = {entry.casefold(): entry for entry in known if isinstance(entry, str)}
    close = get_close_matches(word.casefold(), words, 1, 0.6)
    return f"did you mean {words[close[0]]}?" if close else ""


def shown(value: Any) -> str:
    """A refused value for a message: short, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str) and len(value) <= _SHOWN and "://" not in value and "@" not in value:
        return f'"{value}"'
    return _kind(value)


def _text(schema: Schema, value: str, path: Path) -> Iterator[Violation]:
    if len(value) < schema.get("minLength", 0):
        yield Violation(
            path,
            "expected text, found none"
            if not value
            else f"expected at least {schema['minLength']} characters",
        )
    elif len(value) > schema.get("maxLength", len(value)):
        yield Violation(
            path, f"expected at most {schema['maxLength']} characters, found {len(value)}"
        )
    elif "pattern" in schema and not matches(schema["pattern"], value):
        yield Violation(
            path,
            f"expected {schema.get('x-expected', 'text that matches ' + schema['pattern'])}",
            schema.get("x-hint", ""),
        )
    elif not value.isprintable() and re.search("[\x7f-\x84\x86-\x9f\ufffe\uffff]", value):
        yield Violation(
            path,
            "helm cannot carry U+FFFE, U+FFFF, and the control characters from U+007F to U+009F but for U+0085",
            "remove them",
        )


def _number(schema: Schema, value: float, path: Path) -> Iterator[Violation]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if (low is not None and value < low) or (high is not None and value > high):
        if low is not None and low == high:
            wanted = f"exactly {low}"
        elif high is None:
            wanted = f"at least {low}"
        elif low is None:
            wanted = f"at most {high}"
        else:
            wanted = f"{low} to {high}"
        yield Violation(path, f"expected {wanted}, found {value}", schema.get("x-hint", ""))


def _list(schema: Schema, value: list[Any], path: Path) -> Iterator[Violation]:
    items = schema.get("items")
    if items is not None:
        for index, item in enumerate(value):
            yield from violations(items, item, (*path, str(index)))


def _map(schema: Schema, value: dict[str, Any], path: Path) -> Iterator[Violation]:
    if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", len(value)):
        yield Violation(
            path,
            f"expected {schema.get('x-hint') or 'another number of keys'}, found {len(value)} keys",
        )
    for key in schema.get("required", ()):
        if key not in value:
            yield Violation(path, f"{key} is missing")
    names = schema.get("propertyNames")
    for key, entry in value.items():
        if names is not None:
            for wrong in violations(names, key, (*path, key)):
                yield wrong._replace(at_key=True, hint=wrong.hint or names.get("x-hint", ""))
        found = child(schema, key)
        if found is None:
            yield Violation(
                (*path, key),
                "no such setting",
                near(key, schema.get("properties", ())),
                at_key=True,
                unknown=True,
            )
        else:
            yield from violations(found, entry, (*path, key))


def _branch(schema: Schema, value: Any) -> Schema:
    """The alternative of `anyOf` that is meant, judged by the value's type."""
    fitting = [
        branch for branch in schema["anyOf"] if any(_is(name, value) for name in types(branch))
    ]
    if not fitting:
        return {"anyOf": schema["anyOf"], "type": list(types(schema))}
    return next((branch for branch in fitting if not any(violations(branch, value))), fitting[0])


def _is(name: str, value: Any) -> bool:
    if name == "integer":
        return not isinstance(value, bool) and (
            isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        )
    if name == "number":
        return not isinstance(value, bool) and isinstance(value, (int, float))
    if name == "null":
        return value is None
    return isinstance(value, _TYPES[name])


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    for kind, word in (
        (bool, "a truth value"),
        (int, "an integer"),
        (float, "a number"),
        (str, "text"),
        (list, "a list"),
        (dict, "a map"),
    ):
        if isinstance(value, kind):
            return word
    return "something else"


def _any_of(names: tuple[str, ...]) -> str:
    return " or ".join(_ARTICLES[name] for name in names)


def _choices(values: list[Any]) -> str:
    words = [str(value) if value != "" else '""' for value in values]
    return words[0] if len(words) == 1 else f"one of {', '.join(words)}"
