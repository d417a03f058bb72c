"""The walk through one node, from a section down to its leaves."""

from __future__ import annotations

from collections.abc import Iterable

from mops.model.layer import Leaf, Path, Value
from mops.model.problems import Problem
from mops.schema.fields import SettingsSchema
from mops.schema.keywords import child, name_violations, types
from mops.schema.statement import Source, Spelling, Statement
from mops.schema.tree import Tree
from mops.schema.typed import Typed
from mops.yamltext.nodes import Items, Node, Pairs, Text, is_empty, is_null, kind, word

# Marks of mappings whose presence says something even if they are empty.
_PRESENT = frozenset({"x-free", "x-inherits", "x-kubernetes", "x-type"})


class Walk:
    """The leaves of a node, the paths of refused values, and the problems."""

    def __init__(self, schema: SettingsSchema, source: Source) -> None:
        self.schema = schema
        self.source = source
        self.leaves: list[tuple[Path, Leaf]] = []
        self.refused: set[Path] = set()
        self.problems: list[Problem] = []

    def statement(self, statement: Statement, path: Path) -> None:
        """Collects the leaves and problems of a statement for one of its paths."""
        tree = self.schema.at(path) or {}
        self._names(path)
        if statement.verbatim:
            self._value(statement.node, tree, path, statement.spelled)
        else:
            self._node(statement.node, tree, path, statement.spelled)

    def _names(self, path: Path) -> None:
        """Checks the freely chosen names in the path of a key, such as names of variables."""
        for size, name in enumerate(path):
            self._name(word(name), self.schema.at(path[:size]) or {}, path[: size + 1], ())

    def _name(self, key: Text, tree: Tree, path: Path, spelled: Spelling) -> None:
        """Checks the last name of a path, which is in a mapping with the schema `tree`."""
        for wrong in name_violations(tree, path[-1]):
            message, hint = f"invalid name: {wrong.message}", wrong.hint
            managed = tree["propertyNames"].get("not", {}).get("x-managed", {})
            if path[-1] in managed:
                from mops.schema.suggest import managed_field

                message, hint = managed_field(
                    self.schema, self.source, managed[path[-1]], path, spelled
                )
            self._problem(key, spelled, message, hint)

    def _node(self, node: Node, tree: Tree, path: Path, spelled: Spelling) -> None:
        """Collects the leaves of `node`, which is at a setting with the schema `tree`."""
        if is_null(node):
            self._leaf(node, path, None, spelled)
        elif is_empty(node):
            hint = f"use null to clear values from lower layers{_or_empty(tree)}, or remove the key"
            self._problem(node, spelled, "this key has no value", hint)
        elif isinstance(node, Pairs):
            self._mapping(node, tree, path, spelled)
        elif isinstance(node, Items) and "x-list-key" in tree:
            self._entries(node, tree, path, spelled)
        elif "object" in types(tree) and "anyOf" not in tree:
            named = " or a list of named entries" if "x-list-key" in tree else ""
            self._problem(node, spelled, f"expected a mapping{named}, found {kind(node)}")
        else:
            self._value(node, tree, path, spelled)

    def _mapping(self, node: Pairs, tree: Tree, path: Path, spelled: Spelling) -> None:
        if tree.get("x-atomic"):
            self._atomic(node, tree, path, spelled)
        elif not _takes_mapping(tree):
            self._value(node, tree, path, spelled)
        elif node.pairs:
            self._pairs(node.pairs.values(), tree, path, spelled)
        elif not _PRESENT.isdisjoint(tree):
            # Here, unlike elsewhere, the presence of an empty mapping is a setting.
            self._leaf(node, path, {}, spelled)

    def _entries(self, node: Items, tree: Tree, path: Path, spelled: Spelling) -> None:
        from mops.schema.entries import entries

        for found in entries(node, tree["x-list-key"], self.source, spelled):
            if isinstance(found, Problem):
                self.problems.append(found)
            else:
                self._pairs([found], tree, path, spelled)

    def _pairs(
        self,
        pairs: Iterable[tuple[Text, Node | Problem]],
        tree: Tree,
        path: Path,
        spelled: Spelling,
    ) -> None:
        """Walks the pairs of a mapping, and reports problems in place of values."""
        for key, value in pairs:
            here = (*spelled, key.text)
            name = self.source.declared_name(tree, key.text)
            sub = _declared(tree, name, value) or child(tree, name)
            if sub is None:
                self.problems.append(self._unknown(key, tree, here))
                continue
            self._name(key, tree, (*path, name), here)
            if isinstance(value, Problem):
                self.problems.append(value)
            else:
                self._node(value, sub, (*path, name), here)

    def _unknown(self, key: Text, tree: Tree, spelled: Spelling) -> Problem:
        from mops.schema.suggest import unknown_field, unknown_key

        if "x-type" in tree:
            return unknown_field(self.source, key, spelled, tree)
        known = tree.get("properties", ())
        return unknown_key(self.schema, self.source, key, spelled, known)

    def _atomic(self, node: Pairs, tree: Tree, path: Path, spelled: Spelling) -> None:
        """Collects the leaves of a mapping that is validated and replaced as a whole."""
        if set(node.pairs) == {"value"}:
            self._node(node.pairs["value"][1], tree, path, (*spelled, "value"))
            return
        branches = tree.get("anyOf", ())
        branch = next((each for each in branches if "object" in types(each)), tree)
        sources = (branch.get("properties", {}).get("valueFrom") or {}).get("properties", {})
        for key, _ in node.pairs.values():
            if key.text in sources:
                hint = f"write valueFrom: {{{key.text}: …}}"
                self._problem(key, (*spelled, key.text), "valueFrom is missing around this", hint)
                self.refused.add(path)
                return
        found = Typed(node, branch, self.source, spelled)
        if self._accepts(found.problems, path):
            for inner, mark in found.marks.items():
                if isinstance(mark.node, Text):
                    value = _at(found.value, inner)
                    self._leaf(mark.node, (*path, *inner), value, mark.spelled)

    def _value(self, node: Node, tree: Tree, path: Path, spelled: Spelling) -> None:
        """Collects a scalar or a list, which is one value."""
        found = Typed(node, tree, self.source, spelled)
        if self._accepts(found.problems, path):
            leaf = Leaf(found.value, self.source.origin(node, spelled), found.origins())
            self.leaves.append((path, leaf))

    def _accepts(self, problems: list[Problem], path: Path) -> bool:
        self.problems += problems
        if problems:
            self.refused.add(path)
        return not problems

    def _leaf(self, node: Node, path: Path, value: Value, spelled: Spelling) -> None:
        self.leaves.append((path, Leaf(value, self.source.origin(node, spelled))))

    def _problem(self, node: Node, spelled: Spelling, message: str, hint: str = "") -> None:
        self.problems.append(self.source.problem(node, spelled, message, hint))


def _declared(tree: Tree, name: str, value: Node | Problem) -> Tree | None:
    """The schema of an empty list or mapping, which needs no types of Kubernetes; None for others.

    A rendered file sets everything, most of it to nothing.
    """
    is_bare = (isinstance(value, Items) and not value.items) or (
        isinstance(value, Pairs) and not value.pairs
    )
    return tree.get("properties", {}).get(name) if is_bare else None


def _takes_mapping(tree: Tree) -> bool:
    names = types(tree)
    return "object" in names or not names


def _or_empty(tree: Tree) -> str:
    """How to write an empty value, for a hint: `, "" for an empty string`."""
    names = types(tree)
    if "string" in names:
        return ', "" for an empty string'
    return ", [] for an empty list" if "array" in names else ""


def _at(value: Value, path: Path) -> Value:
    for part in path:
        value = value[part]
    return value
