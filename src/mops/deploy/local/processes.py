"""The processes that the pods of rendered manifests become. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from mops.deploy.deployments import Manifest, is_deployment, is_scheduler, object_name
from mops.deploy.local.container import Setup, container_command, container_variables, inherited
from mops.model.layer import Value
from mops.model.quantities import human

LEAST_MEMORY = 64 * 2**20


class Machine(NamedTuple):
    """What this machine has: bytes of memory, and CPUs."""

    memory: int
    cpus: int


class Process(NamedTuple):
    """One pod as a process; `size` is the number of Dask processes that it starts."""

    name: str
    scheduler: bool
    command: tuple[str, ...]
    environ: dict[str, str]
    size: int = 1


class ProcessPlan(NamedTuple):
    """All processes, the scheduler first, and notes on what differs from the pods."""

    processes: tuple[Process, ...]
    notes: tuple[str, ...]


class _Pods(NamedTuple):
    """The pods of a Deployment: how many, their main container, and what each one starts.

    `processes` is the number of Dask processes in a pod, `memory` the limit of each in bytes, 0 if
    there is none.
    """

    deployment: str
    scheduler: bool
    container: Mapping[str, Value]
    replicas: int
    processes: int
    memory: int


def plan_processes(
    manifests: Sequence[Manifest], setup: Setup, machine: Machine, environ: Mapping[str, str]
) -> ProcessPlan:
    """The processes of the manifests' Deployments.

    `environ` is the user's environment, which the containers' own variables override.
    """
    notes: list[str] = []
    pods = [_pods(entry, manifests) for entry in manifests if is_deployment(entry)]
    pods = [_limited_replicas(entry, machine, notes) for entry in pods]
    memory = _limited_memory(pods, machine, notes)
    shell = inherited(environ)
    found: list[Process] = []
    for entry in sorted(pods, key=lambda entry: not entry.scheduler):
        for number in range(entry.replicas):
            name = entry.deployment if entry.scheduler else f"{entry.deployment}-{number}"
            variables = container_variables(entry.container, name, setup, environ, notes)
            command = container_command(
                entry.container,
                setup,
                variables,
                scheduler=entry.scheduler,
                memory=memory.get(entry.deployment),
            )
            every = {**shell, **variables}
            found.append(Process(name, entry.scheduler, command, every, entry.processes))
    return ProcessPlan(tuple(found), tuple(dict.fromkeys(notes)))


def _pods(deployment: Manifest, manifests: Sequence[Manifest]) -> _Pods:
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    replicas = deployment["spec"].get("replicas")
    if replicas is None:
        replicas = _least_replicas(object_name(deployment), manifests)
    arguments = [str(argument) for argument in container.get("args") or ()]
    return _Pods(
        object_name(deployment),
        is_scheduler(deployment),
        container,
        int(replicas),
        int(_option(arguments, "--nworkers") or 1),
        int(_option(arguments, "--memory-limit") or 0),
    )


def _least_replicas(name: str, manifests: Sequence[Manifest]) -> Value:
    """The minimum replicas of the autoscaler that owns a Deployment."""
    for manifest in manifests:
        spec = manifest.get("spec") or {}
        if spec.get("scaleTargetRef", {}).get("name") == name:
            return spec.get("minReplicas", spec.get("minReplicaCount", 1))
    return 1


def _option(arguments: Sequence[str], flag: str) -> str:
    """The value of an option; "" if it is not given."""
    return next((value for name, value in pairwise(arguments) if name == flag), "")


def _limited_replicas(pods: _Pods, machine: Machine, notes: list[str]) -> _Pods:
    """The pods, with so few replicas that at most two Dask processes share a CPU."""
    most = max(1, 2 * machine.cpus // pods.processes)
    if pods.scheduler or pods.replicas <= most:
        return pods
    notes.append(
        f"{pods.deployment}: {most} of {pods.replicas} pods, because this machine has "
        f"{machine.cpus} CPUs (choose the number with --replicas)"
    )
    return pods._replace(replicas=most)


def _limited_memory(pods: Iterable[_Pods], machine: Machine, notes: list[str]) -> dict[str, int]:
    """The bytes per process by Deployment, if all limits together exceed this machine's memory."""
    workers = [entry for entry in pods if not entry.scheduler and entry.memory]
    total = sum(entry.replicas * entry.processes * entry.memory for entry in workers)
    if total <= machine.memory:
        return {}
    limits: dict[str, int] = {}
    for entry in workers:
        limit = max(LEAST_MEMORY, entry.memory * machine.memory // total)
        limits[entry.deployment] = limit
        notes.append(
            f"{entry.deployment}: the memory limit of each process is {human(limit)} instead of "
            f"{human(entry.memory)}, because this machine has {human(machine.memory)}"
        )
    return limits
