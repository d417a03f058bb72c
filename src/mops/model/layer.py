"""The data that flows: paths, origins, leaves and layers.

The records are NamedTuples rather than dataclasses: as frozen, and 5 ms cheaper to import,
which is an eighth of what `helm template` costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

Path = tuple[str, ...]

# What JSON can express, as Python reads it: str, int, float, bool, None, and lists and dicts of these.
Value: TypeAlias = Any

DEFAULTS = "defaults"


class Origin(NamedTuple):
    """Where a value was written.

    `layer` is the layer's name; `place` is `path:line:col`, a variable's name or a flag;
    `key` is the setting as that source spells it ("" where the place already says it).
    """

    layer: str
    place: str
    key: str = ""


class Leaf(NamedTuple):
    """A value and its origin. The value None forgets what every lower layer says at this path."""

    value: Value
    origin: Origin


class Layer(NamedTuple):
    """One source's settings, flat: a map is never a leaf (but an empty one may be), a list always is.

    `label` is the name that travels with the values: relative, and the same on every machine.
    """

    name: str
    leaves: Mapping[Path, Leaf]
    label: str = ""


def dotted(path: Iterable[str]) -> str:
    """The key of a path; parts that hold a dot are quoted: `a."b.c".d`."""
    return ".".join(
        f'"{part}"' if "." in part or '"' in part or not part else part for part in path
    )


def nest(leaves: Iterable[tuple[Path, Value]]) -> dict[str, Value]:
    """The nested form of (path, value) pairs. No path may run through another's value."""
    root: dict[str, Value] = {}
    for path, value in leaves:
        node = root
        for part in path[:-1]:
            node = node.setdefault(part, {})
        if value == {}:
            node.setdefault(path[-1], {})
        else:
            node[path[-1]] = value
    return root


ENVIRONMENT, COMMAND_LINE, DEBUG = "environment", "command line", "--debug-mode"
