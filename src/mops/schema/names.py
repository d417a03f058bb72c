"""Settings by any name: flags, variables, keys of every dialect, and short names.

Files are read strictly; this is for keys on the command line, and for hints. It is loaded only if
a key is not spelled as in the schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from mops.model.layer import Path, dotted
from mops.schema.fields import PREFIX, SettingsSchema, is_section

# Sections of files that contain all settings.
_HOMES = ("workspace", "spec")
# The sections of files whose keys stand for settings elsewhere, each with the schema's annotation.
_HEADERS = (("metadata", "x-metadata"), ("settings", "x-settings"))
# The prefix of the worker runtime's variables.
_RUNTIME = "MODELOPS_"


class Match(NamedTuple):
    """A setting or section that a name may mean: a key for it, and the paths that it sets."""

    key: str
    paths: tuple[Path, ...]


def find(schema: SettingsSchema, name: Path) -> list[Match]:
    """What a key may mean, given as its parts: nothing, one setting, or several candidates."""
    if len(name) > 1 and name[0] in _HOMES:
        name = name[1:]
    for size in range(len(name), 0, -1):
        matches = _whole(schema, name[:size])
        found = [_below(schema, match, name[size:]) for match in matches]
        settings = [match for match in found if match is not None]
        if settings:
            return sorted(settings, key=lambda match: match.paths[0][0] == "scheduler")
    if name[0].startswith(PREFIX) and name[0] != PREFIX:
        return find(schema, (name[0].removeprefix(PREFIX), *name[1:]))
    return []


def _whole(schema: SettingsSchema, name: Path) -> list[Match]:
    """The declared settings and sections that a whole name may mean."""
    text = ".".join(name)
    key = _normal(text)
    if text.startswith("-"):
        flags = {_normal(flag): paths for flag, paths in schema.flags.items()}
        paths = flags.get(key) or flags.get(key.removeprefix("no"))
        return _grouped(schema, paths or ())
    for table in (_spelled(schema), _joined(schema)):
        if key in table:
            return _grouped(schema, table[key])
    short = [path for path in _declared(schema) if _is_short(name, path)]
    by_flag = {_normal(flag): paths for flag, paths in schema.flags.items()}.get(key, [])
    return _grouped(schema, dict.fromkeys([*by_flag, *short]))


@lru_cache(maxsize=1)
def _spelled(schema: SettingsSchema) -> dict[str, list[Path]]:
    """All settings by their normalized keys, flat keys, header keys and variables."""
    found: dict[str, list[Path]] = {_normal(dotted(path)): [path] for path in _declared(schema)}
    for section, annotation in _HEADERS:
        for key, path in schema.located(annotation).items():
            found[_normal(section + key)] = [path]
    for names in (schema.variables, schema.flat):
        found.update((_normal(name), paths) for name, paths in names.items())
    return found


@lru_cache(maxsize=1)
def _joined(schema: SettingsSchema) -> dict[str, list[Path]]:
    """The names that a user might guess: in the singular, or those of the runtime's variables."""
    found: dict[str, list[Path]] = {}
    for path in _declared(schema):
        found.setdefault(_normal("".join((path[0].rstrip("s"), *path[1:]))), [path])
    flagged = [paths[0] for paths in schema.flags.values()]
    for path in _declared(schema):
        last = path[-1]
        if not last.isupper():
            continue
        found.setdefault(_normal(last), []).append(path)
        if last.startswith(_RUNTIME):
            # An older name must not be taken for the short form of the newer one.
            newer = (other for other in flagged if other[-1].startswith(f"{last}_"))
            meant = next(newer, path)
            found.setdefault(_normal(last.removeprefix(_RUNTIME)), []).append(meant)
    return found


@lru_cache(maxsize=1)
def _declared(schema: SettingsSchema) -> tuple[Path, ...]:
    """Every declared setting and section, except what only `render` writes."""
    sections = schema.tree["properties"]
    seen: dict[Path, None] = {}
    for path in schema.fields:
        if not sections[path[0]].get("x-rendered"):
            seen.update(dict.fromkeys(path[:size] for size in range(1, len(path) + 1)))
    return tuple(seen)


def _is_short(name: Path, path: Path) -> bool:
    """Whether a name has some parts of a path in their order, among them the last."""
    parts = [_normal(part) for part in name]
    if not path or parts[-1] != _normal(path[-1]):
        return False
    rest = iter(map(_normal, path))
    return all(part in rest for part in parts)


def _grouped(schema: SettingsSchema, paths: Iterable[Path]) -> list[Match]:
    """Paths as settings: those that a flat key sets together are one."""
    left = list(paths)
    found = []
    for key, flat in schema.flat.items():
        if len(flat) > 1 and set(flat) <= set(left):
            found.append(Match(key, tuple(flat)))
            left = [path for path in left if path not in flat]
    return [*found, *(Match(dotted(path), (path,)) for path in left)]


def _below(schema: SettingsSchema, match: Match, rest: Path) -> Match | None:
    """What is at further parts below a match; None if there is nothing."""
    if not rest:
        return match
    paths = [_followed(schema, path, rest) for path in match.paths]
    if any(schema.at(path) is None for path in paths):
        return None
    key = match.key if len(paths) > 1 else dotted(match.paths[0])
    return Match(f"{key}.{dotted(paths[0][len(match.paths[0]) :])}", tuple(paths))


def _followed(schema: SettingsSchema, path: Path, rest: Path) -> Path:
    """A path with further parts, in the schema's spelling as far as it declares them."""
    for part in rest:
        tree = schema.at(path) or {}
        names = tree.get("properties", ()) if is_section(tree) or "x-inherits" in tree else ()
        same = (name for name in names if _normal(name) == _normal(part))
        path = (*path, part if part in names else next(same, part))
    return path


@lru_cache(maxsize=4096)
def _normal(name: str) -> str:
    """A name without what differs between spellings: case, hyphens, underscores and dots."""
    return re.sub("[-_.]", "", name).casefold()
