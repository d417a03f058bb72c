"""Nodes that become a single value: scalars, lists, and mappings that are replaced as a whole."""

from __future__ import annotations

from typing import NamedTuple

from mops.model.layer import Origin, Path, Value
from mops.model.problems import Problem
from mops.schema.keywords import child, types, violations
from mops.schema.scalars import Mistyped, scalar
from mops.schema.statement import Source, Spelling
from mops.schema.tree import Tree
from mops.yamltext.nodes import Items, Node, Pairs, Text, is_empty

_UNTYPED: Tree = {"x-free": True}
# How to write empty values that are no scalars, by their types.
_EMPTY: dict[tuple[str, ...], str] = {
    ("object",): "write {} for an empty mapping",
    ("array",): "write [] for an empty list",
}


class Mark(NamedTuple):
    """Where a part of a value was written: its node, its key's node, and its path as spelled."""

    node: Node
    key: Text | None
    spelled: Spelling


class Typed:
    """A node in the types that `tree` declares, validated as a whole.

    `value` is plain data if there are no `problems`. `marks` has every part by its path inside.
    """

    def __init__(self, node: Node, tree: Tree, source: Source, spelled: Spelling) -> None:
        self.source = source
        self.marks: dict[Path, Mark] = {}
        self.problems: list[Problem] = []
        self._mistyped: set[Path] = set()
        self.value = self._convert(tree, (), Mark(node, None, spelled))
        self._validate(tree)

    def origins(self) -> dict[Path, Origin]:
        """Where the parts of a value of several parts were written, by their paths inside."""
        if not self.source.in_file:
            return {}
        return {
            path: self.source.origin(mark.node, mark.spelled)
            for path, mark in self.marks.items()
            if path
        }

    def _convert(self, tree: Tree, path: Path, mark: Mark) -> Value:
        """The node of `mark` as plain data; a mistyped scalar is reported and becomes None."""
        self.marks[path] = mark
        if isinstance(mark.node, Items):
            return self._list(mark.node, tree, path, mark.spelled)
        if isinstance(mark.node, Pairs):
            return self._mapping(mark.node, tree, path, mark.spelled)
        if is_empty(mark.node) and types(tree) in _EMPTY:
            self._mistyped.add(path)
            hint = _EMPTY[types(tree)]
            self._refuse(path, mark.node, mark.spelled, "this key has no value", hint)
            return None
        try:
            return scalar(mark.node, tree)
        except Mistyped as wrong:
            self._mistyped.add(path)
            self._refuse(path, mark.node, mark.spelled, str(wrong), wrong.hint)
            return None

    def _list(self, node: Items, tree: Tree, path: Path, spelled: Spelling) -> list[Value]:
        items = tree.get("items", _UNTYPED)
        return [
            self._convert(items, (*path, str(index)), Mark(item, None, (*spelled, f"[{index}]")))
            for index, item in enumerate(node.items)
        ]

    def _mapping(self, node: Pairs, tree: Tree, path: Path, spelled: Spelling) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for key, sub in node.pairs.values():
            name = self.source.declared_name(tree, key.text)
            mark = Mark(sub, key, (*spelled, key.text))
            if name in found:
                self._refuse((*path, name), key, mark.spelled, f"{name} is set twice")
            found[name] = self._convert(child(tree, name) or {}, (*path, name), mark)
        return found

    def _validate(self, tree: Tree) -> None:
        """Records violations of the schema, each at the part that it is about."""
        for wrong in violations(tree, self.value):
            if wrong.path in self._mistyped:
                continue
            # A missing key has no mark of its own; the mapping around it has one.
            mark = self.marks.get(wrong.path) or self.marks[wrong.path[:-1]]
            node = mark.key if wrong.at_key and mark.key is not None else mark.node
            self._refuse(wrong.path, node, mark.spelled, wrong.message, wrong.hint)

    def _refuse(
        self, path: Path, node: Node, spelled: Spelling, message: str, hint: str = ""
    ) -> None:
        name = self._name(path)
        self.problems.append(self.source.problem(node, spelled, message, hint, name=name))

    def _name(self, path: Path) -> str:
        """The name of a value that stands beside it, or the option before it; "" without one."""
        if path[-1:] == ("value",):
            beside = self.marks.get((*path[:-1], "name"))
        elif path and path[-1].isdigit():
            beside = self.marks.get((*path[:-1], str(int(path[-1]) - 1)))
        else:
            return ""
        return beside.node.text if beside and isinstance(beside.node, Text) else ""
