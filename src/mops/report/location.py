"""Where problems are in files, for programs that show them beside the source."""

from __future__ import annotations

import os
from typing import NamedTuple

from mops.model.layer import COMMAND_LINE, DEBUG, ENVIRONMENT
from mops.model.problems import Problem
from mops.model.spelling import with_hint
from mops.report.problems import place_parts
from mops.report.text import printable


class Location(NamedTuple):
    """A place in a file. `path` has forward slashes, and is relative if the file is below the root.

    Lines and columns count from 1.
    """

    path: str
    line: int
    col: int


def location(place: str, root: str) -> Location | None:
    """The location of a place `path:line:col`; paths below the directory `root` are relative to it.

    None if the place is not in a file: a variable, a flag, or standard input.
    """
    name, line, col = place_parts(place)
    if not line or name == "-":
        return None
    path = os.path.normpath(os.path.join(root, name))
    if path.startswith(os.path.join(root, "")):
        path = os.path.relpath(path, root)
    return Location(path.replace(os.sep, "/"), line, col)


def problem_location(problem: Problem, root: str) -> Location | None:
    """The location of a problem, if it is in a file."""
    outside = problem.origin.layer in (ENVIRONMENT, DEBUG, COMMAND_LINE)
    return None if outside else location(problem.origin.place, root)


def message(problem: Problem, found: Location | None) -> str:
    """`key: message (hint)` of a problem, after its place if that is not in a file."""
    place = "" if found else problem.origin.place
    key = "" if problem.key == place else problem.key
    parts = (place, key, with_hint(problem.message, problem.hint))
    return printable(": ".join(part for part in parts if part))
