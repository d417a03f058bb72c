"""The config as Helm values, and values as text that every YAML reader reads alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mops.check import child, types, violations
from mops.errors import ERROR, Problem
from mops.layer import Leaf, Path, dotted, nest
from mops.resolve import Config
from mops.schema import SettingsSchema, Tree

MARKER = "mopsValues"
SCHEMA_VERSION = 1


def values(config: Config, schema: SettingsSchema) -> tuple[dict[str, Any], list[Problem]]:
    """The complete values in schema order, and the settings that null has left without a value."""
    missing: list[Path] = []
    found = _section(schema.tree, config.tree(), (), missing)
    found.pop(MARKER, None)
    found[MARKER] = {"layers": layer_labels(config), "schemaVersion": SCHEMA_VERSION}
    return found, [*(_needed(config, path) for path in missing), *_torn(config, schema)]


def _torn(config: Config, schema: SettingsSchema) -> Iterator[Problem]:
    """Maps that are judged whole but were set, or forgotten, leaf by leaf."""
    whole: dict[Path, dict[Path, Leaf]] = {}
    for path, stack in config.stacks.items():
        root = schema.atomic(path) if len(path) > 3 and stack[-1].value is not None else None  # noqa: PLR2004 - the shortest path inside one
        if root is not None and root != path:
            whole.setdefault(root, {})[path[len(root) :]] = stack[-1]
    for root, leaves in whole.items():
        value = nest((path, leaf.value) for path, leaf in leaves.items())
        origin = next(iter(leaves.values())).origin
        for wrong in violations(schema.at(root) or {}, value):
            yield Problem(ERROR, origin.key or dotted(root), f"{dotted((*root, *wrong.path))}: {wrong.message}", origin, wrong.hint)


def layer_labels(config: Config) -> list[str]:
    """The names of the layers that said something, lowest first; a values file speaks for its own layers."""
    labels: list[str] = []
    for layer in config.layers:
        recorded = layer.leaves.get((MARKER, "layers"))
        if recorded is not None and recorded.value:
            labels.extend(recorded.value)
        elif any(path[0] != MARKER for path in layer.leaves):
            labels.append(layer.label)
    return list(dict.fromkeys(labels))


def _section(tree: Tree, given: Mapping[str, Any], path: Path, missing: list[Path]) -> dict[str, Any]:
    """A section with all its settings: what is not given is empty, or missing."""
    found: dict[str, Any] = {}
    for name, sub in tree["properties"].items():
        here = (*path, name)
        if sub.get("x-release") or (sub.get("x-optional") and name not in given):
            continue
        if is_section(sub):
            found[name] = _section(sub, given.get(name, {}), here, missing)
        elif name in given:
            found[name] = _ordered(sub, given[name], here, missing)
        elif "object" in types(sub):
            found[name] = {}
        else:
            nothing = SettingsSchema.nothing(sub)
            if nothing is None:
                missing.append(here)
            else:
                found[name] = nothing
    for name in sorted(set(given) - set(tree["properties"])):
        found[name] = _ordered({}, given[name], (*path, name), missing)
    return found


def _ordered(tree: Tree, value: Any, path: Path, missing: list[Path]) -> Any:
    """A value with its maps sorted by key."""
    if isinstance(value, dict):
        more = tree.get("additionalProperties")
        if isinstance(more, Mapping) and is_section(more):
            return {key: _section(more, value[key], (*path, key), missing) for key in sorted(value)}
        return {key: _ordered(child(tree, key) or {}, value[key], (*path, key), missing) for key in sorted(value)}
    if isinstance(value, list):
        return [_ordered(tree.get("items", {}), item, path, missing) for item in value]
    return value


def is_section(tree: Tree) -> bool:
    """Whether a schema node is a closed group of settings rather than one setting."""
    return "properties" in tree and tree.get("additionalProperties") is False


def _needed(config: Config, path: Path) -> Problem:
    origin = config.stacks[path][-1].origin
    message = f"{dotted(path)} needs a value, and null forgets the last one"
    return Problem(ERROR, origin.key or dotted(path), message, origin, "write a value, or remove the null")


# The text form: ASCII, block style, every string in double quotes but the keys that the schema declares.
_UNSAFE = re.compile(r"[^ !#-\[\]-~]")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_BARE_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,}")


def quote(text: str) -> str:
    """`text` as a YAML double-quoted scalar in ASCII."""
    return f'"{_UNSAFE.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if char in _ESCAPES:
        return _ESCAPES[char]
    if code < 0x100:  # noqa: PLR2004 - the three widths of YAML's escapes
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"  # noqa: PLR2004


def dump(found: Mapping[str, Any], comments: Mapping[Path, str] | None = None) -> str:
    """Values as YAML text; `comments` are put behind the lines of the leaves at those paths."""
    return "".join(f"{line}\n" for line in _lines(found, 0, (), comments or {}, bare=True))


def _lines(value: Mapping[str, Any], depth: int, path: Path, comments: Mapping[Path, str], *, bare: bool) -> Iterator[str]:
    indent = "  " * depth
    for key, entry in value.items():
        here = (*path, key)
        name = key if bare and _BARE_KEY.fullmatch(key) and key.lower() not in _WORDS else quote(key)
        comment = f"  # {comments[here]}" if here in comments else ""
        if isinstance(entry, Mapping) and entry:
            yield f"{indent}{name}:{comment}"
            yield from _lines(entry, depth + 1, here, comments, bare=True)
        elif isinstance(entry, list) and entry:
            yield f"{indent}{name}:{comment}"
            yield from _items(entry, depth + 1)
        else:
            yield f"{indent}{name}: {_inline(entry)}{comment}"


_WORDS = frozenset({"yes", "off", "true", "false", "null", "inf", "nan"})


def _items(items: list[Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for item in items:
        if isinstance(item, Mapping) and item:
            inner = list(_lines(item, depth + 1, (), {}, bare=True))
            yield f"{indent}- {inner[0].lstrip()}"
            yield from inner[1:]
        elif isinstance(item, list) and item:
            yield f"{indent}-"
            yield from _items(item, depth + 1)
        else:
            yield f"{indent}- {_inline(item)}"


def _inline(value: Any) -> str:
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return "{}" if isinstance(value, Mapping) else "[]"
