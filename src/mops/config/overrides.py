"""Settings outside files: override variables, --debug-mode, flags, and --set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mops.config.keys import key_path, resolved, split_pair
from mops.model import bundle
from mops.model.layer import COMMAND_LINE, DEBUG, ENVIRONMENT, Origin, Path, dotted
from mops.model.problems import ERROR, Problem, UsageError
from mops.model.spelling import near
from mops.schema.fields import PREFIX, SettingsSchema
from mops.schema.keywords import types
from mops.schema.statement import Source, Statement
from mops.schema.tree import Tree
from mops.yamltext.nodes import word
from mops.yamltext.reader import parse

Statements = Iterator[Statement | Problem]


def environment(environ: Mapping[str, str], schema: SettingsSchema) -> Statements:
    """The MODELOPS_OVERRIDE_* variables."""
    for name in sorted(environ):
        if name in schema.variables:
            source = Source(ENVIRONMENT, name, in_file=False)
            yield _scalar(schema, source, schema.variables[name], environ[name])
        elif name.startswith(PREFIX):
            hint = _variable_hint(schema, name) or near(name, schema.variables)
            hint = hint or "`mops config explain KEY` shows the variable of a setting"
            origin = Origin(ENVIRONMENT, name)
            yield Problem(ERROR, name, "unknown override variable", origin, hint)


def _variable_hint(schema: SettingsSchema, name: str) -> str:
    """`did you mean …?` for a variable that is named after a setting; "" for others."""
    from mops.schema.names import find

    matches = find(schema, (name.removeprefix(PREFIX) or name,))
    settings = {path for match in matches for path in match.paths}
    names = [known for known, paths in schema.variables.items() if settings.intersection(paths)]
    if len(names) == 1:
        return f"did you mean {names[0]}?"
    return f"write --set {matches[0].key}=VALUE" if len(matches) == 1 and not names else ""


def debug() -> Statements:
    """The settings of --debug-mode."""
    root, problems = parse(bundle.read("schemas", "profiles", "debug.yaml"), DEBUG, DEBUG)
    yield from problems
    if root is not None:
        yield Statement(Source(DEBUG, DEBUG, in_file=False), ((),), root)


def command_line(
    flags: Sequence[tuple[str, str]], sets: Sequence[tuple[str, str]], schema: SettingsSchema
) -> Statements:
    """Override flags, as (flag, text), and --set and the like, as (flag, KEY=VALUE).

    Raises UsageError if a setting is given twice, or if an argument of --set is not KEY=VALUE.
    """
    given: dict[Path, str] = {}
    for flag, text in flags:
        positive = flag if flag in schema.flags else flag.replace("--no-", "--", 1)
        paths = schema.flags[positive]
        _claim(given, paths, flag)
        yield _scalar(schema, Source(COMMAND_LINE, flag, in_file=False), paths, text)
    if any("[" in pair or "," in pair or "={" in pair for _, pair in sets):
        from mops.config.helmset import refuse_helm

        refuse_helm(schema, sets)
    for flag, pair in sets:
        key, text = split_pair(pair, flag)
        if flag == "--set-secret":
            yield _secret(given, schema, key, text)
            continue
        path = key_path(key, flag)
        source = Source(COMMAND_LINE, f"{flag} {key}", in_file=False)
        paths, failure = resolved(schema, path)
        if failure is None:
            _claim(given, paths, source.place)
            yield from argument(schema, source, paths, text, string=flag == "--set-string")
        else:
            origin = Origin(COMMAND_LINE, source.place)
            yield Problem(ERROR, source.place, failure.reason, origin, failure.hint)


def _secret(given: dict[Path, str], schema: SettingsSchema, key: str, text: str) -> Statement:
    """The reference to a Secret that --set-secret KEY=SECRET/KEY is."""
    from mops.config.references import secret_reference, variable_paths

    source = Source(COMMAND_LINE, f"--set-secret {key}", in_file=False)
    paths = variable_paths(schema, key)
    _claim(given, paths, source.place)
    return Statement(source, tuple(paths), secret_reference(key, text))


def argument(
    schema: SettingsSchema,
    source: Source,
    paths: Sequence[Path],
    text: str,
    *,
    string: bool = False,
) -> Statements:
    """The text of an argument as the value of settings, or the problems with it as YAML.

    `null` clears a setting. A list or mapping is written as YAML, and so is the reference that an
    environment variable may be; a scalar needs no quotes. With `string`, the text is a string,
    whatever the setting expects.
    """
    tree = schema.at(paths[0]) or {}
    is_reference = not string and "x-atomic" in tree and _is_reference(tree, text)
    if string or (_takes_text(tree) and text != "null" and not is_reference):
        yield Statement(source, tuple(paths), word(text, quoted=True))
    elif text == "null" or not {"object", "array"} & set(types(tree)):
        yield Statement(source, tuple(paths), word(text))
    else:
        root, problems = parse(text, source.place, source.layer)
        for problem in problems:
            yield problem._replace(origin=source.origin(word(text)))
        if not problems:
            yield Statement(source, tuple(paths), root or word(""))


def _is_reference(tree: Tree, text: str) -> bool:
    from mops.config.references import is_reference

    return is_reference(tree, text)


def _scalar(schema: SettingsSchema, source: Source, paths: Sequence[Path], text: str) -> Statement:
    """The value of a variable or flag, in which no word means null."""
    quoted = _takes_text(schema.at(paths[0]) or {})
    return Statement(source, tuple(paths), word(text, quoted=quoted), verbatim=True)


def _takes_text(tree: Tree) -> bool:
    """Whether a setting takes any text, as a string."""
    return "string" in types(tree) and "integer" not in types(tree)


def _claim(given: dict[Path, str], paths: Sequence[Path], place: str) -> None:
    """Records that `place` sets these. Raises UsageError if one of them is already set."""
    for path in paths:
        if path in given:
            both = f"{given[path]} and {place}" if given[path] != place else place
            raise UsageError(f"{dotted(path)} is set twice on the command line: {both}")
        given[path] = place
