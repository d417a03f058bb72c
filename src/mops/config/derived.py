"""Facts that follow from a configuration: object names, addresses, and resource totals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mops.config.resolve import Config
from mops.config.view import SCHEDULER, WORKERS, Group, worker_groups
from mops.model.layer import Path, Value
from mops.model.quantities import human, memory_bytes, millicpu, process_share
from mops.model.spelling import counted

_AUTOSCALERS = {"hpa": "HorizontalPodAutoscaler", "keda": "ScaledObject"}


class Total(NamedTuple):
    """What the workspace requests from the cluster when the default group has `pods` pods.

    CPU is in thousandths, memory in bytes; both include the scheduler.
    """

    pods: int
    processes: int
    threads: int
    millicpu: int
    memory: int


class ProcessMemory(NamedTuple):
    """The memory of one worker process, and the settings from which it is computed."""

    limit: str
    reserve: str
    processes: int

    @property
    def size(self) -> int:
        """The bytes that each process may use; below 0 if the reserve exceeds the limit."""
        return process_share(self.limit, self.reserve, self.processes)

    @property
    def formula(self) -> str:
        """The computation as text for people."""
        return f"({self.limit} - {self.reserve} reserve) / {self.processes} processes"


class Fact(NamedTuple):
    """A derived fact for people: its name, its value, and how it is derived."""

    name: str
    value: str
    reason: str = ""


def namespace(config: Config) -> str:
    """The namespace that is set, or else the one named after the environment."""
    given = config.value("release", "namespace")
    return str(given or f"modelops-dask-{config.value('environment')}")


def object_name(config: Config, group: Group) -> str:
    """The name of a group's objects."""
    return f"{config.value('release', 'name')}-{group.suffix}"


def objects(config: Config) -> list[str]:
    """The main objects, as Kind/name."""
    scheduler = object_name(config, SCHEDULER)
    found = [f"Deployment/{scheduler}", f"Service/{scheduler}"]
    found += [f"Deployment/{object_name(config, group)}" for group in worker_groups(config)]
    if config.value("autoscaling", "enabled"):
        kind = _AUTOSCALERS[config.value("autoscaling", "type")]
        found.append(f"{kind}/{object_name(config, WORKERS)}")
    return found


def addresses(config: Config) -> dict[str, str]:
    """The addresses of the scheduler and its dashboard inside the cluster."""
    host = f"{object_name(config, SCHEDULER)}.{namespace(config)}"
    scheme = "tls" if config.value("tls", "secretName") else "tcp"
    return {
        "scheduler": f"{scheme}://{host}:{config.value('scheduler', 'port')}",
        "dashboard": f"http://{host}:{config.value('scheduler', 'dashboardPort')}",
    }


def process_memory(config: Config, group: Group) -> ProcessMemory:
    """The memory of each worker process of a group."""
    return ProcessMemory(
        limit=config.value(*group.at("resources", "limits", "memory")),
        reserve=config.value(*group.at("memoryReserve")),
        processes=config.value(*group.at("processes")),
    )


def totals(config: Config) -> list[Total]:
    """The totals for the replicas of the default group, or for its minimum and maximum."""
    bounds: tuple[Path, ...] = (WORKERS.at("replicas"),)
    if config.value("autoscaling", "enabled"):
        bounds = (("autoscaling", "minWorkers"), ("autoscaling", "maxWorkers"))
    numbers = dict.fromkeys(config.value(*path) for path in bounds)
    return [_total(config, pods) for pods in numbers]


def data(config: Config) -> dict[str, Value]:
    """All derived facts as data."""
    return {
        "namespace": namespace(config),
        "objects": objects(config),
        **addresses(config),
        "memoryPerProcess": {
            group.path[-1]: process_memory(config, group).size for group in worker_groups(config)
        },
        "totals": [total._asdict() for total in totals(config)],
    }


def facts(config: Config) -> Iterator[Fact]:
    """All derived facts for people. A fact without a name continues the previous one."""
    by_default = "" if config.value("release", "namespace") else "modelops-dask-<environment>"
    yield Fact("namespace", namespace(config), by_default)
    for index, name in enumerate(objects(config)):
        yield Fact("" if index else "objects", name)
    for name, address in addresses(config).items():
        yield Fact(name, address)
    groups = worker_groups(config)
    for group in groups:
        which = f" of {group.path[-1]}" if len(groups) > 1 else ""
        memory = process_memory(config, group)
        yield Fact(f"memory per process{which}", human(memory.size), memory.formula)
    for index, total in enumerate(totals(config)):
        reason = "" if index else "CPU and memory as requested, with the scheduler"
        yield Fact(f"in total at {counted(total.pods, 'worker pod')}", _amounts(total), reason)


def _total(config: Config, pods: int) -> Total:
    processes = threads = 0
    cpu, memory = _requests(config, SCHEDULER)
    for group in worker_groups(config):
        count = pods if group == WORKERS else config.value(*group.at("replicas"))
        in_group = count * config.value(*group.at("processes"))
        processes += in_group
        threads += in_group * config.value(*group.at("threads"))
        pod_cpu, pod_memory = _requests(config, group)
        cpu += count * pod_cpu
        memory += count * pod_memory
    return Total(pods, processes, threads, cpu, memory)


def _requests(config: Config, group: Group) -> tuple[int, int]:
    """The CPU, in thousandths, and the bytes of memory that one pod requests."""
    requests = group.at("resources", "requests")
    return (
        millicpu(config.value(*requests, "cpu")),
        memory_bytes(config.value(*requests, "memory")),
    )


def _amounts(total: Total) -> str:
    parts = (
        counted(total.processes, "process"),
        counted(total.threads, "thread"),
        f"{total.millicpu / 1000:g} CPU",
        human(total.memory),
    )
    return ", ".join(parts)
