"""Every test here renders the chart with helm."""

import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        if "/tests/chart/" in item.path.as_posix():
            item.add_marker(pytest.mark.chart)
