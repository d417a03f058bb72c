"""All rules, and the function that runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

from mops.checks import environment, exposure, images, names, pods, resources, runtime
from mops.checks.environment import DASK_PREFIX
from mops.checks.resources import IDLE_CPU
from mops.checks.rule import Finding, Rule
from mops.config.resolve import Config
from mops.config.view import SCHEDULER, View
from mops.model.layer import Path, dotted
from mops.model.problems import Problem
from mops.model.quantities import millicpu
from mops.schema.fields import SettingsSchema

_AMOUNTS = ("memoryReserve", "temporaryStorage")
_MANY_DIGITS = 3


def _variables(view: View) -> Iterator[str]:
    """The names of all variables."""
    for group in view.pods:
        yield from view.names(group)


def _concerns_units(view: View) -> bool:
    """Whether an amount of memory is a mere number, or one of CPUs has three digits."""
    for group in view.pods:
        for kind in ("requests", "limits"):
            for name, leaf in view.below(group.at("resources", kind)).items():
                if leaf.value.isdigit() and (name != "cpu" or len(leaf.value) >= _MANY_DIGITS):
                    return True
        if any((view.value(group.at(key)) or "").isdigit() for key in _AMOUNTS):
            return True
    return False


def _concerns_cpu(view: View) -> bool:
    """Whether a group has idle CPUs, GPUs, or variables that decide about threads."""
    for group in view.groups:
        busy = view.value(group.at("processes")) * view.value(group.at("threads"))
        idle = millicpu(view.value(group.at("resources", "requests", "cpu"))) - 1000 * busy
        limits = view.below(group.at("resources", "limits"))
        if idle >= IDLE_CPU or any("/" in name for name in limits):
            return True
    return any(name.endswith("_THREADS") for name in _variables(view))


def _concerns_directories(view: View) -> bool:
    """Whether a directory or a volume is set that containers write to."""
    for group in view.pods:
        values = (view.value(group.at(key)) for key in ("volumes", "extraArgs"))
        if any(values) or view.written(group.at("localDirectory")):
            return True
    return any(name.endswith(("DIR", "DIRECTORY", "HOME")) for name in _variables(view))


def _concerns_unread(view: View) -> bool:
    names = _variables(view)
    return any(name.startswith(("EXTRA_", "MALLOC_")) or name == "name" for name in names)


def _concerns_dask(view: View) -> bool:
    """Whether an argument, a variable or a time limit of Dask is set."""
    if view.value(SCHEDULER.at("idleTimeout")):
        return True
    if any(view.value(group.at("extraArgs")) for group in view.pods):
        return True
    return any(name.upper().startswith(DASK_PREFIX) for name in _variables(view))


# Rules that only some configurations need: the module that has them, and whether a configuration
# has anything that they look at. A module is not even imported without need: `mops render` starts
# in a few milliseconds.
_Module = tuple[str, Callable[[View], bool]]

# All rules that every command runs, in the order of docs/checks.md.
_RULES: tuple[Rule | _Module, ...] = (
    *resources.RULES,
    ("units", _concerns_units),
    ("cpu", _concerns_cpu),
    *names.RULES,
    *images.RULES,
    *pods.RULES,
    ("directories", _concerns_directories),
    *exposure.RULES,
    *environment.RULES,
    ("unread", _concerns_unread),
    *runtime.RULES,
    ("dask", _concerns_dask),
)
# Those that only `mops config validate` runs.
_FILES: _Module = ("layers", lambda _: True)


def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of docs/checks.md."""
    return tuple(_rules(None, files=True))


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
        for finding in rule.find(view):
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
    return Problem(
        finding.severity or rule.severity,
        leaf.origin.key or dotted(path),
        finding.message,
        leaf.origin,
        finding.hint,
        rule.name,
    )
