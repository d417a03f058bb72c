"""Pods and events: which pods are ready, and why the others are not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mops.model.layer import Value
from mops.model.spelling import counted

INSTANCE, COMPONENT = "app.kubernetes.io/instance", "app.kubernetes.io/component"
# The parts of a workspace as users name them, and the values of their component label.
PARTS = {"scheduler": "scheduler", "workers": "worker"}

# Reasons for waiting that are temporary.
_PASSING = frozenset({"", "ContainerCreating", "PodInitializing"})
# Events that repeat what the pod's status says in more detail.
_REPETITIONS = frozenset({"BackOff", "Failed"})
_REFUSED = "FailedCreate"

Object = Mapping[str, Value]


class NotReady(NamedTuple):
    """Why a pod is not ready.

    `reason` is Kubernetes' reason, `text` is for people. If it has `crashed`, the log of
    `container` may explain more.
    """

    pod: str
    reason: str
    text: str
    container: str = ""
    crashed: bool = False
    restarts: int = 0


def selector(release: str, component: str = "") -> str:
    """The label selector of a release's objects, or of one component's."""
    return f"{INSTANCE}={release}" + (f",{COMPONENT}={component}" if component else "")


def pod_name(pod: Object) -> str:
    """The name of a pod."""
    return str(pod["metadata"]["name"])


def is_ready(pod: Object) -> bool:
    """Whether a pod has the condition Ready."""
    return any(
        entry["type"] == "Ready" and entry["status"] == "True"
        for entry in pod.get("status", {}).get("conditions") or ()
    )


def is_leaving(pod: Object) -> bool:
    """Whether a pod is being deleted, or has completed."""
    phase = pod.get("status", {}).get("phase")
    return bool(pod["metadata"].get("deletionTimestamp")) or phase == "Succeeded"


def last_seen(event: Object) -> str:
    """When an event was last seen: an ISO time, "" if unknown."""
    return str(
        (event.get("series") or {}).get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp")
        or ""
    )


def not_ready(pods: Iterable[Object], events: Sequence[Object]) -> list[NotReady]:
    """Why pods are not ready, from status and events; pods that are just starting are ignored."""
    found = []
    for pod in pods:
        if is_ready(pod) or is_leaving(pod):
            continue
        why = next(_reasons(pod, [event for event in events if _is_about(event, pod)]), None)
        if why is not None:
            found.append(why)
    return found


def _is_about(event: Object, pod: Object) -> bool:
    involved = event["involvedObject"]
    same_name = involved.get("name") == pod_name(pod)
    return same_name and involved.get("uid") in (None, pod["metadata"].get("uid"))


def _reasons(pod: Object, events: Sequence[Object]) -> Iterator[NotReady]:
    """The reasons why a pod is not ready, the most informative first."""
    name, status = pod_name(pod), pod.get("status", {})
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield _unscheduled(name, condition)
    for kind in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(kind) or ():
            yield from _container_reasons(name, container, events)
    for event in reversed(events):
        if event.get("reason") not in _REPETITIONS:
            reason = str(event["reason"])
            yield NotReady(name, reason, f"{reason}: {event.get('message')}")


def _unscheduled(pod: str, condition: Object) -> NotReady:
    reason = str(condition.get("reason") or "Unschedulable")
    return NotReady(
        pod, reason, f"cannot be scheduled: {condition.get('message') or 'no node fits'}"
    )


def _container_reasons(pod: str, status: Object, events: Sequence[Object]) -> Iterator[NotReady]:
    """Why one container does not run: it exited with an error, or it waits for something."""
    container = str(status["name"])
    waiting = _state(status, "state", "waiting")
    reason = str(waiting.get("reason") or "")
    exited = _state(status, "state", "terminated") or _state(status, "lastState", "terminated")
    if exited and exited.get("exitCode") != 0:
        restarts = int(status.get("restartCount", 0))
        text = (
            f"{container} exited with code {exited.get('exitCode')} ({exited.get('reason')}), "
            f"{counted(restarts, 'restart')}"
        )
        why = reason or str(exited.get("reason") or "Error")
        yield NotReady(pod, why, text, container, crashed=True, restarts=restarts)
    elif reason not in _PASSING:
        message = _waiting_message(reason, waiting, events)
        yield NotReady(pod, reason, f"{container}: {reason}: {message}", container)


def _state(status: Object, when: str, name: str) -> Object:
    """The details of a container's "state" or "lastState"; {} if that is not the named one."""
    found: Object = (status.get(when) or {}).get(name) or {}
    return found


def _waiting_message(reason: str, waiting: Object, events: Sequence[Object]) -> str:
    """Why a container waits; for an image, the failure of the pull rather than the back-off."""
    pulls = [
        str(event.get("message"))
        for event in events
        if event.get("reason") == "Failed" and "pull image" in str(event.get("message"))
    ]
    if pulls and "Pull" in reason:
        return pulls[-1]
    return str(waiting.get("message") or "no reason given")


def refusals(deployments: Iterable[str], events: Sequence[Object], since: str) -> list[NotReady]:
    """Pods that could not be created, for example due to a quota, by their ReplicaSets' events.

    Only events last seen at `since` (an ISO time) or later are used; "" means all.
    """
    prefixes = tuple(f"{name}-" for name in deployments)
    found: dict[str, NotReady] = {}
    for event in events:
        replica_set = str(event["involvedObject"].get("name", ""))
        is_ours = event.get("reason") == _REFUSED and replica_set.startswith(prefixes)
        if is_ours and last_seen(event) >= since:
            text = f"pods could not be created: {event.get('message')}"
            found[replica_set] = NotReady(replica_set, _REFUSED, text)
    return list(found.values())
