"""The revisions of a release, with the configuration of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mops.deploy.changes import Change, changes
from mops.deploy.plan import Plan, plan
from mops.deploy.plan_text import change_data, change_text
from mops.deploy.release import DEPLOYED, SUPERSEDED, Live, Revision, layers, not_found
from mops.deploy.workspace import Workspace, as_deployed
from mops.model.layer import Value
from mops.model.problems import EnvironmentFailure, UsageError
from mops.report.text import printable
from mops.schema.fields import SettingsSchema


class Entry(NamedTuple):
    """A revision with the layers of its values, and the values that it changed."""

    revision: Revision
    layers: Sequence[str]
    changes: Sequence[Change]


class Rollback(NamedTuple):
    """A rollback to an earlier revision: the layers of its values, and what it would change."""

    revision: int
    layers: Sequence[str]
    plan: Plan


def read_history(workspace: Workspace) -> list[Entry]:
    """The revisions, oldest first. Raises EnvironmentFailure if there is no release."""
    revisions = workspace.releases.history()
    if not revisions:
        raise EnvironmentFailure(not_found(workspace.target))
    found: list[Entry] = []
    before: Mapping[str, Value] = {}
    for revision in revisions:
        values = workspace.releases.values(revision.number)
        changed = changes(before, values) if before else []
        found.append(Entry(revision, layers(values), changed))
        before = values
    return found


def history_text(entries: Sequence[Entry], schema: SettingsSchema) -> str:
    """The revisions for people, each with its changes below it."""
    lines: list[str] = []
    for revision, names, changed in entries:
        updated = revision.updated[:19].replace("T", " ")
        origin = " < ".join(names) or "unknown layers"
        lines.append(
            f"{revision.number}  {updated}  {revision.status}  {revision.description}  ({origin})"
        )
        lines += [f"     {change_text(schema, change)}" for change in changed]
    return "".join(f"{printable(line)}\n" for line in lines)


def history_data(entries: Sequence[Entry], schema: SettingsSchema) -> list[dict[str, Value]]:
    """The revisions as data for JSON."""
    return [
        {
            **revision._asdict(),
            "layers": names,
            "changes": [change_data(schema, change) for change in changed],
        }
        for revision, names, changed in entries
    ]


def plan_rollback(workspace: Workspace, asked: int) -> Rollback:
    """A rollback to the revision `asked` for; 0 is the last one that was deployed before.

    Raises EnvironmentFailure if there is no release, UsageError if there is no such revision.
    """
    revisions = workspace.releases.history()
    live = workspace.releases.live()
    if not revisions or live is None:
        raise EnvironmentFailure(not_found(workspace.target))
    number = asked or _previous(revisions, live)
    if number not in [revision.number for revision in revisions]:
        numbers = ", ".join(str(revision.number) for revision in revisions)
        raise UsageError(f"revision {number} not found (available: {numbers})")
    earlier = live._replace(revision=number, values=workspace.releases.values(number))
    manifest = workspace.releases.manifest(number)
    made = plan(as_deployed(workspace, earlier), live, manifest)
    return Rollback(number, earlier.layers, made)


def _previous(revisions: Sequence[Revision], live: Live) -> int:
    """The last revision that was deployed before the live one, or before a failed attempt."""
    for revision in reversed(revisions):
        is_live = revision.number == live.revision and live.status == DEPLOYED
        if revision.status in (DEPLOYED, SUPERSEDED) and not is_live:
            return revision.number
    raise UsageError("no earlier revision to roll back to")
