"""A resolved configuration as the rules, the derived facts and the reports read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mops.config.resolve import Config
from mops.model.layer import Leaf, Path, dotted
from mops.model.problems import Problem


class Group(NamedTuple):
    """A set of pods: where its settings are and what its objects are called."""

    path: Path
    suffix: str
    containers: tuple[str, ...]


SCHEDULER = Group(("scheduler",), "scheduler", ("scheduler",))

WORKERS = Group(("workers",), "workers", ("worker",))


class View:
    """A config as the rules read it."""

    def __init__(self, config: Config, refused: frozenset[Path]) -> None:
        self.config = config
        self.refused = refused
        self._maps: dict[Path, dict[str, Leaf]] = {}
        for path, stack in config.stacks.items():
            if stack[-1].value is not None:
                self._maps.setdefault(path[:-1], {})[path[-1]] = stack[-1]
        self._inner: dict[Path, set[str]] = {}
        for path in self._maps:
            for size in range(len(path)):
                self._inner.setdefault(path[:size], set()).add(path[size])
        names = self._inner.get(("workerGroups",), set())
        self._groups = [
            WORKERS,
            *(
                Group(("workerGroups", name), f"workers-{name}", ("worker",))
                for name in sorted(names)
            ),
        ]

    def get(self, *path: str) -> Any:
        """The value at a path; None where there is none."""
        return self.config.value(*path)

    def groups(self) -> list[Group]:
        """The worker groups, the default one first."""
        return self._groups

    def pods(self) -> list[Group]:
        """The scheduler and the worker groups."""
        return [SCHEDULER, *self._groups]

    def below(self, *path: str) -> Mapping[str, Leaf]:
        """The winning leaves right below a map's path, by name; forgotten ones are left out."""
        return self._maps.get(path, {})

    def entries(self, *path: str) -> set[str]:
        """The names of a map's entries, be they leaves or maps."""
        return {*self.below(*path), *self._inner.get(path, ())}

    def env(self, group: Group) -> dict[str, Leaf]:
        """The environment variables of a group that are text."""
        return {
            name: leaf
            for name, leaf in self.below(*group.path, "env").items()
            if isinstance(leaf.value, str)
        }

    def problem(
        self, severity: str, message: str, *paths: Path, hint: str = "", check: str = ""
    ) -> Problem | None:
        """A problem at the highest of the leaves involved, or the first named where they are level."""
        if not self.refused.isdisjoint(paths):
            return None
        leaves = [
            (path, self.config.stacks[path][-1]) for path in paths if path in self.config.stacks
        ]
        names = [layer.name for layer in self.config.layers]
        path, leaf = max(
            leaves,
            key=lambda found: (
                names.index(found[1].origin.layer) if found[1].origin.layer in names else 0
            ),
        )
        return Problem(severity, leaf.origin.key or dotted(path), message, leaf.origin, hint, check)
