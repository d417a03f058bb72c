"""What releases of the older tool's `init` wrote into the workspace section of a unified file."""

from __future__ import annotations

from typing import NamedTuple

from mops.edit.migrate.older_tool import (
    FORMER_ORGANISATION,
    SCHEDULER_IMAGE,
    WORKER_IMAGE,
)
from mops.model.layer import Value


class Generation(NamedTuple):
    """What `init` wrote at one time: flat key -> value."""

    name: str
    written: dict[str, Value]


_FIRST: dict[str, Value] = {
    "scheduler_image": f"{FORMER_ORGANISATION}modelops-dask-scheduler:latest",
    "scheduler_replicas": 1,
    "worker_image": f"{FORMER_ORGANISATION}modelops-dask-worker:latest",
    "worker_replicas": 2,
    "worker_processes": 4,
    "worker_threads": 1,
}
_RENAMED = {**_FIRST, "scheduler_image": SCHEDULER_IMAGE, "worker_image": WORKER_IMAGE}
_SIZED = {
    **_RENAMED,
    "worker_processes": 3,
    "scheduler_memory": "2Gi",
    "scheduler_cpu": "1",
    "worker_memory": "8Gi",
    "worker_cpu": "3.5",
    "autoscaling_enabled": True,
    "autoscaling_min_workers": 2,
    "autoscaling_max_workers": 10,
    "autoscaling_target_cpu": 70,
}
_LARGER = {**_SIZED, "worker_processes": 2, "worker_memory": "12Gi", "worker_cpu": "4"}
_WITH_ENV = {**_LARGER, "scheduler_env": [], "worker_env": []}
# Dask's own memory thresholds, as a list of variables.
DASK_DEFAULTS = [
    {"name": "DASK_DISTRIBUTED__WORKER__MEMORY__TARGET", "value": "0.6"},
    {"name": "DASK_DISTRIBUTED__WORKER__MEMORY__SPILL", "value": "0.7"},
    {"name": "DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE", "value": "0.8"},
    {"name": "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE", "value": "0.95"},
]
_DASK = {**_WITH_ENV, "worker_env": DASK_DEFAULTS}
_LARGEST = {**_DASK, "worker_processes": 4, "worker_memory": "24Gi", "worker_cpu": "6"}

_GENERATIONS = (
    Generation("2025-10-14", _FIRST),
    Generation("2025-10-14 with the renamed images", _RENAMED),
    Generation("2025-10-30", _SIZED),
    Generation("2025-12-06", _LARGER),
    Generation("2025-12-06 with env", _WITH_ENV),
    Generation("2025-12 with Dask's thresholds", _DASK),
    Generation("2026-01", _LARGEST),
)


def closest_generation(workspace: dict[str, Value]) -> Generation:
    """The generation that is most similar to a workspace section: by keys, then by values."""
    known = {key: value for key, value in workspace.items() if key in _LARGEST}

    def similarity(candidate: Generation) -> tuple[int, int]:
        written = candidate.written
        different = len(written.keys() ^ known.keys())
        equal = sum(same(written[key], known[key]) for key in known if key in written)
        return -different, equal

    return max(_GENERATIONS, key=similarity)


def same(one: Value, other: Value) -> bool:
    """Whether two values meant the same to the older tool; thresholds are compared as numbers."""
    if isinstance(one, list) and isinstance(other, list):
        return bool(_thresholds(one) == _thresholds(other))
    return str(one) == str(other)


def _thresholds(entries: list[Value]) -> Value:
    try:
        return sorted((entry["name"], float(entry["value"])) for entry in entries)
    except (TypeError, KeyError, ValueError):
        return entries
