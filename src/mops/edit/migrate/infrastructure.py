"""The older tool's infrastructure file, which contains a workspace."""

from __future__ import annotations

from mops.edit.migrate.changes import ADDED, MOVED, RENAMED
from mops.edit.migrate.draft import Draft
from mops.edit.migrate.sections import migrate_sections
from mops.edit.migrate.workspace import migrate_metadata
from mops.yamltext.outline import Map, Pair

_VERSION = 2
_VERSION_WHY = "the version of the current unified format"
NO_WORKSPACE = "the file deployed no workspace, so there is none to migrate"


def migrate_infrastructure(draft: Draft) -> None:
    """Brings an infrastructure file to the current unified format."""
    _version(draft)
    for name in ("continueOnError", "dependsOn"):
        found = draft.pair(name)
        if found is not None:
            why = "it controlled the older tool's deployment; mops deploys only the workspace"
            draft.comment_out((name,), found, why)
    if draft.map("workspace") is None:
        draft.ensure(("workspace",), {})
        draft.note(ADDED, ("workspace",), NO_WORKSPACE)
        draft.apply()
        return
    for name in ("apiVersion", "api_version", "kind"):
        found = draft.pair("workspace", name)
        if found is not None:
            draft.drop(("workspace", name), found, "the section implies it")
    migrate_metadata(draft, ("workspace", "metadata"))
    _namespace(draft)
    draft.apply()
    _lift(draft, "metadata")
    draft.lifted = _lift(draft, "spec")
    draft.apply()
    migrate_sections(draft, ("workspace",))


def _version(draft: Draft) -> None:
    pair = draft.pair("schemaVersion")
    if pair is not None:
        draft.rewrite.rename(pair, "schema_version")
        draft.rewrite.put(pair, _VERSION)
        draft.note(RENAMED, ("schemaVersion",), _VERSION_WHY, pair, f"schema_version: {_VERSION}")
    elif draft.pair("schema_version") is None:
        draft.prepend("schema_version", _VERSION, _VERSION_WHY)


def _namespace(draft: Draft) -> None:
    """Moves the namespace, which is now a setting of the release."""
    keys = ("workspace", "metadata", "namespace")
    pair: Pair | None = draft.pair(*keys)
    if pair is None or draft.rewrite.removes(pair):
        return
    start, end = pair.value.start, pair.value.end
    draft.rewrite.rename(pair, "release")
    draft.rewrite.replace(start, end, f"{{namespace: {draft.text[start:end]}}}")
    draft.note(MOVED, keys, "the namespace of the release", pair, "workspace.release.namespace")


def _lift(draft: Draft, name: str) -> bool:
    """Moves the keys of a section in `workspace` one level up; returns whether there were any."""
    holder, pair = draft.map("workspace"), draft.pair("workspace", name)
    if holder is None or pair is None or not isinstance(pair.value, Map) or not pair.value.pairs:
        return False
    draft.rewrite.lift(holder, pair)
    why = "the current unified format has these keys one level up"
    draft.note(MOVED, ("workspace", name), why, pair, "workspace")
    return True
