"""What the older tool did with a workspace: its defaults, generation by generation, and the pods it made."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from mops.model.quantities import human

SCHEDULER_IMAGE = "ghcr.io/institutefordiseasemodeling/modelops-dask-scheduler:latest"
WORKER_IMAGE = "ghcr.io/institutefordiseasemodeling/modelops-dask-worker:latest"
FORMER_ORGANISATION = "ghcr.io/vsbuffalo/"

# The unified file's defaults in the older tool's last release, which `workspace up` applied to what a file left out.
UNIFIED: dict[str, Any] = {
    "scheduler_image": SCHEDULER_IMAGE, "scheduler_replicas": 1, "scheduler_memory": "2Gi", "scheduler_cpu": "1",
    "worker_image": WORKER_IMAGE, "worker_replicas": 2, "worker_processes": 4, "worker_threads": 1, "worker_memory": "24Gi", "worker_cpu": "6",
    "autoscaling_enabled": True, "autoscaling_min_workers": 2, "autoscaling_max_workers": 10, "autoscaling_target_cpu": 70,
}  # fmt: skip
INTEGERS = frozenset(
    {
        "scheduler_replicas",
        "worker_replicas",
        "worker_processes",
        "worker_threads",
        "autoscaling_min_workers",
        "autoscaling_max_workers",
        "autoscaling_target_cpu",
    }
)
BOOLEANS = frozenset({"autoscaling_enabled"})
ENVS = ("scheduler_env", "worker_env")

# What a standalone workspace leaves out.
COMPONENT: dict[tuple[str, str], Any] = {
    ("workers", "processes"): 1,
    ("workers", "threads"): 2,
    ("autoscaling", "enabled"): True,
    ("autoscaling", "min_workers"): 2,
    ("autoscaling", "max_workers"): 20,
    ("autoscaling", "target_cpu"): 70,
    ("autoscaling", "scale_down_delay"): 300,
}
COMPONENT_REPLICAS = 3
# The memory from which the limit of a Dask process was computed where limits.memory was not written; the pod got less.
ASSUMED_MEMORY = "12Gi"
POD_MEMORY = "4Gi"

TOLERATIONS = [
    {"key": "modelops.io/role", "operator": "Equal", "value": "cpu", "effect": "NoSchedule"}
]
_STORAGE = {"secretRef": {"name": "modelops-storage", "optional": True}}
_BUNDLES = {"secretRef": {"name": "bundle-credentials"}}
_GITHUB = {"secretRef": {"name": "github-credentials", "optional": True}}
ENV_FROM = {"scheduler": [_STORAGE, _BUNDLES], "workers": [_STORAGE, _BUNDLES, _GITHUB]}
USER = {"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000}

# What is different in every workspace, whatever its file says: (what, how).
DIFFERENCES = (
    ("labels and selectors", "pods carry app.kubernetes.io/… instead of app: …; a Deployment's selector cannot change, so take the old workspace down before the first install"),
    ("commands", "`dask scheduler` and `dask worker` instead of dask-scheduler and dask-worker, with fixed ports and names"),
    ("--resources aggregation=1", "no longer given to workers; whoever needs it writes workers.extraArgs: [--resources, aggregation=1]"),
    ("probes and shutdown", "pods have startup, readiness and liveness probes; workers hand over their results before they stop"),
    ("scheduler rollout", "Recreate instead of RollingUpdate, so that two schedulers never overlap"),
    ("containers", "the root file system is read-only but for /tmp, HOME and TMPDIR are /tmp, seccomp is RuntimeDefault, no service links, no account token"),
    ("MODELOPS_BUNDLE_REGISTRY", "was filled in from the deployed registry; set workers.env.MODELOPS_BUNDLE_REGISTRY (and scheduler.env) yourself"),
    ("Secrets", "modelops-storage, bundle-credentials and github-credentials were made by the older tool; mops only refers to them"),
    ("autoscaler", "CPU of the worker container alone, and at most 25% of the pods go away each minute (was 50%)"),
    ("further objects", "a NetworkPolicy and a worker PodDisruptionBudget exist; the namespace and the smoke-test Job are not made (`helm test` does what that did)"),
)  # fmt: skip


class Generation(NamedTuple):
    """What `init` wrote into the workspace section of a unified file at some time."""

    name: str
    written: dict[str, Any]


_FIRST = {
    "scheduler_image": f"{FORMER_ORGANISATION}modelops-dask-scheduler:latest", "scheduler_replicas": 1,
    "worker_image": f"{FORMER_ORGANISATION}modelops-dask-worker:latest", "worker_replicas": 2, "worker_processes": 4, "worker_threads": 1,
}  # fmt: skip
_RENAMED = {**_FIRST, "scheduler_image": SCHEDULER_IMAGE, "worker_image": WORKER_IMAGE}
_SIZED = {
    **_RENAMED, "worker_processes": 3, "scheduler_memory": "2Gi", "scheduler_cpu": "1", "worker_memory": "8Gi", "worker_cpu": "3.5",
    "autoscaling_enabled": True, "autoscaling_min_workers": 2, "autoscaling_max_workers": 10, "autoscaling_target_cpu": 70,
}  # fmt: skip
_LARGER = {**_SIZED, "worker_processes": 2, "worker_memory": "12Gi", "worker_cpu": "4"}
_WITH_ENV = {**_LARGER, "scheduler_env": [], "worker_env": []}
DASK_DEFAULTS = [
    {"name": f"DASK_DISTRIBUTED__WORKER__MEMORY__{name}", "value": value}
    for name, value in (("TARGET", "0.6"), ("SPILL", "0.7"), ("PAUSE", "0.8"), ("TERMINATE", "0.95"))
]  # fmt: skip
_DASK = {**_WITH_ENV, "worker_env": DASK_DEFAULTS}
_LARGEST = {**_DASK, "worker_processes": 4, "worker_memory": "24Gi", "worker_cpu": "6"}

GENERATIONS = (
    Generation("2025-10-14", _FIRST),
    Generation("2025-10-14 with the renamed images", _RENAMED),
    Generation("2025-10-30", _SIZED),
    Generation("2025-12-06", _LARGER),
    Generation("2025-12-06 with env", _WITH_ENV),
    Generation("2025-12 with Dask's thresholds", _DASK),
    Generation("2026-01", _LARGEST),
)  # fmt: skip


def generation(workspace: dict[str, Any]) -> Generation:
    """The generation that a workspace section looks most like: the keys it has, then the values it shares."""
    known = {key: value for key, value in workspace.items() if key in _LARGEST}

    def likeness(candidate: Generation) -> tuple[int, int]:
        written = candidate.written
        apart = len(set(written) ^ set(known))
        return -apart, sum(same(written[key], known[key]) for key in known if key in written)

    return max(GENERATIONS, key=likeness)


def same(one: Any, other: Any) -> bool:
    """Whether two values were one to the older tool; numbers in thresholds compare as numbers."""
    if isinstance(one, list) and isinstance(other, list):
        return bool(_thresholds(one) == _thresholds(other))
    return str(one) == str(other)


def _thresholds(entries: list[Any]) -> Any:
    try:
        return sorted((entry["name"], float(entry["value"])) for entry in entries)
    except (TypeError, KeyError, ValueError):
        return entries


_SUFFIXES = {"Gi": "GiB", "Mi": "MiB", "Ki": "KiB", "G": "GB", "M": "MB", "K": "KB"}
_SIZES = {"GiB": 2**30, "MiB": 2**20, "KiB": 2**10, "GB": 10**9, "MB": 10**6, "KB": 10**3}


def memory_limit(memory: str, processes: int) -> str:
    """The --memory-limit that each worker process was given."""
    text = memory
    for short, long in _SUFFIXES.items():
        if text.endswith(short):
            text = text[: -len(short)] + long
            break
    if processes > 1 and re.fullmatch(r"\d+(\.\d+)?\s*[A-Za-z]+", text):
        number, unit = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", text).groups()  # type: ignore[union-attr]
        return f"{float(number) / processes:.1f}{unit}"
    return text


def memory_words(limit: str, processes: int) -> str:
    """A memory limit and what it came to."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(GiB|MiB|KiB|GB|MB|KB)", limit)
    size = round(float(found.group(1)) * _SIZES[found.group(2)]) if found else None
    if size is None:
        return f"--memory-limit was {limit} each, undivided between {processes} process{'es' if processes > 1 else ''}"
    return f"--memory-limit was {limit} each" + (
        ", and 0 means no limit" if size == 0 else f", {human(size * processes)} in all"
    )
