"""Ports, Ingress and HTTPRoute."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.rule import ERROR, Finding, Rule
from mops.config.view import View

_LOWEST_PORT, _HIGHEST_PORT = 1024, 65535


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
    Rule("ingress-host", ERROR, "an Ingress with a tlsSecret but no host", ingress_host),
)
