"""The schema as a tree of sections and a table of fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from mops.model import bundle
from mops.model.layer import DEFAULTS, Layer, Leaf, Origin, Path, dotted
from mops.schema.keywords import child, types, violations

PREFIX = "MODELOPS_OVERRIDE_"
_SCALARS = frozenset({"string", "integer", "boolean"})

Tree = Mapping[str, Any]


class Field(NamedTuple):
    """A setting that the schema declares."""

    path: Path
    schema: Tree

    @property
    def key(self) -> str:
        """The path, dotted."""
        return dotted(self.path)

    @property
    def flag(self) -> str:
        """The override flag; "" where there is none."""
        return self.schema.get("x-flag", "")  # type: ignore[no-any-return]

    @property
    def variable(self) -> str:
        """The override variable, from the path unless the schema names it; "" where there is none.

        Only scalars have one, and of the fields that may also refer to a Secret those with a name.
        """
        if "x-variable" in self.schema:
            return PREFIX + str(self.schema["x-variable"])
        if "anyOf" in self.schema or not _SCALARS.intersection(types(self.schema)):
            return ""
        return PREFIX + "_".join(map(snake, self.path)).upper()

    @property
    def description(self) -> str:
        """One sentence on what it is."""
        return self.schema.get("description", "")  # type: ignore[no-any-return]


class SettingsSchema:
    """The settings: `tree` is the whole schema with references inlined."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._located: dict[str, dict[str, Path]] = {}
        self._atomic: dict[Path, Path | None] = {}

    @cached_property
    def fields(self) -> dict[Path, Field]:
        """Every declared field in schema order; of a map also the names that it declares."""
        return {path: Field(path, node) for path, node in _walk(self.tree, ())}

    @cached_property
    def flat(self) -> dict[str, list[Path]]:
        """The unified file's flat keys."""
        return self._named("x-flat")

    @cached_property
    def flags(self) -> dict[str, list[Path]]:
        """The override flags."""
        return self._named("x-flag")

    @cached_property
    def variables(self) -> dict[str, list[Path]]:
        """The override variables."""
        found: dict[str, list[Path]] = {}
        for path, field in self.fields.items():
            if field.variable:
                found.setdefault(field.variable, []).append(path)
        return found

    @cached_property
    def inherits(self) -> dict[Path, Path]:
        """Maps whose entries take what they do not say from a section: path of the map -> path of the section."""
        return {
            path: tuple(field.schema["additionalProperties"]["x-inherits"].split("."))
            for path, field in self.fields.items()
            if isinstance(field.schema.get("additionalProperties"), Mapping)
            and "x-inherits" in field.schema["additionalProperties"]
        }

    def located(self, annotation: str) -> dict[str, Path]:
        """The paths of what carries an annotation, by the annotation's value."""
        if annotation not in self._located:
            self._located[annotation] = {
                node[annotation]: path for path, node in _nodes(self.tree, ()) if annotation in node
            }
        return self._located[annotation]

    def marked(self, annotation: str) -> list[tuple[Path, Any]]:
        """What carries an annotation, sections included: paths with what it says."""
        return [
            (path, node[annotation]) for path, node in _nodes(self.tree, ()) if annotation in node
        ]

    def at(self, path: Path) -> Tree | None:
        """What the schema says at `path`; None where there is no such setting."""
        node: Tree | None = self.tree
        for part in path:
            if node is None:
                return None
            node = child(_map_branch(node), part)
        return node

    def atomic(self, path: Path) -> Path | None:
        """The beginning of `path` that a higher layer replaces whole."""
        if path not in self._atomic:
            self._atomic[path] = self._atomic_at(path)
        return self._atomic[path]

    def _atomic_at(self, path: Path) -> Path | None:
        node: Tree | None = self.tree
        for index, part in enumerate(path):
            node = child(_map_branch(node), part) if node is not None else None
            if node is not None and node.get("x-atomic"):
                return path[: index + 1]
        return None

    def defaults(self) -> Layer:
        """The lowest layer."""
        return self._defaults

    @cached_property
    def _defaults(self) -> Layer:
        leaves: dict[Path, Leaf] = {}
        for path, field in self.fields.items():
            default = field.schema.get("default")
            if isinstance(default, dict):
                for key, value in default.items():
                    leaves[(*path, key)] = Leaf(value, _DEFAULT)
            elif default is not None:
                leaves[path] = Leaf(default, _DEFAULT)
        return Layer(DEFAULTS, leaves, DEFAULTS)

    @staticmethod
    def nothing(tree: Tree) -> Any:
        """The value that stands for "not set" at a setting; None where the setting needs a value."""
        names = types(tree)
        if "array" in names:
            return []
        if names == ("string",) and not any(violations(tree, "")):
            return ""
        return None

    def _named(self, annotation: str) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for path, field in self.fields.items():
            if annotation in field.schema:
                found.setdefault(field.schema[annotation], []).append(path)
        return found


_DEFAULT = Origin(DEFAULTS, "default")


@lru_cache(maxsize=1)
def load_schema() -> SettingsSchema:
    """The schema that mops is shipped with."""
    import json

    return SettingsSchema(json.loads(bundle.read("schemas", "mops.schema.json")))


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """`targetCPU` -> `target_cpu`; names in capitals stay as they are."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() if not name.isupper() else name


def _walk(node: Tree, path: Path) -> Iterator[tuple[Path, Tree]]:
    """The fields below a section, in order. A section has properties and no additional ones."""
    for name, sub in node.get("properties", {}).items():
        here = (*path, name)
        if "properties" in sub and sub.get("additionalProperties") is False:
            yield from _walk(sub, here)
        else:
            yield here, sub
            for known, entry in sub.get("properties", {}).items():
                yield (*here, known), entry


def _nodes(node: Tree, path: Path) -> Iterator[tuple[Path, Tree]]:
    yield path, node
    for name, sub in node.get("properties", {}).items():
        yield from _nodes(sub, (*path, name))


def _map_branch(node: Tree) -> Tree:
    """The alternative of `anyOf` that is a map, where there are alternatives."""
    return next((branch for branch in node.get("anyOf", ()) if "object" in types(branch)), node)


MARKER = "mopsValues"


def is_section(tree: Tree) -> bool:
    """Whether a schema node is a closed group of settings rather than one setting."""
    return "properties" in tree and tree.get("additionalProperties") is False
