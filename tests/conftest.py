"""What all tests share: the switch that writes expectations anew."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, however busy the machine is: what the gate says of a change must
# not depend on luck.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update",
        action="store_true",
        help="write the expected files (golden cases, file lists) from what is there now",
    )


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether expectations are to be written anew."""
    return bool(request.config.getoption("--update"))
