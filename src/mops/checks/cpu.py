"""CPUs that nobody uses, more threads than CPUs, and GPUs that processes share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mops.checks.gates import IDLE_CPU
from mops.checks.rule import WARNING, Finding, Rule
from mops.checks.runtime import DEFAULT_EXECUTOR, executor_of
from mops.checks.units import lacks_cpu_unit, used_cpus
from mops.config.view import Group, View
from mops.model.layer import Path
from mops.model.quantities import millicpu

# The variables that tell a library with how many threads each thread of Dask computes.
_THREADS = frozenset(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "NUMEXPR_MAX_THREADS",
        "NUMBA_NUM_THREADS",
        "POLARS_MAX_THREADS",
        "RAYON_NUM_THREADS",
    )
)
# The variable that declares how many simulation processes each Dask process runs.
_WARM_PROCESSES = "MODELOPS_MAX_WARM_PROCESSES"

_MOST_DIGITS = 9


class _Use(NamedTuple):
    """The CPUs that something uses, by a variable's word; 0 if only the cluster knows."""

    path: Path
    number: int


def idle_cpu(view: View) -> Iterator[Finding]:
    for group in view.groups:
        paths = (
            group.at("resources", "requests", "cpu"),
            group.at("processes"),
            group.at("threads"),
        )
        if _has_gpu(view, group) or lacks_cpu_unit(view, group) or _is_trial(view, paths):
            continue
        request, processes, threads = map(view.value, paths)
        used = _used_cpus(view, group)
        if 2000 * used < millicpu(request) >= 1000 * used + IDLE_CPU and used:
            yield Finding(
                paths,
                f"{processes} processes x {threads} threads use {used} of {request} CPUs",
                "use more processes or threads, or request fewer CPUs; if a task computes with"
                " several threads, set OMP_NUM_THREADS",
            )


def _is_trial(view: View, paths: tuple[Path, ...]) -> bool:
    """Whether a higher layer lowers the processes only, as --debug-mode does."""
    request, *others = map(view.level, paths)
    return max(others) > request > 0


def _used_cpus(view: View, group: Group) -> int:
    """The most CPUs that a group's processes use; 0 if only the cluster knows."""
    busy = used_cpus(view, group)
    uses = [busy * use.number for use in _thread_variables(view, group)]
    if executor_of(view, group) in (DEFAULT_EXECUTOR, ""):
        simulations = _number(view, group, _WARM_PROCESSES)
        uses += [view.value(group.at("processes")) * use.number for use in simulations]
    return 0 if 0 in uses else max([busy, *uses])


def _thread_variables(view: View, group: Group) -> Iterator[_Use]:
    for name in view.names(group):
        if name in _THREADS:
            yield from _number(view, group, name)


def _number(view: View, group: Group, name: str) -> Iterator[_Use]:
    """The number in a variable, the first if it is a list; nothing if it is not set."""
    path = group.variable(name)
    if view.has(path):
        text = view.texts(group).get(name, "").partition(",")[0].strip()
        is_number = text.isdecimal() and len(text) <= _MOST_DIGITS
        yield _Use(path, int(text) if is_number else 0)


def busy_threads(view: View) -> Iterator[Finding]:
    for group in view.groups:
        cpu_path = group.at("resources", "limits", "cpu")
        if not view.value(cpu_path):
            cpu_path = group.at("resources", "requests", "cpu")
        cpu, busy = view.value(cpu_path), used_cpus(view, group)
        for path, number in _thread_variables(view, group):
            if number > 1 and 1000 * busy * number > millicpu(cpu):
                yield Finding(
                    (path, cpu_path),
                    f"{busy} Dask threads with {path[-1]} {number} are {busy * number} threads,"
                    f" which compete for {cpu} CPU",
                    "lower it, or use fewer processes and threads",
                )


def shared_gpu(view: View) -> Iterator[Finding]:
    for group in view.groups:
        processes_path = group.at("processes")
        processes = view.value(processes_path)
        for path in _gpus(view, group):
            if processes > 1:
                yield Finding(
                    (processes_path, path),
                    f"all {processes} processes of a pod use its first GPU and share its memory",
                    "set processes to 1, and run one pod for each GPU",
                )


def _has_gpu(view: View, group: Group) -> bool:
    return next(_gpus(view, group), None) is not None


def _gpus(view: View, group: Group) -> Iterator[Path]:
    """The limits of a group that are GPUs, of which it has at least one."""
    limits = group.at("resources", "limits")
    for name, leaf in view.below(limits).items():
        is_gpu = name.startswith(("nvidia.com/", "gpu.intel.com/")) or name.endswith("/gpu")
        if is_gpu and leaf.value not in ("", "0"):
            yield (*limits, name)


RULES = (
    Rule("idle-cpu", WARNING, "CPUs that no process of a worker pod uses", idle_cpu),
    Rule("busy-threads", WARNING, "more threads of a library than CPUs", busy_threads),
    Rule("shared-gpu", WARNING, "several processes on one GPU", shared_gpu),
)
