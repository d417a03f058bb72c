"""What follows from a config and stands in no file: names, addresses, shares and sums."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from mops.config.resolve import Config
from mops.config.view import SCHEDULER, WORKERS, Group, View
from mops.model.quantities import human, memory_bytes, millicpu, process_share


class Total(NamedTuple):
    """What the workspace asks of the cluster with `pods` pods in the default group."""

    pods: int
    processes: int
    threads: int
    millicpu: int
    memory: int


class Fact(NamedTuple):
    """A derived fact for people: its name, what it is, and how it comes about."""

    name: str
    value: str
    reason: str = ""


def namespace(config: Config) -> str:
    """The namespace that the workspace lives in."""
    return str(
        config.value("release", "namespace") or f"modelops-dask-{config.value('environment')}"
    )


def object_name(config: Config, group: Group) -> str:
    """The name of a group's objects."""
    return f"{config.value('release', 'name')}-{group.suffix}"


def objects(config: Config) -> list[str]:
    """The objects that people look for, as kind/name."""
    view = View(config, frozenset())
    scheduler = object_name(config, SCHEDULER)
    found = [
        f"Deployment/{scheduler}",
        f"Service/{scheduler}",
        *(f"Deployment/{object_name(config, group)}" for group in view.groups()),
    ]
    if view.get("autoscaling", "enabled"):
        kind = {"hpa": "HorizontalPodAutoscaler", "keda": "ScaledObject"}[
            view.get("autoscaling", "type")
        ]
        found.append(f"{kind}/{object_name(config, WORKERS)}")
    return found


def addresses(config: Config) -> dict[str, str]:
    """Where the scheduler and its dashboard answer inside the cluster."""
    host = f"{object_name(config, SCHEDULER)}.{namespace(config)}"
    scheme = "tls" if config.value("tls", "secretName") else "tcp"
    return {
        "scheduler": f"{scheme}://{host}:{config.value('scheduler', 'port')}",
        "dashboard": f"http://{host}:{config.value('scheduler', 'dashboardPort')}",
    }


def process_memory(config: Config, group: Group) -> int:
    """The bytes that each worker process of a group may use."""
    limit, reserve, processes = (
        config.value(*group.path, *part)
        for part in (("resources", "limits", "memory"), ("memoryReserve",), ("processes",))
    )
    return process_share(limit, reserve, processes)


def totals(config: Config) -> list[Total]:
    """The sums at each number of pods that the default group can have: one, or the fewest and the most."""
    bounds = (
        (("autoscaling", "minWorkers"), ("autoscaling", "maxWorkers"))
        if config.value("autoscaling", "enabled")
        else ((*WORKERS.path, "replicas"),)
    )
    return [_total(config, pods) for pods in dict.fromkeys(config.value(*path) for path in bounds)]


def data(config: Config) -> dict[str, Any]:
    """All derived facts as data."""
    groups = View(config, frozenset()).groups()
    return {
        "namespace": namespace(config),
        "objects": objects(config),
        **addresses(config),
        "memoryPerProcess": {group.path[-1]: process_memory(config, group) for group in groups},
        "totals": [total._asdict() for total in totals(config)],
    }


def facts(config: Config) -> Iterator[Fact]:
    """All derived facts for people."""
    yield Fact(
        "namespace",
        namespace(config),
        "" if config.value("release", "namespace") else "modelops-dask-<environment>",
    )
    for index, name in enumerate(objects(config)):
        yield Fact("" if index else "objects", name)
    for name, address in addresses(config).items():
        yield Fact(name, address)
    groups = View(config, frozenset()).groups()
    for group in groups:
        limit, reserve, count = (
            config.value(*group.path, *part)
            for part in (("resources", "limits", "memory"), ("memoryReserve",), ("processes",))
        )
        suffix = f" of {group.path[-1]}" if len(groups) > 1 else ""
        yield Fact(
            f"memory per process{suffix}",
            human(process_memory(config, group)),
            f"({limit} - {reserve} reserve) / {count} processes",
        )
    for index, total in enumerate(totals(config)):
        sums = f"{_count(total.processes, 'process')}, {_count(total.threads, 'thread')}, {total.millicpu / 1000:g} CPU, {human(total.memory)}"
        yield Fact(
            f"in total at {_count(total.pods, 'worker pod')}",
            sums,
            "" if index else "CPU and memory as requested, with the scheduler",
        )


def _total(config: Config, pods: int) -> Total:
    view = View(config, frozenset())
    counted = [
        (SCHEDULER, 1),
        *(
            (group, pods if group == WORKERS else view.get(*group.path, "replicas"))
            for group in view.groups()
        ),
    ]
    processes = sum(count * view.get(*group.path, "processes") for group, count in counted[1:])
    threads = sum(
        count * view.get(*group.path, "processes") * view.get(*group.path, "threads")
        for group, count in counted[1:]
    )
    cpu, memory = (
        sum(
            count * amount(view.get(*group.path, "resources", "requests", kind))
            for group, count in counted
        )
        for kind, amount in (("cpu", millicpu), ("memory", memory_bytes))
    )
    return Total(pods, processes, threads, cpu, memory)


def _count(number: int, noun: str) -> str:
    return (
        f"{number} {noun}"
        if number == 1
        else f"{number} {noun}{'es' if noun.endswith('s') else 's'}"
    )
