"""Running helm on a release: progress, Ctrl-C, and the reason for a failure."""

from __future__ import annotations

import signal
from collections.abc import Callable

from mops.chart.helm import Running
from mops.deploy.output import Output
from mops.deploy.plan import Plan
from mops.deploy.release import DEPLOYED
from mops.deploy.watch import Watch
from mops.deploy.workspace import Workspace
from mops.model.problems import EnvironmentFailure
from mops.model.signals import handled, interrupt

# Seconds. An upgrade that ends sooner needs neither progress nor the Kubernetes client.
_SOON = 5.0
_EVERY = 2.0
# Words in helm's messages about a passed time limit.
_TIMED_OUT = ("deadline exceeded", "timed out")


def run(plan: Plan, start: Callable[[], Running], limit: float, output: Output) -> None:
    """Starts helm and waits until it has applied a plan, reporting progress; `limit` in seconds.

    Raises EnvironmentFailure with the reason and the state of the release if helm fails. On Ctrl-C
    helm rolls back, and KeyboardInterrupt is raised; SIGTERM and SIGHUP act like Ctrl-C, so that
    mops never leaves a helm running.
    """
    workspace = plan.workspace
    watch = Watch(workspace.target, plan.wanted, workspace.client, output.note)
    with handled((signal.SIGTERM, signal.SIGHUP), interrupt), start() as running:
        try:
            _wait(running, watch, 2 * limit + 60)
            running.result()
        except KeyboardInterrupt:
            _roll_back(workspace, running, watch, output)
            raise
        except EnvironmentFailure as failure:
            raise EnvironmentFailure(_explained(workspace, failure, watch, limit, output)) from None


def _wait(running: Running, watch: Watch, most: float) -> None:
    """Waits for helm to end. Raises EnvironmentFailure if it takes longer than `most` seconds."""
    passed = _SOON
    if running.ended(_SOON):
        return
    while True:
        watch.look()
        if running.ended(_EVERY):
            return
        passed += _EVERY
        if passed > most:
            raise EnvironmentFailure(f"helm did not finish within {most:g} s")


def _roll_back(workspace: Workspace, running: Running, watch: Watch, output: Output) -> None:
    """Makes helm roll back and reports the result; a second Ctrl-C ends helm immediately."""
    output.note("stopping; helm is rolling back (press Ctrl-C again to leave everything as it is)")
    running.interrupt()
    try:
        while not running.ended(_EVERY):
            watch.look()
    except KeyboardInterrupt:
        running.stop()
    output.note(_state(workspace))


def _explained(
    workspace: Workspace, failure: EnvironmentFailure, watch: Watch, limit: float, output: Output
) -> str:
    """What failed and why, and the state of the release."""
    state = _state(workspace)
    timed_out = any(words in str(failure) for words in _TIMED_OUT)
    if not watch.last and not (timed_out and watch.counts):
        return f"{failure}; {state}"
    for line in watch.reasons():
        output.line(line)
    why = watch.last[0].text if watch.last else f"{watch.counts}; no event explains why"
    return f"the pods were not ready within {limit:g} s: {why}; {state}"


def _state(workspace: Workspace) -> str:
    """The state of the release, as helm reports it."""
    name = workspace.target.name
    try:
        revision, status = workspace.releases.state()
        history = {entry.number: entry for entry in workspace.releases.history()}
    except EnvironmentFailure as failure:
        return f"the state of {name} is unknown: {failure}"
    if not revision:
        return f"{name} is not deployed"
    if status == DEPLOYED:
        description = history[revision].description
        details = f" ({description[:1].lower()}{description[1:]})" if description else ""
        return f"{name} is deployed: revision {revision}{details}"
    recovery = workspace.recovery(status)
    return f"{name} is stuck in {status} at revision {revision}; run {recovery} to recover"
