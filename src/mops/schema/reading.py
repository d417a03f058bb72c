"""Statements to typed leaves, or to problems at the place where they were written.

This is the only step that gives values their types. The schema decides and nothing is guessed: a
string takes the text exactly as written, an integer takes a decimal integer, a boolean takes `true`
or `false`, and quotes mean a string.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mops.model.layer import Layer, Leaf, Path, dotted
from mops.model.problems import ERROR, Problem
from mops.schema.fields import SettingsSchema
from mops.schema.statement import Statement
from mops.schema.walk import Walk


def read_statements(schema: SettingsSchema, statements: Iterable[Statement | Problem]) -> Reading:
    """Types statements in order. Problems among them, which sources have found, are kept."""
    reading = Reading(schema)
    for statement in statements:
        if isinstance(statement, Problem):
            reading.report([statement])
        else:
            reading.take(statement)
    return reading


class Reading:
    """The leaves of all statements by layer, and all problems.

    `refused` has, by layer, the paths whose values are invalid and therefore not leaves.
    """

    def __init__(self, schema: SettingsSchema) -> None:
        self.schema = schema
        self.leaves: dict[str, dict[Path, Leaf]] = {}
        self.refused: dict[str, set[Path]] = {}
        # A dict as an ordered set: a node with an alias is read more than once.
        self._problems: dict[Problem, None] = {}

    @property
    def problems(self) -> list[Problem]:
        """All problems, each once."""
        return list(self._problems)

    def layer(self, name: str, label: str) -> Layer:
        """The layer with this name, which may be empty."""
        return Layer(name, self.leaves.get(name, {}), label)

    def report(self, problems: Iterable[Problem]) -> None:
        """Records problems."""
        self._problems.update(dict.fromkeys(problems))

    def take(self, statement: Statement) -> None:
        """Records the leaves and problems of a statement.

        All its paths share one node, so only the first path with problems reports them.
        """
        layer = statement.source.layer
        reported = False
        for path in statement.paths:
            walk = Walk(self.schema, statement.source)
            walk.statement(statement, path)
            if walk.refused:
                self.refused.setdefault(layer, set()).update(walk.refused)
            problems = [*walk.problems, *self._keep(layer, walk.leaves)]
            if not reported:
                self.report(problems)
            reported = reported or bool(problems)

    def _keep(self, layer: str, leaves: list[tuple[Path, Leaf]]) -> Iterator[Problem]:
        """Records leaves; yields a problem for each setting that the layer has already set."""
        for path, leaf in leaves:
            known = self.leaves.setdefault(layer, {})
            if path in known:
                yield _set_twice(path, known[path], leaf)
            elif path not in self.refused.get(layer, ()):
                known[path] = leaf


def _set_twice(path: Path, first: Leaf, second: Leaf) -> Problem:
    at = first.origin
    also = f"{at.key} at {at.place}" if at.key else at.place
    message = f"{dotted(path)} is set twice"
    return Problem(ERROR, second.origin.key, message, second.origin, f"also set by {also}")
