"""What to write instead of a variable that Dask ignores or misreads, and what that would change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mops.checks.dask.literals import expected, interpret
from mops.checks.dask.memory import disorder
from mops.checks.dask.settings import facts, name_of
from mops.checks.dask.variables import Variable, dask_variables
from mops.config.view import SCHEDULER, Group, View
from mops.model.layer import dotted
from mops.schema.keywords import shown
from mops.schema.secrets import MASK, masked_value

# What people look for among Dask's settings, and what is an argument that the chart passes: the
# words of the key, without `distributed`, and what to write instead.
_DASHBOARD = (
    "remove it: the dashboard is a switch of `dask scheduler`, not a setting, "
    "and the chart always turns it on"
)
_NAME = "remove it: the name is an argument, and the chart passes the pod's"
_ARGUMENTS = {
    "scheduler.dashboard.enabled": _DASHBOARD,
    "scheduler.dashboard": _DASHBOARD,
    "scheduler.port": "set scheduler.port",
    "scheduler.host": "remove it: the scheduler listens on every address of its pod",
    "dashboard.address": "set scheduler.dashboardPort",
    "dashboard.port": "set scheduler.dashboardPort",
    "scheduler.dashboard.address": "set scheduler.dashboardPort",
    "scheduler.dashboard.port": "set scheduler.dashboardPort",
    "worker.name": _NAME,
    "worker.nthreads": "set workers.threads",
    "worker.threads": "set workers.threads",
    "worker.nworkers": "set workers.processes",
    "worker.nprocs": "set workers.processes",
    "worker.processes": "set workers.processes",
    "worker.memory.limit": "set workers.resources.limits.memory and workers.memoryReserve",
    "worker.port": "set workers.workerPorts",
    "worker.nanny": "remove it: every worker process has a nanny",
    "worker.nanny.port": "set workers.nannyPorts",
    "nanny.port": "set workers.nannyPorts",
    "worker.dashboard.address": "set workers.dashboardPort",
    "worker.dashboard.port": "set workers.dashboardPort",
    "worker.local.directory": "set workers.localDirectory",
}
# What happens if a memory threshold is below the one before it.
_CONSEQUENCES = {
    "spill": "target would have no effect",
    "pause": "workers would pause before they spill",
    "terminate": "workers would be killed before they pause",
}
_BOOLEAN_WORDS = {
    "yes": "True",
    "on": "True",
    "y": "True",
    "no": "False",
    "off": "False",
    "n": "False",
}


def unknown_name(view: View, variable: Variable) -> tuple[str, str]:
    """The message and the hint for a name that Dask does not know."""
    key = variable.reading.key
    harm = ""
    if key.startswith("scheduler."):
        # Measured with 2024.10.0 and 2026.8.0: compute() uses the mapping as a scheduler's name.
        harm = ", and compute() without a client fails because of it"
    words = key.replace("-", ".").removeprefix("distributed.")
    # What a worker is given, its nanny is given first.
    for spelled in (words, words.replace("nanny.", "worker.", 1)):
        if spelled in _ARGUMENTS:
            hint = _ARGUMENTS[spelled]
            if variable.group != SCHEDULER:
                hint = hint.replace("workers.", f"{dotted(variable.group.path)}.")
            return f"Dask ignores this name{harm}; it has no such setting", hint
    right = dask_variables(view).intended(key, variable.group)
    if not right:
        return (
            f"Dask ignores this name{harm}; it has no such setting",
            "remove it, unless a package in the image reads it",
        )
    return (
        f"Dask ignores this name{harm}",
        f"Dask reads {name_of(right)}{_effect(view, variable, right)}",
    )


def _effect(view: View, variable: Variable, key: str) -> str:
    """What would change if the variable were named after `key`, as a clause to follow the name."""
    if view.has(variable.group.variable(name_of(key))):
        return ", which is set too and takes effect"
    text = variable.text
    if text is None:
        return ""
    value = shown_value(variable.name, text)
    accepted = expected(key, text)
    if accepted:
        return f", but {value} is not a valid value for that: it takes {accepted}"
    disordered = _disordered(view, variable.group, key)
    if disordered:
        return f", which would put {disordered}"
    if key.endswith(".preload"):
        return (
            f", which would import {value} when the process starts; "
            "it does not start if the image has no such module"
        )
    return f", which would {_change(key, variable.name, text)}"


def _disordered(view: View, group: Group, key: str) -> str:
    """How a memory threshold would be out of order; "" if it would not, or for other settings."""
    for low, high in disorder(dask_variables(view).corrected(group)):
        if key in (f"distributed.worker.memory.{step.name}" for step in (low, high)):
            return f"{low} above {high}: {_CONSEQUENCES[high.name]}"
    return ""


def _change(key: str, name: str, text: str) -> str:
    """What a variable for a setting would do, compared with the newest version's default."""
    setting, newest = facts().keys[key], facts().versions[-1]
    defaults = setting.get("defaults", {})
    if "default" not in setting and newest not in defaults:
        return f"set {key} to {shown_value(name, text)}"
    default = setting.get("default", defaults.get(newest))
    if interpret(text) == default:
        return f"change nothing: {shown_value(name, text)} is Dask's default"
    new = shown_value(name, interpret(text))
    return f"change {key} from Dask's default {default} to {new}"


def correction(variable: Variable) -> str:
    """What to write in place of a value that is not valid for its setting; "" if unclear."""
    text = variable.text or ""
    if masked_value(variable.name, text) != text:
        return ""
    value = interpret(text)
    if not isinstance(value, str):
        return _if_valid(variable, repr(text), f"write {text!r} with its quotes")
    for guess in _guesses(value):
        advice = _if_valid(variable, guess, f"write {guess}") if guess != text else ""
        if advice:
            return advice
    return ""


def _if_valid(variable: Variable, text: str, advice: str) -> str:
    return "" if expected(variable.reading.key, text) else advice


def _guesses(value: str) -> Iterator[str]:
    inner = value.strip().strip("'\"")
    if inner.lower() in _BOOLEAN_WORDS:
        yield _BOOLEAN_WORDS[inner.lower()]
    if inner:
        yield inner
    percent = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?%", inner)
    if percent:
        yield f"{float(percent[1]) / 100:g}"
    yield f"['{inner}']"
    pairs = re.findall(r"([A-Za-z_][A-Za-z0-9_]*)=([^ ,]+)", inner)
    if pairs:
        yield str({name: interpret(text) for name, text in pairs})


def shown_value(name: str, value: Any) -> str:
    """A variable's value for a message; masked if it is a secret."""
    masked = masked_value(name, value)
    return MASK if masked == MASK else shown(masked)
