"""Profiles: their names, and which ones a run selects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mops.model.layer import COMMAND_LINE, ENVIRONMENT, Origin
from mops.model.problems import ERROR, Problem
from mops.model.spelling import near
from mops.schema.keywords import violations
from mops.schema.tree import Tree

_VARIABLE = "MODELOPS_PROFILE"
_EMPTY = '""'
_NAME: Tree = {
    "type": "string",
    "pattern": "^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$",
    "x-expected": 'a profile name (letters, digits, "-", "_" and ".")',
}


class Selection(NamedTuple):
    """A selected profile, and where it was selected."""

    name: str
    origin: Origin


def selections(
    given: Sequence[str], environ: Mapping[str, str], in_files: Sequence[Sequence[Selection]]
) -> list[Selection]:
    """The selected profiles, each once: those of --profile, else of the variable, else of a file.

    `in_files` are the selections in the files, of which the last file's win.
    """
    found = [Selection(name, Origin(COMMAND_LINE, "--profile")) for name in given]
    if not found:
        names = map(str.strip, environ.get(_VARIABLE, "").split(","))
        found = [Selection(name, Origin(ENVIRONMENT, _VARIABLE)) for name in names if name]
    if not found and in_files:
        found = list(in_files[-1])
    first: dict[str, Selection] = {}
    for selected in found:
        first.setdefault(selected.name, selected)
    return list(first.values())


def unknown_profile(selected: Selection, known: Sequence[str]) -> Problem:
    """The problem of a selected profile that no file defines."""
    name, origin = selected
    profiles = f"profiles in the files: {', '.join(known)}"
    hint = near(name, known) or (profiles if known else "the files define no profiles")
    if "," in name:
        hint = _several(name, origin)
    message = f"unknown profile {name or _EMPTY}"
    return Problem(ERROR, origin.key, message, origin, hint)


def _several(text: str, origin: Origin) -> str:
    """How to write several profiles instead of their names with commas."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if origin.layer == COMMAND_LINE:
        return f"write {' '.join(f'--profile {name}' for name in names)}"
    return f"write a list: [{', '.join(names)}]"


def invalid_name(name: str) -> str:
    """The problem with the name of a profile; "" if it is valid."""
    if any(violations(_NAME, name)):
        return f"invalid name: expected {_NAME['x-expected']}"
    return ""
