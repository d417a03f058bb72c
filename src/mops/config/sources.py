"""Files, environment and command line to layers: all that mops reads, and the order in which it counts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from mops.config.dialects import File, read, unknown_profile
from mops.config.files import home_file, layer_content, layer_files
from mops.config.keys import _quoted, _split, canonical, key_path, suggestion
from mops.model import bundle
from mops.model.layer import COMMAND_LINE, DEBUG, ENVIRONMENT, Layer, Origin, Path, dotted
from mops.model.problems import ERROR, Problem, UsageError
from mops.schema.fields import PREFIX, SettingsSchema
from mops.schema.keywords import near, types
from mops.schema.reading import Reading
from mops.yamltext.nodes import Node, Text
from mops.yamltext.reader import parse


class Request(NamedTuple):
    """What the command line asks for, as text: nothing is parsed or judged here.

    `overrides` are (flag, text) pairs, `sets` (flag, KEY=VALUE) pairs, in the order given.
    """

    config: Sequence[str] = ()
    profiles: Sequence[str] = ()
    overrides: Sequence[tuple[str, str]] = ()
    sets: Sequence[tuple[str, str]] = ()
    debug_mode: bool = False
    hermetic: bool = False


class Sources(NamedTuple):
    """The layers, lowest first, with all that is wrong with any of them.

    `refused` are paths at which some layer has no usable value. `files` are the files as read.
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
    """All layers in their order: defaults, files, profiles, environment, --debug-mode, command line.

    `known` are files that have been read before, by name.
    """
    chosen = layer_files(request.config, environ, hermetic=request.hermetic)
    files = [
        known.get(name) or read(layer_content(name, chosen_by), name, schema)
        for name, chosen_by in chosen.items()
    ]
    problems = [problem for file in files for problem in file.problems]
    profiles, wrong = _profiles(request, environ, files)
    problems += wrong
    readings: list[Reading] = []
    if not request.hermetic:
        readings.append(_environment(environ, schema))
    if request.debug_mode:
        readings.append(_debug(schema))
    readings.append(_command_line(request, schema))
    problems += [problem for reading in readings for problem in reading.problems]
    layers = [
        schema.defaults(),
        *(file.layer for file in files),
        *profiles,
        *(reading.result(reading.layer) for reading in readings if reading.leaves),
    ]
    refused = frozenset[Path]().union(
        *(file.refused for file in files), *(reading.refused for reading in readings)
    )
    return Sources(
        tuple(layers), tuple(_once(problems)), refused, tuple(files), _ignored(request, environ)
    )


def _profiles(
    request: Request, environ: Mapping[str, str], files: Sequence[File]
) -> tuple[list[Layer], list[Problem]]:
    """The layers of the selected profiles, and what is wrong with the selection."""
    chosen: list[tuple[str, Origin]] = [
        (name, Origin(COMMAND_LINE, "--profile")) for name in request.profiles
    ]
    if not chosen and environ.get("MODELOPS_PROFILE") and not request.hermetic:
        chosen = [
            (name, Origin(ENVIRONMENT, "MODELOPS_PROFILE"))
            for name in map(str.strip, environ["MODELOPS_PROFILE"].split(","))
            if name
        ]
    if not chosen:
        chosen = [selected for file in files if (selected := file.selected)][-1:]
    known = list(dict.fromkeys(name for file in files for name in file.profiles))
    layers: list[Layer] = []
    problems: list[Problem] = []
    for name, origin in dict.fromkeys(chosen):
        layers += [file.profiles[name] for file in files if name in file.profiles]
        if name not in known:
            problems.append(unknown_profile(name, known, origin))
    return layers, problems


def _environment(environ: Mapping[str, str], schema: SettingsSchema) -> Reading:
    """The MODELOPS_OVERRIDE_* variables, each judged as a scalar that says where it came from."""
    merged = Reading(schema, ENVIRONMENT, ENVIRONMENT, in_file=False)
    for name in sorted(environ):
        if not name.startswith(PREFIX):
            continue
        if name not in schema.variables:
            hint = (
                near(name, schema.variables) or "`mops config explain KEY` names a field's variable"
            )
            merged.problems.append(
                Problem(
                    ERROR,
                    name,
                    "no setting has this override variable",
                    Origin(ENVIRONMENT, name),
                    hint,
                )
            )
            continue
        _scalar(merged, name, environ[name], schema.variables[name])
    return merged


def _debug(schema: SettingsSchema) -> Reading:
    """The built-in profile of --debug-mode."""
    reading = Reading(schema, DEBUG, DEBUG, in_file=False)
    root, reading.problems = parse(bundle.read("schemas", "profiles", "debug.yaml"), DEBUG, DEBUG)
    if root is not None:
        reading.walk(root, schema.tree, (), ())
    return reading


def _command_line(request: Request, schema: SettingsSchema) -> Reading:
    merged = Reading(schema, COMMAND_LINE, COMMAND_LINE, in_file=False)
    given: dict[Path, str] = {}
    for flag, text in request.overrides:
        paths = schema.flags[flag.replace("--no-", "--", 1) if flag not in schema.flags else flag]
        _claim(given, paths, flag)
        _scalar(merged, flag, text, paths)
    for flag, pair in request.sets:
        key, equals, text = _split(pair)
        if not equals:
            raise UsageError(f"{flag}: {pair} is not KEY=VALUE")
        path = key_path(key, flag)
        place = f"{flag} {key}"
        paths = canonical(schema, path)
        if not paths:
            merged.problems.append(
                Problem(
                    ERROR,
                    place,
                    "no such setting",
                    Origin(COMMAND_LINE, place),
                    _quoted(schema, path) or suggestion(schema, dotted(path)),
                )
            )
            continue
        _claim(given, paths, place)
        for here in paths:
            known = list(merged.problems)
            merged.place = place
            merged.names(here)
            _set(
                merged,
                place,
                here,
                text,
                forget=flag == "--set" and text == "null",
                literal=flag == "--set-string",
            )
            merged.once(known, Origin(COMMAND_LINE, place))
    return merged


def _claim(given: dict[Path, str], paths: Sequence[Path], place: str) -> None:
    """One key may be given once on the command line."""
    for path in paths:
        if path in given:
            first = f"{given[path]} and {place}" if given[path] != place else place
            raise UsageError(f"{dotted(path)} is given twice on the command line: {first}")
        given[path] = place


def _scalar(merged: Reading, place: str, text: str, paths: Sequence[Path]) -> None:
    merged.place = place
    for path in paths:
        known = list(merged.problems)
        tree = merged.schema.at(path) or {}
        # Quoting keeps text as it is where text is wanted: no word on the command line means null.
        merged.take(Text(text, _takes_text(tree), 0, 0), tree, path, ())
        merged.once(known, Origin(merged.layer, place))


def _set(
    merged: Reading, place: str, path: Path, text: str, *, forget: bool, literal: bool
) -> None:
    merged.place = place
    tree: Any = merged.schema.at(path) or {}
    node: Node | None = Text(text, False, 0, 0)
    if forget:
        merged.leaf(Text(text, False, 0, 0), path, None, ())
        return
    if _takes_text(tree) or literal:
        node = Text(text, True, 0, 0)
    elif _takes_collection(tree):
        node, problems = parse(text, place, COMMAND_LINE)
        merged.problems.extend(
            problem._replace(origin=Origin(COMMAND_LINE, place)) for problem in problems
        )
        if problems:
            return
    merged.walk(node or Text("", False, 0, 0), tree, path, ())


def _takes_text(tree: Mapping[str, Any]) -> bool:
    return "string" in types(tree) and "integer" not in types(tree)


def _takes_collection(tree: Mapping[str, Any]) -> bool:
    return bool({"object", "array"} & set(types(tree)))


def _once(problems: list[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))


def _ignored(request: Request, environ: Mapping[str, str]) -> tuple[str, ...]:
    """What --hermetic keeps out though it is there."""
    if not request.hermetic:
        return ()
    variables = [
        name
        for name in sorted(environ)
        if name.startswith(PREFIX)
        or (name in ("MODELOPS_PROFILE", "MODELOPS_CONFIG") and environ[name])
    ]
    home = home_file(environ)
    return (*variables, *([home] if home and not request.config and os.path.lexists(home) else []))
