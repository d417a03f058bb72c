"""A container's variables and command, adapted to this machine. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mops.model.layer import Value

LOOPBACK = "127.0.0.1"
POD_TMP = "/tmp"  # noqa: S108 - a name in the pod, not a file here

# Variables of the user's shell that would override the configuration.
_OVERRIDES = ("DASK_", "MODELOPS_")
_TLS = ("DASK_DISTRIBUTED__COMM__TLS__", "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION")
_TMP = re.compile(r"(?<![\w./)-])/tmp(?=/|$|[:;,])")
_REFERENCE = re.compile(r"\$\$|\$\(([^)]+)\)")
_ADDRESS = re.compile(r"(tcp|tls)://[^/:]+:[0-9]+")


class Setup(NamedTuple):
    """What the processes use in place of the pods' file system and network.

    `tmp` is the directory that stands for /tmp, `dask` the command that runs Dask here.
    """

    tmp: str
    port: int
    dashboard: int
    namespace: str
    dask: tuple[str, ...] = ("dask",)

    @property
    def address(self) -> str:
        """The address of the scheduler."""
        return f"tcp://{LOOPBACK}:{self.port}"


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of the user's shell, without those that would override the configuration."""
    found = {key: value for key, value in environ.items() if not key.startswith(_OVERRIDES)}
    if environ.get("HOME"):
        # HOME becomes that of the pod; packages installed with pip --user must still be found.
        found.setdefault("PYTHONUSERBASE", os.path.join(environ["HOME"], ".local"))
    return found


def container_variables(
    container: Mapping[str, Value],
    pod: str,
    setup: Setup,
    environ: Mapping[str, str],
    notes: list[str],
) -> dict[str, str]:
    """The container's variables; those whose values only the cluster has come from `environ`.

    Adds to `notes` what differs from the pod.
    """
    fields = {
        "metadata.name": pod,
        "metadata.namespace": setup.namespace,
        "status.podIP": LOOPBACK,
        "status.hostIP": LOOPBACK,
        "spec.nodeName": "localhost",
    }
    found: dict[str, str] = {}
    for entry in container.get("env") or ():
        name, source = str(entry["name"]), entry.get("valueFrom")
        if name.startswith(_TLS):
            notes.append("TLS is off: its certificates are in a Secret in the cluster")
        elif source is None:
            found[name] = expanded(_moved(str(entry.get("value") or ""), setup), found)
        elif _field(source) in fields:
            found[name] = fields[_field(source)]
        elif name in environ:
            found[name] = environ[name]
            notes.append(f"{name} is taken from your environment: {_only_in_cluster(source)}")
        else:
            notes.append(f"{name} is not set: {_only_in_cluster(source)} (export {name} to set it)")
    notes.extend(
        f"{_only_in_cluster(entry)}: its variables are not set here"
        for entry in container.get("envFrom") or ()
    )
    return found


def _field(source: Mapping[str, Value]) -> str:
    """The pod's field that a variable comes from; "" if it comes from elsewhere."""
    return str((source.get("fieldRef") or {}).get("fieldPath") or "")


def _only_in_cluster(source: Mapping[str, Value]) -> str:
    """What a variable comes from, as in `secretKeyRef NAME exists only in the cluster`."""
    for kind, inner in source.items():
        if isinstance(inner, Mapping):
            name = inner.get("name") or inner.get("fieldPath") or inner.get("resource") or ""
            return f"{f'{kind} {name}'.rstrip()} exists only in the cluster"
    return "its source exists only in the cluster"


def _moved(text: str, setup: Setup) -> str:
    """A string with this machine's directory instead of /tmp."""
    return _TMP.sub(lambda _: setup.tmp, text)


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """A string with $(NAME) replaced as Kubernetes does: unknown names stay, $$ becomes $."""

    def value(found: re.Match[str]) -> str:
        return "$" if found[0] == "$$" else variables.get(found[1], found[0])

    return _REFERENCE.sub(value, text)


def container_command(
    container: Mapping[str, Value],
    setup: Setup,
    variables: Mapping[str, str],
    *,
    scheduler: bool,
    memory: int | None,
) -> tuple[str, ...]:
    """The container's command with this machine's addresses, ports and `memory` limit in bytes."""
    command = [str(part) for part in container.get("command") or ()]
    if command[:1] == ["dask"]:
        command[:1] = setup.dask
    arguments = [
        expanded(_moved(str(argument), setup), variables)
        for argument in container.get("args") or ()
    ]
    arguments = _without(arguments, "--protocol")
    if not scheduler:
        arguments = [_with_address(argument, setup) for argument in arguments]
    for flag, value in _options(setup, scheduler=scheduler, memory=memory).items():
        arguments = _with(arguments, flag, value)
    return (*command, *arguments)


def _options(setup: Setup, *, scheduler: bool, memory: int | None) -> dict[str, str]:
    """The options that differ from the pod's."""
    if scheduler:
        return {
            "--port": str(setup.port),
            "--dashboard-address": f"{LOOPBACK}:{setup.dashboard}",
            "--host": LOOPBACK,
        }
    options = {"--dashboard-address": f"{LOOPBACK}:0", "--host": LOOPBACK}
    if memory:
        options["--memory-limit"] = str(memory)
    return options


def _with_address(argument: str, setup: Setup) -> str:
    """An argument of a worker, with this machine's scheduler if it is the scheduler's address."""
    return argument if argument.startswith("--") else _ADDRESS.sub(setup.address, argument)


def _without(arguments: Sequence[str], flag: str) -> list[str]:
    """The arguments without an option and its value."""
    found = list(arguments)
    if flag in found:
        start = found.index(flag)
        del found[start : start + 2]
    return found


def _with(arguments: Sequence[str], flag: str, value: str) -> list[str]:
    """The arguments with an option's value replaced, or the option added at the end."""
    found = list(arguments)
    if flag not in found:
        return [*found, flag, value]
    found[found.index(flag) + 1] = value
    return found
