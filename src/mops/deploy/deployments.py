"""Reading manifests and live objects: names, labels, containers and ports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mops.model.layer import Value

DEPLOYMENT = "Deployment"
COMPONENT, GROUP = "modelops.io/component", "modelops.io/worker-group"
SCHEDULER = "scheduler"
# The scheduler's container ports, as the chart names them.
SCHEDULER_PORT, DASHBOARD_PORT = "tcp-comm", "http-dashboard"

Manifest = Mapping[str, Value]


def by_name(manifests: Iterable[Manifest]) -> dict[str, Manifest]:
    """Objects by `Kind/name`."""
    return {f"{entry['kind']}/{object_name(entry)}": entry for entry in manifests}


def object_name(manifest: Manifest) -> str:
    """The name of an object, from its metadata."""
    return str(manifest["metadata"]["name"])


def is_deployment(manifest: Manifest) -> bool:
    """Whether the object is a Deployment."""
    return bool(manifest["kind"] == DEPLOYMENT)


def labels(manifest: Manifest) -> Mapping[str, str]:
    """The labels of an object."""
    return manifest["metadata"].get("labels") or {}


def is_scheduler(manifest: Manifest) -> bool:
    """Whether the object belongs to the scheduler, by the chart's label."""
    return labels(manifest).get(COMPONENT) == SCHEDULER


def main_container(manifest: Manifest) -> str:
    """The name of a Deployment's first container; "" for other objects."""
    if not is_deployment(manifest):
        return ""
    pods = manifest.get("spec", {}).get("template", {}).get("spec", {})
    return str(pods["containers"][0]["name"]) if pods.get("containers") else ""


def named_port(pods: Mapping[str, Value], name: str) -> int:
    """The number of a container port in a pod's spec, by its name; 0 if there is none."""
    for container in pods["containers"]:
        for port in container.get("ports") or ():
            if port.get("name") == name:
                return int(port["containerPort"])
    return 0
