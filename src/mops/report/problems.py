"""Problems as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterable

from mops.model.problems import WARNING, Problem
from mops.report.text import json_text, printable


def problem_line(problem: Problem) -> str:
    """`place: key: message (hint)`."""
    place = problem.origin.place
    key = f"{problem.key}: " if problem.key and problem.key != place else ""
    severity = "warning: " if problem.severity == WARNING else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    check = f" [{problem.check}]" if problem.check else ""
    return printable(f"{place}: {severity}{key}{problem.message}{hint}{check}")


def problems_json(problems: Iterable[Problem]) -> str:
    """The problems as a list of objects."""
    return json_text([
        {"severity": p.severity, "layer": p.origin.layer, "place": p.origin.place, "key": p.key, "message": p.message, "hint": p.hint, "check": p.check} for p in problems
    ])  # fmt: skip


def ordered(problems: Iterable[Problem]) -> list[Problem]:
    """Problems file by file in the order of their lines, errors first at one place."""
    return sorted(problems, key=lambda p: (_position(p.origin.place), p.severity))


def _position(place: str) -> tuple[str, int, int]:
    parts = place.rsplit(":", 2)
    if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit():
        return parts[0], int(parts[1]), int(parts[2])
    return place, 0, 0
