"""`mops config`: validate, explain."""

from __future__ import annotations

from mops.checks.reference import reference_problems
from mops.cli import flags, run, streams
from mops.config.keys import canonical, key_path, suggestion
from mops.model.layer import Path, dotted
from mops.model.problems import ERROR, INVALID, OK, Problem, UsageError
from mops.model.spelling import near
from mops.report.origins import explained, explained_json, selected
from mops.report.problems import problem_line, problems_json
from mops.report.text import json_text, shown
from mops.schema.describe import field_text
from mops.schema.fields import SettingsSchema

FORMATS = ("text", "json")
GRAPHS = ("mermaid", "svg")


def explain(given: flags.Given, schema: SettingsSchema, key: str | None) -> int:
    """Prints where values come from; for one key also what the schema says of it."""
    as_json = _json(given)
    picture = _graph(given)
    if picture and as_json:
        raise UsageError("--graph and --format json: choose one")
    wanted = _wanted(schema, key) if key is not None else None
    verdict = run.configuration(given, schema)
    run.settle(verdict, given)
    paths = selected(verdict.config, schema, wanted)
    if picture:
        from mops.report import picture as graph

        streams.out(
            (graph.svg if picture == "svg" else graph.mermaid)(verdict.config, schema, paths)
        )
        return OK
    if as_json:
        streams.out(explained_json(verdict.config, schema, paths))
        return OK
    text = explained(verdict.config, schema, paths)
    for path in wanted or ():
        field = schema.fields.get(path)
        if field is not None:
            default = (
                shown(schema, path, field.schema["default"]) if "default" in field.schema else ""
            )
            text += field_text(field, default)
            if path not in verdict.config.stacks and not paths:
                text = f"{field.key} is not set\n" + text
    streams.out(
        text
        or (
            "every setting has its default\n"
            if wanted is None
            else f"{' and '.join(map(dotted, wanted))} is not set\n"
        )
    )
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
        verdict = run.configuration({**given, "config": chosen}, schema, files=True)
        problems += verdict.problems
        if not any(problem.severity == ERROR for problem in verdict.problems):
            problems += reference_problems(verdict)
    if given.get("strict"):
        problems = [problem._replace(severity=ERROR) for problem in problems]
    problems = list(dict.fromkeys(problems))
    failed = any(problem.severity == ERROR for problem in problems)
    if as_json:
        streams.out(problems_json(problems))
        return INVALID if failed else OK
    for problem in problems:
        streams.line(problem_line(problem))
    errors = sum(problem.severity == ERROR for problem in problems)
    if failed:
        streams.note(f"invalid configuration: {errors} error{'s' if errors != 1 else ''}")
        return INVALID
    streams.out(
        "valid\n"
        if not problems
        else f"valid, with {len(problems)} warning{'s' if len(problems) != 1 else ''}\n"
    )
    return OK


def _list_checks(*, as_json: bool) -> int:
    """Prints the name of each check with its line."""
    from mops import checks
    from mops.report.table import Column, table

    found = checks.listed()
    streams.out(
        json_text(dict(found))
        if as_json
        else table((Column("CHECK"), Column("WARNS OF")), found, None)
    )
    return OK


def _wanted(schema: SettingsSchema, key: str) -> list[Path]:
    path = key_path(key, "KEY")
    found = canonical(schema, path)
    if not found and path[0] not in schema.tree["properties"]:
        hint = suggestion(schema, key) or near(key, schema.tree["properties"])
        raise UsageError(f"there is no setting {key}" + (f" ({hint})" if hint else ""))
    if not found:
        raise UsageError(
            f"there is no setting {key}"
            + (f" ({hint})" if (hint := suggestion(schema, dotted(path))) else "")
        )
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
