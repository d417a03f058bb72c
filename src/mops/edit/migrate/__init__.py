"""Migration of the older tool's files: the new text, and what became of every key.

Pure: strings in, strings out. A file is changed in its own text, so that its comments, its order
and the sections of other tools stay. Keys that the older tool ignored become comments, so that they
do not suddenly take effect.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from mops.edit.migrate.changes import Migrated
from mops.edit.migrate.config_file import migrate_config, take_settings
from mops.edit.migrate.conflicts import conflicts
from mops.edit.migrate.draft import Draft, Options
from mops.edit.migrate.finish import finish
from mops.edit.migrate.formats import CONFIG, INFRASTRUCTURE, OLD_UNIFIED, OLD_WORKSPACE
from mops.edit.migrate.infrastructure import migrate_infrastructure
from mops.edit.migrate.unified import migrate_unified
from mops.edit.migrate.workspace import migrate_workspace
from mops.model.layer import Origin
from mops.model.problems import ERROR, InvalidConfig, Problem
from mops.schema.fields import SettingsSchema
from mops.yamltext.rewrite import NotEditable

__all__ = ["Migrated", "Options", "migrate"]

_PLAIN = Options()
_STEPS = {
    OLD_UNIFIED: migrate_unified,
    OLD_WORKSPACE: migrate_workspace,
    INFRASTRUCTURE: migrate_infrastructure,
    CONFIG: migrate_config,
}


def migrate(
    texts: Sequence[tuple[str, str]], schema: SettingsSchema, options: Options = _PLAIN
) -> list[Migrated]:
    """Migrates each (name, text); files that the older tool read together become one.

    Files in a current format are left unchanged. Raises InvalidConfig for a file that was never a
    workspace, and if the current reader rejects a result.
    """
    drafts = [Draft(name, text, schema, options) for name, text in texts]
    return [_migrated(group) for group in _groups(drafts)]


def _groups(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Drafts that become one file, the one that took precedence first."""
    groups: list[list[Draft]] = []
    for draft in drafts:
        group = next((group for group in groups if _were_read_together(draft, group)), None)
        if group is None:
            groups.append([draft])
        else:
            group.append(draft)
    return [sorted(group, key=lambda draft: draft.format.precedence or 0) for group in groups]


def _were_read_together(draft: Draft, others: Sequence[Draft]) -> bool:
    """Whether a file is in the same directory as others, and of a different format."""
    directory = os.path.dirname(draft.name)
    formats = {other.format for other in others}
    if draft.format in formats or any(each.precedence is None for each in (draft.format, *formats)):
        return False
    return all(os.path.dirname(other.name) == directory for other in others)


def _migrated(group: Sequence[Draft]) -> Migrated:
    first, *others = group
    try:
        for draft in group:
            if not draft.format.is_current:
                draft.comment_out_duplicates()
        return _merged(first, others)
    except NotEditable as reason:
        message = f"part of this file cannot be changed on its own: {reason}"
        origin = Origin(first.name, f"{first.name}:1:1")
        hint = "replace anchors, aliases and tags with the values that they stand for"
        raise InvalidConfig([Problem(ERROR, "", message, origin, hint)]) from None


def _merged(first: Draft, others: list[Draft]) -> Migrated:
    """The result of files that were read together."""
    names = [first.name, *(other.name for other in others)]
    _migrate_one(first)
    if first.format == INFRASTRUCTURE:
        for config in [other for other in others if other.format == CONFIG]:
            take_settings(first, config)
            first.changes += config.changes
            others = [other for other in others if other is not config]
    result = finish(first)
    changes = list(result.changes)
    for other in others:
        if other.format == INFRASTRUCTURE:
            migrate_infrastructure(other)
        changes += conflicts(first, other)
    return result._replace(sources=names, changes=changes)


def _migrate_one(draft: Draft) -> None:
    """Brings a draft to the current format, unless it is already current."""
    step = _STEPS.get(draft.format)
    if step is not None:
        step(draft)
