"""The settings: the schema as a tree of sections, and as a table of fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple

from mops.model import bundle
from mops.model.layer import DEFAULTS, Layer, Leaf, Origin, Path, Value, dotted
from mops.schema.keywords import child, types, violations
from mops.schema.tree import Tree

# The prefix of the names of override variables.
PREFIX = "MODELOPS_OVERRIDE_"

# The section that `render` adds to the values.
MARKER = "mopsValues"

_SCALARS = frozenset({"string", "integer", "boolean"})
_DEFAULT = Origin(DEFAULTS, "default")


class Field(NamedTuple):
    """A setting that the schema declares."""

    path: Path
    schema: Tree

    @property
    def key(self) -> str:
        """The dotted spelling of the path."""
        return dotted(self.path)

    @property
    def flag(self) -> str:
        """The command line flag; "" if it has none."""
        return str(self.schema.get("x-flag", ""))

    @property
    def variable(self) -> str:
        """The override variable, named after the path unless the schema names it; "" if none.

        Only scalars have one; scalars that may also be a reference only if the schema names it.
        """
        if "x-variable" in self.schema:
            return PREFIX + str(self.schema["x-variable"])
        if "anyOf" in self.schema or _SCALARS.isdisjoint(types(self.schema)):
            return ""
        return PREFIX + "_".join(map(snake, self.path)).upper()

    @property
    def description(self) -> str:
        """One sentence that says what the setting means."""
        return str(self.schema.get("description", ""))


class SettingsSchema:
    """All settings. `tree` is the whole schema with references inlined."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._located: dict[str, dict[str, Path]] = {}
        self._atomic: dict[Path, Path | None] = {}

    @cached_property
    def fields(self) -> dict[Path, Field]:
        """All declared fields in schema order, including declared entries of free mappings."""
        return {path: Field(path, node) for path, node in _walk(self.tree, ())}

    @cached_property
    def flat(self) -> dict[str, list[Path]]:
        """The flat keys of unified files, each with the settings that it sets."""
        return self._by_annotation("x-flat")

    @cached_property
    def flags(self) -> dict[str, list[Path]]:
        """The override flags, each with the settings that it sets."""
        return self._by_annotation("x-flag")

    @cached_property
    def variables(self) -> dict[str, list[Path]]:
        """The override variables, each with the settings that it sets."""
        found: dict[str, list[Path]] = {}
        for path, field in self.fields.items():
            if field.variable:
                found.setdefault(field.variable, []).append(path)
        return found

    @cached_property
    def inherits(self) -> dict[Path, Path]:
        """Mappings whose entries inherit from a section: path -> path of the section."""
        found: dict[Path, Path] = {}
        for path, field in self.fields.items():
            entries = field.schema.get("additionalProperties")
            if isinstance(entries, Mapping) and "x-inherits" in entries:
                found[path] = tuple(entries["x-inherits"].split("."))
        return found

    def located(self, annotation: str) -> dict[str, Path]:
        """The paths of the nodes with an annotation, by the annotation's value."""
        if annotation not in self._located:
            self._located[annotation] = {value: path for path, value in self.marked(annotation)}
        return self._located[annotation]

    def marked(self, annotation: str) -> list[tuple[Path, Value]]:
        """The paths of the nodes with an annotation, including sections, and its value."""
        nodes = _nodes(self.tree, ())
        return [(path, node[annotation]) for path, node in nodes if annotation in node]

    def at(self, path: Path) -> Tree | None:
        """The schema of the setting at `path`; None if there is no such setting."""
        node: Tree | None = self.tree
        for part in path:
            if node is None:
                return None
            node = child(_mapping_branch(node), part)
        return node

    def atomic(self, path: Path) -> Path | None:
        """The prefix of `path` that a higher layer replaces as a whole; None for most paths."""
        if path not in self._atomic:
            self._atomic[path] = self._atomic_at(path)
        return self._atomic[path]

    def _atomic_at(self, path: Path) -> Path | None:
        node: Tree = self.tree
        for size, part in enumerate(path, 1):
            found = child(_mapping_branch(node), part)
            if found is None:
                return None
            if found.get("x-atomic"):
                return path[:size]
            node = found
        return None

    def defaults(self) -> Layer:
        """The lowest layer: the default of every field that has one."""
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
    def nothing(tree: Tree) -> Value:
        """The value that means "not set" for a setting; None if the setting needs a value."""
        names = types(tree)
        if "array" in names:
            return []
        if names == ("string",) and not any(violations(tree, "")):
            return ""
        return None

    def _by_annotation(self, annotation: str) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for path, field in self.fields.items():
            if annotation in field.schema:
                found.setdefault(field.schema[annotation], []).append(path)
        return found


@lru_cache(maxsize=1)
def load_schema() -> SettingsSchema:
    """The schema that mops ships."""
    import json

    return SettingsSchema(json.loads(bundle.read("schemas", "mops.schema.json")))


def is_section(tree: Tree) -> bool:
    """Whether a schema node is a closed group of settings rather than one setting."""
    return "properties" in tree and tree.get("additionalProperties") is False


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """`targetCPU` -> `target_cpu`; names in capitals stay unchanged."""
    return name if name.isupper() else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def declared_name(tree: Tree, key: str) -> str:
    """The declared name that `key` spells, in camelCase or snake_case; else `key` itself."""
    declared = tree.get("properties", ())
    if key in declared or "_" not in key:
        return key
    return next((name for name in declared if snake(name) == key), key)


def _walk(tree: Tree, path: Path) -> Iterator[tuple[Path, Tree]]:
    """The fields below a section, in order."""
    for name, sub in tree.get("properties", {}).items():
        here = (*path, name)
        if is_section(sub):
            yield from _walk(sub, here)
        else:
            yield here, sub
            for known, entry in sub.get("properties", {}).items():
                yield (*here, known), entry


def _nodes(tree: Tree, path: Path) -> Iterator[tuple[Path, Tree]]:
    yield path, tree
    for name, sub in tree.get("properties", {}).items():
        yield from _nodes(sub, (*path, name))


def _mapping_branch(tree: Tree) -> Tree:
    """The alternative of `anyOf` that is a mapping; without one, `tree` itself."""
    return next((branch for branch in tree.get("anyOf", ()) if "object" in types(branch)), tree)
