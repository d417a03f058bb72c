"""All rules, and the function that runs them."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks import environment, exposure, images, names, pods, resources, runtime
from mops.checks.environment import DASK_PREFIX
from mops.checks.rule import Finding, Rule
from mops.config.resolve import Config
from mops.config.view import View
from mops.model.layer import Path, dotted
from mops.model.problems import Problem
from mops.schema.fields import SettingsSchema

_ALWAYS: tuple[Rule, ...] = (
    *resources.RULES,
    *names.RULES,
    *images.RULES,
    *pods.RULES,
    *exposure.RULES,
    *environment.RULES,
    *runtime.RULES,
)


def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of docs/checks.md."""
    return tuple(_rules(dask=True, files=True))


def _rules(*, dask: bool, files: bool) -> Iterator[Rule]:
    """The rules that always run, and those that only some configurations or commands need.

    The latter are imported only when needed, because `mops render` must start fast.
    """
    yield from _ALWAYS
    if dask:
        from mops.checks import dask as dask_rules

        yield from dask_rules.RULES
    if files:
        from mops.checks import layers

        yield from layers.RULES


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
    for rule in _rules(dask=_mentions_dask(view), files=files):
        for finding in rule.find(view):
            problem = _problem(view, rule, finding)
            if problem is not None:
                # A worker group that inherits the setting has the same problem at the same place.
                found.setdefault((problem.check, problem.origin, problem.message), problem)
    return list(found.values())


def _mentions_dask(view: View) -> bool:
    names = (name for group in view.pods for name in view.names(group))
    return any(name.upper().startswith(DASK_PREFIX) for name in names)


def _problem(view: View, rule: Rule, finding: Finding) -> Problem | None:
    """A finding as a problem; None if it involves an invalid value, or has no place."""
    if not view.refused.isdisjoint(finding.paths):
        return None
    place = (finding.paths[0], finding.leaf) if finding.leaf else view.highest(finding.paths)
    if place is None:
        return None
    path, leaf = place
    return Problem(
        finding.severity or rule.severity,
        leaf.origin.key or dotted(path),
        finding.message,
        leaf.origin,
        finding.hint,
        rule.name,
    )
