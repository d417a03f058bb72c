"""Settings of Dask that are spelled right and still change nothing."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.dask.arguments import arguments_of
from mops.checks.dask.settings import Reading, facts, sections_of
from mops.checks.dask.variables import Variable, dask_variables
from mops.checks.rule import WARNING, Finding, Rule
from mops.config.view import SCHEDULER, View
from mops.model.layer import dotted

# What the chart has in place of the settings of Python's own cluster objects.
_IN_PLACE = {
    "distributed.adaptive.minimum": "set autoscaling.minWorkers",
    "distributed.adaptive.maximum": "set autoscaling.maxWorkers",
    "distributed.adaptive.wait-count": "set autoscaling.scaleDownDelay",
}
# The options that take precedence over a setting, by the side that reads it.
_OPTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "scheduler": {"distributed.scheduler.preload": ("--preload",)},
    "worker": {
        "distributed.worker.lifetime.duration": ("--lifetime",),
        "distributed.worker.lifetime.restart": ("--lifetime-restart", "--no-lifetime-restart"),
        "distributed.worker.lifetime.stagger": ("--lifetime-stagger",),
        "distributed.worker.preload": ("--preload",),
        "distributed.worker.resources": ("--resources",),
    },
}
# The mappings whose names are looked up as they are spelled, capitals included.
_RESOURCES = "distributed.worker.resources"
_DURATIONS = "distributed.scheduler.default-task-durations"
_IDLE_TIMEOUT = "distributed.scheduler.idle-timeout"


def other_side(view: View) -> Iterator[Finding]:
    for variable in dask_variables(view):
        key = _declared(variable.reading)
        side = facts().sides.get(key)
        here = "scheduler" if variable.group == SCHEDULER else "worker"
        if side == "cluster":
            yield Finding(
                (variable.path,),
                f"only Python's own cluster objects read {key}, and no pod runs one",
                _IN_PLACE.get(key, "remove it"),
            )
        elif side not in (None, here) and not _set_there(view, variable, side):
            yield Finding((variable.path,), *_unread(key, here))


def _set_there(view: View, variable: Variable, side: str | None) -> bool:
    """Whether the side that reads a variable has it too: then both just share their variables."""
    groups = [SCHEDULER] if side == "scheduler" else view.groups
    return any(view.has(group.variable(variable.name)) for group in groups)


def _unread(key: str, here: str) -> tuple[str, str]:
    if here == "scheduler":
        return f"the scheduler makes no use of {key}: only workers do", "set it in workers.env"
    return f"workers do not read {key}: only the scheduler does", "set it in scheduler.env"


def _declared(reading: Reading) -> str:
    """The setting, or the mapping of settings, that a variable is part of; "" for all others."""
    if reading.kind == "setting":
        return reading.key
    if reading.kind == "entry":
        above = (reading.key, *sections_of(reading.key))
        return next((key for key in above if key in facts().maps), "")
    return ""


def overridden(view: View) -> Iterator[Finding]:
    for variable in dask_variables(view):
        key = _declared(variable.reading)
        if key == _IDLE_TIMEOUT and variable.group == SCHEDULER:
            yield from _idle_timeout(view, variable)
        elif key and variable.group != SCHEDULER:
            yield from _by_the_chart(view, variable, key)
        yield from _by_arguments(view, variable, key)


def _idle_timeout(view: View, variable: Variable) -> Iterator[Finding]:
    path = SCHEDULER.at("idleTimeout")
    if view.value(path):
        yield Finding(
            (variable.path, path),
            "this has no effect: scheduler.idleTimeout takes precedence",
            "remove it",
        )


def _by_the_chart(view: View, variable: Variable, key: str) -> Iterator[Finding]:
    """What the arguments override that the chart passes to workers."""
    pods = dotted(variable.group.path)
    same = variable.text == view.value(variable.group.at("localDirectory"))
    if key == "temporary-directory" and not same:
        yield Finding(
            (variable.path,),
            "this has no effect on workers: the chart passes --local-directory",
            f"set {pods}.localDirectory",
        )
    elif key in ("distributed.nanny.preload", "distributed.nanny.preload-argv"):
        yield Finding(
            (variable.path,),
            "this has no effect: `dask worker` takes it only as an argument",
            f"write {pods}.extraArgs: [--preload-nanny, …]",
        )


def _by_arguments(view: View, variable: Variable, key: str) -> Iterator[Finding]:
    side = "scheduler" if variable.group == SCHEDULER else "worker"
    options = _OPTIONS[side].get(key, ())
    arguments = arguments_of(view, variable.group) if options else None
    given = arguments.given(*options) if arguments else []
    if arguments and given:
        yield Finding(
            (variable.path, arguments.item(given[-1].at)),
            f"{variable.name} has no effect: the argument {given[-1].option.name} takes precedence",
            "remove one of them",
        )


def lower_case(view: View) -> Iterator[Finding]:
    for variable in dask_variables(view):
        mapping = _declared(variable.reading)
        own = "__".join(variable.name.split("__")[mapping.count(".") + 1 :])
        # Names of tasks are in lower case as a rule, those of resources are not. The environment
        # of workers has a finding of its own: dask-ignored.
        is_resource = mapping == _RESOURCES and own != own.lower()
        is_task = mapping == _DURATIONS and own not in (own.lower(), own.upper())
        if is_resource or is_task:
            yield Finding((variable.path,), *_renamed(variable, mapping, own))


def _renamed(variable: Variable, mapping: str, own: str) -> tuple[str, str]:
    """The message and the hint for an entry of a mapping whose name is not in lower case."""
    name = variable.name.rpartition(f"__{own}")[0]
    text = variable.text if variable.text is not None else "…"
    literal = f"{name}=\"{{'{own}': {text}}}\""
    if mapping == _RESOURCES:
        message = f"Dask reads the name in lower case: workers have the resource {own.lower()}"
        hint = f"write {literal}, or extraArgs: [--resources, {own}={text}]"
        return (
            f"{message}, and tasks that ask for {own} wait forever",
            f"{hint}; if you mean {own.lower()}, write it in lower case here",
        )
    return f"Dask reads the name in lower case, as {own.lower()}", f"write {literal}"


RULES = (
    Rule(
        "dask-other-side",
        WARNING,
        "a setting for workers that only the scheduler reads, or the reverse",
        other_side,
    ),
    Rule(
        "dask-overridden",
        WARNING,
        "a setting over which an argument of the chart or yours takes precedence",
        overridden,
    ),
    Rule(
        "dask-lower-case",
        WARNING,
        "a name in capitals, such as a resource, that Dask reads in lower case",
        lower_case,
    ),
)
