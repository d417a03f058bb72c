"""What every command on a configuration does first: read, resolve, judge, and say what is active."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from mops import flags, report, rules, sources, values
from mops.cli import streams
from mops.errors import ERROR, WARNING, InvalidConfig, Problem
from mops.resolve import Config, resolve
from mops.schema import SettingsSchema


class Outcome(NamedTuple):
    """A configuration as resolved, with its values and all that is wrong with it."""

    config: Config
    values: dict[str, Any]
    problems: list[Problem]


# Where settings stand that the checks look at. Their code is loaded only where a layer writes one of them.
_CHECKED = frozenset({"env", "image", "replicas", "extraArgs", "volumeMounts", "volumes", "initContainers", "sidecars", "extraPodSpec", "annotations", "podAnnotations", "serviceAnnotations"})


def configuration(given: flags.Given, schema: SettingsSchema, *, files: bool = False) -> Outcome:
    """Reads and resolves what the options select, and says so on stderr. Problems are not raised.

    With `files` the verdict is also on the files, not only on what would run.
    """
    asked = flags.request(given, schema)
    gathered = sources.gather(asked, os.environ, schema)
    outcome = resolved(gathered, schema, files=files)
    if not given.get("quiet"):
        streams.note(report.layers_line(outcome.config))
        for line in report.override_lines(outcome.config, schema):
            streams.note(line)
        for name in gathered.ignored:
            streams.note(f"--hermetic: {report.printable(name)} is not read")
    for name in sources.shadowed(gathered):
        streams.note(f"warning: {name} is in this folder but is not a layer (use --config {name} to make it one)")
    return outcome


def resolved(gathered: sources.Sources, schema: SettingsSchema, *, files: bool = False) -> Outcome:
    """The layers as one config, its values, and the problems of both."""
    config = resolve(gathered.layers, schema)
    found, missing = values.values(config, schema)
    problems = [*gathered.problems, *missing]
    if not missing:
        problems += rules.check(config, gathered.refused)
        if files or any(not _CHECKED.isdisjoint(path) for layer in config.layers[1:] for path in layer.leaves):
            from mops import checks

            problems += checks.check(config, schema, gathered.refused, files=files)
    return Outcome(config, found, report.ordered(problems))


def settle(outcome: Outcome, given: Mapping[str, Any], *, as_json: bool = False) -> None:
    """Prints the problems; raises InvalidConfig where one of them is an error."""
    strict = bool(given.get("strict"))
    problems = [problem._replace(severity=ERROR) if strict else problem for problem in outcome.problems]
    failed = any(problem.severity == ERROR for problem in problems)
    if failed:
        raise InvalidConfig(problems)
    for problem in problems:
        if problem.severity == WARNING and not as_json:
            streams.note(report.problem_line(problem))
