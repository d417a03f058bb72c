"""Rendered manifests compared with live objects. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mops.deploy.comparable import comparable, equal, value_at
from mops.deploy.deployments import Manifest, by_name, is_deployment, main_container
from mops.deploy.difference import (
    CONTAINER,
    OBJECT,
    POD,
    PRESENT,
    TEMPLATE,
    Difference,
    Part,
    Place,
)
from mops.deploy.managers import added_fields, field_managers, manager_of
from mops.model.layer import Path, Value

# An annotation that records the layers of the values, which are not compared.
_PROVENANCE = ("metadata", "annotations", "mops.modelops.io/layers")
_TEMPLATE = ("spec", "template")
# Fields that identify an object, or that its manifest does not determine.
_NOT_COMPARED = ("metadata", "apiVersion", "kind", "status")


class _Field(NamedTuple):
    """A differing field by its full path in a comparable manifest."""

    path: Path
    live: Value
    wanted: Value
    extra: bool = False


def differences(
    wanted: Iterable[Manifest], live: Iterable[Manifest], *, released: Iterable[Manifest] = ()
) -> list[Difference]:
    """All differences, object by object, ignoring fields that only the API server sets.

    `released` are the manifests of the deployed revision: objects that are still live but no longer
    wanted are differences too.
    """
    before, after = by_name(live), by_name(wanted)
    found: list[Difference] = []
    for name, manifest in after.items():
        if name in before:
            found += _object_differences(name, manifest, before[name])
        else:
            found.append(Difference(name, None, None, PRESENT))
    obsolete = [name for name in by_name(released) if name in before and name not in after]
    return found + [Difference(name, None, PRESENT, None) for name in obsolete]


def _object_differences(name: str, wanted: Manifest, live: Manifest) -> Iterator[Difference]:
    container = main_container(wanted)
    managers = field_managers(live)
    left, right = comparable(live), comparable(wanted)
    fields = [field for field in _differing(left, right) if field.path != _PROVENANCE]
    fields += [
        _Field(path, value_at(left, path), None, extra=True)
        for path in added_fields(managers, left, right)
    ]
    for field in fields:
        yield Difference(
            name,
            _place(field.path, container),
            field.live,
            field.wanted,
            manager_of(managers, field.path),
            restarts=is_deployment(wanted) and field.path[:2] == _TEMPLATE,
            extra=field.extra,
        )


def _differing(live: Value, wanted: Value) -> Iterator[_Field]:
    """The differing fields of comparable manifests; of metadata, only labels and annotations."""
    metadata = {key: wanted["metadata"].get(key, {}) for key in ("labels", "annotations")}
    yield from _walk(("metadata",), live.get("metadata"), metadata)
    for key, value in wanted.items():
        if key not in _NOT_COMPARED:
            yield from _walk((key,), live.get(key), value)


def _walk(path: Path, live: Value, wanted: Value) -> Iterator[_Field]:
    """The differences below a path. Extra live fields are ignored, except in `args`."""
    if isinstance(wanted, dict) and (live is None or isinstance(live, dict)):
        yield from _walk_mapping(path, live or {}, wanted)
    elif isinstance(wanted, list) and isinstance(live, list) and len(wanted) == len(live):
        yield from _walk_items(path, live, wanted)
    elif not equal(path, live, wanted):
        yield _Field(path, live, wanted)


def _walk_mapping(path: Path, live: dict[str, Value], wanted: dict[str, Value]) -> Iterator[_Field]:
    if wanted and not live and len(path) > 1:
        yield _Field(path, None, wanted)
        return
    for key, value in wanted.items():
        yield from _walk((*path, key), live.get(key), value)
    if path[-1] == "args":
        for key, value in live.items():
            if key not in wanted:
                yield _Field((*path, key), value, None)


def _walk_items(path: Path, live: list[Value], wanted: list[Value]) -> Iterator[_Field]:
    """The differing items of two lists of the same length."""
    for index, (have, want) in enumerate(zip(live, wanted, strict=True)):
        if have != want:
            yield _Field((*path, f"[{index}]"), have, want)


def _place(path: Path, container: str) -> Place:
    """A full path as a place, with the name of a Deployment's main container."""
    prefixes: tuple[tuple[Path, Part], ...] = (
        ((*_TEMPLATE, "spec", "containers", container), CONTAINER),
        ((*_TEMPLATE, "spec"), POD),
        ((*_TEMPLATE, "metadata"), TEMPLATE),
        (("metadata",), OBJECT),
    )
    for prefix, part in prefixes:
        if path[: len(prefix)] == prefix:
            return Place(part, path[len(prefix) :])
    return Place(OBJECT, path)
