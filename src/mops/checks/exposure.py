"""Ports, Ingress and HTTPRoute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mops.checks.rule import ERROR, WARNING, Finding, Rule
from mops.config.view import View
from mops.model.layer import Path

_LOWEST_PORT, _HIGHEST_PORT = 1024, 65535
_OCTETS, _BYTE = 4, 256


def scheduler_ports(view: View) -> Iterator[Finding]:
    port, dashboard = ("scheduler", "port"), ("scheduler", "dashboardPort")
    if view.value(port) == view.value(dashboard):
        yield Finding((port, dashboard), f"port and dashboardPort are both {view.value(port)}")


def port_ranges(view: View) -> Iterator[Finding]:
    for group in view.groups:
        processes_path = group.at("processes")
        processes = view.value(processes_path)
        for path in (group.at("workerPorts"), group.at("nannyPorts")):
            written = view.value(path)
            low, high = _range(written)
            size = high - low + 1
            if not _LOWEST_PORT <= low < high <= _HIGHEST_PORT:
                yield Finding(
                    (path,),
                    f"{written} is not a range of at least two ports "
                    f"from {_LOWEST_PORT} to {_HIGHEST_PORT}",
                )
            elif size < processes:
                yield Finding(
                    (path, processes_path),
                    f"{written} has {size} ports for {processes} processes",
                )


def port_overlap(view: View) -> Iterator[Finding]:
    for group in view.groups:
        paths = (group.at("workerPorts"), group.at("nannyPorts"))
        workers, nannies = (_range(view.value(path)) for path in paths)
        if max(workers[0], nannies[0]) <= min(workers[1], nannies[1]):
            yield Finding(paths, "workerPorts and nannyPorts overlap")


def http_route(view: View) -> Iterator[Finding]:
    enabled, parents = ("httpRoute", "enabled"), ("httpRoute", "parentRefs")
    if view.value(enabled) and not view.value(parents):
        yield Finding((enabled, parents), "an HTTPRoute needs parentRefs")


def ingress_host(view: View) -> Iterator[Finding]:
    secret, host = ("ingress", "tlsSecret"), ("ingress", "host")
    if view.value(secret) and not view.value(host):
        yield Finding((secret, host), "an Ingress with tlsSecret needs a host")
    if _is_address(view.value(host)):
        yield Finding((host,), "an Ingress is for a host name, not for an IP address")


def _is_address(host: str) -> bool:
    parts = host.split(".")
    return len(parts) == _OCTETS and all(part.isdigit() and int(part) < _BYTE for part in parts)


def ingress_ports(view: View) -> Iterator[Finding]:
    path = ("networkPolicy", "extraIngress")
    rules = view.value(path)
    if not rules or not view.value(("networkPolicy", "enabled")):
        return
    listening = _listening(view)
    if listening is None:
        return
    for inner, port in _ports(rules):
        if not listening.accepts(port):
            yield Finding(
                ((*path, *inner),),
                f"no container of the scheduler or the workers listens on port {_label(port)}",
                f"they listen on {listening}",
            )


def _ports(rules: list[Mapping[str, Any]]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The ports that rules name, and the path of each number or name inside the rules."""
    for index, rule in enumerate(rules):
        for number, port in enumerate(rule.get("ports") or ()):
            if "port" in port:
                yield (str(index), "ports", str(number), "port"), port


def _label(port: Mapping[str, Any]) -> str:
    return f"{port['port']}-{port['endPort']}" if "endPort" in port else str(port["port"])


class _Listening(NamedTuple):
    """The ports on which containers listen: ranges of numbers, both ends included, and names."""

    ranges: list[tuple[int, int]]
    names: list[str]

    def accepts(self, port: Mapping[str, Any]) -> bool:
        """Whether a port of a NetworkPolicy includes any of them."""
        asked = port["port"]
        if isinstance(asked, str):
            return asked in self.names
        last = port.get("endPort", asked)
        return any(first <= last and asked <= end for first, end in self.ranges)

    def __str__(self) -> str:
        numbers = (f"{a}-{b}" if a != b else str(a) for a, b in sorted(set(self.ranges)))
        return ", ".join(numbers)


def _listening(view: View) -> _Listening | None:
    """The ports of all pods; None if a sidecar does not declare its ports."""
    found = _Listening([], ["tcp-comm", "http-dashboard", "http-metrics"])
    for name in ("port", "dashboardPort"):
        number = view.value(("scheduler", name))
        found.ranges.append((number, number))
    for group in view.groups:
        number = view.value(group.at("dashboardPort"))
        ranges = (_range(view.value(group.at(name))) for name in ("workerPorts", "nannyPorts"))
        found.ranges.extend(((number, number), *ranges))
    for container in _sidecars(view):
        ports = container.get("ports")
        if not ports:
            return None
        found.ranges.extend((port["containerPort"], port["containerPort"]) for port in ports)
        found.names.extend(port["name"] for port in ports if "name" in port)
    return found


def _sidecars(view: View) -> Iterator[Mapping[str, Any]]:
    for pod in view.pods:
        yield from view.value(pod.at("sidecars")) or ()


def _range(written: str) -> tuple[int, int]:
    """The first and the last port of `low:high`."""
    low, _, high = written.partition(":")
    return int(low), int(high)


RULES = (
    Rule(
        "scheduler-port",
        ERROR,
        "one port for both the scheduler and its dashboard",
        scheduler_ports,
    ),
    Rule(
        "port-range",
        ERROR,
        "a port range that is invalid or too small for the processes",
        port_ranges,
    ),
    Rule("port-overlap", ERROR, "port ranges of workers and nannies that overlap", port_overlap),
    Rule("http-route", ERROR, "an HTTPRoute without parentRefs", http_route),
    Rule(
        "ingress-port",
        WARNING,
        "an ingress rule for a port on which no container listens",
        ingress_ports,
    ),
    Rule(
        "ingress-host",
        ERROR,
        "an Ingress with a tlsSecret but no host, or with an address as host",
        ingress_host,
    ),
)
