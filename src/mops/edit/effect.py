"""The effect of an edit, as lines for the user: the new content, and which layer wins."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from mops.config.files import active_file
from mops.config.resolve import Config, resolve
from mops.config.sources import Request, gather
from mops.edit.files import Target
from mops.edit.readback import Edited
from mops.model.layer import DEFAULTS, Leaf, Path, dotted
from mops.model.problems import EnvironmentFailure, UsageError
from mops.report.origins import written_at
from mops.report.text import printable, shown
from mops.schema.fields import SettingsSchema


def written_lines(target: Target, edited: Edited, *, changed: bool) -> Iterator[str]:
    """The edited settings in the file: one line for each place."""
    verb = "is" if changed else "already is"
    first: dict[str, tuple[Path, Leaf]] = {}
    for path, leaf in edited.layer.leaves.items():
        if any(path[: len(want)] == want for want in edited.paths):
            first.setdefault(leaf.origin.place, (path, leaf))
    for path, leaf in first.values():
        value = shown(target.schema, path, leaf.value)
        yield printable(f"{leaf.origin.place}: {leaf.origin.key} {verb} {value}")
    if not first:
        yield printable(f"{target.file}: {dotted(edited.paths[0])} {verb} empty")


def removed_line(target: Target, key: str, edited: Edited | None) -> str:
    """A line that says whether a key was removed."""
    where = f"{target.file}, profile {target.profile}" if target.profile else target.file
    state = "is removed" if edited else "is not set here; nothing to do"
    return printable(f"{where}: {key} {state}")


def effect_lines(
    target: Target, edited: Edited, environ: Mapping[str, str], *, removed: bool = False
) -> Iterator[str]:
    """Says that an edit has no effect, because another layer wins or the profile is not selected.

    With `removed`, says which value is active now. Yields nothing if the configuration cannot be
    read.
    """
    try:
        gathered = gather(_request(target.file, environ), environ, target.schema)
    except (EnvironmentFailure, UsageError):
        return
    config = resolve(gathered.layers, target.schema)
    profile = target.profile
    selected = any(layer.name.startswith(f"profile {profile} ") for layer in gathered.layers)
    if profile and not selected:
        yield f"profile {profile} is not selected: it takes effect with --profile {profile}"
        return
    leaves = edited.layer.leaves
    for path in edited.paths:
        if path not in config.stacks:
            continue
        if removed:
            yield printable(_now(config, target.schema, path))
        elif path in leaves and config.stacks[path][-1].origin != leaves[path].origin:
            yield printable(_no_effect(config, target.schema, path))


def _request(file: str, environ: Mapping[str, str]) -> Request:
    """The layers of a plain command; if the file is not the active one, with --config FILE."""
    active = active_file(environ)
    is_active = active and os.path.exists(active) and os.path.samefile(active, file)
    return Request() if is_active else Request(config=(file,))


def _now(config: Config, schema: SettingsSchema, path: Path) -> str:
    top = config.stacks[path][-1]
    if top.value is None:
        return f"{dotted(path)} is cleared by {_winner(top)}"
    return f"{dotted(path)} is now {shown(schema, path, top.value)}, from {_winner(top)}"


def _no_effect(config: Config, schema: SettingsSchema, path: Path) -> str:
    top = config.stacks[path][-1]
    value = shown(schema, path, top.value)
    return f"this has no effect: {dotted(path)} is {value}, from {_winner(top)}"


def _winner(leaf: Leaf) -> str:
    """Where a winning value was written, with its layer if that is not obvious from the place."""
    place = written_at(leaf)
    if leaf.origin.layer in (leaf.origin.place, DEFAULTS):
        return place
    return f"{place} ({leaf.origin.layer})"
