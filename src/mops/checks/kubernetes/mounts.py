"""Where volumes are mounted in a container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import normpath
from typing import Any

from mops.checks.kubernetes.node import Found, Node, RuleText
from mops.checks.rule import EITHER, WARNING

_MOUNT, _OPTION = "volume-mount", "mount-option"


def _mounts(node: Node) -> Iterator[Found]:
    places = set(node.pod.mounts) if node.pod and node.kind == "main" else set()
    for mount in node.items():
        yield from _is_defined(mount)
        place = mount.get("mountPath", "")
        message = f"two volumes are mounted at {normpath(place)}"
        if place and place in places:
            yield mount.child("mountPath").wrong(_MOUNT, message)
        elif place and normpath(place) in map(normpath, places):
            # Kubernetes compares the strings, the container's file system the directories.
            message = f"{message}, and one hides the other"
            yield mount.child("mountPath").wrong(_MOUNT, message, severity=WARNING)
        places.add(place)


def _is_defined(node: Node) -> Iterator[Found]:
    """Whether there is a volume of the name that a mount or a device has."""
    name = node.get("name", "")
    if node.pod and name and name not in node.pod.volumes:
        also = (node.pod.group.at("volumes"),)
        yield node.child("name").wrong(_MOUNT, f"volume {name} is not defined", also=also)


def _mount(node: Node) -> Iterator[Found]:
    if node.get("subPath") and node.get("subPathExpr"):
        message = "expected either subPath or subPathExpr"
        yield node.child("subPathExpr").wrong(_OPTION, message)
    if node.get("mountPropagation") == "Bidirectional" and not _is_privileged(node.container):
        message = "Bidirectional needs a privileged container"
        hint = (
            "the chart's containers are not privileged; use HostToContainer"
            if (node.kind == "main")
            else "set securityContext.privileged, or use HostToContainer"
        )
        yield node.child("mountPropagation").wrong(_OPTION, message, hint)
    yield from _recursive(node)


def _recursive(node: Node) -> Iterator[Found]:
    if node.get("recursiveReadOnly", "Disabled") == "Disabled":
        return
    option = node.child("recursiveReadOnly")
    if not node.get("readOnly"):
        yield option.wrong(_OPTION, "recursiveReadOnly needs readOnly: true")
    if node.get("mountPropagation", "None") != "None":
        yield option.wrong(_OPTION, "recursiveReadOnly excludes mountPropagation")


def _is_privileged(container: Mapping[str, Any] | None) -> bool:
    return bool(container and container.get("securityContext", {}).get("privileged"))


def _devices(node: Node) -> Iterator[Found]:
    mounts = (node.container or {}).get("volumeMounts", ())
    names = {mount.get("name"): "volumeMounts" for mount in mounts}
    places = {mount.get("mountPath"): "volumeMounts" for mount in mounts}
    for device in node.items():
        yield from _is_defined(device)
        yield from _claim_only(device)
        for key, taken in (("name", names), ("devicePath", places)):
            value = device.get(key)
            if value and value in taken:
                message = f"{value} is already in {taken[value]}"
                yield device.child(key).wrong(_MOUNT, message)
            taken[value] = "volumeDevices"
    if node.pod and not node.pod.host_users:
        yield node.wrong(_MOUNT, "hostUsers: false excludes volumeDevices")


def _claim_only(device: Node) -> Iterator[Found]:
    volume = device.pod.volumes.get(device.get("name", "")) if device.pod else None
    if volume is not None and not {"persistentVolumeClaim", "ephemeral"} & set(volume):
        message = "a device needs a volume of the kind persistentVolumeClaim or ephemeral"
        yield device.child("name").wrong(_MOUNT, message)


VALIDATORS = {"[VolumeMount]": _mounts, "VolumeMount": _mount, "[VolumeDevice]": _devices}
RULES = (
    RuleText(_MOUNT, "a mount without a volume, or two at one path", EITHER),
    RuleText(_OPTION, "options of a mount that contradict each other"),
)
