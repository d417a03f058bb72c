"""The scheduler and the workers of rendered manifests as processes of this machine: what each pod would run, adapted, and supervised."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from mops.deploy.drift import COMPONENT, DEPLOYMENT, SCHEDULER
from mops.model.quantities import human

LOOPBACK = "127.0.0.1"
LEAST_MEMORY = 64 * 2**20

# Variables of the user's shell that would decide what only the configuration should.
_OTHERS = ("DASK_", "MODELOPS_")
_TLS = ("DASK_DISTRIBUTED__COMM__TLS__", "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION")
_TMP = re.compile(r"(?<![\w./)-])/tmp(?=/|$|[:;,])")
_REFERENCE = re.compile(r"\$\$|\$\(([^)]+)\)")
_ADDRESS = re.compile(r"(tcp|tls)://[^/:]+:[0-9]+")
_PATIENCE = 6.0
_PAUSE = 0.1
_TAIL = 15
_RESTARTS = 5
# Ends the process when mops is killed so hard that it can stop nothing.
_LEASH = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.getppid() == int(sys.argv[1]) and os.execvp(sys.argv[2], sys.argv[2:])"


class Machine(NamedTuple):
    """What this machine has: bytes of memory, and CPUs."""

    memory: int
    cpus: int


class Place(NamedTuple):
    """Where the processes run: a folder that stands for /tmp, the ports, the namespace's name, and the command that is `dask` here."""

    folder: str
    port: int
    dashboard: int
    namespace: str
    dask: tuple[str, ...] = ("dask",)

    @property
    def address(self) -> str:
        """Where clients reach the scheduler."""
        return f"tcp://{LOOPBACK}:{self.port}"


class Process(NamedTuple):
    """One pod as a process; `size` is how many Dask processes it starts."""

    name: str
    scheduler: bool
    command: tuple[str, ...]
    environ: dict[str, str]
    size: int = 1


class Crew(NamedTuple):
    """All processes, the scheduler first, and what was adapted beyond addresses and paths."""

    processes: tuple[Process, ...]
    notes: tuple[str, ...]


class _Pod(NamedTuple):
    """A Deployment's main container, how often it runs, and how many Dask processes with how many bytes each it has."""

    deployment: str
    scheduler: bool
    container: Mapping[str, Any]
    replicas: int
    processes: int
    memory: int


# What runs: pure.


def crew(
    manifests: Sequence[Mapping[str, Any]],
    place: Place,
    machine: Machine,
    environ: Mapping[str, str],
) -> Crew:
    """The processes that the manifests' Deployments make, with `environ` below the containers' own variables."""
    notes: list[str] = []
    pods = [_pod(entry, manifests) for entry in manifests if entry["kind"] == DEPLOYMENT]
    pods = [_fewer(pod, machine, notes) for pod in pods]
    memory = _memory(pods, machine, notes)
    surroundings = _surroundings(environ)
    found = []
    for pod in sorted(pods, key=lambda pod: not pod.scheduler):
        for number in range(pod.replicas):
            name = f"{pod.deployment}-{number}" if not pod.scheduler else pod.deployment
            variables = _environ(name, pod, place, environ, notes)
            command = _command(pod, place, variables, memory.get(pod.deployment))
            found.append(
                Process(name, pod.scheduler, command, {**surroundings, **variables}, pod.processes)
            )
    return Crew(tuple(found), tuple(dict.fromkeys(notes)))


def _pod(manifest: Mapping[str, Any], manifests: Sequence[Mapping[str, Any]]) -> _Pod:
    name = manifest["metadata"]["name"]
    container = manifest["spec"]["template"]["spec"]["containers"][0]
    replicas = manifest["spec"].get("replicas")
    if replicas is None:
        spec: Mapping[str, Any] = next(
            (
                entry["spec"]
                for entry in manifests
                if (entry.get("spec") or {}).get("scaleTargetRef", {}).get("name") == name
            ),
            {},
        )
        replicas = spec.get("minReplicas", spec.get("minReplicaCount", 1))
    arguments = [str(argument) for argument in container.get("args") or ()]
    scheduler = (manifest["metadata"].get("labels") or {}).get(COMPONENT) == SCHEDULER
    return _Pod(
        name,
        scheduler,
        container,
        int(replicas),
        int(_value(arguments, "--nworkers") or 1),
        int(_value(arguments, "--memory-limit") or 0),
    )


def _fewer(pod: _Pod, machine: Machine, notes: list[str]) -> _Pod:
    """No more worker pods than this machine can run side by side."""
    most = max(1, 2 * machine.cpus // pod.processes)
    if pod.scheduler or pod.replicas <= most:
        return pod
    notes.append(
        f"{pod.deployment}: {most} of {pod.replicas} pods, for this machine has {machine.cpus} CPUs (--replicas says how many)"
    )
    return pod._replace(replicas=most)


def _memory(pods: Iterable[_Pod], machine: Machine, notes: list[str]) -> dict[str, int]:
    """The limit of each process where all together would be more than this machine has."""
    workers = [pod for pod in pods if not pod.scheduler and pod.memory]
    total = sum(pod.replicas * pod.processes * pod.memory for pod in workers)
    if total <= machine.memory:
        return {}
    capped = {
        pod.deployment: max(LEAST_MEMORY, pod.memory * machine.memory // total) for pod in workers
    }
    has = f"for this machine has {human(machine.memory)}"
    notes.extend(
        f"{pod.deployment}: the memory limit of each process is {human(capped[pod.deployment])} instead of {human(pod.memory)}, {has}"
        for pod in workers
    )
    return capped


def _environ(
    name: str, pod: _Pod, place: Place, environ: Mapping[str, str], notes: list[str]
) -> dict[str, str]:
    """The container's variables, as far as they are known here."""
    facts = {
        "metadata.name": name,
        "metadata.namespace": place.namespace,
        "status.podIP": LOOPBACK,
        "status.hostIP": LOOPBACK,
        "spec.nodeName": "localhost",
    }
    own: dict[str, str] = {}
    for entry in pod.container.get("env") or ():
        key, source = str(entry["name"]), entry.get("valueFrom")
        if key.startswith(_TLS):
            notes.append("TLS is left out: its certificates are a Secret of the cluster")
        elif source is None:
            own[key] = expanded(_moved(str(entry.get("value") or ""), place), own)
        elif (source.get("fieldRef") or {}).get("fieldPath") in facts:
            own[key] = facts[source["fieldRef"]["fieldPath"]]
        elif key in environ:
            own[key] = environ[key]
            notes.append(f"{key} is taken from your environment: {_of(source)} is in the cluster")
        else:
            notes.append(
                f"{key} is not set: {_of(source)} is in the cluster (export {key} to set it)"
            )
    notes.extend(
        f"{_of(entry)} is in the cluster: what it sets is not set here"
        for entry in pod.container.get("envFrom") or ()
    )
    return own


def _surroundings(environ: Mapping[str, str]) -> dict[str, str]:
    """This machine's variables, without those that would decide what only the configuration should."""
    found = {key: value for key, value in environ.items() if not key.startswith(_OTHERS)}
    if environ.get("HOME"):
        # HOME becomes the pod's; what users installed for themselves stays to be found.
        found.setdefault("PYTHONUSERBASE", os.path.join(environ["HOME"], ".local"))
    return found


def _of(source: Mapping[str, Any]) -> str:
    """What a variable comes from, for people."""
    kind, inner = next(
        ((kind, inner) for kind, inner in source.items() if isinstance(inner, Mapping)), ("", {})
    )
    return f"{kind} {inner.get('name') or inner.get('fieldPath') or inner.get('resource') or ''}".rstrip()


def _moved(text: str, place: Place) -> str:
    """`text` with the place's folder for /tmp."""
    return _TMP.sub(lambda _: place.folder, text)


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """`text` with $(NAME) replaced as Kubernetes does: what is not known stays, and $$ is a plain $."""
    return _REFERENCE.sub(
        lambda found: "$" if found[0] == "$$" else variables.get(found[1], found[0]), text
    )


def _command(
    pod: _Pod, place: Place, variables: Mapping[str, str], memory: int | None
) -> tuple[str, ...]:
    """The container's command with addresses and ports of this machine."""
    command = [str(part) for part in pod.container.get("command") or ()]
    arguments = [
        expanded(_moved(str(argument), place), variables)
        for argument in pod.container.get("args") or ()
    ]
    if pod.scheduler:
        settings = {
            "--port": str(place.port),
            "--dashboard-address": f"{LOOPBACK}:{place.dashboard}",
            "--host": LOOPBACK,
        }
    else:
        settings = {
            "--dashboard-address": f"{LOOPBACK}:0",
            "--host": LOOPBACK,
            **({"--memory-limit": str(memory)} if memory else {}),
        }
        arguments = [
            _ADDRESS.sub(place.address, argument) if not argument.startswith("--") else argument
            for argument in arguments
        ]
    arguments = _without(arguments, "--protocol")
    for flag, value in settings.items():
        arguments = _with(arguments, flag, value)
    return (*(place.dask if command[:1] == ["dask"] else command[:1]), *command[1:], *arguments)


def _value(arguments: Sequence[str], flag: str) -> str:
    """The value of a flag; "" without it."""
    return next((after for before, after in pairwise(arguments) if before == flag), "")


def _without(arguments: Sequence[str], flag: str) -> list[str]:
    found = list(arguments)
    if flag in found:
        del found[found.index(flag) : found.index(flag) + 2]
    return found


def _with(arguments: Sequence[str], flag: str, value: str) -> list[str]:
    """The arguments with the flag's value replaced, or added at the end."""
    found = list(arguments)
    if flag in found:
        found[found.index(flag) + 1] = value
        return found
    return [*found, flag, value]


# The processes.


class Supervisor:
    """Runs a crew until it is told to stop: what falls over is started again, and nothing is left behind.

    `say` gets each line that a process writes, with the process's name; `note` what the supervisor does.
    """

    def __init__(
        self,
        processes: Sequence[Process],
        logs: str,
        say: Callable[[str, str], None],
        note: Callable[[str], None],
    ) -> None:
        self._crew = processes
        self._logs = logs
        self._say, self._note = say, note
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._readers: list[threading.Thread] = []
        self._starts: dict[str, int] = {}
        self._due: dict[str, float] = {}
        self._swept: list[subprocess.Popen[bytes]] = []
        self.ends: dict[str, deque[str]] = {}

    def start(self, *, scheduler: bool) -> None:
        """Starts the scheduler, or the workers."""
        for process in self._crew:
            if process.scheduler == scheduler:
                self._start(process)

    def pids(self) -> dict[str, int]:
        """The processes that were started last, by name."""
        return {name: process.pid for name, process in self._running.items()}

    def look(self) -> str:
        """Starts what has ended again; the name of a process that cannot be kept running, "" where all is well."""
        for process in self._crew:
            running = self._running.get(process.name)
            if running is None or running.poll() is None:
                continue
            if process.scheduler or self._starts[process.name] > _RESTARTS:
                return process.name
            if process.name not in self._due:
                # At once: later its id may be somebody else's.
                self._sweep(running)
                self._due[process.name] = time.monotonic() + 2 ** self._starts[process.name] / 4
                self._note(f"{process.name} ended with {running.returncode}; it is started again")
            elif time.monotonic() >= self._due[process.name]:
                del self._due[process.name]
                self._start(process)
        return ""

    def code(self, name: str) -> int | None:
        """How a process ended."""
        return self._running[name].poll()

    def stop(self) -> None:
        """Ends everything: the workers first, by request and then by force."""
        for group in (False, True):
            mine = [
                self._running[process.name]
                for process in self._crew
                if process.scheduler == group and process.name in self._running
            ]
            for running in mine:
                with contextlib.suppress(ProcessLookupError):
                    running.terminate()
            deadline = time.monotonic() + _PATIENCE
            for running in mine:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    running.wait(max(0.0, deadline - time.monotonic()))
                self._sweep(running)
        for reader in self._readers:
            reader.join(_PATIENCE)

    def _start(self, process: Process) -> None:
        self._starts[process.name] = self._starts.get(process.name, 0) + 1
        leash = (
            (sys.executable, "-I", "-S", "-c", _LEASH, str(os.getpid()))
            if sys.platform == "linux"
            else ()
        )
        running = subprocess.Popen(
            [*leash, *process.command],
            env=process.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._running[process.name] = running
        end = self.ends.setdefault(process.name, deque(maxlen=_TAIL))
        reader = threading.Thread(target=self._read, args=(process.name, running, end), daemon=True)
        self._readers.append(reader)
        reader.start()

    def _read(self, name: str, running: subprocess.Popen[bytes], end: deque[str]) -> None:
        """Carries a process's lines into its log and to the user."""
        assert running.stdout is not None
        with (
            running.stdout,
            open(os.path.join(self._logs, f"{name}.log"), "ab", buffering=0) as log,
        ):
            for line in running.stdout:
                log.write(line)
                text = line.decode("utf-8", "replace").rstrip()
                end.append(text)
                self._say(name, text)

    def _sweep(self, running: subprocess.Popen[bytes]) -> None:
        """Ends what is left of a process's group, once, and waits until it is gone."""
        if running in self._swept:
            return
        self._swept.append(running)
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            try:
                os.killpg(running.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                break
            running.poll()
            time.sleep(_PAUSE / 10)
        running.wait()


def lines(folder: str, part: str, tail: int) -> Iterator[tuple[str, str]]:
    """The last lines of the logs in a folder: (process, line)."""
    for name in sorted(os.listdir(folder)):
        process = name.removesuffix(".log")
        if part in ("", process):
            with open(os.path.join(folder, name), "rb") as file:
                found = file.read().decode("utf-8", "replace").splitlines()
            yield from ((process, line) for line in found[len(found) - min(tail, len(found)) :])
