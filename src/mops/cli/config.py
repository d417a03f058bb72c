"""`mops config`: validate, explain."""

from __future__ import annotations

import json

from mops import flags, report
from mops.check import near
from mops.cli import run, streams
from mops.errors import ERROR, INVALID, OK, Problem, UsageError
from mops.layer import Origin, Path, dotted
from mops.schema import SettingsSchema
from mops.sources import canonical, key_path, suggestion

FORMATS = ("text", "json")
GRAPHS = ("mermaid", "svg")


def explain(given: flags.Given, schema: SettingsSchema, key: str | None) -> int:
    """Prints where values come from; for one key also what the schema says of it."""
    as_json = _json(given)
    picture = _graph(given)
    if picture and as_json:
        raise UsageError("--graph and --format json: choose one")
    wanted = _wanted(schema, key) if key is not None else None
    outcome = run.configuration(given, schema)
    run.settle(outcome, given)
    paths = report.selected(outcome.config, schema, wanted)
    if picture:
        from mops import graph

        streams.out((graph.svg if picture == "svg" else graph.mermaid)(outcome.config, schema, paths))
        return OK
    if as_json:
        streams.out(report.explained_json(outcome.config, schema, paths))
        return OK
    text = report.explained(outcome.config, schema, paths)
    for path in wanted or ():
        field = schema.fields.get(path)
        if field is not None:
            default = report.shown(schema, path, field.schema["default"]) if "default" in field.schema else ""
            text += report.field_text(field, default)
            if path not in outcome.config.stacks and not paths:
                text = f"{field.key} is not set\n" + text
    streams.out(text or ("every setting has its default\n" if wanted is None else f"{' and '.join(map(dotted, wanted))} is not set\n"))
    return OK


def validate(given: flags.Given, schema: SettingsSchema, files: list[str]) -> int:
    """Prints the verdict on the configuration, or on each file by itself."""
    as_json = _json(given)
    if given.get("list_checks"):
        return _list_checks(as_json=as_json)
    if files and given.get("config"):
        raise UsageError("FILE and --config: name the files one way")
    problems: list[Problem] = []
    for chosen in [[name] for name in files] or [given.get("config") or []]:
        outcome = run.configuration({**given, "config": chosen}, schema, files=True)
        problems += outcome.problems
        if not any(problem.severity == ERROR for problem in outcome.problems):
            problems += _reference(outcome)
    if given.get("strict"):
        problems = [problem._replace(severity=ERROR) for problem in problems]
    problems = list(dict.fromkeys(problems))
    failed = any(problem.severity == ERROR for problem in problems)
    if as_json:
        streams.out(report.problems_json(problems))
        return INVALID if failed else OK
    for problem in problems:
        streams.line(report.problem_line(problem))
    errors = sum(problem.severity == ERROR for problem in problems)
    if failed:
        streams.note(f"invalid configuration: {errors} error{'s' if errors != 1 else ''}")
        return INVALID
    streams.out("valid\n" if not problems else f"valid, with {len(problems)} warning{'s' if len(problems) != 1 else ''}\n")
    return OK


def _list_checks(*, as_json: bool) -> int:
    """Prints the name of each check with its line."""
    from mops import checks
    from mops.table import Column, table

    found = checks.listed()
    streams.out(report.as_json(dict(found)) if as_json else table((Column("CHECK"), Column("WARNS OF")), found, None))
    return OK


def _reference(outcome: run.Outcome) -> list[Problem]:
    """What the reference implementation of JSON Schema refuses in the values, which should be nothing."""
    from jsonschema import Draft7Validator

    from mops import bundle

    validator = Draft7Validator(json.loads(bundle.read("chart", "values.schema.json")))
    return [
        Problem(ERROR, dotted(map(str, error.absolute_path)), f"the chart's schema refuses this ({error.validator})", Origin("values", dotted(map(str, error.absolute_path)) or "values"))
        for error in validator.iter_errors(outcome.values)
    ]


def _wanted(schema: SettingsSchema, key: str) -> list[Path]:
    path = key_path(key, "KEY")
    found = canonical(schema, path)
    if not found and path[0] not in schema.tree["properties"]:
        hint = suggestion(schema, key) or near(key, schema.tree["properties"])
        raise UsageError(f"there is no setting {key}" + (f" ({hint})" if hint else ""))
    if not found:
        raise UsageError(f"there is no setting {key}" + (f" ({hint})" if (hint := suggestion(schema, dotted(path))) else ""))
    return found


def _graph(given: flags.Given) -> str:
    """The kind of picture that is asked for; "" for none."""
    kinds = given.get("graph") or [""]
    if len(kinds) > 1 or kinds[0] not in ("", *GRAPHS):
        raise UsageError(f"--graph: expected one of {', '.join(GRAPHS)}")
    return str(kinds[0])


def _json(given: flags.Given) -> bool:
    kinds = given.get("format") or ["text"]
    if len(kinds) > 1 or kinds[0] not in FORMATS:
        raise UsageError(f"--format: expected one of {', '.join(FORMATS)}")
    return bool(kinds[0] == "json")
