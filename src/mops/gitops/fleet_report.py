"""The results of a fleet, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mops.gitops.fleet_render import (
    BAD,
    NOT_WRITTEN,
    STALE,
    UNCHANGED,
    UNREADABLE,
    WRITTEN,
    Result,
)
from mops.gitops.fleet_tree import Tree
from mops.model.problems import ERROR, Problem
from mops.model.spelling import counted
from mops.report.problems import ordered, problem_line
from mops.report.text import printable


def report_lines(tree: Tree, results: Sequence[Result], *, quiet: bool) -> Iterator[str]:
    """A line for each workspace, then one for each problem.

    With `quiet` only the workspaces that need attention have a line.
    """
    for workspace, result in zip(tree.workspaces, results, strict=True):
        if quiet and result.state not in (BAD, UNREADABLE, STALE):
            continue
        errors = sum(problem.severity == ERROR for problem in result.problems)
        count = f", {counted(errors, 'error')}" if errors else ""
        yield printable(f"{tree.path(workspace.output)}: {result.state}{count}")
    yield from _problem_lines(tree, results)


def _problem_lines(tree: Tree, results: Sequence[Result]) -> Iterator[str]:
    """Each problem once; problems in shared files with the workspaces that they affect."""
    affected: dict[Problem, list[str]] = {}
    for workspace, result in zip(tree.workspaces, results, strict=True):
        for problem in result.problems:
            affected.setdefault(problem, []).append(tree.path(workspace.config[-1]))
    for problem in ordered(affected):
        names = affected[problem]
        line = problem_line(problem)
        if len(names) > 1:
            line += printable(f" [in {names[0]} and {len(names) - 1} more]")
        elif not problem.origin.place.startswith(f"{names[0]}:"):
            line += printable(f" [in {names[0]}]")
        yield line


def failures(results: Sequence[Result]) -> list[str]:
    """The messages of files that could not be read or written, each once."""
    return list(dict.fromkeys(printable(result.failure) for result in results if result.failure))


def summary(results: Sequence[Result]) -> str:
    """The number of workspaces in each state."""
    states = [result.state for result in results]
    counts = [
        f"{states.count(state)} {state}"
        for state in (WRITTEN, UNCHANGED, STALE, NOT_WRITTEN, BAD, UNREADABLE)
        if state in states
    ]
    return f"{counted(len(states), 'workspace')}: {', '.join(counts)}"
