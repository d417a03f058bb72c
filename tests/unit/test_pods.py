"""Why pods are not ready, as their status and the events around them say."""

from __future__ import annotations

from typing import Any

import pytest

from mops.deploy.pods import NotReady, is_leaving, not_ready, refusals, selector

NAME = "dask-workers-7d4b-x2x9z"


def pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": NAME, "uid": "u1"}, "status": status}


def container(**status: Any) -> dict[str, Any]:
    return pod(containerStatuses=[{"name": "worker", "restartCount": 0, **status}])


def event(
    reason: str, message: str, name: str = NAME, *, uid: str | None = "u1", time: str = ""
) -> dict[str, Any]:
    about = {"name": name, **({"uid": uid} if uid else {})}
    return {
        "metadata": {},
        "reason": reason,
        "message": message,
        "involvedObject": about,
        "lastTimestamp": time,
    }


PULL = 'Failed to pull image "w:9": not found'
BACK_OFF = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "w:9"'}
EXITED = {"exitCode": 1, "reason": "Error"}
CASES = [
    (
        pod(
            conditions=[
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "reason": "Unschedulable",
                    "message": "0/2 nodes are available: 2 Insufficient memory.",
                }
            ]
        ),
        [],
        "Unschedulable",
        "cannot be scheduled: 0/2 nodes are available: 2 Insufficient memory.",
    ),
    (
        pod(conditions=[{"type": "PodScheduled", "status": "False"}]),
        [],
        "Unschedulable",
        "cannot be scheduled: no node fits",
    ),
    (
        container(state={"waiting": BACK_OFF}),
        [event("Failed", PULL), event("Failed", "Error: ErrImagePull")],
        "ImagePullBackOff",
        f"worker: ImagePullBackOff: {PULL}",
    ),
    (
        container(state={"waiting": BACK_OFF}),
        [],
        "ImagePullBackOff",
        'worker: ImagePullBackOff: Back-off pulling image "w:9"',
    ),
    (
        container(state={"waiting": {"reason": "CreateContainerConfigError"}}),
        [event("Failed", PULL)],
        "CreateContainerConfigError",
        "worker: CreateContainerConfigError: no reason given",
    ),
    (
        container(
            state={"waiting": {"reason": "CrashLoopBackOff"}},
            lastState={"terminated": EXITED},
            restartCount=3,
        ),
        [],
        "CrashLoopBackOff",
        "worker exited with code 1 (Error), 3 restarts",
    ),
    (
        container(state={"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, restartCount=1),
        [],
        "OOMKilled",
        "worker exited with code 137 (OOMKilled), 1 restart",
    ),
    (
        container(state={"running": {}}),
        [event("Unhealthy", "Readiness probe failed"), event("BackOff", "Back-off")],
        "Unhealthy",
        "Unhealthy: Readiness probe failed",
    ),
]


@pytest.mark.parametrize(("one", "events", "reason", "text"), CASES)
def test_the_reason_is_named(
    one: dict[str, Any], events: list[dict[str, Any]], reason: str, text: str
) -> None:
    (found,) = not_ready([one], events)
    assert (found.pod, found.reason, found.text) == (NAME, reason, text)
    assert found.crashed == ("exited" in text)


def test_an_init_container_comes_first() -> None:
    one = pod(
        initContainerStatuses=[{"name": "init", "state": {"terminated": EXITED}}],
        containerStatuses=[{"name": "worker", "state": {"waiting": BACK_OFF}}],
    )
    (found,) = not_ready([one], [])
    assert (found.container, found.reason) == ("init", "Error")


READY = {"type": "Ready", "status": "True"}
NOT_COUNTED = [
    pod(conditions=[READY]),
    pod(phase="Succeeded"),
    {**pod(), "metadata": {"name": NAME, "deletionTimestamp": "2026-01-01T00:00:00Z"}},
    container(state={"waiting": {"reason": "ContainerCreating"}}),
    container(state={"waiting": {"reason": "PodInitializing"}}),
    container(state={"terminated": {"exitCode": 0, "reason": "Completed"}}),
]


@pytest.mark.parametrize("one", NOT_COUNTED)
def test_pods_that_are_ready_leaving_or_starting_do_not_count(one: dict[str, Any]) -> None:
    others = [event("Unhealthy", "of a pod that had this name", uid="u0")]
    assert not_ready([one], others) == []


def test_leaving() -> None:
    assert [is_leaving(one) for one in NOT_COUNTED] == [False, True, True, False, False, False]


def test_refusals_are_those_of_our_replica_sets_since_the_beginning() -> None:
    quota = "exceeded quota: small"
    events = [
        event("FailedCreate", "earlier", "dask-workers-1", time="2026-01-01T00:00:00Z"),
        event("FailedCreate", "earlier too", "dask-workers-2", time="2026-01-01T00:00:01Z"),
        event("FailedCreate", quota, "dask-workers-2", time="2026-01-01T00:00:02Z"),
        event("FailedCreate", quota, "other-workers-3", time="2026-01-01T00:00:02Z"),
        event("ScalingReplicaSet", quota, "dask-workers-2", time="2026-01-01T00:00:02Z"),
    ]
    text = f"pods could not be created: {quota}"
    expected = [NotReady("dask-workers-2", "FailedCreate", text)]
    assert refusals(["dask-workers"], events, "2026-01-01T00:00:01Z") == expected
    assert len(refusals(["dask-workers"], events, "")) == 2


def test_selectors() -> None:
    assert selector("dask") == "app.kubernetes.io/instance=dask"
    assert selector("dask", "worker").endswith(",app.kubernetes.io/component=worker")
