"""Rules and their findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from mops.config.view import View
from mops.model.layer import Leaf, Path

Severity = Literal["error", "warning"]

ERROR: Severity = "error"
WARNING: Severity = "warning"
# The severity of a rule whose findings each have their own.
EITHER: Literal["error or warning"] = "error or warning"


class Finding(NamedTuple):
    """One thing that a rule objects to.

    `paths` are the settings involved. The problem is reported at the setting from the highest
    layer, or at the first of several from that layer; if `leaf` is given, it is reported there
    instead. `severity` is for rules with the severity EITHER; others use the rule's severity.
    """

    paths: tuple[Path, ...]
    message: str
    hint: str = ""
    severity: Severity | None = None
    leaf: Leaf | None = None


class Rule(NamedTuple):
    """A rule: its stable name, its severity, one line that says what it finds, and its function.

    `find` may assume that every setting has a value of its type. Rules about the problems that
    others find have None; `mops.checks.ignores` applies them.
    """

    name: str
    severity: Severity | Literal["error or warning"]
    line: str
    find: Callable[[View], Iterator[Finding]] | None
