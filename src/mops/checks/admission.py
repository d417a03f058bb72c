"""The Pod Security level of the namespace that a workspace is deployed to."""

from __future__ import annotations

from typing import NamedTuple

from mops.checks.verdict import Verdict
from mops.config.podsecurity import RESTRICTED, Level, reasons, required_level
from mops.model.layer import dotted
from mops.model.problems import ERROR, Problem


class Admission(NamedTuple):
    """The strictest level that admits the pods, and the setting that requires it.

    `why` is None for "restricted", which admits the pods of the default configuration.
    """

    level: Level = RESTRICTED
    why: Problem | None = None


def admission(verdict: Verdict) -> Admission:
    """The level that the pods of a valid configuration need, and the reason."""
    found = reasons(verdict.values)
    level = required_level(found)
    if level == RESTRICTED:
        return Admission()
    reason = next(reason for reason in found if reason.level == level)
    origin = verdict.config.origin(reason.path)
    message = f"{reason.text}, which needs the Pod Security level {level}"
    return Admission(level, Problem(ERROR, origin.key or dotted(reason.path), message, origin))
