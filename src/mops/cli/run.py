"""What every command on a configuration does first: read, resolve, judge, and say what is active."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from mops.checks.verdict import Verdict, judge
from mops.cli import flags, streams
from mops.config import sources
from mops.config.files import shadowed
from mops.model.problems import ERROR, WARNING, InvalidConfig
from mops.report.origins import layers_line, override_lines
from mops.report.problems import problem_line
from mops.report.text import printable
from mops.schema.fields import SettingsSchema


def configuration(given: flags.Given, schema: SettingsSchema, *, files: bool = False) -> Verdict:
    """Reads and resolves what the options select, and says so on stderr. Problems are not raised.

    With `files` the verdict is also on the files, not only on what would run.
    """
    asked = flags.request(given, schema)
    gathered = sources.gather(asked, os.environ, schema)
    verdict = judge(gathered, schema, files=files)
    if not given.get("quiet"):
        streams.note(layers_line(verdict.config))
        for line in override_lines(verdict.config, schema):
            streams.note(line)
        for name in gathered.ignored:
            streams.note(f"--hermetic: {printable(name)} is not read")
    for name in shadowed(file.layer.name for file in gathered.files):
        streams.note(
            f"warning: {name} is in this folder but is not a layer (use --config {name} to make it one)"
        )
    return verdict


def settle(verdict: Verdict, given: Mapping[str, Any], *, as_json: bool = False) -> None:
    """Prints the problems; raises InvalidConfig where one of them is an error."""
    strict = bool(given.get("strict"))
    problems = [
        problem._replace(severity=ERROR) if strict else problem for problem in verdict.problems
    ]
    failed = any(problem.severity == ERROR for problem in problems)
    if failed:
        raise InvalidConfig(problems)
    for problem in problems:
        if problem.severity == WARNING and not as_json:
            streams.note(problem_line(problem))
