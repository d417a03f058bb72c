"""The templates read as what they render: most lines are YAML, and none is too long."""

from __future__ import annotations

import pytest

from chart.manifests import CHART

TEMPLATES = [path for path in sorted((CHART / "templates").rglob("*")) if path.is_file()]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_line_is_too_long(path):
    assert max(map(len, path.read_text().splitlines())) <= 120


def test_most_lines_of_templates_are_yaml():
    """In files of helpers, whose names begin with an underscore, there is nothing but logic."""
    texts = [path.read_text() for path in TEMPLATES if not path.name.startswith("_")]
    lines = [line for text in texts for line in text.splitlines()]
    assert sum("{{" in line for line in lines) / len(lines) <= 0.45


@pytest.mark.parametrize("name", ["scheduler-deployment", "worker-deployment"])
def test_the_deployments_are_yaml_above_all(name):
    lines = (CHART / "templates" / f"{name}.yaml").read_text().splitlines()
    assert sum("{{" in line for line in lines) / len(lines) <= 0.4
