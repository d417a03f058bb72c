"""The notation of helm's --set, and the form in which mops takes the same.

mops sets one setting with each --set, and a list as a whole. Helm sets several with commas, and
parts of a list by their numbers.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence

from mops.config.keys import canonical, key_path, split_pair
from mops.model.layer import Path, Value, dotted
from mops.model.problems import UsageError
from mops.schema.fields import SettingsSchema
from mops.schema.keywords import types
from mops.schema.names import find
from mops.schema.secrets import secret_pair, secret_value

# A part of a list: the list, the number of the item, and the rest of the key.
_ITEM = r"([^\[\]]+)\[([0-9]{1,3})\]\.?(.*)"
_PLAIN = r"[A-Za-z0-9_./:@%+-]+"


def refuse_helm(schema: SettingsSchema, pairs: Sequence[tuple[str, str]]) -> None:
    """Raises UsageError, which says what to write, if (flag, KEY=VALUE) is helm's notation."""
    for flag, pair in pairs:
        if flag == "--set-secret" or "=" not in pair:
            continue
        key, text = split_pair(pair, flag)
        item = re.fullmatch(_ITEM, key)
        if item:
            message = f"{key} is a part of a list, and a list is set as a whole"
            raise UsageError(f"{flag}: {message} (write {_whole_list(schema, pairs, item[1])})")
        several = list(_several(schema, pair))
        if len(several) > 1:
            message = f"the value of {key} contains other settings, and each needs its own {flag}"
            hint = " ".join(f"{flag} {shlex.quote(without_secret(one))}" for one in several)
            raise UsageError(f"{flag}: {message} (write {hint})")
        if re.fullmatch(r"\{[^:]*\}", text) and _is_list(schema, key):
            whole = shlex.quote(f"{key}=[{text[1:-1]}]")
            raise UsageError(f"{flag}: {key}: a list is written in brackets (write --set {whole})")


def without_secret(pair: str) -> str:
    """KEY=VALUE for a message, with … instead of a value that looks like a secret."""
    key, _, text = pair.partition("=")
    is_secret = secret_value(text) or secret_pair(re.split(r"[.\]]", key)[-1], text)
    return f"{key}=…" if is_secret and text else pair


def _paths(schema: SettingsSchema, key: str) -> Sequence[Path]:
    """The paths of a setting, in any of its spellings; () if it is not a single one."""
    try:
        path = key_path(key, "")
    except UsageError:
        return ()
    found = canonical(schema, path)
    matches = [] if found else find(schema, path)
    return matches[0].paths if len(matches) == 1 else found


def _is_list(schema: SettingsSchema, key: str) -> bool:
    paths = _paths(schema, key)
    return bool(paths) and "array" in types(schema.at(paths[0]) or {})


def _several(schema: SettingsSchema, pair: str) -> Iterator[str]:
    """The pairs in KEY=VALUE,KEY=VALUE; only a key of a setting starts a new one."""
    start = 0
    for found in re.finditer(r",([^,=\s]+)=", pair):
        if _paths(schema, found[1]) or re.fullmatch(_ITEM, found[1]):
            yield pair[start : found.start()]
            start = found.start() + 1
    yield pair[start:]


def _whole_list(schema: SettingsSchema, pairs: Sequence[tuple[str, str]], name: str) -> str:
    """The --set for a list of which (flag, KEY=VALUE) pairs set some parts."""
    items: dict[int, Value] = {}
    for _, given in pairs:
        for pair in _several(schema, given):
            key, _, text = pair.partition("=")
            found = re.fullmatch(_ITEM, key)
            if found and found[1] == name:
                _put(items, int(found[2]), found[3], text)
    inner = ", ".join(_flow(items[number]) for number in sorted(items))
    paths = _paths(schema, name)
    key = dotted(paths[0]) if paths else name
    return f"--set {shlex.quote(f'{key}=[{inner}]')}"


def _put(items: dict[int, Value], number: int, key: str, text: str) -> None:
    """Sets a part of an item; `key` is "" for the whole item."""
    if not key:
        items[number] = text
        return
    *above, last = key_path(key, "--set")
    node = items.setdefault(number, {})
    for part in above:
        node = node.setdefault(part, {})
    node[last] = text


def _flow(value: Value) -> str:
    """A value as YAML on one line, in which plain words are not quoted."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_flow(key)}: {_flow(item)}' for key, item in value.items())}}}"
    is_plain = re.fullmatch(_PLAIN, value) and not value.endswith(":")
    return value if is_plain else json.dumps(value, ensure_ascii=False)
