"""Removing a release and its namespace."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mops.deploy.release import State
from mops.deploy.workspace import Workspace
from mops.model.problems import UsageError


class Removal(NamedTuple):
    """What is removed: the release if it exists, and the namespace with everything in it."""

    workspace: Workspace
    state: State
    namespace: bool

    @property
    def question(self) -> str:
        """The question that asks the user for confirmation."""
        name, namespace, _ = self.workspace.target
        if not self.state.revision:
            return f"Delete namespace {namespace} and everything in it?"
        release = f"{name} (revision {self.state.revision}, {self.state.status})"
        if self.namespace:
            return f"Remove {release}, and namespace {namespace} with everything in it?"
        return f"Remove {release} from {namespace}? Running work is lost."

    def run(self, limit: float, say: Callable[[str], None]) -> None:
        """Removes everything; helm waits at most `limit` seconds for the release's objects."""
        target = self.workspace.target
        if self.state.revision:
            self.workspace.releases.uninstall(limit)
            say(f"removed {target.name}")
        if self.namespace:
            self.workspace.client().delete_namespace(target.namespace)
            say(f"deleting namespace {target.namespace}")


def plan_removal(workspace: Workspace, *, namespace: bool) -> Removal | None:
    """What would be removed; None if there is nothing.

    Raises UsageError if the namespace would be deleted and contains other releases.
    """
    state = workspace.releases.state()
    if not namespace:
        return Removal(workspace, state, namespace=False) if state.revision else None
    others = workspace.releases.others()
    if others:
        raise UsageError(
            f"--delete-namespace: namespace {workspace.target.namespace} also contains "
            f"the releases {', '.join(others)}"
        )
    return Removal(workspace, state, namespace=True)
