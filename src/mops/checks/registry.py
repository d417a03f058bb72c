"""All rules, and the function that runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module

from mops.checks import environment, exposure, gates, images, names, resources, runtime
from mops.checks.rule import WARNING, Finding, Rule
from mops.config.resolve import Config
from mops.config.view import View
from mops.model.layer import Path, dotted
from mops.model.problems import Problem
from mops.schema.dialect import in_dialect
from mops.schema.fields import SettingsSchema
from mops.schema.secrets import secret_texts, without_secrets

# Rules that only some configurations need: the module that has them, and whether a configuration
# has anything that they look at. A module is not even imported without need: `mops render` starts
# in a few milliseconds.
_Module = tuple[str, Callable[[View], bool]]

# All rules that every command runs, in the order of docs/checks.md.
_RULES: tuple[Rule | _Module, ...] = (
    *resources.RULES,
    ("units", gates.has_bare_numbers),
    ("cpu", gates.has_idle_cpus_or_threads),
    *names.RULES,
    *images.RULES,
    ("directories", gates.names_directories),
    *exposure.RULES,
    *environment.RULES,
    ("unread", gates.sets_unread_variables),
    *runtime.RULES,
    ("sizes", gates.is_large),
    ("kubernetes", gates.passes_on),
    ("dask", gates.concerns_dask),
)
# Those that only `mops config validate` runs.
_FILES: _Module = ("layers", lambda _: True)

# Those about comments that ignore warnings; `mops.checks.ignores` applies them.
INVALID_IGNORE = Rule(
    "invalid-ignore", WARNING, "a comment mops: ignore[...] that cannot ignore what it names", None
)
STALE_IGNORE = Rule(
    "stale-ignore", WARNING, "a comment mops: ignore[...] without a warning to ignore", None
)


def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of docs/checks.md."""
    return (*_rules(None, files=True), INVALID_IGNORE, STALE_IGNORE)


def _rules(view: View | None, *, files: bool) -> Iterator[Rule]:
    """The rules that concern a configuration; all of them without one."""
    for entry in (*_RULES, *([_FILES] if files else [])):
        if isinstance(entry, Rule):
            yield entry
        elif view is None or entry[1](view):
            yield from import_module(f"mops.checks.{entry[0]}").RULES


def check(
    config: Config,
    schema: SettingsSchema,
    refused: frozenset[Path] = frozenset(),
    *,
    files: bool = False,
) -> list[Problem]:
    """The problems that the rules find, each once.

    Every setting must have a value of its type. `refused` are the paths at which some layer has an
    invalid value; findings that involve one are dropped. With `files`, the rules about how the
    layers are written run too.
    """
    view = View(config, schema, refused)
    found: dict[tuple[object, ...], Problem] = {}
    for rule in _rules(view, files=files):
        for finding in rule.find(view) if rule.find else ():
            problem = _problem(view, rule, finding)
            if problem is not None:
                # A worker group that inherits the setting has the same problem at the same place.
                found.setdefault((problem.check, problem.origin, problem.message), problem)
    return list(found.values())


def _problem(view: View, rule: Rule, finding: Finding) -> Problem | None:
    """A finding as a problem; None if it involves an invalid value, or has no place."""
    if view.refused and any(map(view.is_refused, finding.paths)):
        return None
    place = (finding.paths[0], finding.leaf) if finding.leaf else view.highest(finding.paths)
    if place is None:
        return None
    path, leaf = place
    message, hint = finding.message, finding.hint
    known = _secret_texts(view, finding.paths)
    if known:
        message, hint = (without_secrets(text, known) for text in (message, hint))
    return Problem(
        finding.severity or rule.severity,
        leaf.origin.key or dotted(path),
        message,
        leaf.origin,
        in_dialect(view.schema, leaf.origin, hint) if hint else "",
        rule.name,
        _group(view.schema, finding.paths),
    )


def _secret_texts(view: View, paths: tuple[Path, ...]) -> set[str]:
    """The secrets in the values of the settings at or around these paths."""
    found: set[str] = set()
    for path in paths:
        for size in range(len(path), 0, -1):
            stack = view.config.stacks.get(path[:size])
            if stack:
                found |= secret_texts(view.schema, path[:size], stack[-1].value)
                break
    return found


def _group(schema: SettingsSchema, paths: Iterable[Path]) -> str:
    """The worker group that a path is in; "" if none is in one."""
    for target in schema.inherits:
        size = len(target)
        for path in paths:
            if path[:size] == target and len(path) > size:
                return path[size]
    return ""
