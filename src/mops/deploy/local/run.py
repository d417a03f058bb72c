"""One run of a workspace on this machine, from the first process to the last."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mops.deploy.deployments import (
    DASHBOARD_PORT,
    SCHEDULER_PORT,
    Manifest,
    is_deployment,
    is_scheduler,
    named_port,
)
from mops.deploy.local.container import LOOPBACK, POD_TMP, Setup
from mops.deploy.local.machine import (
    INSTALL_DASK,
    find_dask,
    free_port,
    this_machine,
    worker_count,
)
from mops.deploy.local.processes import Process, ProcessPlan, plan_processes
from mops.deploy.local.state import Facts, State, state_of
from mops.deploy.local.supervisor import Supervisor
from mops.deploy.output import Output
from mops.deploy.release import Target
from mops.model.problems import EnvironmentFailure
from mops.model.signals import handled
from mops.model.spelling import counted
from mops.report.text import printable

# Seconds between two checks of the processes, and for which `down` waits for them.
_EVERY = 0.25
_DOWN = 60.0


class LocalWorkspace(NamedTuple):
    """What a run starts: `dask` is the command that runs Dask, `environ` its environment."""

    target: Target
    manifests: Sequence[Manifest]
    dask: tuple[str, ...]
    environ: Mapping[str, str]

    def plan(self, setup: Setup) -> ProcessPlan:
        """The processes of the workspace on this machine."""
        return plan_processes(self.manifests, setup, this_machine(), self.environ)


def local_workspace(
    target: Target, manifests: Sequence[Manifest], environ: Mapping[str, str]
) -> LocalWorkspace:
    """A workspace for this machine. Raises EnvironmentFailure if Dask is not installed."""
    return LocalWorkspace(target, manifests, find_dask(environ), environ)


def dry_run(workspace: LocalWorkspace) -> list[str]:
    """What a run would start, as lines for people."""
    setup = Setup(POD_TMP, 0, 0, workspace.target.namespace, workspace.dask)
    plan = workspace.plan(setup)
    return [*plan.notes, *(f"{entry.name}: {' '.join(entry.command)}" for entry in plan.processes)]


@contextlib.contextmanager
def local_run(
    workspace: LocalWorkspace, limit: float, output: Output, *, quiet: bool
) -> Iterator[Run]:
    """A run that has not started yet; its processes are stopped at the end of the context.

    `limit` are the seconds in which the scheduler, and then the workers, must answer. Unless
    `quiet`, every line that the processes write goes to the output. Raises EnvironmentFailure if
    the workspace is already running.
    """
    state = state_of(workspace.target, workspace.environ)
    with (
        _stopped_by_signals() as stopping,
        state.held(),
        tempfile.TemporaryDirectory(prefix="mops-local-") as directory,
    ):
        setup = _setup(workspace, directory)
        plan = workspace.plan(setup)
        for note in plan.notes:
            output.note(printable(note))
        logs = os.path.join(directory, "logs")
        os.mkdir(logs, 0o700)

        def say(name: str, text: str) -> None:
            if not quiet:
                output.line(printable(f"{name}: {text}"))

        supervisor = Supervisor(plan.processes, logs, say, output.note)
        try:
            yield Run(state, setup, plan.processes, supervisor, logs, stopping, limit, output)
        finally:
            output.note("stopping")
            supervisor.stop()
        output.note("all processes have stopped")


class Run(NamedTuple):
    """A run of a workspace; the event `stopping` ends it."""

    state: State
    setup: Setup
    processes: Sequence[Process]
    supervisor: Supervisor
    logs: str
    stopping: threading.Event
    limit: float
    output: Output

    @property
    def summary(self) -> str:
        """Where the scheduler and the dashboard answer, and the number of worker processes."""
        return (
            f"scheduler  {self.setup.address}\n"
            f"dashboard  {dashboard_url(self.setup.dashboard)}\n"
            f"workers    {counted(self._workers, 'process')}\n"
        )

    def start(self) -> bool:
        """Starts all processes and waits until they answer; False if it is stopped before.

        Raises EnvironmentFailure if they do not answer in time, or exit.
        """
        self.supervisor.start(scheduler=True)
        self._record()
        if not self._wait_until(lambda: self._count() is not None, "the scheduler"):
            return False
        self.supervisor.start(scheduler=False)
        self._record()
        return self._wait_until(lambda: (self._count() or 0) >= self._workers, "the workers")

    def keep(self) -> None:
        """Keeps the processes running until the user or the scheduler itself stops them."""
        pids = self.supervisor.pids()
        while not self.stopping.wait(_EVERY):
            self._check_processes()
            if self.supervisor.pids() != pids:
                pids = self.supervisor.pids()
                self._record()

    @property
    def _workers(self) -> int:
        return sum(process.size for process in self.processes if not process.scheduler)

    def _count(self) -> int | None:
        return worker_count(self.setup.dashboard, self.setup.address)

    def _record(self) -> None:
        self.state.write(
            Facts(
                os.getpid(),
                self.setup.address,
                self.setup.dashboard,
                self.logs,
                self.supervisor.pids(),
            )
        )

    def _wait_until(self, condition: Callable[[], bool], what: str) -> bool:
        """Waits for a condition; False if the run is stopped."""
        deadline = time.monotonic() + self.limit
        while not self.stopping.is_set():
            if condition():
                return True
            self._check_processes()
            if time.monotonic() > deadline:
                raise EnvironmentFailure(f"{what} did not answer within {self.limit:g} s")
            self.stopping.wait(_EVERY)
        return False

    def _check_processes(self) -> None:
        """Restarts workers that exited, and stops the run with a scheduler that has stopped.

        Raises EnvironmentFailure if a process cannot be kept running.
        """
        name = self.supervisor.restart_exited()
        if not name:
            return
        is_scheduler = any(each.scheduler for each in self.processes if each.name == name)
        if is_scheduler and self.supervisor.exit_code(name) == 0:
            reason = "it was idle for too long, or a client shut it down"
            self.output.note(f"{name} has stopped: {reason}")
            self.stopping.set()
            return
        # The last lines of its output may not have arrived yet.
        time.sleep(_EVERY)
        end = list(self.supervisor.ends.get(name, ()))
        for line in end:
            self.output.line(printable(f"  {name} | {line}"))
        lacks_command = any("No such command" in line for line in end)
        hint = f"; this dask has no such command: {INSTALL_DASK}" if lacks_command else ""
        code = self.supervisor.exit_code(name)
        raise EnvironmentFailure(f"{name} exited with code {code}{hint}")


def dashboard_url(port: int) -> str:
    """The URL of a dashboard on this machine."""
    return f"http://{LOOPBACK}:{port}/status"


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C, SIGTERM and SIGHUP set, so that nothing is interrupted halfway."""
    stopping = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    with handled(numbers, lambda _number, _frame: stopping.set()):
        yield stopping


def _setup(workspace: LocalWorkspace, directory: str) -> Setup:
    """The scheduler's ports, or free ones if those are in use, and an empty directory for /tmp."""
    pods = next(
        entry["spec"]["template"]["spec"]
        for entry in workspace.manifests
        if is_deployment(entry) and is_scheduler(entry)
    )
    port, dashboard = (
        free_port(named_port(pods, name)) for name in (SCHEDULER_PORT, DASHBOARD_PORT)
    )
    tmp = os.path.join(directory, "tmp")
    os.mkdir(tmp, 0o700)
    return Setup(tmp, port, dashboard, workspace.target.namespace, workspace.dask)


def stop_run(state: State, facts: Facts) -> None:
    """Stops the run of another mops. Raises EnvironmentFailure if it does not end in time."""
    if facts.pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(facts.pid, signal.SIGTERM)
    deadline = time.monotonic() + _DOWN
    while state.read() is not None:
        if time.monotonic() > deadline:
            raise EnvironmentFailure(f"process {facts.pid} did not stop within {_DOWN:g} s")
        time.sleep(_EVERY)
