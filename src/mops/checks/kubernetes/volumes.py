"""Volumes: their names, and exactly one source for each."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.kubernetes.node import Found, Node, RuleText
from mops.checks.kubernetes.pod import Pod
from mops.checks.rule import EITHER, WARNING

_NAME, _SOURCE = "volume-name", "volume-source"
_ISCSI_NAME = 64
# The volumes that the chart adds to every pod: scratch space at /tmp, and certificates.
_CHART_VOLUMES = ("tmp", "tls")


def _volumes(node: Node) -> Iterator[Found]:
    seen: set[str] = set()
    for volume in node.items():
        name = volume.get("name", "")
        if name in seen:
            yield volume.child("name").wrong(_NAME, f"duplicate volume {name}")
        seen.add(name)


def _volume(node: Node) -> Iterator[Found]:
    sources = [key for key in node.value if key != "name"]
    if not sources:
        message = "a volume without a source is an emptyDir, which loses its files with the pod"
        hint = "write emptyDir: {}, or the source that is missing"
        yield node.wrong(_SOURCE, message, hint, severity=WARNING)
    for more in sources[1:]:
        message = f"a volume has one source, found {sources[0]} and {more}"
        yield node.child(more).wrong(_SOURCE, message, "make it a volume of its own")
    yield from _with_initiator(node)


def _with_initiator(node: Node) -> Iterator[Found]:
    """The name that Kubernetes makes of a volume and its target where the initiator has a name."""
    iscsi = node.get("iscsi")
    if not iscsi or "initiatorName" not in iscsi:
        return
    if len(f"{node.get('name', '')}:{iscsi.get('targetPortal', '')}") > _ISCSI_NAME:
        message = f"with an initiatorName, name and targetPortal have at most {_ISCSI_NAME - 1}"
        yield node.child("iscsi").wrong(_SOURCE, f"{message} characters together")


def reserved(pod: Pod) -> Iterator[Found]:
    """Volumes that are named as those of the chart."""
    path = pod.group.at("volumes")
    for volume in Node(pod.view.value(path) or [], path, pod).items():
        name = volume.get("name")
        if name in _CHART_VOLUMES:
            message = f"the volume name {name} is reserved for the chart"
            yield volume.child("name").wrong(_NAME, message)


VALIDATORS = {"[Volume]": _volumes, "Volume": _volume}
RULES = (
    RuleText(_NAME, "a volume that is defined twice, or named as one of the chart's"),
    RuleText(_SOURCE, "a volume without exactly one source that Kubernetes accepts", EITHER),
)
