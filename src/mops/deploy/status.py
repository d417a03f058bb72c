"""The state of a workspace in its cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mops.deploy.changes import values_by_path
from mops.deploy.deployments import (
    DASHBOARD_PORT,
    Manifest,
    is_deployment,
    is_scheduler,
    named_port,
    object_name,
)
from mops.deploy.plan import Plan, plan, plan_upgrade
from mops.deploy.pods import NotReady, not_ready, refusals, selector
from mops.deploy.release import Live
from mops.deploy.workspace import Workspace, as_deployed, has_settings
from mops.model.layer import DEFAULTS, Path, Value
from mops.model.problems import EnvironmentFailure

_LOOPBACK = "127.0.0.1"


class Readiness(NamedTuple):
    """How many of a Deployment's pods are ready."""

    deployment: str
    ready: int
    wanted: int


class Pair(NamedTuple):
    """A setting as deployed and as configured; None if it is not set."""

    path: Path
    deployed: Value
    active: Value


class Status(NamedTuple):
    """The current state of a workspace.

    `plan` has the differences from the configuration, or from what was deployed if there is no
    configuration (`configured` is false). `unknown` says why `not_ready` could not be determined.
    `dashboard` is the URL of the dashboard on this machine, "" if it does not answer there.
    """

    live: Live
    plan: Plan
    configured: bool
    pods: Sequence[Readiness]
    not_ready: Sequence[NotReady]
    unknown: str
    dashboard: str

    @property
    def has_drift(self) -> bool:
        """Whether the cluster differs from the configuration."""
        return bool(self.plan.differences)


def read_status(workspace: Workspace) -> Status | None:
    """The state of the workspace; None if nothing is deployed."""
    live = workspace.releases.live()
    if live is None:
        return None
    configured = has_settings(workspace)
    if configured:
        made = plan_upgrade(workspace, live)
    else:
        made = plan(as_deployed(workspace, live), live, live.manifest)
    deployments = [entry for entry in live.objects if is_deployment(entry)]
    reasons: Sequence[NotReady] = ()
    unknown = ""
    if any(map(_is_late, deployments)):
        try:
            reasons = _reasons(workspace)
        except EnvironmentFailure as failure:
            unknown = str(failure)
    pods = [_readiness(entry) for entry in deployments]
    return Status(live, made, configured, pods, reasons, unknown, _dashboard(live))


def _readiness(deployment: Manifest) -> Readiness:
    ready = (deployment.get("status") or {}).get("readyReplicas") or 0
    wanted = deployment["spec"].get("replicas", 1)
    return Readiness(object_name(deployment), int(ready), int(wanted))


def _is_late(deployment: Manifest) -> bool:
    """Whether pods of a Deployment are missing, or the pods of an update are not available."""
    state = _readiness(deployment)
    unavailable = (deployment.get("status") or {}).get("unavailableReplicas")
    return bool(unavailable) or state.ready < state.wanted


def _reasons(workspace: Workspace) -> list[NotReady]:
    """Why pods are not ready, or not even created."""
    client = workspace.client()
    namespace, labels = workspace.target.namespace, selector(workspace.target.name)
    pods, events = client.pods(namespace, labels), client.events(namespace)
    found = not_ready(pods, events)
    if not pods:
        names = map(object_name, client.deployments(namespace, labels))
        found += refusals(names, events, "")
    return found


def _dashboard(live: Live) -> str:
    """The URL of the dashboard if it answers at its port on this machine, else ""."""
    from http import HTTPStatus
    from http.client import HTTPConnection, HTTPException

    port = _dashboard_port(live.manifest)
    if not port:
        return ""
    connection = HTTPConnection(_LOOPBACK, port, timeout=1)
    try:
        connection.request("GET", "/health")
        answered = connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        answered = False
    finally:
        connection.close()
    return f"http://localhost:{port}/status" if answered else ""


def _dashboard_port(manifests: Sequence[Mapping[str, Value]]) -> int:
    for manifest in manifests:
        if is_deployment(manifest) and is_scheduler(manifest):
            return named_port(manifest["spec"]["template"]["spec"], DASHBOARD_PORT)
    return 0


def config_pairs(status: Status) -> Iterator[Pair]:
    """The settings that some layer sets, or whose deployed and configured values differ."""
    workspace = status.plan.workspace
    deployed = values_by_path(status.live.values)
    active = values_by_path(workspace.verdict.values)
    for path in dict.fromkeys([*active, *deployed]):
        stack = workspace.config.stacks.get(path)
        is_set = stack is not None and stack[-1].origin.layer != DEFAULTS and path in active
        if is_set or deployed.get(path) != active.get(path):
            yield Pair(path, deployed.get(path), active.get(path))
