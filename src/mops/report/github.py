"""Problems as workflow commands of GitHub Actions, which annotate the lines of a pull request.

The form `::error file=…,line=…,col=…,title=…::message` and its escapes are documented in "Workflow
commands for GitHub Actions", and implemented in the package @actions/core.
"""

from __future__ import annotations

from collections.abc import Iterable

from mops.model.problems import ERROR, Problem
from mops.report.location import message, problem_location
from mops.report.text import printable


def commands(problems: Iterable[Problem], root: str) -> str:
    """A workflow command for each problem; paths are relative to the directory `root`."""
    return "".join(f"{_command(problem, root)}\n" for problem in problems)


def _command(problem: Problem, root: str) -> str:
    found = problem_location(problem, root)
    properties = {"title": problem.check or "mops"}
    if found:
        place = {"file": found.path, "line": str(found.line), "col": str(found.col)}
        properties = {**place, **properties}
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    name = "error" if problem.severity == ERROR else "warning"
    return f"::{name} {listed}::{_data(message(problem, found))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
