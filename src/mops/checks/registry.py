"""All rules, and the function that runs them."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks import environment, exposure, images, names, resources, runtime
from mops.checks.gates import is_large, mentions_dask, passes_on
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
    *exposure.RULES,
    *environment.RULES,
    *runtime.RULES,
)


def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of docs/checks.md."""
    return tuple(_rules(large=True, kubernetes=True, dask=True, files=True))


def _rules(*, large: bool, kubernetes: bool, dask: bool, files: bool) -> Iterator[Rule]:
    """The rules that always run, and those that only some configurations or commands need.

    The latter are not even imported without need: `mops render` starts in a few milliseconds.
    """
    yield from _ALWAYS
    if large:
        from mops.checks import sizes

        yield from sizes.RULES
    if kubernetes:
        from mops.checks import kubernetes as kubernetes_rules

        yield from kubernetes_rules.RULES
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
    rules = _rules(
        large=is_large(view), kubernetes=passes_on(view), dask=mentions_dask(view), files=files
    )
    for rule in rules:
        for finding in rule.find(view):
            problem = _problem(view, rule, finding)
            if problem is not None:
                # A group that inherits a setting from `workers` has the same problem at its place.
                found.setdefault((problem.check, problem.origin, problem.message), problem)
    return list(found.values())


def _problem(view: View, rule: Rule, finding: Finding) -> Problem | None:
    """The problem that a finding is; None if it involves a refused value or no leaf at all."""
    if view.refused and any(map(view.is_refused, finding.paths)):
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
