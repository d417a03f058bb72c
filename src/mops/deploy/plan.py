"""What an upgrade would change: values, objects and pods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mops.deploy.causes import cause
from mops.deploy.changes import Change, changes
from mops.deploy.compare import differences
from mops.deploy.deployments import Manifest, by_name
from mops.deploy.difference import Difference
from mops.deploy.impact import Impact, handed_over, impacts
from mops.deploy.release import Live
from mops.deploy.workspace import Workspace
from mops.yamltext.writer import dump


class Plan(NamedTuple):
    """The difference between a workspace's configuration and its live state.

    `wanted` are the rendered manifests. `live` is None if nothing is deployed.
    """

    workspace: Workspace
    live: Live | None
    wanted: Sequence[Manifest]
    differences: Sequence[Difference]
    changes: Sequence[Change]
    impacts: Sequence[Impact]

    @property
    def applied(self) -> list[Difference]:
        """The differences that an upgrade eliminates."""
        return [entry for entry in self.differences if not entry.extra]

    @property
    def is_empty(self) -> bool:
        """Whether an upgrade would change nothing."""
        return self.live is not None and not self.applied and not self.changes


def values_text(workspace: Workspace) -> str:
    """The values of the configuration, as helm reads them."""
    return dump(workspace.verdict.values)


def plan_upgrade(workspace: Workspace, live: Live | None) -> Plan:
    """What an upgrade to the workspace's configuration would change. Runs helm to render it."""
    return plan(workspace, live, workspace.releases.rendered(values_text(workspace)))


def plan(workspace: Workspace, live: Live | None, wanted: Sequence[Manifest]) -> Plan:
    """The difference between manifests and the live state, with the settings that cause it."""
    objects = live.objects if live else ()
    released = live.manifest if live else ()
    found = differences(wanted, objects, released=released)
    return Plan(
        workspace,
        live,
        wanted,
        _with_causes(workspace, live, wanted, found),
        changes(live.values, workspace.verdict.values) if live else [],
        [*impacts(found, wanted, objects), *handed_over(wanted, released)],
    )


def _with_causes(
    workspace: Workspace, live: Live | None, wanted: Sequence[Manifest], found: list[Difference]
) -> list[Difference]:
    manifests = by_name(wanted)
    deployed = live.values if live else None
    explained = []
    for entry in found:
        because = None
        if entry.place is not None and not entry.extra:
            manifest = manifests[entry.object]
            because = cause(entry.place, manifest, workspace.config, workspace.schema, deployed)
        explained.append(entry._replace(cause=because))
    return explained
