"""From a field of an object back to the setting that determines it. Pure.

The schema's `x-manifest` lists the fields to which the chart writes a setting under another name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mops.config.resolve import Config
from mops.deploy.comparable import value_at
from mops.deploy.deployments import GROUP, SCHEDULER, Manifest, is_scheduler, labels
from mops.deploy.difference import CONTAINER, OBJECT, POD, Cause, Place
from mops.model.layer import Path, Value
from mops.schema.fields import SettingsSchema

_MANIFEST = "x-manifest"


class _Candidate(NamedTuple):
    """A setting or section that may determine a field; longer markers are more specific."""

    path: Path
    specificity: int


def cause(
    place: Place,
    manifest: Manifest,
    config: Config,
    schema: SettingsSchema,
    deployed: Mapping[str, Value] | None = None,
) -> Cause | None:
    """The setting that determines a field of an object; None if only the chart does.

    If there are several, a setting that differs from the `deployed` values is the most likely.
    """
    found: list[Cause] = []
    for path in _settings(place, _section(manifest, schema), config, schema):
        leaf = config.stacks[path][-1]
        if leaf.value is not None:
            found.append(Cause(path, leaf))
    if deployed is not None:
        found.sort(key=lambda entry: value_at(deployed, entry.path) == entry.leaf.value)
    return found[0] if found else None


def _section(manifest: Manifest, schema: SettingsSchema) -> Path:
    """The path of the settings for an object's pods: the scheduler's, the workers' or a group's."""
    if is_scheduler(manifest):
        return (SCHEDULER,)
    groups, workers = next(iter(schema.inherits.items()))
    group = labels(manifest).get(GROUP, "default")
    return workers if group == "default" else (*groups, group)


def _settings(place: Place, section: Path, config: Config, schema: SettingsSchema) -> list[Path]:
    """The settings that determine a field, the most specific first."""
    candidates = [*_marked(place, section, config, schema)]
    candidates += _same_name(place, section, config)
    candidates.sort(key=lambda candidate: -candidate.specificity)
    found: list[Path] = []
    for candidate in candidates:
        path = candidate.path
        found += [path] if path in config.stacks else _below(path, config)
    return list(dict.fromkeys(found))


def _marked(
    place: Place, section: Path, config: Config, schema: SettingsSchema
) -> Iterator[_Candidate]:
    """Settings whose marker names the field, or something that contains it."""
    workers = next(iter(schema.inherits.values()))
    source = section if section == (SCHEDULER,) else workers
    for path, markers in schema.marked(_MANIFEST):
        if path[:1] in ((SCHEDULER,), workers) and path[:1] != source:
            continue
        setting = (*section, *path[1:]) if path[:1] == source else path
        for marker in markers:
            if f"{place.marker}.".startswith(f"{marker}."):
                inner = _inner(place, marker)
                found = _longest((*setting, *inner), len(setting), config)
                yield _Candidate(found or setting, len(marker.split(".")))


def _inner(place: Place, marker: str) -> Path:
    """The rest of a field's path, after a marker that contains it."""
    if "/" in marker:
        # Such a marker names a single value, and its parts may contain dots.
        return ()
    path = place.path if place.part == OBJECT else (place.part, *place.path)
    return path[len(marker.split(".")) :]


def _same_name(place: Place, section: Path, config: Config) -> Iterator[_Candidate]:
    """The setting with the field's name; most fields of pods and containers have one."""
    path = place.path
    if place.part == OBJECT and path[:1] == ("spec",):
        path = path[1:]
    elif place.part not in (CONTAINER, POD):
        return
    found = _longest((*section, *path), len(section) + 1, config)
    if found:
        yield _Candidate(found, len(path) + 1)


def _longest(path: Path, least: int, config: Config) -> Path | None:
    """The longest prefix of a path, of at least so many parts, that has settings."""
    for size in range(len(path), least - 1, -1):
        prefix = path[:size]
        if prefix in config.stacks or _below(prefix, config):
            return prefix
    return None


def _below(path: Path, config: Config) -> list[Path]:
    return [setting for setting in config.stacks if setting[: len(path)] == path]
