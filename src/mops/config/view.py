"""A resolved configuration, indexed for the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from mops.config.resolve import Config
from mops.config.variables import Variables
from mops.model.layer import Leaf, Path
from mops.schema.fields import MARKER, SettingsSchema

T = TypeVar("T")


class Group(NamedTuple):
    """A set of pods with the same settings: the scheduler, or one group of workers.

    `path` is the path of its settings, `suffix` follows the release name in the names of its
    objects, and `container` is the name of its main container.
    """

    path: Path
    suffix: str
    container: str

    def at(self, *keys: str) -> Path:
        """The path of one of the group's settings."""
        return (*self.path, *keys)

    def variable(self, name: str) -> Path:
        """The path of an environment variable; the parts of a `valueFrom` are below it."""
        return (*self.path, "env", name)


SCHEDULER = Group(("scheduler",), "scheduler", "scheduler")
# The group that `workers` describes, from which the groups in `workerGroups` inherit.
WORKERS = Group(("workers",), "workers", "worker")


def worker_groups(config: Config) -> list[Group]:
    """The groups of workers: the default one, then those of `workerGroups` by name."""
    named = {
        path[1]
        for path, stack in config.stacks.items()
        if path[0] == "workerGroups" and path[2:] and stack[-1].value is not None
    }
    more = (Group(("workerGroups", name), f"workers-{name}", "worker") for name in sorted(named))
    return [WORKERS, *more]


class View:
    """The winning values of a configuration.

    `groups` are the worker groups; `pods` are these and the scheduler. `refused` are the paths at
    which some layer has an invalid value: the value at such a path is not the one that the user
    wrote, so rules must not draw conclusions from it.
    """

    def __init__(
        self, config: Config, schema: SettingsSchema, refused: frozenset[Path] = frozenset()
    ) -> None:
        self.config = config
        self.schema = schema
        self.refused = refused
        self.groups = worker_groups(config)
        self.pods = [SCHEDULER, *self.groups]
        self._index()
        self._levels = {layer.name: index for index, layer in enumerate(config.layers)}
        self._rendered = {
            layer.name for layer in config.layers if any(path[0] == MARKER for path in layer.leaves)
        }
        self._variables: dict[Path, Variables] = {}
        self._texts: dict[Path, dict[str, str]] = {}
        self._computed: dict[Callable[[View], Any], Any] = {}

    def _index(self) -> None:
        """Indexes the winning leaves, and the mappings, by the mapping that contains them."""
        self._leaves: dict[Path, dict[str, Leaf]] = {}
        self._mappings: dict[Path, dict[str, None]] = {}
        for path, stack in self.config.stacks.items():
            if stack[-1].value is None:
                continue
            mapping = path[:-1]
            if mapping not in self._leaves:
                self._leaves[mapping] = {}
                self._register(mapping)
            self._leaves[mapping][path[-1]] = stack[-1]

    def _register(self, mapping: Path) -> None:
        while mapping:
            *outer, name = mapping
            mapping = tuple(outer)
            names = self._mappings.setdefault(mapping, {})
            if name in names:
                return
            names[name] = None

    def is_refused(self, path: Path) -> bool:
        """Whether some layer has an invalid value at a path or around it."""
        return any(path[:size] in self.refused for size in range(1, len(path) + 1))

    def value(self, path: Path) -> Any:
        """The value at a path; None if there is none."""
        return self.config.value(*path)

    def has(self, path: Path) -> bool:
        """Whether there is a value or a mapping with values at a path."""
        name = path[-1]
        return name in self.below(path[:-1]) or name in self._mappings.get(path[:-1], ())

    def has_inside(self, path: Path) -> bool:
        """Whether there is a mapping with values at a path."""
        return path in self._leaves or path in self._mappings

    def below(self, path: Path) -> Mapping[str, Leaf]:
        """The leaves directly below a mapping's path, by name."""
        return self._leaves.get(path, {})

    def entries(self, path: Path) -> set[str]:
        """The names of a mapping's entries, both leaves and mappings."""
        return {*self.below(path), *self._mappings.get(path, ())}

    def tree(self, path: Path) -> dict[str, Any]:
        """The mapping at a path with all that is in it; empty if there is none."""
        found: dict[str, Any] = {name: leaf.value for name, leaf in self.below(path).items()}
        for name in self._mappings.get(path, ()):
            found[name] = self.tree((*path, name)) or found.get(name, {})
        return found

    def names(self, group: Group) -> list[str]:
        """The names of a group's environment variables in the order that the chart writes them."""
        return self.variables(group).order

    def variables(self, group: Group) -> Variables:
        """A group's environment variables with their order and their references."""
        if group.path not in self._variables:
            names = self.entries(group.at("env"))
            self._variables[group.path] = Variables(names, self.texts(group))
        return self._variables[group.path]

    def texts(self, group: Group) -> Mapping[str, str]:
        """A group's environment variables with a literal value, sorted by name.

        Variables with `valueFrom` are left out, because only the cluster knows their values.
        """
        if group.path not in self._texts:
            leaves = sorted(self.below(group.at("env")).items())
            self._texts[group.path] = {
                name: leaf.value for name, leaf in leaves if isinstance(leaf.value, str)
            }
        return self._texts[group.path]

    def level(self, path: Path) -> int:
        """The index of the layer that the value at a path comes from; 0 is the defaults."""
        stack = self.config.stacks.get(path)
        return self._level(stack[-1]) if stack else 0

    def _level(self, leaf: Leaf) -> int:
        return self._levels.get(leaf.origin.layer, 0)

    def leaf(self, path: Path) -> Leaf | None:
        """The leaf at which a problem of a path is reported; None if there is none.

        For a mapping it is the leaf from the highest layer; null is used only without another leaf.
        """
        stack = self.config.stacks.get(path)
        if stack and stack[-1].value is not None:
            return stack[-1]
        inside = max(self._all_below(path), key=self._level, default=None)
        if inside is not None:
            return inside
        return stack[-1] if stack else self._part(path)

    def _part(self, path: Path) -> Leaf | None:
        """The leaf whose value a path runs into, with the origin of that part of the value."""
        for size in range(len(path) - 1, 0, -1):
            stack = self.config.stacks.get(path[:size])
            if stack:
                return stack[-1]._replace(origin=stack[-1].part(path[size:]))
        return None

    def _all_below(self, path: Path) -> Iterator[Leaf]:
        yield from self.below(path).values()
        for name in self._mappings.get(path, ()):
            yield from self._all_below((*path, name))

    def highest(self, paths: tuple[Path, ...]) -> tuple[Path, Leaf] | None:
        """The path whose value comes from the highest layer, and its leaf; None without values."""
        found = [(path, leaf) for path in paths if (leaf := self.leaf(path)) is not None]
        return max(found, key=lambda entry: self._level(entry[1]), default=None)

    def written(self, path: Path) -> bool:
        """Whether the value at a path was written by a person.

        A default was not, and neither was a copy of a default in a rendered file, which contains
        all settings.
        """
        stack = self.config.stacks.get(path)
        if not stack or stack[-1].value is None or not self._level(stack[-1]):
            return False
        if stack[-1].origin.layer not in self._rendered:
            return True
        bottom = stack[0]
        is_default = self._levels.get(bottom.origin.layer) == 0
        return not (is_default and bottom.value == stack[-1].value)

    def once(self, compute: Callable[[View], T]) -> T:
        """`compute(view)`, computed only once, for facts that several rules need."""
        if compute not in self._computed:
            self._computed[compute] = compute(self)
        found: T = self._computed[compute]
        return found
