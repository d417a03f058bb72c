"""Amounts without their unit: 4096 bytes of memory, 500 CPUs."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.rule import EITHER, ERROR, WARNING, Finding, Rule
from mops.config.view import SCHEDULER, Group, View
from mops.model.layer import Path
from mops.model.quantities import memory_bytes

# No container runs with less memory than this.
_LEAST_MEMORY = 2**20
# Numbers up to this one are meant in Gi, larger ones in Mi.
_MOST_GIB = 128
# Few nodes have this many CPUs, and nobody asks for them to run a tenth as many threads.
_MANY_CPUS = 100
_TENTH = 10
# More digits are more than 1Mi.
_MOST_DIGITS = 9


def missing_unit(view: View) -> Iterator[Finding]:
    for group in view.pods:
        for path in _memory_paths(view, group):
            amount = view.value(path)
            yield Finding(
                (path,),
                f"{amount} is {amount} bytes",
                f"did you mean {amount}{'Gi' if int(amount) <= _MOST_GIB else 'Mi'}?",
                ERROR if path[-1] == "memory" else WARNING,
            )
        path = group.at("resources", "requests", "cpu")
        if lacks_cpu_unit(view, group):
            cpu = view.value(path)
            message = f"{cpu} is {cpu} CPUs, for {used_cpus(view, group)} threads"
            yield Finding((path,), message, f"did you mean {cpu}m?", WARNING)


def _memory_paths(view: View, group: Group) -> Iterator[Path]:
    """The amounts of memory or storage of a group that are a number of less than 1Mi bytes."""
    kinds = [group.at("resources", kind) for kind in ("requests", "limits")]
    paths = [(*path, name) for path in kinds for name in ("memory", "ephemeral-storage")]
    paths += [group.at("memoryReserve"), group.at("temporaryStorage")]
    for path in paths:
        amount = view.value(path)
        is_number = bool(amount) and amount.isdigit() and len(amount) <= _MOST_DIGITS
        if is_number and 0 < memory_bytes(amount) < _LEAST_MEMORY:
            yield path


def lacks_cpu_unit(view: View, group: Group) -> bool:
    """Whether a group's CPU request is a number that can only be meant in thousandths."""
    cpu = view.value(group.at("resources", "requests", "cpu"))
    if not cpu.isdigit() or int(cpu) < _MANY_CPUS:
        return False
    return used_cpus(view, group) * _TENTH <= int(cpu)


def used_cpus(view: View, group: Group) -> int:
    """The CPUs that the threads of a group's processes use."""
    if group == SCHEDULER:
        return 1
    processes: int = view.value(group.at("processes"))
    threads: int = view.value(group.at("threads"))
    return processes * threads


RULES = (
    Rule("missing-unit", EITHER, "an amount of memory or CPU that lacks its unit", missing_unit),
)
