"""Values compared with the deployed ones. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mops.model.layer import Path, Value
from mops.schema.fields import MARKER


class Change(NamedTuple):
    """A setting that is deployed with another value; None is no value."""

    path: Path
    old: Value
    new: Value


def changes(old: Mapping[str, Value], new: Mapping[str, Value]) -> list[Change]:
    """The values that differ, ignoring the section mopsValues, which records their layers."""
    left, right = values_by_path(old), values_by_path(new)
    paths = dict.fromkeys([*right, *left])
    return [
        Change(path, left.get(path), right.get(path))
        for path in paths
        if left.get(path) != right.get(path)
    ]


def values_by_path(values: Mapping[str, Value]) -> dict[Path, Value]:
    """The values of all settings, by path; without mopsValues, empty mappings and nulls."""
    return {path: value for path, value in _flat(values, ()) if path[0] != MARKER}


def _flat(values: Mapping[str, Value], path: Path) -> Iterator[tuple[Path, Value]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, (*path, key))
        elif isinstance(value, float) and value.is_integer():
            # Helm returns large integers as floating-point numbers.
            yield (*path, key), int(value)
        elif value not in ({}, None):
            yield (*path, key), value
