"""Problems, and the errors that carry an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mops.model.layer import Origin
from mops.model.spelling import counted

OK, DIFFERENCE, USAGE, INVALID, ENVIRONMENT, BUG = 0, 1, 2, 3, 4, 70

ERROR, WARNING = "error", "warning"


class Problem(NamedTuple):
    """One thing wrong with the configuration: where, what, and what to do about it.

    `check` is the name of the check that found it, under which the docs describe it; "" if none.
    `group` is the worker group that a check found it in; "" if none. `syntax` problems are about
    the text of a file, before any setting is read.
    """

    severity: str
    key: str
    message: str
    origin: Origin
    hint: str = ""
    check: str = ""
    group: str = ""
    syntax: bool = False


class MopsError(Exception):
    """An expected failure: a one-line message for the user and the process's exit code."""

    exit_code = BUG


class UsageError(MopsError):
    """The command line is invalid."""

    exit_code = USAGE


class InvalidConfig(MopsError):
    """The configuration has errors; `problems` has all of them, and the warnings."""

    exit_code = INVALID

    def __init__(self, problems: Sequence[Problem]) -> None:
        errors = sum(problem.severity == ERROR for problem in problems)
        super().__init__(f"invalid configuration: {counted(errors, 'error')}")
        self.problems = tuple(problems)


class EnvironmentFailure(MopsError):
    """Something outside mops is missing or failed: a file, helm, the cluster."""

    exit_code = ENVIRONMENT
