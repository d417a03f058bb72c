"""Problems as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterable

from mops.model.problems import WARNING, Problem
from mops.model.spelling import with_hint
from mops.report.text import json_text, printable


def problem_line(problem: Problem, also: str = "") -> str:
    """`place: key: message (hint) [check]`; key, hint and check only if there are any.

    `also` follows the hint.
    """
    place = problem.origin.place
    key = f"{problem.key}: " if problem.key and problem.key != place else ""
    severity = "warning: " if problem.severity == WARNING else ""
    check = f" [{problem.check}]" if problem.check else ""
    message = with_hint(problem.message, problem.hint)
    return printable(f"{place}: {severity}{key}{message}{also}{check}")


def problems_json(problems: Iterable[Problem]) -> str:
    """The problems as a list of objects."""
    return json_text([_problem_data(problem) for problem in problems])


def _problem_data(problem: Problem) -> dict[str, str]:
    return {
        "severity": problem.severity,
        "layer": problem.origin.layer,
        "place": problem.origin.place,
        "key": problem.key,
        "message": problem.message,
        "hint": problem.hint,
        "check": problem.check,
    }


def ordered(problems: Iterable[Problem]) -> list[Problem]:
    """Problems by file, line and column; at the same place, errors come first."""
    return sorted(
        problems, key=lambda problem: (place_parts(problem.origin.place), problem.severity)
    )


def place_parts(place: str) -> tuple[str, int, int]:
    """File, line and column of a place; a variable or a flag has line and column 0."""
    match place.rsplit(":", 2):
        case [name, line, col] if line.isdigit() and col.isdigit():
            return name, int(line), int(col)
    return place, 0, 0
