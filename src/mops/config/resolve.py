"""Layers to the config: merging is stacking, so the history of every value stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from mops.model.layer import Layer, Leaf, Path, nest
from mops.schema.fields import SettingsSchema


class Config(NamedTuple):
    """The resolved layers: path -> its leaves, lowest first. The last wins; the rest is history.

    A last leaf of None means that the value was forgotten.
    """

    stacks: Mapping[Path, tuple[Leaf, ...]]
    layers: tuple[Layer, ...]

    def leaf(self, *path: str) -> Leaf:
        """The winning leaf at a path that has one."""
        return self.stacks[path][-1]

    def value(self, *path: str) -> Any:
        """The value at a path; None where there is none."""
        stack = self.stacks.get(path)
        return stack[-1].value if stack else None

    def below(self, *path: str) -> dict[str, Leaf]:
        """The winning leaves right below a map's path, by name; forgotten ones are left out."""
        size = len(path)
        return {
            here[size]: stack[-1]
            for here, stack in self.stacks.items()
            if len(here) == size + 1 and here[:size] == path and stack[-1].value is not None
        }

    def tree(self) -> dict[str, Any]:
        """The nested values, forgotten ones left out."""
        return nest(
            (path, stack[-1].value)
            for path, stack in self.stacks.items()
            if stack[-1].value is not None
        )


def resolve(layers: Sequence[Layer], schema: SettingsSchema) -> Config:
    """The config that the layers make, lowest first.

    Maps merge and a list is one value. A value replaces all that is below its path, and null forgets it;
    of an atomic map (an environment variable's value or valueFrom) nothing lower shows through.
    """
    stacks: dict[Path, list[Leaf]] = {}
    prefixes: set[Path] = set()
    for layer in (*_inherited(layers, schema), *layers):
        cleared: set[Path] = set()
        for path, leaf in layer.leaves.items():
            for prefix in _above(path):
                if prefix in stacks:
                    _forget(stacks, prefix, leaf, layer)
            root = schema.atomic(path) if len(path) > 2 else None
            if root is not None and root not in cleared and root in prefixes:
                cleared.add(root)
                _clear(stacks, root, leaf, layer)
            if path in prefixes and leaf.value != {}:
                _clear(stacks, path, leaf, layer)
        for path, leaf in layer.leaves.items():
            stacks.setdefault(path, []).append(leaf)
            prefixes.update(_above(path))
    return Config({path: tuple(stack) for path, stack in stacks.items()}, tuple(layers))


@lru_cache(maxsize=4096)
def _above(path: Path) -> tuple[Path, ...]:
    """The paths of the maps that a path runs through."""
    return tuple(path[:start] for start in range(1, len(path)))


def _forget(stacks: dict[Path, list[Leaf]], path: Path, by: Leaf, layer: Layer) -> None:
    """A value gives way to what a higher layer writes below or above it."""
    if (
        path not in layer.leaves
        and stacks[path][-1].value is not None
        and stacks[path][-1].value != {}
    ):
        stacks[path].append(Leaf(None, by.origin))


def _clear(stacks: dict[Path, list[Leaf]], root: Path, by: Leaf, layer: Layer) -> None:
    """Forgets all that lower layers say below `root`."""
    size = len(root)
    for path in stacks:
        if len(path) > size and path[:size] == root:
            _forget(stacks, path, by, layer)


def _inherited(layers: Iterable[Layer], schema: SettingsSchema) -> Iterator[Layer]:
    """What the entries of an inheriting map take from the section that they inherit: layers below all others."""
    layers = tuple(layers)
    for target, source in schema.inherits.items():
        size = len(target)
        names = dict.fromkeys(
            path[size]
            for layer in layers
            for path in layer.leaves
            if len(path) > size and path[:size] == target
        )
        sections = [(layer.name, _below(layer, source)) for layer in layers] if names else []
        for name in names:
            for layer, section in sections:
                if section:
                    yield Layer(layer, {(*target, name, *rest): leaf for rest, leaf in section})


def _below(layer: Layer, path: Path) -> list[tuple[Path, Leaf]]:
    """The leaves of a layer below a path, by the rest of theirs."""
    size = len(path)
    return [
        (here[size:], leaf)
        for here, leaf in layer.leaves.items()
        if here[:size] == path and len(here) > size
    ]
