"""Nodes against the schema: what was written becomes typed leaves, or problems at their place.

Scalars are typed by the schema and never guessed: a text field takes the text exactly, an integer field
takes a decimal integer, a boolean field true or false, and quotes mean text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from mops.model.layer import Layer, Leaf, Origin, Path, dotted
from mops.model.problems import ERROR, Problem
from mops.schema.fields import SettingsSchema, Tree, snake
from mops.schema.keywords import child, near, types, violations
from mops.schema.scalars import _UNQUOTE, _Bad, scalar
from mops.yamltext.nodes import NULLS, Items, Node, Pairs, Text


class _Mark(NamedTuple):
    """Where a nested value was written: its own place, its key's, and the path as spelled."""

    value: Node
    key: Text | None
    spelled: tuple[str, ...]


class Reading:
    """The leaves and problems of one layer, gathered from its nodes.

    `place` is the file's name, a variable or a flag; `in_file` whether line and column belong to places.
    `snake_case` whether declared names may also be written in snake_case. `refused` are the paths whose values are no leaves.
    `home` is the section that holds the settings, `flat` whether it may hold flat keys.
    """

    def __init__(
        self,
        schema: SettingsSchema,
        layer: str,
        place: str,
        *,
        in_file: bool = True,
        snake_case: bool = True,
    ) -> None:
        self.schema = schema
        self.layer = layer
        self.place = place
        self.in_file = in_file
        self.snake_case = snake_case
        self.home: tuple[str, ...] = ()
        self.flat = False
        self.leaves: dict[Path, Leaf] = {}
        self.problems: list[Problem] = []
        self._told: set[Problem] = set()
        self.refused: set[Path] = set()

    def result(self, label: str = "") -> Layer:
        """The layer as read."""
        return Layer(self.layer, self.leaves, label)

    def origin(self, node: Node, spelled: tuple[str, ...]) -> Origin:
        """Where `node` was written."""
        if not self.in_file:
            return Origin(self.layer, self.place)
        return Origin(self.layer, f"{self.place}:{node.line}:{node.col}", dotted(spelled))

    def problem(self, node: Node, spelled: tuple[str, ...], message: str, hint: str = "") -> None:
        """Records what is wrong at a node, once."""
        origin = self.origin(node, spelled)
        found = Problem(ERROR, origin.key, message, origin, hint)
        if found not in self._told:
            self._told.add(found)
            self.problems.append(found)

    def walk(self, node: Node, tree: Tree, path: Path, spelled: tuple[str, ...]) -> None:
        """Takes the leaves of `node`, which stands where the schema says `tree`."""
        if isinstance(node, Text) and not node.quoted and node.text in NULLS:
            self.leaf(node, path, None, spelled)
        elif isinstance(node, Text) and not node.quoted and not node.text:
            self.problem(
                node,
                spelled,
                "nothing is written here",
                f"write null to forget lower layers{_empties(tree)}, or remove the key",
            )
        elif isinstance(node, Items) and "x-list-key" in tree:
            self._entries(node, tree, path, spelled)
        elif isinstance(node, Pairs) and tree.get("x-atomic"):
            self._atomic(node, tree, path, spelled)
        elif isinstance(node, Pairs) and ("object" in types(tree) or not types(tree)):
            self._map(node, tree, path, spelled)
        elif "object" in types(tree) and "anyOf" not in tree:
            wanted = "a map, or a list of entries with a name" if "x-list-key" in tree else "a map"
            self.problem(node, spelled, f"expected {wanted}, found {_found(node)}")
        else:
            self.take(node, tree, path, spelled)

    def walk_each(self, node: Node, paths: Sequence[Path], spelled: tuple[str, ...]) -> None:
        """Takes one node for several settings."""
        for path in paths:
            known = list(self.problems)
            self.walk(node, self.schema.at(path) or {}, path, spelled)
            self.once(known, self.origin(node, spelled))

    def once(self, known: list[Problem], origin: Origin) -> None:
        """Goes back to the problems `known` where these have one at `origin`: settings that share a value say much the same of it."""
        if any(problem.origin == origin for problem in known):
            self.problems = known

    def leaf(self, node: Node, path: Path, value: Any, spelled: tuple[str, ...]) -> None:
        """Records a leaf; one source may say a thing once."""
        origin = self.origin(node, spelled)
        if path in self.leaves:
            first = self.leaves[path].origin
            self.problem(
                node,
                spelled,
                f"{dotted(path)} is set twice",
                f"{first.key} at {first.place} sets it too"
                if first.key
                else f"{first.place} sets it too",
            )
        else:
            self.leaves[path] = Leaf(value, origin)

    def named(self, tree: Tree, key: str) -> str:
        """The declared name that `key` stands for; the key itself where there is none."""
        declared = tree.get("properties", {})
        if key in declared or not self.snake_case or "_" not in key:
            return key
        return next((name for name in declared if snake(name) == key), key)

    def unknown(self, key: Text, known: Any, spelled: tuple[str, ...]) -> None:
        """Records a key that no setting has: with the place where it belongs, or the nearest key that there is."""
        self.problem(
            key,
            spelled,
            "no such setting",
            self._elsewhere(key.text, spelled) or near(key.text, known),
        )

    def _elsewhere(self, name: str, spelled: tuple[str, ...]) -> str:
        """`did you mean …?` for a key that is right in another place, as this source would write it there."""
        inside = spelled[len(self.home) :]
        fields = self.schema.fields
        places = [
            path
            for path in fields
            if name in (path[-1], snake(path[-1]))
            and path[:1] not in self.schema.inherits
            and not self.schema.tree["properties"][path[0]].get("x-rendered")
        ]
        places += (
            self.schema.flat.get(name, []) if spelled != (*self.home, name) or not self.flat else []
        )
        places = places or [
            path
            for path in fields
            if name in (snake("_".join(path)), snake(f"{path[0].rstrip('s')}_{'_'.join(path[1:])}"))
            and path[:1] not in self.schema.inherits
        ]
        if not self.home:
            places = [
                path
                for path in places
                if not self.schema.tree["properties"][path[0]].get("x-release")
            ]
        # Nearest first; of a setting that scheduler and workers have, that of the workers.
        ranks = {
            path: (
                -sum(here == there for here, there in zip(inside, path, strict=False)),
                path[0] == "scheduler",
            )
            for path in places
        }
        best = dict.fromkeys(
            self._spelled(path, name) for path in places if ranks[path] == min(ranks.values())
        )
        return f"did you mean {' or '.join(list(best)[:3])}?" if best else ""

    def _spelled(self, path: Path, name: str) -> str:
        """A setting's key as this source would write it; `name` is how the source has spelled its last part."""
        annotations = self.schema.fields[path].schema
        if self.flat and "x-flat" in annotations:
            return dotted((*self.home, annotations["x-flat"]))
        if self.home == ("spec",) and "x-metadata" in annotations:
            return dotted(("metadata", annotations["x-metadata"]))
        return dotted(
            (
                *self.home,
                *path[:-1],
                name if self.snake_case and name == snake(path[-1]) else path[-1],
            )
        )

    def names(self, path: Path) -> None:
        """Judges the names in a path that the schema does not declare, as those of environment variables."""
        for size in range(len(path)):
            names = (self.schema.at(path[:size]) or {}).get("propertyNames", {})
            for wrong in violations(names, path[size]):
                self.problem(
                    Text(path[size], False, 0, 0),
                    (),
                    f"as a name: {wrong.message}",
                    wrong.hint or names.get("x-hint", ""),
                )

    def _map(self, node: Pairs, tree: Tree, path: Path, spelled: tuple[str, ...]) -> None:
        # An empty map says nothing, unless being there is what it says.
        if not node.pairs and (tree.get("x-free") or "x-inherits" in tree):
            self.leaf(node, path, {}, spelled)
        names = tree.get("propertyNames")
        for key, sub in node.pairs.values():
            name = self.named(tree, key.text)
            here = (*spelled, key.text)
            found = child(tree, name)
            if found is None:
                self.unknown(key, tree.get("properties", ()), here)
                continue
            if names is not None:
                for wrong in violations(names, name):
                    self.problem(
                        key,
                        here,
                        f"as a name: {wrong.message}",
                        wrong.hint or names.get("x-hint", ""),
                    )
            self.walk(sub, found, (*path, name), here)

    def _entries(self, node: Items, tree: Tree, path: Path, spelled: tuple[str, ...]) -> None:
        """A list of {name, value | valueFrom} that stands for a map by name."""
        by = tree["x-list-key"]
        first: dict[str, Text] = {}
        for index, item in enumerate(node.items):
            here = (*spelled, f"[{index}]")
            name = item.pairs.get(by, (None, None))[1] if isinstance(item, Pairs) else None
            if not isinstance(item, Pairs) or not isinstance(name, Text):
                self.problem(
                    item,
                    here,
                    f"expected an entry with {by} and value or valueFrom, found {_found(item)}"
                    if name is None
                    else f"{by} must be text",
                )
                continue
            if name.text in first:
                other = first[name.text]
                self.problem(
                    name,
                    (*here, by),
                    f"{name.text} is here twice",
                    f"it is first at line {other.line}, column {other.col}",
                )
                continue
            first[name.text] = name
            rest = {key: pair for key, pair in item.pairs.items() if key != by}
            if "value_from" in rest and self.snake_case:
                rest = {
                    "valueFrom" if key == "value_from" else key: pair for key, pair in rest.items()
                }
            here = (*spelled, name.text)
            for wrong in violations(tree.get("propertyNames", {}), name.text):
                self.problem(name, here, f"as a name: {wrong.message}", wrong.hint)
            found = child(tree, name.text) or {}
            if set(rest) == {"value"}:
                self.walk(rest["value"][1], found, (*path, name.text), here)
            elif set(rest) == {"valueFrom"}:
                self.walk(Pairs(rest, item.line, item.col), found, (*path, name.text), here)
            else:
                extra = next(
                    (pair[0] for key, pair in rest.items() if key not in ("value", "valueFrom")),
                    None,
                )
                if extra is not None:
                    self.problem(
                        extra,
                        (*here, extra.text),
                        "no such setting",
                        near(extra.text, ("value", "valueFrom")),
                    )
                else:
                    self.problem(
                        item,
                        here,
                        f"expected either value or valueFrom, found {'both' if rest else 'neither'}",
                    )

    def _atomic(self, node: Pairs, tree: Tree, path: Path, spelled: tuple[str, ...]) -> None:
        """A map that is judged whole and kept leaf by leaf."""
        if set(node.pairs) == {"value"}:
            self.walk(node.pairs["value"][1], tree, path, (*spelled, "value"))
            return
        marks: dict[Path, _Mark] = {}
        branch = next((entry for entry in tree.get("anyOf", ()) if "object" in types(entry)), tree)
        value = self._typed(node, branch, (), _Mark(node, None, spelled), marks)
        if self._judge(branch, value, marks, path):
            for rel, mark in marks.items():
                if isinstance(mark.value, Text):
                    self.leaf(mark.value, (*path, *rel), _at(value, rel), mark.spelled)

    def take(self, node: Node, tree: Tree, path: Path, spelled: tuple[str, ...]) -> None:
        """A scalar or a list, which is one value."""
        marks: dict[Path, _Mark] = {}
        value = self._typed(node, tree, (), _Mark(node, None, spelled), marks)
        if self._judge(tree, value, marks, path):
            self.leaf(node, path, value, spelled)

    def _typed(
        self, node: Node, tree: Tree, rel: Path, mark: _Mark, marks: dict[Path, _Mark]
    ) -> Any:
        """`node` as plain data of the types that `tree` wants; _Bad where a scalar has none of them."""
        marks[rel] = mark
        spelled = mark.spelled
        if isinstance(node, Items):
            items = tree.get("items", {"x-free": True})
            return [
                self._typed(
                    item,
                    items,
                    (*rel, str(index)),
                    _Mark(item, None, (*spelled, f"[{index}]")),
                    marks,
                )
                for index, item in enumerate(node.items)
            ]
        if isinstance(node, Pairs):
            found: dict[str, Any] = {}
            for written, sub in node.pairs.values():
                name = self.named(tree, written.text)
                here = (*spelled, written.text)
                if name in found:
                    self.problem(written, here, f"{name} is set twice")
                found[name] = self._typed(
                    sub, child(tree, name) or {}, (*rel, name), _Mark(sub, written, here), marks
                )
            return found
        try:
            return scalar(node, tree)
        except _Bad as bad:
            message, hint = bad.args
            if not self.in_file and node.quoted and hint == _UNQUOTE:
                message, hint = (
                    message.replace("quoted text", "text"),
                    "use --set, which takes the type from the setting",
                )
            self.problem(node, spelled, message, hint)
            return _Bad

    def _judge(self, tree: Tree, value: Any, marks: dict[Path, _Mark], path: Path) -> bool:
        """Records what the schema refuses; whether it refuses nothing."""
        wrong = list(violations(tree, value)) if not _has_bad(value) else []
        for found in wrong:
            mark = marks.get(found.path) or marks[found.path[:-1]]
            self.problem(
                (mark.key or mark.value) if found.at_key else mark.value,
                mark.spelled,
                found.message,
                found.hint,
            )
        if wrong or _has_bad(value):
            self.refused.add(path)
        return path not in self.refused


def _found(node: Node) -> str:
    if isinstance(node, Pairs):
        return "a map"
    return "a list" if isinstance(node, Items) else "text"


def _empties(tree: Tree) -> str:
    names = types(tree)
    if "string" in names:
        return ', "" for empty text'
    if "array" in names:
        return ", [] for an empty list"
    return ""


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value


def _has_bad(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_bad, value.values()))
    if isinstance(value, list):
        return any(map(_has_bad, value))
    return value is _Bad
