"""What a file says that the older tool did not read because another file took precedence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mops.config.dialects import read
from mops.edit.migrate.changes import CONFLICT, Change
from mops.edit.migrate.draft import Draft
from mops.edit.migrate.finish import old_place
from mops.edit.migrate.formats import CONFIG
from mops.model.layer import Path, dotted
from mops.schema.secrets import MASK, hidden, secret_name, secret_value
from mops.yamltext.writer import natural_inline

# Keys of config.yaml, and where a unified file has them.
_CONFIG_KEYS: tuple[tuple[Path, Path], ...] = (
    (("defaults", "environment"), ("settings", "environment")),
    (("defaults", "provider"), ("settings", "provider")),
    (("defaults", "username"), ("settings", "username")),
    (("pulumi", "backend_url"), ("pulumi", "backend_url")),
    (("pulumi", "organization"), ("pulumi", "organization")),
)
_NO_VALUE = "no value"


def conflicts(first: Draft, other: Draft) -> Iterator[Change]:
    """Where the file `other` differs from `first`, which took precedence."""
    why = f"it was not read because {first.name} exists; file left unchanged"
    yield Change(other.name, CONFLICT, why, other.name)
    yield from _of_config(first, other) if other.format == CONFIG else _of_settings(first, other)


def _of_config(first: Draft, other: Draft) -> Iterator[Change]:
    for theirs, ours in _CONFIG_KEYS:
        unread, read_value = other.value(*theirs), first.value(*ours)
        if unread is None or unread == read_value:
            continue
        pair = other.pair(*theirs)
        place = other.place(pair.key.start) if pair is not None else other.name
        why = _why(first, _shown(theirs, unread), _shown(ours, read_value))
        yield Change(dotted(theirs), CONFLICT, why, place)


def _of_settings(first: Draft, other: Draft) -> Iterator[Change]:
    ours = read(first.text, first.name, first.schema).layer.leaves
    theirs = read(other.text, other.name, other.schema).layer.leaves
    for path, leaf in theirs.items():
        value = ours[path].value if path in ours else _default(first, path)
        if value == leaf.value or _is_added(path):
            continue
        why = _why(first, _written(leaf.value), _written(value))
        if hidden(first.schema, path, leaf.value):
            why = _why(first, MASK, MASK)
        yield Change(dotted(path), CONFLICT, why, old_place(other, leaf.origin.place))


def _why(first: Draft, unread: str, effective: str) -> str:
    return f"{unread} was not read; {first.name} has {effective}"


def _default(draft: Draft, path: Path) -> Any:
    """The current default at a path; None where there is none."""
    field = draft.schema.fields.get(path)
    return field.schema.get("default") if field else None


def _is_added(path: Path) -> bool:
    """Whether a setting is one that the migration adds to every file."""
    return path[0] == "podSecurityContext" or path[-1] in ("envFrom", "tolerations")


def _written(value: Any) -> str:
    return _NO_VALUE if value is None else natural_inline(value)


def _shown(path: Path, value: Any) -> str:
    if secret_name(path[-1]) or secret_value(value):
        return MASK
    return _NO_VALUE if value is None else str(value)
