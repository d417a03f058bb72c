"""Files of the older tool to today's: the changed text, and a table of what became of every key.

Pure: texts in, texts out. A file is changed in its own text, so that its comments, its order and the sections of
other tools stay. What the older tool ignored is left as a comment, never brought to life.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from mops.edit.migrate import component, unified
from mops.edit.migrate.draft import Draft, Migrated
from mops.edit.migrate.formats import (
    CONFIG,
    INFRASTRUCTURE,
    OLD_UNIFIED,
    OLD_WORKSPACE,
    TODAY,
    detect,
)
from mops.edit.migrate.verdict import conflicts, finish
from mops.model.layer import Origin
from mops.model.problems import ERROR, InvalidConfig, Problem
from mops.schema.fields import SettingsSchema
from mops.yamltext.rewrite import NotEditable

__all__ = ["Migrated", "migrate"]

# Files that lie in one folder and were read together, the one that counted first.
_TOGETHER = (OLD_UNIFIED, INFRASTRUCTURE, CONFIG)


def migrate(
    texts: Sequence[tuple[str, str]],
    schema: SettingsSchema,
    *,
    drop_defaults: bool = False,
    intended: bool = False,
) -> list[Migrated]:
    """Each (name, text) as it is today; files that were read together become one.

    `drop_defaults` leaves keys that only repeat an old default to today's default. `intended` carries over what
    the older tool ignored though its author plainly meant it. Raises InvalidConfig for what is no such file.
    """
    drafts = [
        Draft(name, text, schema, drop_defaults=drop_defaults, intended=intended)
        for name, text in texts
    ]
    for draft in drafts:
        draft.format = detect(draft)
    return [_changed(group) for group in _groups(drafts)]


def _groups(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Drafts that make one result, the one that counts first."""
    groups: list[list[Draft]] = []
    for draft in drafts:
        folder = os.path.dirname(draft.name)
        mate = next(
            (
                group
                for group in groups
                if draft.together
                and all(
                    other.together
                    and other.format != draft.format
                    and os.path.dirname(other.name) == folder
                    for other in group
                )
            ),
            None,
        )
        if mate is None:
            groups.append([draft])
        else:
            mate.append(draft)
    rank = {name: index for index, name in enumerate((TODAY, *_TOGETHER))}
    return [sorted(group, key=lambda draft: rank.get(draft.format, 0)) for group in groups]


def _changed(group: Sequence[Draft]) -> Migrated:
    for draft in group:
        if not draft.format.startswith("today"):
            draft.repeated()
    try:
        return _one(group)
    except NotEditable as fixed:
        name = group[0].name
        raise InvalidConfig(
            [
                Problem(
                    ERROR,
                    "",
                    f"a part of this file cannot be changed by itself: {fixed}",
                    Origin(name, f"{name}:1:1"),
                    "write out what anchors and tags stand for",
                )
            ]
        ) from None


def _one(group: Sequence[Draft]) -> Migrated:
    first, *others = group
    settings = next((draft for draft in others if draft.format == CONFIG), None)
    if first.format == CONFIG:
        unified.from_config(first)
    elif first.format == INFRASTRUCTURE:
        component.from_infrastructure(first)
        if settings is not None:
            unified.take_settings(first, settings)
            others = [draft for draft in others if draft is not settings]
            first.changes += settings.changes
    elif first.format == OLD_UNIFIED:
        unified.from_unified(first)
    elif first.format == OLD_WORKSPACE:
        component.from_workspace(first)
    done = finish(first)
    for other in others:
        if other.format == INFRASTRUCTURE:
            component.from_infrastructure(other)
        done = done._replace(changes=[*done.changes, *conflicts(first, other)])
    return done._replace(sources=[draft.name for draft in group])
