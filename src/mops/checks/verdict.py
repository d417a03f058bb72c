"""A configuration with everything that is wrong with it."""

from __future__ import annotations

from typing import Any, NamedTuple

from mops.chart.values import chart_values
from mops.checks import rules
from mops.config import sources
from mops.config.resolve import Config, resolve
from mops.model.problems import Problem
from mops.report.problems import ordered
from mops.schema.fields import SettingsSchema


class Verdict(NamedTuple):
    """A configuration as resolved, with its values and all that is wrong with it."""

    config: Config
    values: dict[str, Any]
    problems: list[Problem]


# Where settings stand that the checks look at. Their code is loaded only where a layer writes one of them.
_CHECKED = frozenset(
    {
        "env",
        "image",
        "replicas",
        "extraArgs",
        "volumeMounts",
        "volumes",
        "initContainers",
        "sidecars",
        "extraPodSpec",
        "annotations",
        "podAnnotations",
        "serviceAnnotations",
    }
)


def judge(gathered: sources.Sources, schema: SettingsSchema, *, files: bool = False) -> Verdict:
    """The layers as one config, its values, and the problems of both."""
    config = resolve(gathered.layers, schema)
    found, missing = chart_values(config, schema)
    problems = [*gathered.problems, *missing]
    if not missing:
        problems += rules.check(config, gathered.refused)
        if files or any(
            not _CHECKED.isdisjoint(path) for layer in config.layers[1:] for path in layer.leaves
        ):
            from mops import checks

            problems += checks.check(config, schema, gathered.refused, files=files)
    return Verdict(config, found, ordered(problems))
