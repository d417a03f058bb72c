"""The pods that the older tool made of a file, as plain facts; the same facts of manifests.

Written from tables of what that tool did, apart from mops' own code: the other side of a
comparison.
"""

from __future__ import annotations

import re
from typing import Any

ORG = "ghcr.io/institutefordiseasemodeling/modelops-dask"
TAINT = [{"key": "modelops.io/role", "operator": "Equal", "value": "cpu", "effect": "NoSchedule"}]
STORAGE, BUNDLES, GITHUB = (
    ("modelops-storage", True),
    ("bundle-credentials", False),
    ("github-credentials", True),
)
UNIFIED = {
    "scheduler_image": f"{ORG}-scheduler:latest",
    "scheduler_memory": "2Gi",
    "scheduler_cpu": "1",
    "worker_image": f"{ORG}-worker:latest",
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


def of_unified(document: dict[str, Any]) -> dict[str, Any]:
    """`workspace up` on modelops.yaml ignored the scheduler's replicas and both env lists."""
    said = {**UNIFIED, **(document.get("workspace") or {})}
    amounts = {
        role: {"memory": said[f"{role}_memory"], "cpu": str(said[f"{role}_cpu"])}
        for role in ("scheduler", "worker")
    }
    spec = {
        "scheduler": {
            "image": said["scheduler_image"],
            "resources": {"requests": amounts["scheduler"], "limits": amounts["scheduler"]},
        },
        "workers": {
            "image": said["worker_image"],
            "replicas": said["worker_replicas"],
            "processes": int(said["worker_processes"]),
            "threads": said["worker_threads"],
            "resources": {"requests": amounts["worker"], "limits": amounts["worker"]},
        },
        "autoscaling": {
            key[12:]: value for key, value in said.items() if key.startswith("autoscaling_")
        },
    }
    environment = (document.get("settings") or {}).get("environment", "dev")
    return of_spec(spec, {}, f"modelops-dask-{environment}")


def of_workspace(document: dict[str, Any], namespace: str = "modelops-dask-dev") -> dict[str, Any]:
    """A standalone workspace, or the one in an infrastructure file."""
    metadata = document.get("metadata") or {}
    return of_spec(document["spec"], document, metadata.get("namespace", namespace))


def of_spec(spec: dict[str, Any], document: dict[str, Any], namespace: str) -> dict[str, Any]:
    scheduler, workers, scaling = (
        spec.get("scheduler", {}),
        spec.get("workers", {}),
        spec.get("autoscaling", {}),
    )
    processes = int(workers.get("processes", 1))
    facts = {
        "namespace": namespace,
        **{
            f"scheduler.{key}": value
            for key, value in _pod(
                scheduler, f"{ORG}-scheduler:latest", {"memory": "2Gi", "cpu": "1"}
            ).items()
        },
        **{
            f"worker.{key}": value
            for key, value in _pod(
                workers, f"{ORG}-worker:latest", {"memory": "4Gi", "cpu": "2"}
            ).items()
        },
        "scheduler.envFrom": [STORAGE, BUNDLES],
        "worker.envFrom": [STORAGE, BUNDLES, GITHUB],
        "scheduler.tolerations": spec.get("tolerations", TAINT),
        "worker.tolerations": spec.get("tolerations", TAINT),
        "scheduler.replicas": 1 if not document else scheduler.get("replicas", 1),
        "worker.nworkers": str(processes),
        "worker.nthreads": str(int(workers.get("threads", 2))),
        "worker.memory": _limit(
            str(workers.get("resources", {}).get("limits", {}).get("memory", "12Gi")), processes
        ),
    }
    if scaling.get("enabled", True):
        return facts | {
            "hpa": (
                scaling.get("min_workers", 2),
                scaling.get("max_workers", 20),
                scaling.get("target_cpu", 70),
                scaling.get("scale_down_delay", 300),
            )
        }
    return facts | {"worker.replicas": workers.get("replicas", document.get("worker_count", 3))}


def _pod(section: dict[str, Any], image: str, amounts: dict[str, str]) -> dict[str, Any]:
    given = section.get("resources", {})
    requests, limits = (
        {key: str(value) for key, value in given.get(kind, amounts).items()}
        for kind in ("requests", "limits")
    )
    chosen = section.get("image", image)
    env = {
        entry["name"]: str(entry["value"]) if "value" in entry else _reference(entry)
        for entry in section.get("env", [])
    }
    return {
        "image": chosen,
        "pull": "Always" if chosen.endswith(":latest") else "IfNotPresent",
        # Where a request is not written, Kubernetes takes the limit for it.
        "requests": {**limits, **requests},
        "limits": limits,
        "env": env,
        "nodeSelector": section.get("nodeSelector", {}),
        "user": (1000, 1000),
    }


def _reference(entry: dict[str, Any]) -> Any:
    reference = entry.get("value_from", {}).get("secret_key_ref")
    return ("secret", reference["name"], reference["key"]) if reference else ""


def _limit(memory: str, processes: int) -> str:
    for short, long in (
        ("Gi", "GiB"),
        ("Mi", "MiB"),
        ("Ki", "KiB"),
        ("G", "GB"),
        ("M", "MB"),
        ("K", "KB"),
    ):
        if memory.endswith(short):
            memory = memory.removesuffix(short) + long
            break
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", memory)
    return f"{float(found[1]) / processes:.1f}{found[2]}" if found and processes > 1 else memory


def of_manifests(manifests: list[dict[str, Any]]) -> dict[str, Any]:
    """The same facts of what the chart renders."""
    by = {(entry["kind"], entry["metadata"]["name"]): entry for entry in manifests}
    scheduler, workers = by["Deployment", "dask-scheduler"], by["Deployment", "dask-workers"]
    args = workers["spec"]["template"]["spec"]["containers"][0]["args"]
    facts = {
        "namespace": scheduler["metadata"]["namespace"],
        **{f"scheduler.{key}": value for key, value in _rendered(scheduler).items()},
        **{f"worker.{key}": value for key, value in _rendered(workers).items()},
        "scheduler.replicas": scheduler["spec"]["replicas"],
        **{
            f"worker.{name}": args[args.index(f"--{flag}") + 1]
            for name, flag in (
                ("nworkers", "nworkers"),
                ("nthreads", "nthreads"),
                ("memory", "memory-limit"),
            )
        },
    }
    scaler = by.get(("HorizontalPodAutoscaler", "dask-workers"))
    if scaler is None:
        return facts | {"worker.replicas": workers["spec"]["replicas"]}
    spec = scaler["spec"]
    target = spec["metrics"][0]["containerResource"]["target"]["averageUtilization"]
    return facts | {
        "hpa": (
            spec["minReplicas"],
            spec["maxReplicas"],
            target,
            spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"],
        )
    }


def _rendered(deployment: dict[str, Any]) -> dict[str, Any]:
    pod = deployment["spec"]["template"]["spec"]
    container = pod["containers"][0]
    own = {"POD_NAME", "POD_IP", "HOME", "TMPDIR"}
    env = {
        entry["name"]: entry["value"] if "value" in entry else _rendered_reference(entry)
        for entry in container["env"]
        if entry["name"] not in own
    }
    return {
        "image": container["image"],
        "pull": container["imagePullPolicy"],
        "requests": container["resources"]["requests"],
        "limits": container["resources"]["limits"],
        "env": env,
        "nodeSelector": pod.get("nodeSelector", {}),
        "user": (pod["securityContext"]["runAsUser"], pod["securityContext"]["fsGroup"]),
        "envFrom": [
            (entry["secretRef"]["name"], entry["secretRef"].get("optional", False))
            for entry in container.get("envFrom", [])
        ],
        "tolerations": pod.get("tolerations", []),
    }


def _rendered_reference(entry: dict[str, Any]) -> Any:
    reference = entry["valueFrom"]["secretKeyRef"]
    return ("secret", reference["name"], reference["key"])
