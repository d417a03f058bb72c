"""What a check is and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from mops.config.resolve import Config
from mops.config.view import Group, View
from mops.model.layer import Leaf, Path
from mops.schema.fields import MARKER, SettingsSchema


class Finding(NamedTuple):
    """Something doubtful at one or more settings; it is reported at the highest of them, or else at `leaf`."""

    paths: tuple[Path, ...]
    message: str
    hint: str = ""
    leaf: Leaf | None = None


class Sight(View):
    """A config as the checks read it."""

    def __init__(self, config: Config, refused: frozenset[Path], schema: SettingsSchema) -> None:
        super().__init__(config, refused)
        self.schema = schema
        self._levels = {layer.name: index for index, layer in enumerate(config.layers)}
        self._rendered = {
            layer.name for layer in config.layers if any(path[0] == MARKER for path in layer.leaves)
        }
        self._names: dict[Path, list[str]] = {}
        self._texts: dict[Path, dict[str, str]] = {}

    def names(self, group: Group) -> list[str]:
        """The environment variables of a group in the order of the pod, valueFrom included."""
        if group.path not in self._names:
            self._names[group.path] = sorted(self.entries(*group.path, "env"))
        return self._names[group.path]

    def texts(self, group: Group) -> dict[str, str]:
        """The environment variables of a group that are text."""
        if group.path not in self._texts:
            self._texts[group.path] = {
                name: leaf.value for name, leaf in sorted(self.env(group).items())
            }
        return self._texts[group.path]

    def written(self, path: Path) -> Leaf | None:
        """The leaf at a path whose value somebody has written.

        Nobody has written a default, nor what a rendered file, which is complete, has of the defaults.
        """
        stack = self.config.stacks.get(path, ())
        if not stack or stack[-1].value is None or not self.level(path):
            return None
        rendered = stack[-1].origin.layer in self._rendered
        return (
            None
            if rendered
            and not self._levels.get(stack[0].origin.layer, 1)
            and stack[0].value == stack[-1].value
            else stack[-1]
        )

    def level(self, path: Path) -> int:
        """How high the layer is that the value at a path comes from; 0 is the defaults."""
        stack = self.config.stacks.get(path)
        return self._levels.get(stack[-1].origin.layer, 0) if stack else 0


class Check(NamedTuple):
    """A check: the name by which the docs explain it, one line on what it warns of, and how it looks."""

    name: str
    line: str
    find: Callable[[Sight], Iterator[Finding]]


def variable(group: Group, name: str) -> Path:
    """The path of a group's environment variable. A valueFrom is below it."""
    return (*group.path, "env", name)
