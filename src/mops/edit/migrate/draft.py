"""A file on its way to today's form: its text, and what has become of its keys so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from mops.model.layer import Path, dotted
from mops.model.problems import InvalidConfig
from mops.schema.fields import SettingsSchema
from mops.yamltext.offsets import indent, position
from mops.yamltext.outline import (
    Alias,
    Map,
    Pair,
    Scalar,
    Seq,
    Span,
    resolved,
)
from mops.yamltext.reader import parse
from mops.yamltext.rewrite import Rewrite
from mops.yamltext.splices import Splice, offset_before, spliced
from mops.yamltext.writer import natural_inline

KEPT, RENAMED, MOVED, CHANGED, ADDED, DROPPED, DIFFERS, CONFLICT = (
    "kept",
    "renamed",
    "moved",
    "changed",
    "added",
    "dropped",
    "differs",
    "conflict",
)


class Change(NamedTuple):
    """What became of a key. `place` is file:line:col of the old file, or its name where the key was not there."""

    key: str
    action: str
    why: str
    place: str = ""
    to: str = ""


class Migrated(NamedTuple):
    """The result for one file, or for several that were read together. `before` is the text of `target` where that is one of them."""

    sources: list[str]
    target: str
    format: str
    text: str
    before: str | None
    changes: list[Change]


class Memory(NamedTuple):
    """From what the memory limit of a Dask process was computed, and what the pod got."""

    key: Path
    limit_from: str
    pod: str
    processes: int


class Draft:
    """A file under change, in steps: each reads the text that the one before has left."""

    def __init__(
        self,
        name: str,
        text: str,
        schema: SettingsSchema,
        *,
        drop_defaults: bool = False,
        intended: bool = False,
    ) -> None:
        self.name = name
        self.original = text
        self.mark = "\ufeff" if text.startswith("\ufeff") else ""
        self.text = text[len(self.mark) :]
        self.schema = schema
        self.drop_defaults = drop_defaults
        self.intended = intended
        self.format = ""
        self.lifted = False
        self.memory: Memory | None = None
        self.makes_pods = False
        self.changes: list[Change] = []
        self._steps: list[list[Splice]] = []
        self._wanted: dict[str, Any] = {}
        root, problems = parse(self.text, name, name)
        if root is None:
            raise InvalidConfig(problems or _empty(name))
        self.rewrite = Rewrite(self.text)

    @property
    def together(self) -> bool:
        """Whether the older tool read this file together with others of its folder."""
        return self.format.startswith(
            ("modelops.yaml", "infrastructure", "config.yaml", "today's unified")
        )

    @property
    def root(self) -> Map:
        """The whole document."""
        root = self.rewrite.root
        return root if isinstance(root, Map) else Map([], 0, 0, flow=False, marked=False)

    def pair(self, *names: str) -> Pair | None:
        """The pair at a path of keys as they are written."""
        node: Span = self.root
        found: Pair | None = None
        for name in names:
            found = node.pair(name) if isinstance(node, Map) else None
            if found is None:
                return None
            node = resolved(found.value)
        return found

    def map(self, *names: str) -> Map | None:
        """The map at a path of keys; None where there is none."""
        found = self.pair(*names) if names else None
        node = resolved(found.value) if found else self.root if not names else None
        return node if isinstance(node, Map) else None

    def value(self, *names: str) -> Any:
        """What the older tool read at a path of keys; None where there is nothing."""
        found = self.pair(*names)
        return data(found.value) if found else None

    def note(
        self, action: str, names: Path, why: str, at: Pair | Span | None = None, to: str = ""
    ) -> None:
        """Records what became of a key."""
        offset = at.key.start if isinstance(at, Pair) else at.start if at is not None else None
        if (
            self.lifted
            and action != ADDED
            and names[0] == "workspace"
            and names[1:2] not in (("metadata",), ("spec",))
        ):
            names = ("workspace", "spec", *names[1:])
        self.changes.append(
            Change(
                dotted(names),
                action,
                why,
                self.place(offset) if offset is not None else self.name,
                to,
            )
        )

    def place(self, offset: int) -> str:
        """Where something was in the file as it was given."""
        for splices in reversed(self._steps):
            offset = offset_before(splices, offset)
        line, col = position(self.original[len(self.mark) :], offset)
        return f"{self.name}:{line}:{col}"

    def first(self, name: str, value: Any, why: str) -> None:
        """Puts a key before all others."""
        root = self.root
        if root.flow:
            self.want((name,), value)
        else:
            self.rewrite.replace(
                root.start,
                root.start,
                f"{name}: {natural_inline(value)}{self.rewrite.source.newline}{' ' * indent(self.text, root.start)}",
            )
        self.note(ADDED, (name,), why)

    def repeated(self) -> None:
        """Leaves as comments the keys that are there again below, where the older tool took them from."""
        for found in _maps(self.root):
            last = {pair.key.text: pair for pair in found.pairs}
            for pair in found.pairs:
                if last[pair.key.text] is not pair:
                    self.comment(
                        (pair.key.text,), pair, "it is here again below, and the later one counted"
                    )
        self.settle()

    def comment(self, names: Path, pair: Pair, why: str, to: str = "") -> None:
        """Leaves a key as a comment."""
        self.rewrite.comment_out(pair)
        self.note(DROPPED, names, why, pair, to)

    def drop(self, names: Path, pair: Pair, why: str) -> None:
        """Takes a key away."""
        self.rewrite.remove(pair)
        self.note(DROPPED, names, why, pair)

    def want(self, names: Path, value: Any) -> None:
        """Has a key be there after this step; where it is there already, that one stays."""
        node = self._wanted
        for name in names[:-1]:
            node = node.setdefault(name, {})
        node[names[-1]] = value

    def settle(self) -> None:
        """Ends a step: the text becomes what was asked for."""
        self._grow(self.root, None, self._wanted)
        self._wanted = {}
        splices = self.rewrite.splices
        text = spliced(self.text, splices)
        root, problems = parse(text, self.name, self.name)
        if root is None:
            raise InvalidConfig(
                [
                    problem._replace(origin=problem.origin._replace(place=self.name))
                    for problem in problems
                ]
            )
        self._steps.append(splices)
        self.text = text
        self.rewrite = Rewrite(self.text)

    def _grow(self, node: Span, pair: Pair | None, wanted: Mapping[str, Any]) -> None:
        node = resolved(node)
        if not isinstance(node, Map):
            if pair is not None:
                self.rewrite.add_below(pair, wanted)
            return
        fresh: dict[str, Any] = {}
        for name, value in wanted.items():
            found = node.pair(name)
            if found is None or self.rewrite.removes(found):
                fresh[name] = value
            elif isinstance(value, Mapping):
                self._grow(found.value, found, value)
        self.rewrite.add(node, fresh)


def _maps(node: Span) -> list[Map]:
    if isinstance(node, Map):
        return [node, *(found for pair in node.pairs for found in _maps(pair.value))]
    return [found for item in node.items for found in _maps(item)] if isinstance(node, Seq) else []


def data(node: Span) -> Any:
    """A node as the older tool's YAML reader took it."""
    if isinstance(node, Alias):
        return data(node.target)
    if isinstance(node, Map):
        merged: dict[str, Any] = {}
        for pair in node.pairs:
            if pair.key.text == "<<" and not pair.key.style:
                for source in pair.value.items if isinstance(pair.value, Seq) else [pair.value]:
                    found = data(source)
                    merged = {**found, **merged} if isinstance(found, dict) else merged
        return merged | {
            pair.key.text: data(pair.value)
            for pair in node.pairs
            if pair.key.text != "<<" or pair.key.style
        }
    if isinstance(node, Seq):
        return [data(item) for item in node.items]
    return scalar_data(node)


def scalar_data(node: Scalar) -> Any:
    """A scalar as a YAML 1.1 reader takes it; times and the like stay text."""
    if node.style or node.marked:
        return node.text
    try:
        found = yaml.load(node.text, Loader=yaml.CSafeLoader) if node.text else None
    except (yaml.YAMLError, ValueError):
        return node.text
    return found if found is None or isinstance(found, (bool, int, float, str)) else node.text


def _empty(name: str) -> list[Any]:
    from mops.model.layer import Origin
    from mops.model.problems import ERROR, Problem

    return [Problem(ERROR, "", "the file is empty", Origin(name, f"{name}:1:1"))]
