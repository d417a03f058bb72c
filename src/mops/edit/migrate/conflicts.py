"""Settings that the older tool did not read, because another file took precedence."""

from __future__ import annotations

from collections.abc import Iterator

from mops.config.dialects import read
from mops.edit.migrate.changes import CONFLICT, Change
from mops.edit.migrate.draft import Draft
from mops.edit.migrate.finish import old_place
from mops.edit.migrate.formats import CONFIG
from mops.model.layer import Path, Value, dotted
from mops.schema.secrets import masked, masked_value
from mops.yamltext.writer import natural_inline

# Keys of config.yaml, and the same keys in a unified file.
_CONFIG_KEYS: tuple[tuple[Path, Path], ...] = (
    (("defaults", "environment"), ("settings", "environment")),
    (("defaults", "provider"), ("settings", "provider")),
    (("defaults", "username"), ("settings", "username")),
    (("pulumi", "backend_url"), ("pulumi", "backend_url")),
    (("pulumi", "organization"), ("pulumi", "organization")),
)
_NO_VALUE = "no value"


def conflicts(first: Draft, other: Draft) -> Iterator[Change]:
    """The differences of the file `other` from `first`, which took precedence."""
    why = f"it was not read because {first.name} exists; file left unchanged"
    yield Change(other.name, CONFLICT, why, other.name)
    if other.format == CONFIG:
        yield from _config_conflicts(first, other)
    else:
        yield from _settings_conflicts(first, other)


def _config_conflicts(first: Draft, other: Draft) -> Iterator[Change]:
    for config_key, unified_key in _CONFIG_KEYS:
        unread, effective = other.value(*config_key), first.value(*unified_key)
        if unread is None or unread == effective:
            continue
        pair = other.pair(*config_key)
        place = other.place(pair.key.start) if pair is not None else other.name
        why = _why(first, _shown(config_key, unread), _shown(unified_key, effective))
        yield Change(dotted(config_key), CONFLICT, why, place)


def _settings_conflicts(first: Draft, other: Draft) -> Iterator[Change]:
    effective = read(first.text, first.name, first.schema).layer.leaves
    unread = read(other.text, other.name, other.schema).layer.leaves
    for path, leaf in unread.items():
        value = effective[path].value if path in effective else _default(first, path)
        if value == leaf.value or _is_added(path):
            continue
        unread_text, effective_text = (
            _written(masked(first.schema, path, each)) for each in (leaf.value, value)
        )
        why = _why(first, unread_text, effective_text)
        yield Change(dotted(path), CONFLICT, why, old_place(other, leaf.origin.place))


def _why(first: Draft, unread: str, effective: str) -> str:
    return f"{unread} was not read; {first.name} has {effective}"


def _default(draft: Draft, path: Path) -> Value:
    """The current default at a path; None if there is none."""
    field = draft.schema.fields.get(path)
    return field.schema.get("default") if field else None


def _is_added(path: Path) -> bool:
    """Whether a setting is one that the migration adds to every file."""
    return path[0] == "podSecurityContext" or path[-1] in ("envFrom", "tolerations")


def _written(value: Value) -> str:
    return _NO_VALUE if value is None else natural_inline(value)


def _shown(path: Path, value: Value) -> str:
    return _NO_VALUE if value is None else str(masked_value(path[-1], value))
