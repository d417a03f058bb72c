"""`mops config show`, `explain` and `validate`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from mops.checks.verdict import Verdict
from mops.cli import streams
from mops.cli.parse import Selection
from mops.cli.run import read_configuration, valid_configuration
from mops.config.keys import find_setting
from mops.model.layer import Path, dotted
from mops.model.problems import ERROR, INVALID, OK, InvalidConfig, Problem, UsageError
from mops.model.spelling import counted
from mops.report.origins import explained, explained_json, selected
from mops.report.problem_lines import problem_lines
from mops.report.problems import problems_json
from mops.report.settings import settings_data, settings_text
from mops.report.text import json_text, printable, shown
from mops.schema.describe import field_text
from mops.schema.fields import SettingsSchema, load_schema
from mops.yamltext.writer import dump

if TYPE_CHECKING:
    from mops.checks.ignores import Ignored

# How `config show --format` writes data.
_AS_DATA: dict[str, Callable[[dict[str, Any]], str]] = {"yaml": dump, "json": json_text}


class ShowOptions(NamedTuple):
    """The options of `mops config show`."""

    selection: Selection
    format: str = "text"
    all: bool = False


class ExplainOptions(NamedTuple):
    """The options of `mops config explain`."""

    selection: Selection
    format: str = "text"
    graph: str = ""
    key: str = ""


class ValidateOptions(NamedTuple):
    """The options of `mops config validate`."""

    selection: Selection
    format: str = "text"
    list_checks: bool = False
    list_ignored: bool = False
    files: tuple[str, ...] = ()


def show(options: ShowOptions) -> int:
    """Prints the active configuration."""
    schema = load_schema()
    config = valid_configuration(options.selection, schema).config
    paths = selected(config, schema, [()] if options.all else None)
    if options.format == "text":
        text = settings_text(config, schema, paths, streams.width(), streams.paint())
    else:
        text = _AS_DATA[options.format](settings_data(config, schema, paths))
    streams.out(text)
    return OK


def explain(options: ExplainOptions) -> int:
    """Prints where values come from, and for a single key also its description."""
    if options.graph and options.format == "json":
        raise UsageError("--graph and --format json exclude each other")
    schema = load_schema()
    wanted = find_setting(schema, options.key) if options.key else None
    verdict = valid_configuration(options.selection, schema)
    paths = selected(verdict.config, schema, wanted)
    if options.graph:
        streams.out(_picture(options.graph, verdict, schema, paths))
    elif options.format == "json":
        streams.out(explained_json(verdict.config, schema, paths))
    else:
        streams.out(_explained(verdict, schema, paths, wanted))
    return OK


def _picture(kind: str, verdict: Verdict, schema: SettingsSchema, paths: list[Path]) -> str:
    from mops.report import picture

    draw = picture.svg if kind == "svg" else picture.mermaid
    return draw(verdict.config, schema, paths)


def _explained(
    verdict: Verdict, schema: SettingsSchema, paths: list[Path], wanted: list[Path] | None
) -> str:
    text = explained(verdict.config, schema, paths)
    if wanted is None:
        return text or "every setting has its default\n"
    for path in wanted:
        field = schema.fields.get(path)
        if field is None:
            continue
        default = field.schema.get("default")
        text += field_text(field, "" if default is None else shown(schema, path, default))
        if path not in verdict.config.stacks and not paths:
            text = f"{field.key} is not set\n{text}"
    return text or f"{' and '.join(map(dotted, wanted))} is not set\n"


def validate(options: ValidateOptions) -> int:
    """Prints the verdict on the configuration, or on each file by itself."""
    if options.list_checks:
        return _list_checks(options.format)
    problems, ignored = _judged(options)
    if options.list_ignored:
        return _list_ignored(options.format, problems, ignored)
    if options.selection.strict:
        problems = [problem._replace(severity=ERROR) for problem in problems]
    errors = sum(problem.severity == ERROR for problem in problems)
    if options.format != "text":
        streams.out(_as_data(options.format, problems, ignored))
        return INVALID if errors else OK
    return _report(problems, errors)


def _report(problems: list[Problem], errors: int) -> int:
    """Prints the problems as lines, and the verdict; returns the exit code."""
    for line in problem_lines(problems, "`--format json`"):
        streams.line(line)
    if errors:
        streams.note(f"invalid configuration: {counted(errors, 'error')}")
        return INVALID
    streams.out(f"valid, with {counted(len(problems), 'warning')}\n" if problems else "valid\n")
    return OK


def _judged(options: ValidateOptions) -> tuple[list[Problem], list[Ignored]]:
    """All problems of the selected configuration, or of each file, and what comments ignore."""
    from mops.checks.chart_schema import refused_by_chart

    selection = options.selection
    if options.files and selection.request.config:
        raise UsageError("FILE and --config exclude each other")
    chosen: list[tuple[str, ...]] = [(name,) for name in options.files]
    chosen = chosen or [tuple(selection.request.config)]
    problems: list[Problem] = []
    ignored: list[Ignored] = []
    for config in chosen:
        one = selection._replace(request=selection.request._replace(config=config))
        verdict = read_configuration(one, load_schema(), files=True)
        problems += verdict.problems
        ignored += verdict.ignored
        if not any(problem.severity == ERROR for problem in verdict.problems):
            problems += refused_by_chart(verdict)
    return list(dict.fromkeys(problems)), list(dict.fromkeys(ignored))


def _as_data(kind: str, problems: list[Problem], ignored: list[Ignored]) -> str:
    """The problems for programs; `kind` is a format other than text."""
    if kind == "json":
        return problems_json(problems)
    if kind == "github":
        from mops.report.github import commands

        return commands(problems, os.getcwd())
    from mops.checks.registry import all_rules
    from mops.report.sarif import Descriptor, Suppressed, sarif

    rules = [Descriptor(rule.name, rule.line, rule.severity) for rule in all_rules()]
    suppressed = [
        Suppressed(problem, entry.comment.origin.place, entry.comment.reason)
        for entry in ignored
        for problem in entry.problems
    ]
    return sarif(problems, suppressed, rules, os.getcwd())


def _list_ignored(kind: str, problems: list[Problem], ignored: list[Ignored]) -> int:
    """Prints every warning that comments ignore. Raises InvalidConfig if there are errors."""
    _refuse_other_formats(kind, "--list-ignored")
    if any(problem.severity == ERROR for problem in problems):
        raise InvalidConfig(problems)
    entries = [
        {"place": entry.comment.origin.place, "check": entry.check, "reason": entry.comment.reason}
        for entry in ignored
    ]
    if kind == "json":
        streams.out(json_text(entries))
        return OK
    from mops.report.table import Column, table

    columns = (Column("PLACE"), Column("CHECK"), Column("REASON"))
    rows = [tuple(map(printable, entry.values())) for entry in entries]
    streams.out(table(columns, rows, None) if rows else "no comment ignores a warning\n")
    return OK


def _refuse_other_formats(kind: str, option: str) -> None:
    if kind not in ("text", "json"):
        raise UsageError(f"{option} requires --format text or json")


def _list_checks(kind: str) -> int:
    """Prints every rule: its name, its severity, and what it finds."""
    from mops.checks.registry import all_rules
    from mops.report.table import Column, table

    _refuse_other_formats(kind, "--list-checks")
    rules = all_rules()
    if kind == "json":
        streams.out(json_text({rule.name: rule.line for rule in rules}))
        return OK
    columns = (Column("CHECK"), Column("SEVERITY"), Column("FINDS"))
    rows = [(rule.name, rule.severity, rule.line) for rule in rules]
    streams.out(table(columns, rows, None))
    return OK
