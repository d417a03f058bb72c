"""What applying differences means for the pods. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mops.deploy.deployments import (
    DEPLOYMENT,
    Manifest,
    by_name,
    is_deployment,
    is_scheduler,
    object_name,
)
from mops.deploy.difference import REPLICAS, Difference
from mops.model.spelling import counted

LOST_BY_SCHEDULER = "scheduler restarts; running computations are lost"
_LOST_BY_WORKERS = "pods restart, a quarter at a time; their tasks are computed again"


class Impact(NamedTuple):
    """What a change means for a Deployment's pods; `grave` if running work is lost or at risk."""

    deployment: str
    text: str
    grave: bool = False


def impacts(
    found: Iterable[Difference], wanted: Iterable[Manifest], live: Iterable[Manifest]
) -> list[Impact]:
    """What applying the differences means for the pods of each Deployment."""
    before, after = by_name(live), by_name(wanted)
    by_object: dict[str, list[Difference]] = {}
    for entry in found:
        if entry.object.startswith(f"{DEPLOYMENT}/") and not entry.extra:
            by_object.setdefault(entry.object, []).append(entry)
    result: list[Impact] = []
    for name, entries in by_object.items():
        deployment = name.partition("/")[2]
        if name not in before:
            replicas = after[name].get("spec", {}).get("replicas", 1)
            result.append(Impact(deployment, f"is created with {counted(replicas, 'pod')}"))
        elif name not in after:
            result.append(Impact(deployment, "is deleted with its pods", grave=True))
        else:
            result += _changed(deployment, entries, after[name])
    return result


def _changed(name: str, found: Sequence[Difference], wanted: Manifest) -> Iterator[Impact]:
    restarts = any(entry.restarts for entry in found)
    scaled = next((entry for entry in found if entry.place == REPLICAS), None)
    if restarts:
        lost = LOST_BY_SCHEDULER if is_scheduler(wanted) else _LOST_BY_WORKERS
        yield Impact(name, lost, grave=True)
    if scaled is not None:
        have, want = int(scaled.live or 0), int(scaled.wanted)
        yield Impact(name, f"scales from {have} to {counted(want, 'pod')}", grave=want < have)
    if not restarts and scaled is None:
        yield Impact(name, "changes without restarting its pods")


def handed_over(wanted: Iterable[Manifest], released: Iterable[Manifest]) -> list[Impact]:
    """Deployments whose replicas the last release set and an autoscaler will own.

    Helm removes the field, and Kubernetes then falls back to its default of 1 once.
    """
    before = by_name(released)
    return [
        Impact(
            object_name(manifest),
            "drops to 1 replica once, when the autoscaler takes over; "
            "the autoscaler then scales it up to its minimum",
            grave=True,
        )
        for name, manifest in by_name(wanted).items()
        if is_deployment(manifest)
        and "replicas" not in manifest["spec"]
        and int(before.get(name, {}).get("spec", {}).get("replicas", 1)) > 1
    ]
