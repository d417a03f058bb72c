"""Whether a configuration has anything that rules look at which most configurations do not need.

The modules of such rules are not even imported without need: `mops render` starts in a few
milliseconds. A gate may let a configuration through that needs no such rule, never the reverse.
"""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.environment import DASK_PREFIX
from mops.checks.resources import IDLE_CPU
from mops.config.view import SCHEDULER, View
from mops.model.quantities import millicpu

_AMOUNTS = ("memoryReserve", "temporaryStorage")
_MANY_DIGITS = 3


def _variables(view: View) -> Iterator[str]:
    """The names of all variables."""
    for group in view.pods:
        yield from view.names(group)


def has_bare_numbers(view: View) -> bool:
    """Whether an amount of memory is a mere number, or one of CPUs has three digits."""
    for group in view.pods:
        for kind in ("requests", "limits"):
            for name, leaf in view.below(group.at("resources", kind)).items():
                if leaf.value.isdigit() and (name != "cpu" or len(leaf.value) >= _MANY_DIGITS):
                    return True
        if any((view.value(group.at(key)) or "").isdigit() for key in _AMOUNTS):
            return True
    return False


def has_idle_cpus_or_threads(view: View) -> bool:
    """Whether a group has idle CPUs, GPUs, or variables that decide about threads."""
    for group in view.groups:
        busy = view.value(group.at("processes")) * view.value(group.at("threads"))
        idle = millicpu(view.value(group.at("resources", "requests", "cpu"))) - 1000 * busy
        limits = view.below(group.at("resources", "limits"))
        if idle >= IDLE_CPU or any("/" in name for name in limits):
            return True
    return any(name.endswith("_THREADS") for name in _variables(view))


def names_directories(view: View) -> bool:
    """Whether a directory or a volume is set that containers write to."""
    for group in view.pods:
        values = (view.value(group.at(key)) for key in ("volumes", "extraArgs"))
        if any(values) or view.written(group.at("localDirectory")):
            return True
    return any(name.endswith(("DIR", "DIRECTORY", "HOME")) for name in _variables(view))


def sets_unread_variables(view: View) -> bool:
    names = _variables(view)
    return any(name.startswith(("EXTRA_", "MALLOC_")) or name == "name" for name in names)


def concerns_dask(view: View) -> bool:
    """Whether an argument, a variable or a time limit of Dask is set."""
    if view.value(SCHEDULER.at("idleTimeout")):
        return True
    if any(view.value(group.at("extraArgs")) for group in view.pods):
        return True
    return any(name.upper().startswith(DASK_PREFIX) for name in _variables(view))
