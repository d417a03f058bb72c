"""What a rule is and what it finds."""

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
    """What a rule objects to.

    `paths` are the settings involved. The problem is reported at the one from the highest layer,
    at the first of those from the same layer; if `leaf` is given, it is reported there instead.
    `severity` is for rules with the severity EITHER; other findings have that of their rule.
    """

    paths: tuple[Path, ...]
    message: str
    hint: str = ""
    severity: Severity | None = None
    leaf: Leaf | None = None


class Rule(NamedTuple):
    """A rule: its stable name, its severity, one line that says what it finds, and how it does.

    `find` runs on configurations in which every setting has a value of its type.
    """

    name: str
    severity: Severity | Literal["error or warning"]
    line: str
    find: Callable[[View], Iterator[Finding]]
