"""Fleets: which workspaces a tree holds, each with its layers and the file of its values. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from mops.model.layer import Origin
from mops.model.problems import ERROR, Problem
from mops.schema.fields import SettingsSchema
from mops.schema.reading import read_statements
from mops.schema.statement import Source, Statement
from mops.yamltext.nodes import Items, Node, Pairs, Text
from mops.yamltext.reader import parse

FILE = "mops.fleet.yaml"
BASE, WORKSPACES, OUTPUT = "base.yaml", "envs/*/mops.yaml", "values.yaml"

_NAMES = {"type": "array", "items": {"type": "string", "minLength": 1}}
_FLEET = SettingsSchema({
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "base": _NAMES,
        "output": {"type": "string", "pattern": "^[^/]+$", "x-expected": "the name of a file, without a folder"},
        "workspaces": {
            "type": "array",
            "items": {
                "type": ["string", "object"],
                "additionalProperties": False,
                "required": ["config"],
                "properties": {"config": {"type": "string", "minLength": 1}, "profiles": _NAMES, "output": {"type": "string", "minLength": 1}},
            },
        },
    },
})  # fmt: skip

# The names of the files below the root that fit a pattern, sorted.
Found = Callable[[str], Sequence[str]]


class Workspace(NamedTuple):
    """A workspace of a fleet. Files are named from the fleet's root, with `/`; of `config` the last is its own.

    `name` is its folder's, and that of its values file where that has a name of its own.
    """

    config: tuple[str, ...]
    profiles: tuple[str, ...]
    output: str
    name: str
    origin: Origin


class _Entry(NamedTuple):
    pattern: str
    profiles: tuple[str, ...]
    output: str
    node: Text


def convention(found: Found) -> tuple[list[Workspace], list[Problem]]:
    """The workspaces of a tree that has no fleet file."""
    fleet = {"base": list(found(BASE))}
    return _workspaces(
        fleet, [_Entry(WORKSPACES, (), "", Text(WORKSPACES, True, 0, 0))], found, None
    )


def read(data: bytes, name: str, found: Found) -> tuple[list[Workspace], list[Problem]]:
    """The workspaces that the fleet file `name` with the content `data` lists, and what is wrong with it."""
    source = Source(name, name, snake_case=False)
    root, problems = parse(data, name, name)
    if root is None or problems:
        return [], problems
    if not isinstance(root, Pairs):
        message = "expected a map with base, workspaces and output"
        return [], [source.problem(root, (), message)]
    reading = read_statements(_FLEET, [Statement(source, ((),), root)])
    if reading.problems:
        return [], reading.problems
    fleet = {path[0]: leaf.value for path, leaf in reading.leaves.get(name, {}).items()}
    fleet.setdefault("base", list(found(BASE)))
    return _workspaces(fleet, _entries(root, fleet), found, source)


def _entries(root: Pairs, fleet: dict[str, Any]) -> list[_Entry]:
    """What `workspaces` lists, each with the place where it is written."""
    if "workspaces" not in fleet:
        return [_Entry(WORKSPACES, (), "", Text(WORKSPACES, True, root.line, root.col))]
    nodes = root.pairs["workspaces"][1]
    entries = []
    for node, value in zip(
        nodes.items if isinstance(nodes, Items) else (), fleet["workspaces"], strict=True
    ):
        written = value if isinstance(value, dict) else {"config": value}
        entries.append(
            _Entry(
                written["config"],
                tuple(written.get("profiles", ())),
                written.get("output", ""),
                _text(node),
            )
        )
    return entries


def _text(node: Node) -> Text:
    return node if isinstance(node, Text) else Text("", False, node.line, node.col)


def _workspaces(
    fleet: dict[str, Any], entries: Iterable[_Entry], found: Found, source: Source | None
) -> tuple[list[Workspace], list[Problem]]:
    """The workspaces of the entries, in their order and sorted within each; each values file belongs to one."""
    workspaces: dict[str, Workspace] = {}
    problems: list[Problem] = []

    def wrong(entry: _Entry, message: str, hint: str = "") -> None:
        origin = source.origin(entry.node) if source else Origin(entry.pattern, entry.pattern)
        problems.append(Problem(ERROR, "workspaces" if source else "", message, origin, hint))

    base = tuple(fleet["base"])
    for entry in entries:
        names = [name for name in found(entry.pattern) if name not in base]
        if not names:
            wrong(
                entry,
                f"no file fits {entry.pattern}",
                "names are those of files below the root, with * for any part of one name and ** for any folders",
            )
        if entry.output and len(names) > 1:
            wrong(
                entry,
                f"{entry.pattern} fits {len(names)} files, which cannot all write {entry.output}",
            )
            continue
        for name in names:
            folder = name.rpartition("/")[0]
            usual = fleet.get("output", OUTPUT)
            output = entry.output or (f"{folder}/" if folder else "") + usual
            workspace = Workspace(
                (*base, name),
                entry.profiles,
                output,
                _name(output, usual),
                source.origin(entry.node) if source else Origin(name, name),
            )
            other = workspaces.setdefault(output, workspace)
            if other[:3] != workspace[:3]:
                wrong(
                    entry,
                    f"{name} and {other.config[-1]} both write {output}",
                    "give one of them an output",
                )
    inputs = {name for workspace in workspaces.values() for name in workspace.config}
    problems += [
        Problem(ERROR, "", f"the values file {output} is one of the layers", workspace.origin)
        for output, workspace in workspaces.items()
        if output in inputs
    ]
    return list(workspaces.values()), problems


def _name(output: str, usual: str) -> str:
    folders, _, file = output.rpartition("/")
    parts = [folders.rpartition("/")[2], "" if file == usual else file.partition(".")[0]]
    return "-".join(part for part in parts if part)
