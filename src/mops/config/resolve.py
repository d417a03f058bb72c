"""Layers to the config. Merging is stacking, which keeps the history of every value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from mops.model.layer import Layer, Leaf, Origin, Path, Value, nest
from mops.schema.fields import SettingsSchema


class Config(NamedTuple):
    """The resolved layers: path -> its leaves, lowest first. The last one wins.

    If the value of the last leaf is None, a layer has cleared the setting.
    """

    stacks: Mapping[Path, tuple[Leaf, ...]]
    layers: tuple[Layer, ...]

    def leaf(self, *path: str) -> Leaf:
        """The winning leaf at a path. Raises KeyError if no layer has set it."""
        return self.stacks[path][-1]

    def origin(self, path: Path) -> Origin:
        """Where the value at a path was written, or the part of a value that the path runs into.

        Raises KeyError if there is neither.
        """
        for size in range(len(path), 0, -1):
            if path[:size] in self.stacks:
                return self.stacks[path[:size]][-1].part(path[size:])
        raise KeyError(path)

    def value(self, *path: str) -> Value:
        """The value at a path; None if there is none."""
        stack = self.stacks.get(path)
        return stack[-1].value if stack else None

    def below(self, *path: str) -> dict[str, Leaf]:
        """The winning leaves directly below a mapping's path, by name, without cleared ones."""
        size = len(path)
        return {
            here[size]: stack[-1]
            for here, stack in self.stacks.items()
            if len(here) == size + 1 and here[:size] == path and stack[-1].value is not None
        }

    def tree(self) -> dict[str, Value]:
        """The values as nested dicts, without cleared ones."""
        winners = ((path, stack[-1].value) for path, stack in self.stacks.items())
        return nest((path, value) for path, value in winners if value is not None)


def resolve(layers: Sequence[Layer], schema: SettingsSchema) -> Config:
    """Stacks the layers, lowest first.

    Mappings merge; a list is one value. A value replaces everything below its path, and null clears
    it. An atomic mapping (the value or valueFrom of a variable) is replaced as a whole.
    """
    stacks = _Stacks(schema)
    for layer in (*_inherited(layers, schema), *layers):
        stacks.clear(layer)
        stacks.add(layer)
    leaves = {path: tuple(stack) for path, stack in stacks.stacks.items()}
    return Config(leaves, tuple(layers))


class _Stacks:
    """The leaves at each path so far, and the paths below each path."""

    def __init__(self, schema: SettingsSchema) -> None:
        self.schema = schema
        self.stacks: dict[Path, list[Leaf]] = {}
        # The paths directly below each path that has any; the inner dict is an ordered set.
        self._below: dict[Path, dict[Path, None]] = {}
        # Those of them that a higher layer replaces as a whole.
        self._atomic: set[Path] = set()

    def add(self, layer: Layer) -> None:
        """Puts a layer on top."""
        for path, leaf in layer.leaves.items():
            stack = self.stacks.get(path)
            if stack is None:
                self.stacks[path] = [leaf]
                self._link(path)
            else:
                stack.append(leaf)

    def _link(self, path: Path) -> None:
        """Records a path below all its prefixes."""
        while len(path) > 1:
            above = path[:-1]
            siblings = self._below.get(above)
            if siblings is not None:
                siblings[path] = None
                return
            self._below[above] = {path: None}
            if self.schema.atomic(above) == above:
                self._atomic.add(above)
            path = above

    def clear(self, layer: Layer) -> None:
        """Clears the values that the next layer replaces with a value at a path above or below."""
        if not self.stacks:
            return
        for path, leaf in layer.leaves.items():
            for above in _above(path):
                # An empty mapping is not replaced by what is put into it.
                if above in self.stacks and self.stacks[above][-1].value != {}:
                    self._replace(above, leaf, layer)
                if above in self._atomic:
                    self._clear_below(above, leaf, layer)
            if path in self._below and leaf.value != {}:
                self._clear_below(path, leaf, layer)

    def _clear_below(self, root: Path, by: Leaf, layer: Layer) -> None:
        """Clears all values below `root`."""
        pending = list(self._below.get(root, ()))
        while pending:
            path = pending.pop()
            if path in self.stacks:
                self._replace(path, by, layer)
            pending += self._below.get(path, ())

    def _replace(self, path: Path, by: Leaf, layer: Layer) -> None:
        """Clears the value at a path, because `by` in `layer` replaces it."""
        if path not in layer.leaves and self.stacks[path][-1].value is not None:
            self.stacks[path].append(Leaf(None, by.origin))


@lru_cache(maxsize=4096)
def _above(path: Path) -> tuple[Path, ...]:
    """The proper prefixes of a path: the paths of the mappings around it."""
    return tuple(path[:size] for size in range(1, len(path)))


def _inherited(layers: Sequence[Layer], schema: SettingsSchema) -> Iterator[Layer]:
    """What the entries of a mapping inherit from a section, as layers below all others.

    Each layer's section becomes a layer of its own, so that the order of the layers is kept.
    """
    for target, source in schema.inherits.items():
        names = _entry_names(layers, target)
        if not names:
            continue
        sections = [(layer.name, _below(layer, source)) for layer in layers]
        for name in names:
            for layer_name, section in sections:
                if section:
                    leaves = {(*target, name, *inner): leaf for inner, leaf in section}
                    yield Layer(layer_name, leaves)


def _entry_names(layers: Iterable[Layer], path: Path) -> Iterable[str]:
    """The names that any layer has directly below a path."""
    return dict.fromkeys(inner[0] for layer in layers for inner, _ in _below(layer, path))


def _below(layer: Layer, path: Path) -> list[tuple[Path, Leaf]]:
    """The leaves of a layer below a path, each with the rest of its path."""
    size = len(path)
    return [
        (here[size:], leaf)
        for here, leaf in layer.leaves.items()
        if len(here) > size and here[:size] == path
    ]
