"""Problems as SARIF 2.1.0, the format that code scanning reads.

Sections in comments are those of the specification, "Static Analysis Results Interchange Format
(SARIF) Version 2.1.0" by OASIS.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from mops.model.problems import ERROR, WARNING, Problem
from mops.report.location import Location, location, message, problem_location
from mops.report.text import json_text, printable

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"


class Descriptor(NamedTuple):
    """What SARIF calls a rule: its name, one line about it, and the severity of what it finds."""

    name: str
    line: str
    severity: str


class Suppressed(NamedTuple):
    """A problem that a comment at `place` ignores, for a reason."""

    problem: Problem
    place: str
    reason: str


# Problems that no check finds belong to one of these.
_SYNTAX = Descriptor("invalid-yaml", "text that is not the YAML that mops accepts", ERROR)
_SETTING = Descriptor("invalid-setting", "a setting or a value that does not exist", ERROR)


def sarif(
    problems: Sequence[Problem],
    suppressed: Sequence[Suppressed],
    checks: Iterable[Descriptor],
    root: str,
) -> str:
    """A log with one run. Paths are relative to the directory `root`, the repository's."""
    rules = (_SYNTAX, _SETTING, *checks)
    indexes = {rule.name: index for index, rule in enumerate(rules)}
    results = [_result(problem, indexes, root, []) for problem in problems]
    for problem, place, reason in suppressed:
        results.append(_result(problem, indexes, root, [_suppression(place, reason, root)]))
    run = {
        "tool": {"driver": {"name": "mops", "rules": [_rule(rule) for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The directory that mops ran in."}}},
        "results": results,
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Descriptor) -> dict[str, Any]:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.line},
        "defaultConfiguration": {"level": _level(rule.severity)},
    }


def _level(severity: str) -> str:
    return "warning" if severity == WARNING else "error"


def _result(
    problem: Problem, indexes: dict[str, int], root: str, suppressions: list[dict[str, Any]]
) -> dict[str, Any]:
    name = problem.check or (_SYNTAX if problem.syntax else _SETTING).name
    found = problem_location(problem, root)
    result: dict[str, Any] = {
        "ruleId": name,
        "ruleIndex": indexes[name],
        "level": _level(problem.severity),
        "message": {"text": message(problem, found)},
        # Either all results have this property or none has it (3.27.23).
        "suppressions": suppressions,
    }
    if found:
        result["locations"] = [_location(found)]
    return result


def _suppression(place: str, reason: str, root: str) -> dict[str, Any]:
    found = location(place, root)
    entry: dict[str, Any] = {"kind": "inSource", "justification": printable(reason)}
    return {**entry, "location": _location(found)} if found else entry


def _location(found: Location) -> dict[str, Any]:
    uri = quote(found.path)
    absolute = found.path.startswith("/")
    artifact = {"uri": f"file://{uri}"} if absolute else {"uri": uri, "uriBaseId": _ROOT}
    region = {"startLine": found.line, "startColumn": found.col}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}
