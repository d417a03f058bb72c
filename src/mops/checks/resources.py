"""Numbers that must fit together: CPU, memory, processes, threads and replicas."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.rule import EITHER, ERROR, WARNING, Finding, Rule
from mops.config.view import WORKERS, Group, View
from mops.model.layer import Path
from mops.model.quantities import human, memory_bytes, millicpu, process_share

_MIB = 2**20
# A Dask worker process without any work takes 48 MiB (measured with Dask 2026.8.0). With less than
# 64 MiB it does not start, and less than 256 MiB leaves little for work.
LEAST_MEMORY = 64 * _MIB
SMALL_MEMORY = 256 * _MIB
# The chart computes with integers of 64 bits, in thousandths of a byte.
MOST_MEMORY = 2**50

# The idle CPUs of a pod, in thousandths, that are worth a warning.
IDLE_CPU = 2000

_AUTOSCALED = ("autoscaling", "enabled")
_MIN_WORKERS = ("autoscaling", "minWorkers")
_MAX_WORKERS = ("autoscaling", "maxWorkers")


def autoscaling_bounds(view: View) -> Iterator[Finding]:
    low, high = view.value(_MIN_WORKERS), view.value(_MAX_WORKERS)
    if low > high:
        yield Finding(
            (_MIN_WORKERS, _MAX_WORKERS), f"minWorkers {low} is more than maxWorkers {high}"
        )


def replicas_owned(view: View) -> Iterator[Finding]:
    path = WORKERS.at("replicas")
    if view.value(_AUTOSCALED) and view.written(path):
        low, high = view.value(_MIN_WORKERS), view.value(_MAX_WORKERS)
        yield Finding(
            (path,),
            f"{view.value(path)} replicas have no effect: "
            f"autoscaling is on and keeps {low} to {high}",
            "set autoscaling.minWorkers, or turn autoscaling off",
        )


def requests_within_limits(view: View) -> Iterator[Finding]:
    for group in view.pods:
        for kind, amount in (("memory", memory_bytes), ("cpu", millicpu)):
            request_path = group.at("resources", "requests", kind)
            limit_path = group.at("resources", "limits", kind)
            request, limit = view.value(request_path), view.value(limit_path)
            if request and limit and amount(request) > amount(limit):
                yield Finding(
                    (request_path, limit_path),
                    f"the {kind} request {request} is more than the limit {limit}",
                )


def large_memory(view: View) -> Iterator[Finding]:
    for group in view.groups:
        for path in _too_large(view, group):
            yield Finding(
                (path,),
                f"{view.value(path)} is more than {human(MOST_MEMORY)}, "
                "the most that the chart can compute with",
            )


def _too_large(view: View, group: Group) -> list[Path]:
    paths = (group.at("resources", "limits", "memory"), group.at("memoryReserve"))
    return [path for path in paths if memory_bytes(view.value(path)) > MOST_MEMORY]


def small_memory(view: View) -> Iterator[Finding]:
    for group in view.groups:
        if _too_large(view, group):
            continue
        paths = (
            group.at("resources", "limits", "memory"),
            group.at("memoryReserve"),
            group.at("processes"),
        )
        limit, reserve, processes = map(view.value, paths)
        share = process_share(limit, reserve, processes)
        formula = f"({limit} - {reserve} reserve) / {processes} processes"
        if share < LEAST_MEMORY:
            yield Finding(
                paths,
                f"{formula} leaves {human(max(share, 0))} for each process; "
                f"Dask needs {human(LEAST_MEMORY)}",
                "raise the memory limit or lower the processes",
                ERROR,
            )
        elif share < SMALL_MEMORY:
            message = f"{formula} leaves only {human(share)} for each process"
            yield Finding(paths, message, severity=WARNING)


def busy_cpu(view: View) -> Iterator[Finding]:
    for group in view.groups:
        limit_path = group.at("resources", "limits", "cpu")
        cpu = view.value(limit_path) or view.value(group.at("resources", "requests", "cpu"))
        processes = view.value(group.at("processes"))
        threads = view.value(group.at("threads"))
        busy = processes * threads
        if busy * 1000 > millicpu(cpu):
            yield Finding(
                (limit_path, group.at("processes"), group.at("threads")),
                f"{processes} processes x {threads} threads = {busy} compete for {cpu} CPU",
            )


RULES = (
    Rule("autoscaling-bounds", ERROR, "minWorkers above maxWorkers", autoscaling_bounds),
    Rule(
        "replicas-owned",
        WARNING,
        "a number of worker pods although an autoscaler decides it",
        replicas_owned,
    ),
    Rule(
        "requests-within-limits",
        ERROR,
        "a CPU or memory request above its limit",
        requests_within_limits,
    ),
    Rule("large-memory", ERROR, "more memory than the chart can compute with", large_memory),
    Rule("small-memory", EITHER, "little memory for each worker process", small_memory),
    Rule("busy-cpu", WARNING, "more worker threads than CPUs", busy_cpu),
)
