"""Many problems as few lines.

Only what finds problems needs this, so it is a module of its own: `mops render` starts in a few
milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mops.model.problems import ERROR, Problem
from mops.model.spelling import with_hint
from mops.report.problems import place_parts, problem_line
from mops.report.text import printable

# The most lines that are printed: who has more problems reads the first ones first.
MOST_LINES = 50
# What prints all problems, for the line that says how many are left out.
ALL = "`mops config validate --format json`"


_GROUP = ("group", "groups")


class Alike(NamedTuple):
    """A problem, and the other worker groups that have the same problem."""

    problem: Problem
    groups: Sequence[str] = ()
    others: Sequence[Problem] = ()

    def line(self, suffix: str = "") -> str:
        """The line of the problem, which ends with `suffix`."""
        names = ", ".join(self.groups)
        also = f"; also in the {_GROUP[len(self.groups) > 1]} {names}" if names else ""
        return problem_line(self.problem, also) + printable(suffix)


def problem_lines(problems: Iterable[Problem], everything: str = ALL) -> Iterator[str]:
    """A line for each problem, those nearest to the cause first, and for at most MOST_LINES.

    `everything` is the command or option that prints all.
    """
    return limited([(alike, "") for alike in alike_problems(problems)], everything)


def limited(entries: Sequence[tuple[Alike, str]], everything: str = ALL) -> Iterator[str]:
    """The lines of problems with their suffixes, at most MOST_LINES and how many are left out."""
    for alike, suffix in entries[:MOST_LINES]:
        yield alike.line(suffix)
    rest = sum(1 + len(alike.others) for alike, _ in entries[MOST_LINES:])
    if rest:
        yield f"… and {rest} more ({everything} lists all)"


def alike_problems(problems: Iterable[Problem]) -> list[Alike]:
    """The problems, those nearest to the cause first, with those of several groups as one.

    Problems are alike if a check finds the same in several worker groups of a file, up to the
    group's name.
    """
    found: dict[int, list[Problem]] = {}
    known: dict[tuple[str, ...], int] = {}
    for index, problem in enumerate(sorted(problems, key=_distance)):
        keys = _likeness(problem)
        first = next((known[key] for key in keys if key in known), index)
        found.setdefault(first, []).append(problem)
        known.update(dict.fromkeys(keys, first))
    return [_alike(first, others) for first, *others in found.values()]


def _alike(first: Problem, others: Sequence[Problem]) -> Alike:
    names = dict.fromkeys(problem.group for problem in others if problem.group != first.group)
    return Alike(first, tuple(names), others)


def _likeness(problem: Problem) -> list[tuple[str, ...]]:
    """What alike problems have in common: the same text, or the same but for the group's name."""
    group = problem.group
    if not group:
        return []
    key = f".{problem.key}.".replace(f".{group}.", ".*.")
    same = (problem.severity, problem.check, place_parts(problem.origin.place)[0], key)
    text = with_hint(problem.message, problem.hint)
    if group not in text:
        return [(*same, text)]
    name = rf"(?<![A-Za-z0-9]){re.escape(group)}(?![A-Za-z0-9])"
    return [(*same, text), (*same, re.sub(name, "*", text))]


def _distance(problem: Problem) -> int:
    """How far a problem is from its cause.

    What is wrong with a file's text explains what follows from it, and so does an invalid value.
    """
    if problem.syntax:
        return 0
    if not problem.check:
        return 1
    return 2 if problem.severity == ERROR else 3
