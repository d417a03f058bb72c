"""The VALUE of `config set` as typed data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mops.model.layer import COMMAND_LINE, Leaf, Origin, Path, nest
from mops.model.problems import InvalidConfig
from mops.schema.fields import SettingsSchema, Tree
from mops.schema.keywords import types
from mops.schema.reading import Reading
from mops.yamltext.nodes import Node, Text
from mops.yamltext.reader import parse


def typed_value(schema: SettingsSchema, key: str, paths: Sequence[Path], text: str) -> Any:
    """The value of the setting `key`, which stands for `paths`, that `text` means.

    A section or mapping is nested data, null is None. Raises InvalidConfig where the schema refuses
    the value.
    """
    reading = Reading(schema, COMMAND_LINE, key, in_file=False)
    for path in paths:
        _read(reading, key, path, text)
    if reading.problems:
        raise InvalidConfig(reading.problems)
    return _nested(reading.leaves, paths[0])


def _read(reading: Reading, key: str, path: Path, text: str) -> None:
    """Adds what `text` means at a path to the reading's leaves or problems."""
    reading.names(path)
    if text == "null":
        reading.leaf(Text(text, False, 0, 0), path, None, ())
        return
    tree: Tree = reading.schema.at(path) or {}
    node: Node | None = Text(text, _is_string(tree), 0, 0)
    if not _is_string(tree) and {"object", "array"} & set(types(tree)):
        node, problems = parse(text, key, COMMAND_LINE)
        origin = Origin(COMMAND_LINE, key)
        reading.problems += [problem._replace(origin=origin) for problem in problems]
    if node is not None and not reading.problems:
        reading.walk(node, tree, path, ())


def _is_string(tree: Tree) -> bool:
    """Whether a setting takes text as it is."""
    return "string" in types(tree) and "integer" not in types(tree)


def _nested(leaves: Mapping[Path, Leaf], path: Path) -> Any:
    if path in leaves:
        return leaves[path].value
    size = len(path)
    return nest((here[size:], leaf.value) for here, leaf in leaves.items() if here[:size] == path)
