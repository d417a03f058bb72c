"""The older tool's config.yaml: settings of the installation, without a workspace."""

from __future__ import annotations

from mops.edit.migrate.changes import ADDED, MOVED, RENAMED
from mops.edit.migrate.draft import Draft
from mops.edit.migrate.infrastructure import NO_WORKSPACE
from mops.edit.migrate.scalars import drop_null

# Sections of config.yaml, and their names in a unified file.
_SECTIONS = (("defaults", "settings"), ("pulumi", "pulumi"))


def migrate_config(draft: Draft) -> None:
    """Turns a config.yaml into a unified file without a workspace."""
    draft.prepend("schema_version", 2, "the version of the current unified format")
    defaults = draft.pair("defaults")
    if defaults is not None and not drop_null(draft, ("defaults",), defaults):
        draft.rewrite.rename(defaults, "settings")
        why = "the section's name in the current format"
        draft.note(RENAMED, ("defaults",), why, defaults, "settings")
        environment = draft.pair("defaults", "environment")
        if environment is not None:
            drop_null(draft, ("defaults", "environment"), environment)
    draft.ensure(("workspace",), {})
    draft.note(ADDED, ("workspace",), NO_WORKSPACE)
    draft.apply()


def take_settings(draft: Draft, config: Draft) -> None:
    """Adds to an infrastructure file what the older tool read from the config.yaml beside it."""
    for name, to in _SECTIONS:
        pair, section = config.pair(name), config.value(name)
        if pair is None or not isinstance(section, dict):
            continue
        settings = {key: value for key, value in section.items() if value is not None}
        for key, value in settings.items():
            keeps_type = isinstance(value, (bool, int, dict, list))
            draft.ensure((to, key), value if keeps_type else str(value))
        if settings:
            why = f"now in the file that replaces {draft.name}"
            config.note(MOVED, (name,), why, pair, to)
    draft.apply()
