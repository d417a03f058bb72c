"""The config as Helm values, and values as text that every YAML reader reads alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from mops.check import child, types, violations
from mops.document import escaped
from mops.errors import ERROR, Problem
from mops.layer import Leaf, Path, dotted, nest
from mops.resolve import Config
from mops.schema import SettingsSchema, Tree

MARKER = "mopsValues"
SCHEMA_VERSION = 1


def values(config: Config, schema: SettingsSchema) -> tuple[dict[str, Any], list[Problem]]:
    """The complete values in schema order, and the settings that null has left without a value."""
    missing: list[Path] = []
    given = config.tree()
    given.pop(MARKER, None)
    found = _section(schema.tree, given, (), missing)
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
    named = "" if origin.key in ("", dotted(path)) else f"{dotted(path)} "
    return Problem(ERROR, origin.key or dotted(path), f"{named}needs a value, and null forgets the last one", origin, "write a value, or remove the null")


# The text form: ASCII, block style, every string in double quotes but the keys that the schema declares.
_UNSAFE = re.compile(r"[^ !#-\[\]-~]")
_BARE_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,}")


def quote(text: str) -> str:
    """`text` as a YAML double-quoted scalar in ASCII."""
    return f'"{_UNSAFE.sub(lambda found: escaped(found.group()), text)}"'


def dump(found: Mapping[str, Any], comments: Mapping[Path, str] | None = None) -> str:
    """Values as YAML text; `comments` are put behind the lines of the leaves at those paths."""
    lines: list[str] = []
    _map(lines, found, "", (), comments)
    lines.append("")
    return "\n".join(lines)


def _map(lines: list[str], value: Mapping[str, Any], indent: str, path: Path, comments: Mapping[Path, str] | None) -> None:
    """Appends the lines of a map."""
    for key, entry in value.items():
        here = (*path, key) if comments else ()
        comment = f"  # {comments[here]}" if comments and here in comments else ""
        if entry and isinstance(entry, dict):
            lines.append(f"{indent}{_name(key)}:{comment}")
            _map(lines, entry, f"{indent}  ", here, comments)
        elif entry and isinstance(entry, list):
            lines.append(f"{indent}{_name(key)}:{comment}")
            _list(lines, entry, f"{indent}  ")
        else:
            lines.append(f"{indent}{_name(key)}: {_inline(entry)}{comment}")


_WORDS = frozenset({"yes", "off", "true", "false", "null", "inf", "nan"})


@lru_cache(maxsize=4096)
def _name(key: str) -> str:
    """A key, in quotes where a reader might take it for something else."""
    return key if _BARE_KEY.fullmatch(key) and key.lower() not in _WORDS else quote(key)


def _list(lines: list[str], items: list[Any], indent: str) -> None:
    """Appends the lines of a list."""
    for item in items:
        if item and isinstance(item, dict):
            first = len(lines)
            _map(lines, item, f"{indent}  ", (), None)
            lines[first] = f"{indent}- {lines[first].lstrip()}"
        elif item and isinstance(item, list):
            lines.append(f"{indent}-")
            _list(lines, item, f"{indent}  ")
        else:
            lines.append(f"{indent}- {_inline(item)}")


def _inline(value: Any) -> str:
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return "{}" if isinstance(value, dict) else "[]"
