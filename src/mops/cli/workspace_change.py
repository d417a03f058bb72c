"""`mops workspace up`, `diff`, `down`, `rollback`, `restart`: what changes a workspace in a cluster."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mops.cli import flags, streams
from mops.cli import workspace as live_cli
from mops.cli.workspace import Here, Plan
from mops.deploy import drift
from mops.model.layer import dotted
from mops.model.problems import DIFFERENCE, OK, EnvironmentFailure, UsageError
from mops.report.text import json_text, printable
from mops.schema.fields import SettingsSchema
from mops.yamltext.writer import dump

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mops.chart.helm import Running
    from mops.deploy.kube import Kube, Trouble

# An upgrade that is done within this time needs no progress, and spares the Kubernetes client.
_SOON, _EVERY = 5.0, 2.0
_LOG_LINES, _LOGS = 10, 3
# How helm says that time ran out.
_LATE = ("deadline exceeded", "timed out")


def up(given: flags.Given, schema: SettingsSchema) -> int:
    """Brings the configuration to the cluster, or to this machine; the exit code."""
    if given.get("local"):
        from mops.cli.workspace_local import up_local

        return up_local(given, schema)
    limit = live_cli.timeout(given)
    here = live_cli.opened(given, schema)
    live = here.releases.live()
    live_cli.settled(live, here)
    text = dump(here.verdict.values)
    made = live_cli.plan(here, live, here.releases.rendered(text), here.config)
    for line in live_cli.plan_lines(here, made):
        streams.line(line)
    if made.empty and live is not None and live.status == "deployed":
        streams.note(f"nothing to change: revision {live.revision} is what the configuration says")
        _report(here, made)
        return OK
    if given.get("dry_run"):
        here.releases.tried(text)
        streams.note("nothing was changed (--dry-run)")
        return OK
    if not live_cli.confirm(given, f"Deploy {here.target.name} to {here.target.namespace}?"):
        streams.note("nothing was changed")
        return OK
    _namespace(here, live is not None)
    with _interruptible():
        _finish(here, made, lambda: here.releases.upgrade(text, limit), limit)
    _report(here, made)
    return OK


def diff(given: flags.Given, schema: SettingsSchema) -> int:
    """Prints what `up` would change; the exit code says whether that is anything."""
    data = live_cli.as_json(given)
    here = live_cli.opened(given, schema)
    live = here.releases.live()
    made = live_cli.plan(here, live, here.releases.rendered(dump(here.verdict.values)), here.config)
    if data:
        streams.out(json_text(plan_data(here, made)))
    else:
        streams.out("".join(f"{line}\n" for line in live_cli.plan_lines(here, made)))
        if made.empty and live is not None:
            streams.note(f"no difference to revision {live.revision}")
    return OK if made.empty else DIFFERENCE


def down(given: flags.Given, schema: SettingsSchema) -> int:
    """Removes the workspace; the namespace stays where it is not asked for."""
    if given.get("local"):
        from mops.cli.workspace_local import down_local

        return down_local(given, schema)
    limit = live_cli.timeout(given)
    here = live_cli.opened(given, schema, warn=False)
    revision, status = here.releases.state()
    if not revision and not given.get("delete_namespace"):
        streams.note(f"there is no release {here.target.name} in {here.target.namespace}")
        return OK
    whole = bool(given.get("delete_namespace"))
    others = here.releases.others() if whole else []
    if others:
        raise UsageError(
            f"--delete-namespace: {here.target.namespace} also holds the releases {', '.join(others)}"
        )
    question = (
        f"Remove {here.target.name} (revision {revision}, {status}) from {here.target.namespace}"
        if revision
        else f"Remove {here.target.namespace}"
    )
    if not live_cli.confirm(
        given,
        question
        + (", and the namespace with all that is in it?" if whole else "? Running work is lost."),
    ):
        streams.note("nothing was changed")
        return OK
    if revision:
        here.releases.uninstall(limit)
        streams.note(f"{here.target.name} is removed")
    if whole:
        _kube(here).delete_namespace(here.target.namespace)
        streams.note(f"the namespace {here.target.namespace} is being deleted")
    return OK


def rollback(given: flags.Given, schema: SettingsSchema, wanted: int | None) -> int:
    """Brings an earlier revision back; without a number the last one that was deployed before."""
    limit = live_cli.timeout(given)
    here = live_cli.opened(given, schema, warn=False)
    history = here.releases.history()
    current = here.releases.live()
    if not history or current is None:
        raise EnvironmentFailure(
            f"there is no release {here.target.name} in {here.target.namespace}"
        )
    good = [
        entry.number
        for entry in history
        if entry.status in ("deployed", "superseded")
        and (entry.number != current.revision or current.status != "deployed")
    ]
    number = wanted or (good[-1] if good else 0)
    if number not in [entry.number for entry in history]:
        raise UsageError(
            f"there is no revision {number} to go back to; there are {', '.join(str(entry.number) for entry in history)}"
            if number
            else "there is no earlier revision"
        )
    deployed = here.releases.values(number)
    back = current._replace(revision=number, values=deployed)
    former = live_cli.released(back, schema)
    made = live_cli.plan(
        here._replace(verdict=here.verdict._replace(config=former, values=deployed)),
        current,
        here.releases.manifest(number),
        former,
    )
    streams.note(f"revision {number}: {' < '.join(back.layers)}")
    for line in live_cli.plan_lines(
        here._replace(verdict=here.verdict._replace(config=former, values=deployed)), made
    ):
        streams.line(line)
    if not live_cli.confirm(given, f"Roll {here.target.name} back to revision {number}?"):
        streams.note("nothing was changed")
        return OK
    with _interruptible():
        _finish(here, made, lambda: here.releases.roll_back(number, limit), limit)
    return OK


def restart(given: flags.Given, schema: SettingsSchema, part: str) -> int:
    """Replaces the pods of the scheduler, of the workers, or of both."""
    from datetime import datetime, timezone

    from mops.deploy import kube

    here = live_cli.opened(given, schema, warn=False)
    if part not in ("", "scheduler", "workers"):
        raise UsageError(f"expected scheduler or workers, found {printable(part)}")
    client = _kube(here)
    chosen = kube.selector(
        here.target.name, {"scheduler": "scheduler", "workers": "worker"}.get(part, "")
    )
    names = [
        entry["metadata"]["name"] for entry in client.deployments(here.target.namespace, chosen)
    ]
    if not names:
        raise EnvironmentFailure(
            f"there is no {part or 'workspace'} of {here.target.name} in {here.target.namespace}"
        )
    if part != "workers":
        streams.note("the scheduler restarts, running computations are lost")
    if not live_cli.confirm(given, f"Restart {', '.join(names)}?"):
        streams.note("nothing was changed")
        return OK
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    for name in names:
        client.restart(here.target.namespace, name, now)
        streams.note(f"{name} restarts")
    return OK


def plan_data(here: Here, made: Plan) -> dict[str, Any]:
    """A plan as data."""
    return {
        "release": here.target.name,
        "namespace": here.target.namespace,
        "context": here.target.context,
        "revision": made.live.revision if made.live else 0,
        "values": [
            {
                "key": dotted(change.path),
                "old": live_cli.masked(here, change.path, change.old),
                "new": live_cli.masked(here, change.path, change.new),
            }
            for change in made.changes
        ],
        "objects": live_cli.differences_data(here, made),
        "pods": [
            {"deployment": impact.deployment, "impact": impact.text, "grave": impact.grave}
            for impact in made.impacts
        ],
    }


def _kube(here: Here) -> Kube:
    from mops.deploy.kube import Kube

    return Kube(here.target.context, os.environ)


def _namespace(here: Here, known: bool) -> None:
    """Makes the namespace, with labels that refuse pods which break out of their container."""
    if known:
        return
    from mops.deploy import kube

    client = _kube(here)
    found = client.namespace(here.target.namespace)
    if found is None:
        client.create_namespace(here.target.namespace, kube.SECURITY)
        streams.note(
            f'the namespace {here.target.namespace} is made; it admits only pods that are "restricted"'
        )
    elif found and not any(
        name.startswith("pod-security.kubernetes.io/")
        for name in found["metadata"].get("labels") or {}
    ):
        streams.note(
            f"the namespace {here.target.namespace} was there before and has no Pod Security labels; it is left as it is"
        )


@contextmanager
def _interruptible() -> Iterator[None]:
    """Makes SIGTERM and SIGHUP what Ctrl-C is, so that helm is never left at work alone."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupted) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _finish(here: Here, made: Plan, start: Callable[[], Running], limit: float) -> None:
    """Lets helm work, telling what it waits for; EnvironmentFailure with the reason where it fails."""
    watch = Watch(here, made)
    with start() as running:
        try:
            _wait(running, watch, 2 * limit + 60)
            running.result()
        except KeyboardInterrupt:
            _stopped(here, running, watch)
            raise
        except EnvironmentFailure as failure:
            raise EnvironmentFailure(_failed(here, failure, watch, limit)) from None


def _wait(running: Running, watch: Watch, most: float) -> None:
    passed = _SOON
    if running.ended(_SOON):
        return
    while True:
        watch.look()
        if running.ended(_EVERY):
            return
        passed += _EVERY
        if passed > most:
            raise EnvironmentFailure(f"helm: no end within {most:g} s")


def _stopped(here: Here, running: Running, watch: Watch) -> None:
    """After Ctrl-C: has helm roll back, and says what that came to. A second Ctrl-C leaves things as they are."""
    streams.note("stopping: helm rolls back (Ctrl-C again leaves everything as it is now)")
    running.interrupt()
    try:
        while not running.ended(_EVERY):
            watch.look()
    except KeyboardInterrupt:
        running.stop()
    streams.note(_state(here))


def _failed(here: Here, failure: EnvironmentFailure, watch: Watch, limit: float) -> str:
    """What failed, why, and what is deployed now."""
    state = _state(here)
    late = any(word in str(failure) for word in _LATE)
    if not (watch.last or (late and watch.counts)):
        return f"{failure}; {state}"
    for line in watch.reasons():
        streams.line(line)
    why = watch.last[0].text if watch.last else f"{watch.counts}, and no event tells why"
    return f"the pods were not ready within {limit:g} s: {why}; {state}"


def _state(here: Here) -> str:
    """What helm says of the release now."""
    try:
        revision, status = here.releases.state()
        history = {entry.number: entry for entry in here.releases.history()}
    except EnvironmentFailure as failure:
        return f"what is deployed now is not known: {failure}"
    if not revision:
        return f"{here.target.name} is not deployed"
    if status == "deployed":
        told = history[revision].description
        return f"{here.target.name} is deployed: revision {revision}{f' ({told[:1].lower()}{told[1:]})' if told else ''}"
    remedy = here.command("down") if status == "pending-install" else here.command("rollback")
    return f"{here.target.name} is left {status} at revision {revision}: {remedy} sets that right"


class Watch:
    """What an upgrade waits for: told as it changes, and kept for the case that it fails."""

    def __init__(self, here: Here, made: Plan) -> None:
        self.here = here
        self.deployments: Mapping[str, Any] = {
            entry["metadata"]["name"]: entry
            for entry in made.wanted
            if entry["kind"] == drift.DEPLOYMENT
        }
        self.last: list[Trouble] = []
        self.counts = ""
        self.logs: dict[str, tuple[int, list[str]]] = {}
        self._client: Kube | None = None
        self._blind = False
        self._told: set[str] = set()
        self._since = ""

    def look(self) -> None:
        """Looks at the pods and says what is new."""
        if self._blind:
            return
        try:
            self._look()
        except EnvironmentFailure as failure:
            # helm decides what becomes of the upgrade; that nothing can be told of it is said once.
            self._blind = True
            streams.note(f"no progress can be told: {printable(str(failure))}")

    def reasons(self) -> list[str]:
        """Why the pods are not ready, with the ends of the logs of those that crashed."""
        lines = []
        for trouble in _grouped(self.last):
            lines.append(f"  {trouble.pod}: {trouble.text}")
            lines += [f"    | {line}" for line in self.logs.get(trouble.pod, (0, []))[1]]
        return [printable(line) for line in lines]

    def _look(self) -> None:
        from mops.deploy import kube

        if self._client is None:
            self._client = _kube(self.here)
        namespace = self.here.target.namespace
        pods = [
            pod
            for pod in self._client.pods(namespace, kube.selector(self.here.target.name))
            if not kube.leaving(pod)
        ]
        events = self._client.events(namespace)
        if not self._since:
            self._since = max((kube.seen(event) for event in events), default="")
        pods.sort(key=lambda pod: str(pod["metadata"].get("creationTimestamp")), reverse=True)
        found = [
            *kube.troubles(pods, events),
            *kube.refusals(self.deployments, events, self._since),
        ]
        if found:
            self.last = found
        for trouble in [trouble for trouble in found if trouble.crashed][:_LOGS]:
            self._log(trouble)
        now = {name: self._ready(name, pods) for name in self.deployments}
        if any(have < want for have, want in now.values()):
            self.counts = ", ".join(f"{name} {have}/{want}" for name, (have, want) in now.items())
            self._tell(f"waiting: {self.counts} pods ready")
        for trouble in _grouped(found):
            self._tell(f"{trouble.pod}: {trouble.text}", key=f"{trouble.pod} {trouble.reason}")

    def _ready(self, name: str, pods: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
        from mops.deploy import kube

        labels = self.deployments[name]["spec"]["selector"]["matchLabels"]
        mine = [
            pod
            for pod in pods
            if all(pod["metadata"]["labels"].get(key) == value for key, value in labels.items())
        ]
        return sum(map(kube.ready, mine)), int(
            self.deployments[name]["spec"].get("replicas", len(mine))
        )

    def _log(self, trouble: Trouble) -> None:
        """The last lines of what crashed, read while it is there."""
        if self._client is None or self.logs.get(trouble.pod, (-1, []))[0] >= trouble.restarts:
            return
        text = self._end_of_log(trouble, previous=True) or self._end_of_log(trouble, previous=False)
        if text.strip():
            self.logs[trouble.pod] = (trouble.restarts, text.rstrip().splitlines()[-_LOG_LINES:])

    def _end_of_log(self, trouble: Trouble, *, previous: bool) -> str:
        try:
            return (
                self._client.log(
                    self.here.target.namespace,
                    trouble.pod,
                    trouble.container,
                    tail=_LOG_LINES,
                    previous=previous,
                )
                if self._client
                else ""
            )
        except EnvironmentFailure:
            return ""

    def _tell(self, text: str, key: str = "") -> None:
        if (key or text) not in self._told:
            self._told.add(key or text)
            streams.note(printable(text))


def _grouped(troubles: Sequence[Trouble]) -> list[Trouble]:
    """One for each cause: pods that tell the same are counted."""
    groups: dict[tuple[str, str, str], list[Trouble]] = {}
    for trouble in troubles:
        groups.setdefault(
            (
                trouble.pod.rsplit("-", 2)[0],
                trouble.reason,
                "" if trouble.crashed else trouble.text,
            ),
            [],
        ).append(trouble)
    return [
        same[0]._replace(
            text=same[0].text + (f" (and {len(same) - 1} more alike)" if len(same) > 1 else "")
        )
        for same in groups.values()
    ]


def _report(here: Here, made: Plan) -> None:
    """The commands that go on from here, on stdout."""
    rows = [
        ("status", here.command("status")),
        ("dashboard", here.command("port-forward", "dashboard")),
        ("scheduler", here.command("port-forward", "scheduler")),
        ("logs", here.command("logs", "workers")),
    ]
    scalers = [
        entry
        for entry in made.wanted
        if entry["kind"] in ("HorizontalPodAutoscaler", "ScaledObject")
    ]
    rows += [
        (
            "autoscaler",
            f"kubectl {here.target.command} get {entry['kind'].lower()} {entry['metadata']['name']}",
        )
        for entry in scalers
    ]
    rows.append(("remove", here.command("down")))
    size = max(len(name) for name, _ in rows)
    streams.out("".join(f"{name:{size}}  {command}\n" for name, command in rows))
