"""Numbers that must fit together: CPU, memory, processes, threads and replicas."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.gates import passes_on
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

_AUTOSCALER = ("autoscaling", "type")
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
            if request == limit or not (request and limit):
                continue
            if amount(request) > amount(limit):
                yield Finding(
                    (request_path, limit_path),
                    f"the {kind} request {request} is more than the limit {limit}",
                )
    if passes_on(view):
        from mops.checks.kubernetes import found

        yield from found("requests-within-limits", view)


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


def zero_limits(view: View) -> Iterator[Finding]:
    for group in view.pods:
        for kind in ("cpu", "memory"):
            path = group.at("resources", "limits", kind)
            limit = view.value(path)
            if _is_zero(limit):
                hint = 'write "" for no limit' if kind == "cpu" else ""
                message = f"a {kind} limit of {limit} is no limit to Kubernetes"
                yield Finding((path,), message, hint, WARNING)
    request_path = WORKERS.at("resources", "requests", "cpu")
    request = view.value(request_path)
    if _is_zero(request) and view.value(_AUTOSCALED) and view.value(_AUTOSCALER) == "hpa":
        yield Finding(
            (request_path, _AUTOSCALED),
            f"the autoscaler measures CPU in percent of the request, which is {request}",
            "request CPU, or use the autoscaler keda",
            ERROR,
        )


def _is_zero(quantity: str | None) -> bool:
    return bool(quantity) and quantity is not None and not quantity.strip("0.")


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
        "a request above the limit of its resource",
        requests_within_limits,
    ),
    Rule(
        "zero-limit", EITHER, "a limit of 0, or a CPU request of 0 for an autoscaler", zero_limits
    ),
    Rule("large-memory", ERROR, "more memory than the chart can compute with", large_memory),
    Rule("small-memory", EITHER, "little memory for each worker process", small_memory),
    Rule("busy-cpu", WARNING, "more worker threads than CPUs", busy_cpu),
)
