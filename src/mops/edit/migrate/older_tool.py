"""What the older tool did with a workspace: its defaults, and the pods it created."""

from __future__ import annotations

import re
from typing import NamedTuple

from mops.model.layer import Value
from mops.model.quantities import human
from mops.model.spelling import counted

SCHEDULER_IMAGE = "ghcr.io/institutefordiseasemodeling/modelops-dask-scheduler:latest"
WORKER_IMAGE = "ghcr.io/institutefordiseasemodeling/modelops-dask-worker:latest"
FORMER_ORGANISATION = "ghcr.io/vsbuffalo/"

# The last release's defaults for settings that a unified file did not set.
UNIFIED: dict[str, Value] = {
    "scheduler_image": SCHEDULER_IMAGE,
    "scheduler_replicas": 1,
    "scheduler_memory": "2Gi",
    "scheduler_cpu": "1",
    "worker_image": WORKER_IMAGE,
    "worker_replicas": 2,
    "worker_processes": 4,
    "worker_threads": 1,
    "worker_memory": "24Gi",
    "worker_cpu": "6",
    "autoscaling_enabled": True,
    "autoscaling_min_workers": 2,
    "autoscaling_max_workers": 10,
    "autoscaling_target_cpu": 70,
}
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
# Keys of lists of variables -> the current section of these variables.
ENVS = {"scheduler_env": "scheduler", "worker_env": "workers"}

# The defaults of a standalone workspace.
COMPONENT: dict[tuple[str, str], Value] = {
    ("workers", "processes"): 1,
    ("workers", "threads"): 2,
    ("autoscaling", "enabled"): True,
    ("autoscaling", "min_workers"): 2,
    ("autoscaling", "max_workers"): 20,
    ("autoscaling", "target_cpu"): 70,
    ("autoscaling", "scale_down_delay"): 300,
}
COMPONENT_REPLICAS = 3
# Without limits.memory, the limit of a Dask process was computed from more than the pod got.
ASSUMED_MEMORY = "12Gi"
POD_MEMORY = "4Gi"

TOLERATIONS = [
    {"key": "modelops.io/role", "operator": "Equal", "value": "cpu", "effect": "NoSchedule"}
]
USER = {"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000}


class Secret(NamedTuple):
    """A Secret from which pods read all variables."""

    name: str
    optional: bool

    @property
    def env_from(self) -> dict[str, Value]:
        """Its entry in a pod's envFrom."""
        reference: dict[str, Value] = {"name": self.name}
        if self.optional:
            reference["optional"] = True
        return {"secretRef": reference}


_STORAGE = Secret("modelops-storage", optional=True)
_BUNDLES = Secret("bundle-credentials", optional=False)
_GITHUB = Secret("github-credentials", optional=True)
SECRETS = {"scheduler": (_STORAGE, _BUNDLES), "workers": (_STORAGE, _BUNDLES, _GITHUB)}

# Differences in every workspace, whatever its file says: subject -> description.
DIFFERENCES = {
    "labels and selectors": (
        "pods have the labels app.kubernetes.io/… instead of app: …; a Deployment's selector is"
        " immutable, so delete the old workspace before the first install"
    ),
    "commands": (
        "`dask scheduler` and `dask worker` instead of dask-scheduler and dask-worker,"
        " with fixed ports and names"
    ),
    "--resources aggregation=1": (
        "no longer passed to workers; if you need it,"
        " set workers.extraArgs: [--resources, aggregation=1]"
    ),
    "probes and shutdown": (
        "pods have startup, readiness and liveness probes;"
        " workers hand over their results before they stop"
    ),
    "scheduler rollout": (
        "Recreate instead of RollingUpdate, so two schedulers never run at the same time"
    ),
    "containers": (
        "the root file system is read-only except for /tmp, HOME and TMPDIR are /tmp,"
        " the seccomp profile is RuntimeDefault, and service links and the service account token"
        " are off"
    ),
    "MODELOPS_BUNDLE_REGISTRY": (
        "it was set to the deployed registry;"
        " set workers.env.MODELOPS_BUNDLE_REGISTRY (and scheduler.env) yourself"
    ),
    "Secrets": (
        "the older tool created modelops-storage, bundle-credentials and github-credentials;"
        " mops only refers to them"
    ),
    "autoscaler": (
        "it measures the CPU of the worker container only,"
        " and removes at most 25% of the pods per minute (was 50%)"
    ),
    "further objects": (
        "a NetworkPolicy and a PodDisruptionBudget for workers are added; the namespace and the"
        " smoke test Job are not created (`helm test` replaces the Job)"
    ),
}

_SUFFIXES = {"Gi": "GiB", "Mi": "MiB", "Ki": "KiB", "G": "GB", "M": "MB", "K": "KB"}
_SIZES = {"GiB": 2**30, "MiB": 2**20, "KiB": 2**10, "GB": 10**9, "MB": 10**6, "KB": 10**3}


def memory_limit(memory: str, processes: int) -> str:
    """The --memory-limit that the older tool passed to each worker process."""
    text = memory
    for short, long in _SUFFIXES.items():
        if text.endswith(short):
            text = text[: -len(short)] + long
            break
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", text)
    if processes > 1 and found is not None:
        number, unit = found.groups()
        return f"{float(number) / processes:.1f}{unit}"
    return text


def memory_limit_line(limit: str, processes: int) -> str:
    """A memory limit, and the total of all processes."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(GiB|MiB|KiB|GB|MB|KB)", limit)
    if found is None:
        count = counted(processes, "process")
        return f"--memory-limit was {limit} each, not divided by the {count}"
    size = round(float(found[1]) * _SIZES[found[2]])
    total = f"{human(size * processes)} in total" if size else "and 0 means no limit"
    return f"--memory-limit was {limit} each, {total}"
