"""The results of a fleet, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

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
from mops.report.problem_lines import Alike, alike_problems, limited
from mops.report.problems import ordered
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
    found = alike_problems(ordered(affected))
    return limited([(alike, _workspaces(alike, affected)) for alike in found])


def _workspaces(alike: Alike, affected: Mapping[Problem, Sequence[str]]) -> str:
    """The workspaces that have a problem, unless it is in the file of the only one."""
    problems = (alike.problem, *alike.others)
    names = list(dict.fromkeys(chain(*(affected[problem] for problem in problems))))
    if len(names) > 1:
        return f" [in {names[0]} and {len(names) - 1} more]"
    return "" if alike.problem.origin.place.startswith(f"{names[0]}:") else f" [in {names[0]}]"


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
