"""The first step of every command on a configuration: read, resolve, validate, and report."""

from __future__ import annotations

import os

from mops.checks.verdict import Verdict, judge
from mops.cli import streams
from mops.cli.parse import Selection
from mops.config.files import inactive_files
from mops.config.sources import gather
from mops.model.problems import ERROR, InvalidConfig
from mops.report.origins import layers_line, override_lines
from mops.report.text import printable
from mops.schema.fields import SettingsSchema


def read_configuration(
    selection: Selection, schema: SettingsSchema, *, files: bool = False
) -> Verdict:
    """Reads and resolves the selected configuration; reports the active layers on stderr.

    Problems are returned, not raised. With `files`, they include those about how the files are
    written.
    """
    sources = gather(selection.request, os.environ, schema)
    verdict = judge(sources, schema, files=files)
    if not selection.quiet:
        streams.note(layers_line(verdict.config))
        for line in override_lines(verdict.config, schema):
            streams.note(line)
        for name in sources.ignored:
            streams.note(f"--hermetic: {printable(name)} is not read")
    for name in inactive_files(file.layer.name for file in sources.files):
        streams.note(
            f"warning: {name} is in this directory but is not a layer "
            f"(use --config {name} to make it one)"
        )
    return verdict


def valid_configuration(selection: Selection, schema: SettingsSchema) -> Verdict:
    """The selected configuration, for a command that needs a valid one; prints warnings.

    Raises InvalidConfig if there are errors, or with --strict warnings.
    """
    verdict = read_configuration(selection, schema)
    problems = verdict.problems
    if selection.strict:
        problems = [problem._replace(severity=ERROR) for problem in problems]
    if any(problem.severity == ERROR for problem in problems):
        raise InvalidConfig(problems)
    if problems:
        from mops.report.problem_lines import problem_lines

        for line in problem_lines(problems):
            streams.note(line)
    return verdict


def configuration_without_errors(selection: Selection, schema: SettingsSchema) -> Verdict:
    """The selected configuration without warnings, for a command on what is already deployed.

    Raises InvalidConfig if there are errors.
    """
    verdict = read_configuration(selection, schema)
    if any(problem.severity == ERROR for problem in verdict.problems):
        raise InvalidConfig(verdict.problems)
    return verdict
