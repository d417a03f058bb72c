"""Warnings about what is allowed but hardly meant. Each has a name, and a section in docs/checks.md.

What must not be is an error and belongs to the schema or to rules.py.
"""

from __future__ import annotations

from mops.checks import dask, deployment, layers, runtime
from mops.checks.finding import Check, Finding, Sight
from mops.config.resolve import Config
from mops.model.layer import Path, dotted
from mops.model.problems import WARNING, Problem
from mops.schema.fields import SettingsSchema

# On what will run, and on the files; the latter only where somebody asks for a verdict on them.
ON_WORKSPACE: tuple[Check, ...] = (*dask.CHECKS, *runtime.CHECKS, *deployment.CHECKS)
ON_FILES: tuple[Check, ...] = layers.CHECKS
# The warnings among the rules.
_RULES = {
    "memory-thresholds": "memory thresholds that are out of order",
    "small-memory": "little memory for each worker process",
    "busy-cpu": "more threads than CPU",
}


def check(
    config: Config,
    schema: SettingsSchema,
    refused: frozenset[Path] = frozenset(),
    *,
    files: bool = False,
) -> list[Problem]:
    """All that is doubtful in a config that is valid."""
    sight = Sight(config, refused, schema)
    found: dict[tuple[object, ...], Problem] = {}
    for one in (*ON_WORKSPACE, *(ON_FILES if files else ())):
        for finding in one.find(sight):
            problem = _problem(sight, one, finding)
            # A group that takes a setting from the workers has the same problem at the same place.
            if problem is not None:
                found.setdefault((problem.origin, problem.message, problem.check), problem)
    return list(found.values())


def listed() -> list[tuple[str, str]]:
    """The name of every check with its line, in the order of the docs."""
    return [*((one.name, one.line) for one in (*ON_WORKSPACE, *ON_FILES)), *_RULES.items()]


def _problem(sight: Sight, one: Check, finding: Finding) -> Problem | None:
    """The problem that a finding is. An environment variable with valueFrom has its leaves below the path."""
    if finding.leaf is not None:
        origin = finding.leaf.origin
        return Problem(
            WARNING,
            origin.key or dotted(finding.paths[0]),
            finding.message,
            origin,
            finding.hint,
            one.name,
        )
    paths = [here for path in finding.paths for here in _leaves(sight, path)]
    return (
        sight.problem(WARNING, finding.message, *paths, hint=finding.hint, check=one.name)
        if paths
        else None
    )


def _leaves(sight: Sight, path: Path) -> list[Path]:
    if path in sight.config.stacks and sight.config.stacks[path][-1].value is not None:
        return [path]
    return [
        here
        for here, stack in sight.config.stacks.items()
        if here[: len(path)] == path and stack[-1].value is not None
    ][:1]
