"""Statements against the schema: what was written becomes typed leaves, or problems at their place.

This is the one step in which values get their types. The schema decides and nothing is guessed: a
string takes the text exactly as written, an integer a decimal integer, a boolean `true` or `false`,
and quotes mean a string.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mops.model.layer import Layer, Leaf, Path, dotted
from mops.model.problems import ERROR, Problem
from mops.schema.fields import SettingsSchema
from mops.schema.statement import Statement
from mops.schema.walk import Walk


def read_statements(schema: SettingsSchema, statements: Iterable[Statement | Problem]) -> Reading:
    """Types statements in their order. Problems among them, found by a source itself, are kept."""
    reading = Reading(schema)
    for statement in statements:
        if isinstance(statement, Problem):
            reading.report([statement])
        else:
            reading.take(statement)
    return reading


class Reading:
    """The leaves of statements by the layer that they belong to, and all problems.

    `refused` has, by layer, the paths whose values are no leaves because of a problem.
    """

    def __init__(self, schema: SettingsSchema) -> None:
        self.schema = schema
        self.leaves: dict[str, dict[Path, Leaf]] = {}
        self.refused: dict[str, set[Path]] = {}
        # A dict for its keys, which are ordered and unique: with an alias, one node is read twice.
        self._problems: dict[Problem, None] = {}

    @property
    def problems(self) -> list[Problem]:
        """All problems, each once."""
        return list(self._problems)

    def layer(self, name: str, label: str) -> Layer:
        """The layer of that name, which may be empty."""
        return Layer(name, self.leaves.get(name, {}), label)

    def report(self, problems: Iterable[Problem]) -> None:
        """Records problems."""
        self._problems.update(dict.fromkeys(problems))

    def take(self, statement: Statement) -> None:
        """Records what a statement says.

        Its paths are the same quantity and share one node, so only the problems of the first path
        that has any are reported.
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
        """Records leaves; yields a problem for each setting that the layer has set before."""
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
