"""All rules, and the function that runs them."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks import environment, exposure, images, names, pods, resources, runtime
from mops.checks.environment import DASK_PREFIX
from mops.checks.rule import Finding, Rule
from mops.config.resolve import Config
from mops.config.view import SCHEDULER, View
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

    The latter are not even imported without need: `mops render` starts in a few milliseconds.
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
    """What the rules find in a configuration in which every setting has a value of its type.

    `refused` are the paths at which some layer has an invalid value: findings that involve one are
    left out. With `files`, the rules about how the layers are written run too.
    """
    view = View(config, schema, refused)
    found: dict[tuple[object, ...], Problem] = {}
    for rule in _rules(dask=_concerns_dask(view), files=files):
        for finding in rule.find(view):
            problem = _problem(view, rule, finding)
            if problem is not None:
                # A group that inherits a setting from `workers` has the same problem at its place.
                found.setdefault((problem.check, problem.origin, problem.message), problem)
    return list(found.values())


def _concerns_dask(view: View) -> bool:
    """Whether anything is set that the rules on Dask look at."""
    if view.value(SCHEDULER.at("idleTimeout")):
        return True
    if any(view.value(group.at("extraArgs")) for group in view.pods):
        return True
    names = (name for group in view.pods for name in view.names(group))
    return any(name.upper().startswith(DASK_PREFIX) for name in names)


def _problem(view: View, rule: Rule, finding: Finding) -> Problem | None:
    """The problem that a finding is; None if it involves a refused value or no leaf at all."""
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
