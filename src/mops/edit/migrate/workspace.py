"""A standalone workspace of the older tool."""

from __future__ import annotations

from mops.edit.migrate.changes import CHANGED, DIFFERS, RENAMED
from mops.edit.migrate.draft import Draft
from mops.edit.migrate.older_yaml import data
from mops.edit.migrate.scalars import drop_null
from mops.edit.migrate.sections import IGNORED, migrate_sections
from mops.model.layer import Path
from mops.schema.keywords import violations
from mops.yamltext.outline import Pair

_API_VERSION = "modelops/v1"
_REQUIRED = "the current format requires it"


def migrate_workspace(draft: Draft) -> None:
    """Brings a standalone workspace to the current format."""
    _header(draft)
    migrate_metadata(draft, ("metadata",))
    draft.apply()
    migrate_sections(draft, ("spec",))


def _header(draft: Draft) -> None:
    """Migrates the keys apiVersion and kind, which the older tool hardly checked."""
    version = draft.pair("apiVersion") or draft.pair("api_version")
    if version is None:
        draft.prepend("apiVersion", _API_VERSION, _REQUIRED)
    else:
        if version.key.text == "api_version":
            draft.rewrite.rename(version, "apiVersion")
            draft.note(RENAMED, ("api_version",), "the current spelling", version, "apiVersion")
        if data(version.value) != _API_VERSION:
            draft.rewrite.put(version, _API_VERSION)
            why = "the older tool accepted any string here"
            draft.note(CHANGED, (version.key.text,), why, version)
    if draft.pair("kind") is None:
        draft.prepend("kind", "Workspace", _REQUIRED)


def migrate_metadata(draft: Draft, keys: Path) -> None:
    """Migrates the metadata section at `keys`."""
    name = draft.pair(*keys, "name")
    if name is not None:
        _name(draft, (*keys, "name"), name)
    labels = draft.pair(*keys, "labels")
    if labels is not None and not drop_null(draft, (*keys, "labels"), labels):
        why = "the older tool ignored them; now they are set on every object"
        draft.note(DIFFERS, (*keys, "labels"), why, labels)
    namespace = draft.pair(*keys, "namespace")
    if namespace is not None:
        drop_null(draft, (*keys, "namespace"), namespace)
    section = draft.map(*keys)
    for pair in section.pairs if section is not None else ():
        if pair.key.text not in ("name", "labels", "namespace"):
            draft.comment_out((*keys, pair.key.text), pair, IGNORED)


def _name(draft: Draft, keys: Path, pair: Pair) -> None:
    name = str(data(pair.value))
    for wrong in violations(draft.schema.at(("name",)) or {}, name):
        why = f"not a valid name ({wrong.message}); it never reached Kubernetes"
        draft.comment_out(keys, pair, why)
        return
    why = (
        "it never reached Kubernetes; now it is the value of the label modelops.io/workspace,"
        " which was always dask"
    )
    draft.note(DIFFERS, keys, why, pair)
