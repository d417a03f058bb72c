"""Files, environment and command line to layers: all that mops reads, and the order in which it counts."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from mops import bundle
from mops.check import near, types
from mops.dialects import File, read, unknown_profile
from mops.document import MAX_BYTES, Node, Text, parse
from mops.errors import ERROR, EnvironmentFailure, InvalidConfig, Problem, UsageError
from mops.layer import Layer, Origin, Path, dotted
from mops.schema import PREFIX, SettingsSchema, snake
from mops.validate import Reading

_EMPTY = '""'

ENVIRONMENT, COMMAND_LINE, DEBUG = "environment", "command line", "--debug-mode"

# Files that look like the configuration to a reader of the folder.
AUTHORITATIVE = ("workspace.yaml", os.path.join("examples", "workspace.yaml"), "modelops.yaml")


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


def gather(request: Request, environ: Mapping[str, str], schema: SettingsSchema, known: Mapping[str, File] = MappingProxyType({})) -> Sources:
    """All layers in their order: defaults, files, profiles, environment, --debug-mode, command line.

    `known` are files that have been read before, by name.
    """
    names = _files(request, environ)
    chosen = "MODELOPS_CONFIG: " if names and not request.config and environ.get("MODELOPS_CONFIG") else ""
    files = [known.get(name) or read(_content(name, chosen), name, schema) for name in names]
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
    layers = [schema.defaults(), *(file.layer for file in files), *profiles, *(reading.result(reading.layer) for reading in readings if reading.leaves)]
    refused = frozenset[Path]().union(*(file.refused for file in files), *(reading.refused for reading in readings))
    return Sources(tuple(layers), tuple(_once(problems)), refused, tuple(files), _ignored(request, environ))


def _content(name: str, chosen: str) -> bytes:
    """The bytes of a layer's file; an error begins with what has chosen the file, where the command line has not."""
    try:
        return read_file(name)
    except EnvironmentFailure as failure:
        raise EnvironmentFailure(f"{chosen}{failure}") from None


def read_file(name: str) -> bytes:
    """The bytes of a regular file, or of standard input for `-`; one byte past the limit at most."""
    if name == "-":
        import sys

        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        # Non-blocking, so that opening a pipe without a writer returns.
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                kind = "a folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "not a regular file"
                raise EnvironmentFailure(f"{name}: it is {kind}")
            return _bounded(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise EnvironmentFailure(f"{name or _EMPTY}: {_reason(error)}") from None
    except ValueError:
        raise EnvironmentFailure(f"{name}: no file can have this name") from None


def read_text(name: str) -> str:
    """The text of a regular file, as read_file reads it; InvalidConfig where it is not UTF-8."""
    data = read_file(name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidConfig(parse(data, name, name)[1]) from None


def home_file(environ: Mapping[str, str]) -> str:
    """The unified file that is read where no --config is given; "" where there is no home."""
    home = environ.get("HOME", "")
    return os.path.join(home, ".modelops", "modelops.yaml") if home else ""


def shadowed(sources: Sources) -> list[str]:
    """Files in the working directory that look authoritative and are no layer."""
    active = {os.path.realpath(file.layer.name) for file in sources.files}
    return [name for name in AUTHORITATIVE if os.path.isfile(name) and os.path.realpath(name) not in active]


def key_path(text: str, flag: str) -> Path:
    r"""The path of a dotted key: parts with dots are quoted (a."b.c") or have them escaped (a.b\.c)."""
    parts, part, quote, index = [], "", "", 0
    while index < len(text):
        char = text[index]
        if char == "\\" and not quote and index + 1 < len(text):
            index += 1
            part += text[index]
        elif quote:
            if char == quote:
                quote = ""
            else:
                part += char
        elif char in "\"'":
            quote = char
        elif char == ".":
            parts.append(part)
            part = ""
        else:
            part += char
        index += 1
    parts.append(part)
    if quote or not all(parts):
        raise UsageError(f"{flag}: {text or _EMPTY} is not a key" + (": a quote is not closed" if quote else ": a part of it is empty"))
    return tuple(parts)


def canonical(schema: SettingsSchema, path: Path) -> list[Path]:
    """The paths that a key stands for, in any of its spellings; [] where it names no setting."""
    if len(path) > 1 and path[0] in ("workspace", "spec"):
        path = path[1:]
    if path[0] in schema.flat:
        return [(*base, *path[1:]) for base in schema.flat[path[0]] if schema.at((*base, *path[1:])) is not None]
    found: list[str] = []
    for part in path:
        tree = schema.at(tuple(found))
        declared = (tree or {}).get("properties", {})
        found.append(part if part in declared else next((name for name in declared if snake(name) == part), part))
        if schema.at(tuple(found)) is None:
            return []
    top = schema.tree["properties"][found[0]]
    return [] if top.get("x-rendered") else [tuple(found)]


def suggestion(schema: SettingsSchema, key: str) -> str:
    """`did you mean …?` for a key that names no setting."""
    keys = [field.key for field in schema.fields.values() if not schema.tree["properties"][field.path[0]].get("x-rendered")]
    return near(key, [*keys, *schema.flat]) or near(key.rsplit(".", 1)[-1], {k.rsplit(".", 1)[-1]: k for k in keys})


def _quoted(schema: SettingsSchema, path: Path) -> str:
    """The advice for a key with dots that stands without quotes in a map by free names."""
    for size in range(1, len(path) - 1):
        more = (schema.at(path[:size]) or {}).get("additionalProperties")
        if isinstance(more, Mapping) and "properties" not in more:
            return f"a key with dots is quoted: '{dotted((*path[:size], '.'.join(path[size:])))}'"
    return ""


def _files(request: Request, environ: Mapping[str, str]) -> list[str]:
    if request.config:
        return list(request.config)
    if request.hermetic:
        return []
    if environ.get("MODELOPS_CONFIG"):
        return [environ["MODELOPS_CONFIG"]]
    home = home_file(environ)
    return [home] if home and os.path.lexists(home) else []


def _bounded(descriptor: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while size <= MAX_BYTES and (chunk := os.read(descriptor, MAX_BYTES + 1 - size)):
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


def _reason(error: OSError) -> str:
    return {
        errno.ENOENT: "there is no such file",
        errno.EACCES: "permission denied",
        errno.ELOOP: "too many symbolic links",
        errno.ENAMETOOLONG: "the name is too long",
        errno.ENXIO: "it is not a regular file",
    }.get(error.errno or 0, error.strerror or "it cannot be read")


def _profiles(request: Request, environ: Mapping[str, str], files: Sequence[File]) -> tuple[list[Layer], list[Problem]]:
    """The layers of the selected profiles, and what is wrong with the selection."""
    chosen: list[tuple[str, Origin]] = [(name, Origin(COMMAND_LINE, "--profile")) for name in request.profiles]
    if not chosen and environ.get("MODELOPS_PROFILE") and not request.hermetic:
        chosen = [(name, Origin(ENVIRONMENT, "MODELOPS_PROFILE")) for name in map(str.strip, environ["MODELOPS_PROFILE"].split(",")) if name]
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
            hint = near(name, schema.variables) or "`mops config explain KEY` names a field's variable"
            merged.problems.append(Problem(ERROR, name, "no setting has this override variable", Origin(ENVIRONMENT, name), hint))
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
            merged.problems.append(Problem(ERROR, place, "no such setting", Origin(COMMAND_LINE, place), _quoted(schema, path) or suggestion(schema, dotted(path))))
            continue
        _claim(given, paths, place)
        for here in paths:
            known = list(merged.problems)
            merged.place = place
            merged.names(here)
            _set(merged, place, here, text, forget=flag == "--set" and text == "null", literal=flag == "--set-string")
            merged.once(known, Origin(COMMAND_LINE, place))
    return merged


def _split(pair: str) -> tuple[str, str, str]:
    """KEY=VALUE at the first = that is not inside quotes."""
    quote = ""
    for index, char in enumerate(pair):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "=":
            return pair[:index], "=", pair[index + 1 :]
    return pair, "", ""


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


def _set(merged: Reading, place: str, path: Path, text: str, *, forget: bool, literal: bool) -> None:
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
        merged.problems.extend(problem._replace(origin=Origin(COMMAND_LINE, place)) for problem in problems)
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
    variables = [name for name in sorted(environ) if name.startswith(PREFIX) or (name in ("MODELOPS_PROFILE", "MODELOPS_CONFIG") and environ[name])]
    home = home_file(environ)
    return (*variables, *([home] if home and not request.config and os.path.lexists(home) else []))
