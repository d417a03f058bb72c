"""Keys: the dotted spellings of settings, and the paths that they stand for."""

from __future__ import annotations

from collections.abc import Mapping

from mops.model.layer import Path, dotted
from mops.model.problems import UsageError
from mops.schema.fields import SettingsSchema, snake
from mops.schema.keywords import near

_EMPTY = '""'


def key_path(text: str, flag: str) -> Path:
    r"""The path of a dotted key; in its parts, dots are quoted (a."b.c") or escaped (a.b\.c)."""
    parts, part, quote, index = [], "", "", 0
    while index < len(text):
        char = text[index]
        if char == "\\" and not quote and index + 1 < len(text):
            index += 1
            part += text[index]
        elif quote:
            if char == quote:
                quote = ""
            else:
                part += char
        elif char in "\"'":
            quote = char
        elif char == ".":
            parts.append(part)
            part = ""
        else:
            part += char
        index += 1
    parts.append(part)
    if quote or not all(parts):
        raise UsageError(
            f"{flag}: {text or _EMPTY} is not a key"
            + (": a quote is not closed" if quote else ": a part of it is empty")
        )
    return tuple(parts)


def find_setting(schema: SettingsSchema, key: str) -> list[Path]:
    """The paths of the setting or section `key`. Raises UsageError where there is none."""
    path = key_path(key, "KEY")
    found = canonical(schema, path)
    if not found:
        hint = suggestion(schema, dotted(path)) or near(key, schema.tree["properties"])
        raise UsageError(f"unknown setting {key}" + (f" ({hint})" if hint else ""))
    return found


def canonical(schema: SettingsSchema, path: Path) -> list[Path]:
    """The paths that a key stands for, in any of its spellings; [] where it names no setting."""
    if len(path) > 1 and path[0] in ("workspace", "spec"):
        path = path[1:]
    if path[0] in schema.flat:
        return [
            (*base, *path[1:])
            for base in schema.flat[path[0]]
            if schema.at((*base, *path[1:])) is not None
        ]
    found: list[str] = []
    for part in path:
        tree = schema.at(tuple(found))
        declared = (tree or {}).get("properties", {})
        found.append(
            part
            if part in declared
            else next((name for name in declared if snake(name) == part), part)
        )
        if schema.at(tuple(found)) is None:
            return []
    top = schema.tree["properties"][found[0]]
    return [] if top.get("x-rendered") else [tuple(found)]


def suggestion(schema: SettingsSchema, key: str) -> str:
    """`did you mean …?` for a key that names no setting."""
    keys = [
        field.key
        for field in schema.fields.values()
        if not schema.tree["properties"][field.path[0]].get("x-rendered")
    ]
    return near(key, [*keys, *schema.flat]) or near(
        key.rsplit(".", 1)[-1], {k.rsplit(".", 1)[-1]: k for k in keys}
    )


def _quoted(schema: SettingsSchema, path: Path) -> str:
    """The advice for a key with dots that stands without quotes in a map by free names."""
    for size in range(1, len(path) - 1):
        more = (schema.at(path[:size]) or {}).get("additionalProperties")
        if isinstance(more, Mapping) and "properties" not in more:
            return f"a key with dots is quoted: '{dotted((*path[:size], '.'.join(path[size:])))}'"
    return ""


def _split(pair: str) -> tuple[str, str, str]:
    """KEY=VALUE at the first = that is not inside quotes."""
    quote = ""
    for index, char in enumerate(pair):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "=":
            return pair[:index], "=", pair[index + 1 :]
    return pair, "", ""
