"""Resolving and validating a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mops.chart.values import chart_values
from mops.checks import registry
from mops.config.resolve import Config, resolve
from mops.config.sources import Sources
from mops.model.layer import Value
from mops.model.problems import Problem
from mops.report.problems import ordered
from mops.schema.fields import SettingsSchema

if TYPE_CHECKING:
    from mops.checks.ignores import Ignored


class Verdict(NamedTuple):
    """A resolved configuration with its values and all its problems.

    `ignored` is what comments in its files ignore: these warnings are not among the problems.
    """

    config: Config
    values: dict[str, Value]
    problems: list[Problem]
    ignored: tuple[Ignored, ...] = ()


def judge(gathered: Sources, schema: SettingsSchema, *, files: bool = False) -> Verdict:
    """Resolves the layers, and validates the result and its values.

    With `files`, the rules about how the files are written run too (see `checks.layers`). The other
    rules always run, so that all commands agree on whether a configuration is valid. They need a
    value for every setting: if some are missing, the rules do not run and these are reported.
    """
    config = resolve(gathered.layers, schema)
    values, missing = chart_values(config, schema)
    found = missing or registry.check(config, schema, gathered.refused, files=files)
    problems = [*gathered.problems, *found]
    ignored: list[Ignored] = []
    if any(file.ignores for file in gathered.files):
        from mops.checks import ignores

        problems, ignored = ignores.apply(gathered, schema, problems, files=files)
    return Verdict(config, values, ordered(problems), tuple(ignored))
