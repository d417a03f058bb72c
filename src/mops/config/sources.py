"""Files, environment and command line to layers, in order of precedence.

Each source produces statements; `read_statements` types them into the leaves of their layers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple

from mops.config import overrides
from mops.config.dialects import File, read
from mops.config.files import home_file, layer_content, layer_files
from mops.config.profiles import selections, unknown_profile
from mops.model.layer import Layer, Path
from mops.model.problems import Problem
from mops.schema.fields import PREFIX, SettingsSchema
from mops.schema.reading import read_statements


class Request(NamedTuple):
    """What the command line selects, as text that is not yet parsed or validated.

    `overrides` are (flag, text) pairs, `sets` (flag, KEY=VALUE) pairs, both in the order given.
    """

    config: Sequence[str] = ()
    profiles: Sequence[str] = ()
    overrides: Sequence[tuple[str, str]] = ()
    sets: Sequence[tuple[str, str]] = ()
    debug_mode: bool = False
    hermetic: bool = False


class Sources(NamedTuple):
    """The layers, lowest first, with all their problems.

    `refused` are the paths at which some layer has an invalid value. `files` are the files that
    were read. `ignored` names the variables and files that --hermetic ignores.
    """

    layers: tuple[Layer, ...]
    problems: tuple[Problem, ...]
    refused: frozenset[Path]
    files: tuple[File, ...]
    ignored: tuple[str, ...]


def gather(
    request: Request,
    environ: Mapping[str, str],
    schema: SettingsSchema,
    known: Mapping[str, File] = MappingProxyType({}),
) -> Sources:
    """All layers, lowest first: defaults, files, profiles, environment, --debug-mode, command line.

    `known` are files that have already been read, by name. Raises UsageError if the command line
    sets a setting twice, and EnvironmentFailure if a file cannot be read.
    """
    variables = {} if request.hermetic else environ
    files = _files(request, environ, schema, known)
    profiles, unknown = _profiles(request, variables, files)
    reading = read_statements(schema, _overrides(request, variables, schema))
    layers = [
        schema.defaults(),
        *(file.layer for file in files),
        *profiles,
        *(reading.layer(name, name) for name, leaves in reading.leaves.items() if leaves),
    ]
    problems = [*chain(*(file.problems for file in files)), *unknown, *reading.problems]
    refused = frozenset[Path]().union(*(file.refused for file in files), *reading.refused.values())
    return Sources(
        tuple(layers),
        tuple(dict.fromkeys(problems)),
        refused,
        tuple(files),
        tuple(_ignored(request, environ)),
    )


def _files(
    request: Request,
    environ: Mapping[str, str],
    schema: SettingsSchema,
    known: Mapping[str, File],
) -> list[File]:
    chosen = layer_files(request.config, environ, hermetic=request.hermetic)
    return [
        known.get(name) or read(layer_content(name, chosen_by), name, schema)
        for name, chosen_by in chosen.items()
    ]


def _profiles(
    request: Request, environ: Mapping[str, str], files: Sequence[File]
) -> tuple[list[Layer], list[Problem]]:
    """The layers of the selected profiles, and the problems with the selection."""
    in_files = [file.selected for file in files if file.selected is not None]
    known = list(dict.fromkeys(chain(*(file.profiles for file in files))))
    layers: list[Layer] = []
    problems: list[Problem] = []
    for selected in selections(request.profiles, environ, in_files):
        layers += [file.profiles[selected.name] for file in files if selected.name in file.profiles]
        if selected.name not in known:
            problems.append(unknown_profile(selected, known))
    return layers, problems


def _overrides(
    request: Request, environ: Mapping[str, str], schema: SettingsSchema
) -> overrides.Statements:
    """The statements of everything above files and profiles, lowest first."""
    yield from overrides.environment(environ, schema)
    if request.debug_mode:
        yield from overrides.debug()
    yield from overrides.command_line(request.overrides, request.sets, schema)


def _ignored(request: Request, environ: Mapping[str, str]) -> Iterator[str]:
    """The variables and the file that --hermetic ignores."""
    if not request.hermetic:
        return
    for name in sorted(environ):
        chooses = name in ("MODELOPS_PROFILE", "MODELOPS_CONFIG") and environ[name]
        if chooses or name.startswith(PREFIX):
            yield name
    home = home_file(environ)
    if home and not request.config and os.path.lexists(home):
        yield home
