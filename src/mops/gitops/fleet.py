"""Fleets: the workspaces of a directory tree, with their layers and values files. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mops.model.layer import Origin, Value
from mops.model.problems import ERROR, Problem
from mops.schema.fields import SettingsSchema
from mops.schema.reading import read_statements
from mops.schema.statement import Source, Statement
from mops.yamltext.nodes import Items, Pairs
from mops.yamltext.reader import parse

FILE = "mops.fleet.yaml"
BASE, WORKSPACES, OUTPUT = "base.yaml", "envs/*/mops.yaml", "values.yaml"

_NAMES = {"type": "array", "items": {"type": "string", "minLength": 1}}
_FLEET = SettingsSchema(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "base": _NAMES,
            "output": {
                "type": "string",
                "pattern": "^[^/]+$",
                "x-expected": "a file name without a directory",
            },
            "workspaces": {
                "type": "array",
                "items": {
                    "type": ["string", "object"],
                    "additionalProperties": False,
                    "required": ["config"],
                    "properties": {
                        "config": {"type": "string", "minLength": 1},
                        "profiles": _NAMES,
                        "output": {"type": "string", "minLength": 1},
                    },
                },
            },
        },
    }
)

# The names of the files below the root that match a pattern, sorted.
Find = Callable[[str], Sequence[str]]


class Workspace(NamedTuple):
    """A workspace of a fleet.

    File names are relative to the fleet's root, with `/`; the last of `config` is the workspace's
    own. `name` is that of its directory, followed by that of its values file if it is not the usual
    one.
    """

    config: tuple[str, ...]
    profiles: tuple[str, ...]
    output: str
    name: str
    origin: Origin


class _Entry(NamedTuple):
    """An entry of `workspaces`; `origin` is None for the convention, without a fleet file."""

    pattern: str
    profiles: tuple[str, ...] = ()
    output: str = ""
    origin: Origin | None = None

    def problem(self, message: str, hint: str = "") -> Problem:
        if self.origin is None:
            return Problem(ERROR, "", message, Origin(self.pattern, self.pattern), hint)
        return Problem(ERROR, "workspaces", message, self.origin, hint)


class _Fleet(NamedTuple):
    """The content of a fleet file; the defaults are the convention."""

    base: tuple[str, ...]
    output: str = OUTPUT
    entries: tuple[_Entry, ...] = (_Entry(WORKSPACES),)


def convention(find: Find) -> tuple[list[Workspace], list[Problem]]:
    """The workspaces of a tree without a fleet file."""
    return _workspaces(_Fleet(tuple(find(BASE))), find)


def read(data: bytes, name: str, find: Find) -> tuple[list[Workspace], list[Problem]]:
    """The workspaces listed in the fleet file `name` with the content `data`, and its problems."""
    source = Source(name, name, snake_case=False)
    root, problems = parse(data, name, name)
    if root is None or problems:
        return [], problems
    if not isinstance(root, Pairs):
        message = "expected a mapping with base, workspaces and output"
        return [], [source.problem(root, (), message)]
    reading = read_statements(_FLEET, [Statement(source, ((),), root)])
    if reading.problems:
        return [], reading.problems
    leaves = reading.leaves.get(name, {})
    written = {path[0]: leaf.value for path, leaf in leaves.items() if leaf.value is not None}
    fleet = _Fleet(
        tuple(written.get("base", find(BASE))),
        written.get("output", OUTPUT),
        tuple(_entries(root, written, source)),
    )
    return _workspaces(fleet, find)


def _entries(root: Pairs, written: Mapping[str, Value], source: Source) -> Iterator[_Entry]:
    """The entries of `workspaces`, each with its position in the file."""
    if "workspaces" not in written:
        yield _Entry(WORKSPACES, origin=source.origin(root))
        return
    nodes = root.pairs["workspaces"][1]
    items = nodes.items if isinstance(nodes, Items) else []
    for node, value in zip(items, written["workspaces"], strict=True):
        entry = value if isinstance(value, dict) else {"config": value}
        yield _Entry(
            entry["config"],
            tuple(entry.get("profiles", ())),
            entry.get("output", ""),
            source.origin(node),
        )


def _workspaces(fleet: _Fleet, find: Find) -> tuple[list[Workspace], list[Problem]]:
    """The workspaces in the order of the entries; two with one values file are a problem."""
    workspaces: dict[str, Workspace] = {}
    problems: list[Problem] = []
    for entry in fleet.entries:
        names = [name for name in find(entry.pattern) if name not in fleet.base]
        unusable = _unusable(entry, names)
        if unusable is not None:
            problems.append(unusable)
            continue
        for name in names:
            workspace = _workspace(fleet, entry, name)
            other = workspaces.setdefault(workspace.output, workspace)
            if (other.config, other.profiles) != (workspace.config, workspace.profiles):
                message = f"{name} and {other.config[-1]} both write {workspace.output}"
                problems.append(entry.problem(message, "set a different output for one of them"))
    problems += _overwritten(workspaces.values())
    return list(workspaces.values()), problems


def _unusable(entry: _Entry, names: Sequence[str]) -> Problem | None:
    if not names:
        return entry.problem(
            f"no file matches {entry.pattern}",
            "names are relative to the root; * matches within one name, ** any directories",
        )
    if entry.output and len(names) > 1:
        return entry.problem(
            f"{entry.pattern} matches {len(names)} files, which cannot all write {entry.output}"
        )
    return None


def _workspace(fleet: _Fleet, entry: _Entry, name: str) -> Workspace:
    directory = name.rpartition("/")[0]
    output = entry.output or (f"{directory}/{fleet.output}" if directory else fleet.output)
    return Workspace(
        (*fleet.base, name),
        entry.profiles,
        output,
        _name(output, fleet.output),
        entry.origin or Origin(name, name),
    )


def _name(output: str, usual: str) -> str:
    directories, _, file = output.rpartition("/")
    parts = [directories.rpartition("/")[2], "" if file == usual else file.partition(".")[0]]
    return "-".join(part for part in parts if part)


def _overwritten(workspaces: Iterable[Workspace]) -> Iterator[Problem]:
    """Values files that would replace a layer."""
    workspaces = list(workspaces)
    layers = {name for workspace in workspaces for name in workspace.config}
    for workspace in workspaces:
        if workspace.output in layers:
            message = f"the values file {workspace.output} is also a layer"
            yield Problem(ERROR, "", message, workspace.origin)
