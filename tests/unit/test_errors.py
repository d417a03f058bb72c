from __future__ import annotations

import pytest

from mops.model.layer import Origin
from mops.model.problems import (
    ERROR,
    WARNING,
    EnvironmentFailure,
    InvalidConfig,
    MopsError,
    Problem,
    UsageError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), 2),
        (InvalidConfig(()), 3),
        (EnvironmentFailure("x"), 4),
        (MopsError("x"), 70),
    ],
)
def test_exit_codes(error, code):
    assert error.exit_code == code


@pytest.mark.parametrize(("severities", "text"), [
    ((ERROR,), "invalid configuration: 1 error"),
    ((ERROR, ERROR), "invalid configuration: 2 errors"),
    ((ERROR, WARNING), "invalid configuration: 1 error"),
])  # fmt: skip
def test_invalid_config_counts_its_errors(severities, text):
    problems = [Problem(severity, "k", "m", Origin("l", "p")) for severity in severities]
    invalid = InvalidConfig(problems)
    assert str(invalid) == text
    assert invalid.problems == tuple(problems)
