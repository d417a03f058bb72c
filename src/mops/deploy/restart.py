"""Rolling restarts of the scheduler, the workers, or both."""

from __future__ import annotations

from datetime import datetime, timezone

from mops.deploy.deployments import object_name
from mops.deploy.kube import Kube
from mops.deploy.pods import PARTS, selector
from mops.deploy.release import Target
from mops.model.problems import EnvironmentFailure


def find_deployments(client: Kube, target: Target, part: str) -> list[str]:
    """The names of the Deployments of the "scheduler", of the "workers", or of both ("").

    Raises EnvironmentFailure if there are none.
    """
    labels = selector(target.name, PARTS.get(part, ""))
    found = client.deployments(target.namespace, labels)
    if not found:
        raise EnvironmentFailure(
            f"no {part or 'workspace'} of {target.name} found in namespace {target.namespace}"
        )
    return [object_name(deployment) for deployment in found]


def restart(client: Kube, namespace: str, name: str) -> None:
    """Makes a Deployment replace its pods, without waiting."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    client.restart(namespace, name, now)
