"""Keys: the dotted spellings of settings, and the paths that they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from mops.model.layer import Path, dotted
from mops.model.problems import UsageError
from mops.model.spelling import near, nearest, with_hint
from mops.schema.fields import SettingsSchema, declared_name
from mops.schema.keywords import UNKNOWN_SETTING

_EMPTY = '""'

_PARTS = r"""(?xs) \\(?P<escaped>.)
    | (?P<mark>["'])(?P<quoted>.*?)(?P=mark)
    | (?P<dot>\.)
    | (?P<unclosed>["'])
    | (?P<plain>.)"""
# An = inside quotes belongs to the key.
_PAIR = r"""(?s)((?:"[^"]*"|'[^']*'|[^="'])*)=(.*)"""

# The most candidates that a message names.
_MOST = 6

# Sections that contain the settings in files. As the first part of a key they are ignored.
_HOMES = ("workspace", "spec")


class Unresolved(NamedTuple):
    """Why a key is no setting: the reason, to stand before the key, and a hint."""

    reason: str
    hint: str


def key_path(text: str, flag: str) -> Path:
    r"""The path of a dotted key; parts with dots are quoted (a."b.c") or escaped (a.b\.c).

    Raises UsageError, with a message that starts with `flag`, if the key is not valid.
    """
    parts = [""]
    for token in re.finditer(_PARTS, text):
        if token["dot"]:
            parts.append("")
        elif token["unclosed"]:
            raise UsageError(f"{flag}: {text} is not a valid key: unclosed quote")
        else:
            parts[-1] += token["escaped"] or token["quoted"] or token["plain"] or ""
    if not all(parts):
        raise UsageError(f"{flag}: {text or _EMPTY} is not a valid key: empty name")
    return tuple(parts)


def find_setting(schema: SettingsSchema, key: str) -> list[Path]:
    """The paths of the setting or section `key`, in any of its spellings.

    Raises UsageError if there is none, or if the key may mean several.
    """
    paths, failure = resolved(schema, key_path(key, "KEY"))
    if failure:
        raise UsageError(with_hint(f"{failure.reason} {key}", failure.hint))
    return paths


def resolved(schema: SettingsSchema, path: Path) -> tuple[list[Path], Unresolved | None]:
    """The paths that a key sets, in any of its spellings; or [] and why there are none."""
    paths = canonical(schema, path)
    if paths:
        return paths, None
    # Imported here because only other spellings need it.
    from mops.schema.names import find

    matches = find(schema, path)
    if len(matches) == 1:
        return list(matches[0].paths), None
    if matches:
        more = f", or {len(matches) - _MOST} more" if len(matches) > _MOST else ""
        keys = " or ".join(match.key for match in matches[:_MOST])
        return [], Unresolved("ambiguous setting", f"write {keys}{more}")
    hint = quoting_hint(schema, path) or suggestion(schema, path) or _variable_hint(path)
    return [], Unresolved(UNKNOWN_SETTING, hint)


def _variable_hint(path: Path) -> str:
    """Where environment variables are set, for a key that looks like one."""
    if len(path) == 1 and path[0].isupper() and re.fullmatch("[A-Z][A-Z0-9_]*", path[0]):
        return f"for an environment variable of the workers, write workers.env.{path[0]}"
    return ""


def split_pair(pair: str, flag: str) -> tuple[str, str]:
    """The key and the value of KEY=VALUE. Raises UsageError, with a message about `flag`."""
    found = re.fullmatch(_PAIR, pair)
    if found is None:
        raise UsageError(f"{flag}: {pair} is not KEY=VALUE")
    return found[1], found[2]


def canonical(schema: SettingsSchema, path: Path) -> list[Path]:
    """The paths that a key sets, in any of its spellings; [] if there is no such setting."""
    if len(path) > 1 and path[0] in _HOMES:
        path = path[1:]
    bases = schema.flat.get(path[0])
    if bases is not None:
        paths = [(*base, *path[1:]) for base in bases]
    else:
        paths = [_declared(schema, path)]
    return [path for path in paths if _is_setting(schema, path)]


def _declared(schema: SettingsSchema, path: Path) -> Path:
    """A path in the schema's spelling, as far as the schema declares its parts."""
    found: Path = ()
    for part in path:
        found = (*found, declared_name(schema.at(found) or {}, part))
    return found


def _is_setting(schema: SettingsSchema, path: Path) -> bool:
    """Whether a path is a setting: not, for example, the section that only `render` writes."""
    return schema.at(path) is not None and not schema.tree["properties"][path[0]].get("x-rendered")


def suggestion(schema: SettingsSchema, path: Path) -> str:
    """`did you mean …?` for an unknown key; "" if no setting is near."""
    from mops.schema.names import find

    sections = schema.tree["properties"]
    keys = [
        field.key
        for field in schema.fields.values()
        if not sections[field.path[0]].get("x-rendered")
    ]
    whole = near(dotted(path), [*keys, *schema.flat, *sections])
    if whole:
        return whole
    last = nearest(path[-1], {key.rsplit(".", 1)[-1] for key in keys})
    matches = find(schema, (*path[:-1], last)) or find(schema, (last,)) if last else []
    found = " or ".join(match.key for match in matches[:_MOST])
    return f"did you mean {found}?" if found else ""


def quoting_hint(schema: SettingsSchema, path: Path) -> str:
    """How to quote a name with dots in a free mapping; "" if the key has no such name."""
    for size in range(1, len(path) - 1):
        entries = (schema.at(path[:size]) or {}).get("additionalProperties")
        if isinstance(entries, Mapping) and "properties" not in entries:
            return f"quote a name with dots: '{dotted((*path[:size], '.'.join(path[size:])))}'"
    return ""
