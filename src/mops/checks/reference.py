"""The verdict of the reference implementation of JSON Schema."""

from __future__ import annotations

import json

from mops.checks.verdict import Verdict
from mops.model.layer import Origin, dotted
from mops.model.problems import ERROR, Problem


def reference_problems(verdict: Verdict) -> list[Problem]:
    """What the reference implementation of JSON Schema refuses in the values, which should be nothing."""
    from jsonschema import Draft7Validator

    from mops.model import bundle

    validator = Draft7Validator(json.loads(bundle.read("chart", "values.schema.json")))
    return [
        Problem(
            ERROR,
            dotted(map(str, error.absolute_path)),
            f"the chart's schema refuses this ({error.validator})",
            Origin("values", dotted(map(str, error.absolute_path)) or "values"),
        )
        for error in validator.iter_errors(verdict.values)
    ]
