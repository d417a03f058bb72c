"""The `extraArgs` of a configuration, and the arguments that the chart passes itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mops.checks.dask.options import Command, Given, Part, commands, read
from mops.config.view import SCHEDULER, Group, View
from mops.model.layer import Path, dotted

# The arguments that the chart passes itself, with what to write instead; `{pods}` is the section
# of the pods. The chart refuses the same ones, for values that mops did not write.
_TLS = "set tls.secretName"
MANAGED: Mapping[str, Mapping[str, str]] = {
    "scheduler": {
        "--port": "set {pods}.port",
        "--host": "remove it: the scheduler listens on every address of its pod",
        "--dashboard": "remove it: the dashboard is always on, for it serves /health",
        "--no-dashboard": "remove it: the dashboard serves /health, which the probes ask",
        "--dashboard-address": "set {pods}.dashboardPort",
        "--idle-timeout": "set {pods}.idleTimeout",
        "--tls-ca-file": _TLS,
        "--tls-cert": _TLS,
        "--tls-key": _TLS,
    },
    "worker": {
        "--name": "remove it: workers are named after their pod, and its shutdown relies on that",
        "--nworkers": "set {pods}.processes",
        "--nthreads": "set {pods}.threads",
        "--memory-limit": "set {pods}.resources.limits.memory and {pods}.memoryReserve",
        "--worker-port": "set {pods}.workerPorts",
        "--nanny-port": "set {pods}.nannyPorts",
        "--nanny": "remove it: every worker process has a nanny",
        "--no-nanny": "remove it: the nanny restarts a worker process that dies",
        "--no-dashboard": "remove it: the chart passes it already",
        "--dashboard-address": "set {pods}.dashboardPort",
        "--local-directory": "set {pods}.localDirectory",
        "--scheduler-file": "remove it: the chart passes the scheduler's address",
        "--tls-ca-file": _TLS,
        "--tls-cert": _TLS,
        "--tls-key": _TLS,
    },
}


class Arguments(NamedTuple):
    """The further arguments of a group's command, and how the command reads them."""

    group: Group
    command: Command
    items: Sequence[str]
    parts: Sequence[Part]

    @property
    def path(self) -> Path:
        """Where they are set."""
        return self.group.at("extraArgs")

    def item(self, at: int) -> Path:
        """Where one of them is written."""
        return (*self.path, str(at))

    @property
    def program(self) -> str:
        """The command as one types it."""
        return f"dask {self.command.name}"

    @property
    def has_preload(self) -> bool:
        """Whether a module is preloaded, which may take words that the command does not know."""
        return bool(self.given("--preload"))

    def given(self, *names: str) -> list[Given]:
        """The options of these names, in their order."""
        parts = (part for part in self.parts if isinstance(part, Given))
        return [part for part in parts if part.option.name in names]

    def instead(self, name: str) -> str:
        """What to write instead of an option that the chart passes; "" for all others."""
        managed = MANAGED.get(self.command.name, {})
        return managed.get(name, "").format(pods=dotted(self.group.path))


def all_arguments(view: View) -> Sequence[Arguments]:
    """The further arguments of each group that has any; they are read only once."""
    return view.once(_arguments)


def arguments_of(view: View, group: Group) -> Arguments | None:
    """The further arguments of a group; None if it has none."""
    return next((entry for entry in all_arguments(view) if entry.group == group), None)


def _arguments(view: View) -> list[Arguments]:
    found = []
    for group in view.pods:
        items = view.value(group.at("extraArgs"))
        if items:
            command = commands()["scheduler" if group == SCHEDULER else "worker"]
            found.append(Arguments(group, command, items, read(items, command.options)))
    return found
