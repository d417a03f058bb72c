"""`mops workspace up --local` and what looks at it: the workspace as processes of this machine, until Ctrl-C."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple

from mops.chart import helm
from mops.cli import flags, streams
from mops.cli import workspace as live_cli
from mops.deploy.local import LOOPBACK, Crew, Machine, Place, Supervisor, crew, lines
from mops.deploy.release import Releases, Target
from mops.model import disk
from mops.model.problems import DIFFERENCE, OK, EnvironmentFailure
from mops.report.text import json_text, printable
from mops.schema.fields import SettingsSchema
from mops.yamltext.writer import dump

_EVERY = 0.25
_DOWN = 60.0
_ENOUGH = 15
_HOW = "put the environment that has it on the PATH, or install it there: pip install 'dask[distributed]'"


class State(NamedTuple):
    """The folder that says what runs of a workspace; whoever holds its lock is what runs it."""

    folder: str

    @property
    def file(self) -> str:
        """The file with the facts."""
        return os.path.join(self.folder, "state.json")

    def read(self) -> dict[str, Any] | None:
        """The facts; None where nothing runs."""
        try:
            with open(os.path.join(self.folder, "lock"), "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            with (
                contextlib.suppress(OSError, ValueError),
                open(self.file, encoding="utf-8") as file,
            ):
                found: dict[str, Any] = json.load(file)
                return found
            return {}
        return None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Holds the lock; EnvironmentFailure where another mops does."""
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            lock = open(os.path.join(self.folder, "lock"), "wb")
        except OSError as error:
            raise EnvironmentFailure(f"{self.folder}: {error.strerror}") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise EnvironmentFailure(
                    f"this workspace runs here already (process {(self.read() or {}).get('pid', 'not known')}): stop it, or choose another --release-name"
                ) from None
            try:
                yield
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self.file)


def up_local(given: flags.Given, schema: SettingsSchema) -> int:
    """Runs the workspace here until Ctrl-C; the exit code."""
    limit = live_cli.timeout(given)
    verdict = live_cli.configuration(given, schema, warn=True)
    target = live_cli.named(verdict.config)
    manifests = Releases(helm.find(os.environ, offline=True), target).rendered(dump(verdict.values))
    dask = _dask(os.environ)
    machine = Machine(_memory(), os.cpu_count() or 1)
    if given.get("dry_run"):
        plan = crew(manifests, Place("/tmp", 0, 0, target.namespace, dask), machine, os.environ)
        for line in (
            *plan.notes,
            *(f"{process.name}: {' '.join(process.command)}" for process in plan.processes),
        ):
            streams.note(printable(line))
        return OK
    with (
        _signals() as stopping,
        _state(target).held(),
        tempfile.TemporaryDirectory(prefix="mops-local-") as folder,
    ):
        place = _place(verdict.values, folder, target, dask)
        return _run(
            _Run(
                given,
                _state(target),
                crew(manifests, place, machine, os.environ),
                place,
                stopping,
                limit,
            )
        )


class _Run(NamedTuple):
    """One run: what is asked, what starts, and the event that ends it."""

    given: flags.Given
    state: State
    crew: Crew
    place: Place
    stopping: threading.Event
    limit: float


def _run(run: _Run) -> int:
    for text in run.crew.notes:
        streams.note(printable(text))
    logs = os.path.join(os.path.dirname(run.place.folder), "logs")
    os.mkdir(logs, 0o700)
    quiet = bool(run.given.get("quiet"))

    def say(name: str, text: str) -> None:
        if not quiet:
            streams.line(printable(f"{name}: {text}"))

    supervisor = Supervisor(run.crew.processes, logs, say, streams.note)
    try:
        supervisor.start(scheduler=True)
        _write(run, supervisor, logs)
        if _until(run, supervisor, lambda: _count(run.place) is not None, "the scheduler"):
            supervisor.start(scheduler=False)
            _write(run, supervisor, logs)
            wanted = sum(process.size for process in run.crew.processes if not process.scheduler)
            if _until(run, supervisor, lambda: (_count(run.place) or 0) >= wanted, "the workers"):
                _ready(run, wanted)
                _keep(run, supervisor, logs)
    finally:
        streams.note("stopping")
        supervisor.stop()
    streams.note("all processes are stopped")
    return OK


def _until(run: _Run, supervisor: Supervisor, condition: Any, what: str) -> bool:
    """Waits for a condition: False where the user stops it; EnvironmentFailure where it cannot come."""
    deadline = time.monotonic() + run.limit
    while not run.stopping.is_set():
        if condition():
            return True
        _failed(supervisor, supervisor.look())
        if time.monotonic() > deadline:
            raise EnvironmentFailure(f"{what} did not answer within {run.limit:g} s")
        run.stopping.wait(_EVERY)
    return False


def _keep(run: _Run, supervisor: Supervisor, logs: str) -> None:
    """Keeps it running until the user stops it."""
    pids = supervisor.pids()
    while not run.stopping.wait(_EVERY):
        _failed(supervisor, supervisor.look())
        if supervisor.pids() != pids:
            pids = supervisor.pids()
            _write(run, supervisor, logs)


def _failed(supervisor: Supervisor, name: str) -> None:
    """EnvironmentFailure with the last lines of a process that cannot be kept running."""
    if not name:
        return
    time.sleep(_EVERY)
    end = list(supervisor.ends.get(name, ()))[-_ENOUGH:]
    for line in end:
        streams.line(printable(f"  {name} | {line}"))
    hint = (
        f"; this dask has no such command: {_HOW}"
        if any("No such command" in line for line in end)
        else ""
    )
    raise EnvironmentFailure(f"{name} ended with {supervisor.code(name)}{hint}")


def _ready(run: _Run, workers: int) -> None:
    threads = "" if workers == 1 else "s"
    streams.out(
        f"scheduler  {run.place.address}\ndashboard  http://{LOOPBACK}:{run.place.dashboard}/status\nworkers    {workers} process{'es' if threads else ''}\n"
    )
    streams.note("running; Ctrl-C stops all")


def status_local(given: flags.Given, schema: SettingsSchema) -> int:
    """Prints what runs here of the workspace."""
    as_json = live_cli.as_json(given)
    target = live_cli.named(live_cli.configuration(given, schema, warn=False).config)
    found = _state(target).read()
    alive = {name: _alive(pid) for name, pid in (found or {}).get("pids", {}).items()}
    workers = _workers(int(found["dashboard"]), str(found["address"])) if found else None
    if as_json:
        streams.out(
            json_text(
                {
                    "release": target.name,
                    "running": found is not None,
                    **(found or {}),
                    "alive": alive,
                    "workers": workers,
                }
            )
        )
    elif found is None:
        streams.out(f"{target.name} does not run here\n")
    else:
        rows = [
            ("scheduler", found.get("address", "not yet")),
            ("dashboard", f"http://{LOOPBACK}:{found.get('dashboard')}/status"),
            ("workers", str(workers if workers is not None else "none yet")),
        ]
        rows += [
            (name, f"process {pid}{'' if alive[name] else ' (ended)'}")
            for name, pid in found.get("pids", {}).items()
        ]
        streams.out("".join(f"{name:20} {text}\n" for name, text in rows))
    return (
        DIFFERENCE if given.get("exit_code") and (found is None or not all(alive.values())) else OK
    )


def logs_local(given: flags.Given, schema: SettingsSchema, part: str) -> int:
    """Prints the ends of the logs of what runs here."""
    tail = live_cli.tail_of(given)
    target = live_cli.named(live_cli.configuration(given, schema, warn=False).config)
    found = _state(target).read()
    if not found:
        raise EnvironmentFailure(f"{target.name} does not run here")
    names = [
        name
        for name in found["pids"]
        if part in ("", name) or (part == "scheduler") == name.endswith("-scheduler")
    ]
    streams.out(
        "".join(
            f"{name}: {line}\n" for name in names for _, line in lines(found["logs"], name, tail)
        )
    )
    return OK


def down_local(given: flags.Given, schema: SettingsSchema) -> int:
    """Stops what runs here of the workspace, and waits until it is gone."""
    target = live_cli.named(live_cli.configuration(given, schema, warn=False).config)
    state = _state(target)
    found = state.read()
    if found is None:
        streams.note(f"{target.name} does not run here")
        return OK
    if not live_cli.confirm(given, f"Stop {target.name} on this machine? Running work is lost."):
        streams.note("nothing was changed")
        return OK
    with contextlib.suppress(ProcessLookupError, KeyError):
        os.kill(found["pid"], signal.SIGTERM)
    deadline = time.monotonic() + _DOWN
    while state.read() is not None:
        if time.monotonic() > deadline:
            raise EnvironmentFailure(f"process {found.get('pid')} does not stop")
        time.sleep(_EVERY)
    streams.note(f"{target.name} is stopped")
    return OK


@contextlib.contextmanager
def _signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C, SIGTERM and SIGHUP set: nothing is ever interrupted half-way."""
    stopping = threading.Event()

    def stop(*_: object) -> None:
        stopping.set()

    before = {
        number: signal.signal(number, stop)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _state(target: Target) -> State:
    home = os.environ.get("XDG_STATE_HOME") or (
        os.path.join(os.environ["HOME"], ".local", "state") if os.environ.get("HOME") else ""
    )
    if not home:
        raise EnvironmentFailure(
            "there is neither HOME nor XDG_STATE_HOME to say in what runs here"
        )
    return State(os.path.join(home, "mops", "local", f"{target.namespace}.{target.name}"))


def _write(run: _Run, supervisor: Supervisor, logs: str) -> None:
    facts = {
        "pid": os.getpid(),
        "address": run.place.address,
        "dashboard": run.place.dashboard,
        "logs": logs,
        "pids": supervisor.pids(),
    }
    disk.write(json.dumps(facts), run.state.file)


def _place(found: Mapping[str, Any], folder: str, target: Target, dask: tuple[str, ...]) -> Place:
    """The configured ports, or free ones where those are taken."""
    ports = [_free(int(found["scheduler"][name])) for name in ("port", "dashboardPort")]
    temporary = os.path.join(folder, "tmp")
    os.mkdir(temporary, 0o700)
    return Place(temporary, ports[0], ports[1], target.namespace, dask)


def _free(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EnvironmentFailure("no port is free")


def _dask(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The command that is `dask` in the active environment; EnvironmentFailure where it has none."""
    path = environ.get("PATH", os.defpath)
    program = shutil.which("dask", path=path)
    if program:
        return (program,)
    for python in filter(
        None,
        (shutil.which("python", path=path), shutil.which("python3", path=path), sys.executable),
    ):
        asked = subprocess.run(
            [
                python,
                "-c",
                "import importlib.util as u, sys; sys.exit(not (u.find_spec('dask') and u.find_spec('distributed')))",
            ],
            capture_output=True,
            check=False,
            timeout=_DOWN,
        )
        if asked.returncode == 0:
            return (python, "-m", "dask")
    raise EnvironmentFailure(f"there is no Dask in the active environment: {_HOW}")


def _memory() -> int:
    """The memory of this machine, or of the container that this is."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with (
        contextlib.suppress(OSError, ValueError),
        open("/sys/fs/cgroup/memory.max", encoding="ascii") as file,
    ):
        total = min(total, int(file.read()))
    return total


def _count(place: Place) -> int | None:
    return _workers(place.dashboard, place.address)


def _workers(dashboard: int, address: str) -> int | None:
    """The number of worker processes that the scheduler knows; None where it does not answer.

    A Dask that finds its port taken moves its dashboard elsewhere: EnvironmentFailure where another one answers.
    """
    connection = HTTPConnection(LOOPBACK, dashboard, timeout=2)
    try:
        connection.request("GET", "/json/identity.json")
        answer = connection.getresponse()
        found = json.loads(answer.read()) if answer.status == 200 else None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
    if not isinstance(found, dict):
        return None
    if found.get("address") != address:
        raise EnvironmentFailure(
            f"port {dashboard} was taken meanwhile by another Dask ({printable(str(found.get('address')))}): start again"
        )
    # Newer schedulers describe only some of their workers.
    return int(found.get("n_workers", len(found.get("workers") or ())))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
