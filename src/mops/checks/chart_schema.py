"""Validation of the values against the chart's JSON Schema, with the reference implementation."""

from __future__ import annotations

import json

from mops.checks.verdict import Verdict
from mops.model import bundle
from mops.model.layer import Origin, dotted
from mops.model.problems import ERROR, Problem


def refused_by_chart(verdict: Verdict) -> list[Problem]:
    """What the chart's schema rejects in the values: nothing, unless mops has a bug."""
    from jsonschema import Draft7Validator

    validator = Draft7Validator(json.loads(bundle.read("chart", "values.schema.json")))
    problems = []
    for error in validator.iter_errors(verdict.values):
        key = dotted(map(str, error.absolute_path))
        message = f"the chart's schema rejects this ({error.validator})"
        problems.append(Problem(ERROR, key, message, Origin("values", key or "values")))
    return problems
