"""The logs of pods."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator, Sequence

from mops.deploy.kube import Kube
from mops.deploy.pods import PARTS, Object, pod_name, selector
from mops.deploy.release import Target
from mops.model.problems import EnvironmentFailure


def find_pods(client: Kube, target: Target, part: str) -> list[Object]:
    """The pods of a release: all (""), those of the "scheduler" or the "workers", or one by name.

    Raises EnvironmentFailure if there are none.
    """
    pods = client.pods(target.namespace, selector(target.name, PARTS.get(part, "")))
    if part and part not in PARTS:
        pods = [pod for pod in pods if pod_name(pod) == part]
    if not pods:
        what = {"": "pods", "scheduler": "scheduler pods", "workers": "worker pods"}.get(part)
        raise EnvironmentFailure(
            f"no {what or f'pod {part}'} of {target.name} found in namespace {target.namespace}"
        )
    return pods


def read_logs(
    client: Kube, namespace: str, pods: Sequence[Object], tail: int, *, previous: bool
) -> Iterator[str]:
    """The end of each pod's log; with several pods, each line starts with the pod's name."""
    for pod in pods:
        text = client.log(
            namespace, pod_name(pod), _main_container(pod), tail=tail, previous=previous
        )
        prefix = _prefix(pod, pods)
        yield "".join(f"{prefix}{line}\n" for line in text.splitlines())


def follow_logs(client: Kube, namespace: str, pods: Sequence[Object], tail: int) -> Iterator[str]:
    """The lines of all logs as they are written, until all logs end."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read(pod: Object) -> None:
        prefix = _prefix(pod, pods)
        with contextlib.suppress(EnvironmentFailure):
            for line in client.follow(namespace, pod_name(pod), _main_container(pod), tail):
                lines.put(f"{prefix}{line}\n")
        lines.put(None)

    for pod in pods:
        threading.Thread(target=read, args=(pod,), daemon=True).start()
    running = len(pods)
    while running:
        line = lines.get()
        if line is None:
            running -= 1
        else:
            yield line


def _prefix(pod: Object, pods: Sequence[Object]) -> str:
    return f"{pod_name(pod)}: " if len(pods) > 1 else ""


def _main_container(pod: Object) -> str:
    return str(pod["spec"]["containers"][0]["name"])
