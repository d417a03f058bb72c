"""Who wrote which fields of a live object, from the managed fields that the API server records.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management describes them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from mops.deploy.comparable import value_at
from mops.deploy.deployments import Manifest
from mops.model.layer import Path, Value

# The annotation that a rolling restart writes.
RESTARTED = "kubectl.kubernetes.io/restartedAt"

# Managers that write what the release says, or what mops requests.
_OWN = frozenset({"helm", "mops", "before-first-apply", "kube-controller-manager"})
_REPLICAS = ("spec", "replicas")
_FIELD, _KEY = "f:", "k:"

Managers = Mapping[Path, str]


def field_managers(live: Manifest) -> Managers:
    """Managers other than helm and the controllers, with the time of the write, by field."""
    found: dict[Path, str] = {}
    for entry in live["metadata"].get("managedFields") or ():
        manager = str(entry.get("manager", ""))
        if manager in _OWN or entry.get("subresource") == "status":
            continue
        written = f"{manager} {entry.get('time') or ''}".strip()
        found.update(dict.fromkeys(_fields(entry.get("fieldsV1") or {}, ()), written))
    return found


def _fields(fields: Mapping[str, Value], path: Path) -> Iterator[Path]:
    """The paths of the innermost fields, in the form of comparable manifests."""
    inner = [(key, value) for key, value in fields.items() if key[:2] in (_FIELD, _KEY)]
    if not inner:
        yield path
    for key, value in inner:
        name = key[2:]
        if key[:2] == _KEY:
            name = str(next(iter(json.loads(name).values()), ""))
        yield from _fields(value, (*path, name))


def manager_of(managers: Managers, path: Path) -> str:
    """Who wrote the field, a part of it, or a field around it; "" if only helm did."""
    for written, manager in managers.items():
        shorter = min(len(written), len(path))
        if written[:shorter] == path[:shorter]:
            return manager
    return ""


def added_fields(managers: Managers, live: Value, wanted: Value) -> list[Path]:
    """The topmost fields of the spec that other managers added and that are not wanted.

    `live` and `wanted` are comparable manifests.
    """
    found: dict[Path, None] = {}
    for path in managers:
        if path[:1] != ("spec",) or path == _REPLICAS or RESTARTED in path:
            continue
        top = _first_missing(wanted, path)
        if top and "args" not in top and value_at(live, top) not in (None, {}, []):
            found[top] = None
    return list(found)


def _first_missing(tree: Value, path: Path) -> Path:
    """The shortest prefix of a path, of at least two parts, that is missing in a tree."""
    for size in range(2, len(path) + 1):
        if value_at(tree, path[:size]) is None:
            return path[:size]
    return ()
