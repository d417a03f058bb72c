"""`mops workspace status`, `list`, `history`, `logs`, `port-forward`: what only looks at a workspace in a cluster."""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mops.chart import helm
from mops.cli import flags, streams
from mops.cli import workspace as live_cli
from mops.cli.workspace import Here, Plan
from mops.deploy import drift, release
from mops.deploy.release import Live, Target
from mops.model.layer import DEFAULTS, dotted
from mops.model.problems import DIFFERENCE, OK, EnvironmentFailure, UsageError
from mops.report.origins import written_at
from mops.report.table import Column, table
from mops.report.text import json_text, printable, shown
from mops.schema.fields import MARKER, SettingsSchema
from mops.yamltext.writer import dump

if TYPE_CHECKING:
    from mops.deploy.kube import Kube, Trouble

_AGAIN = 2.0
_LOOPBACK = "127.0.0.1"
_PARTS = {"scheduler": "scheduler", "workers": "worker"}


class Status(NamedTuple):
    """A workspace as it is now. `made` tells what differs from the configuration; None where nothing is deployed."""

    here: Here
    live: Live | None
    made: Plan | None
    pods: Sequence[tuple[str, int, int]]
    troubles: Sequence[Trouble]
    unknown: str
    dashboard: str
    own: bool


def status(given: flags.Given, schema: SettingsSchema) -> int:
    """Prints what is live, and where it is not what the configuration says."""
    if given.get("local"):
        from mops.cli.workspace_local import status_local

        return status_local(given, schema)
    as_json = live_cli.as_json(given)
    here = live_cli.opened(given, schema, warn=False)
    if given.get("watch"):
        with contextlib.suppress(KeyboardInterrupt):
            _watch(here, given, as_json=as_json)
        return OK
    now = _status(here)
    streams.out(_told(now, given, as_json=as_json))
    differs = now.live is None or bool(now.made and now.made.found)
    return DIFFERENCE if differs and given.get("exit_code") else OK


def _watch(here: Here, given: flags.Given, *, as_json: bool) -> None:
    """Prints the status whenever it has changed, until Ctrl-C."""
    before = ""
    while True:
        text = _told(_status(here), given, as_json=as_json)
        if text != before:
            streams.out(f"\n{text}" if before else text)
        before = text
        time.sleep(_AGAIN)


def _told(now: Status, given: flags.Given, *, as_json: bool) -> str:
    return json_text(_data(now)) if as_json else _text(now, whole=bool(given.get("show_config")))


def _status(here: Here) -> Status:
    live = here.releases.live()
    if live is None:
        return Status(here, None, None, (), (), "", "", own=False)
    own = live_cli.configured(here.config, here.schema)
    config = here.config if own else live_cli.released(live, here.schema)
    wanted = here.releases.rendered(dump(here.verdict.values)) if own else live.manifest
    mine = (
        here
        if own
        else here._replace(verdict=here.verdict._replace(config=config, values=dict(live.values)))
    )
    made = live_cli.plan(mine, live, wanted, config)
    pods = [_pods(entry) for entry in live.objects if entry["kind"] == drift.DEPLOYMENT]
    troubles: Sequence[Trouble] = ()
    unknown = ""
    late = any(
        (entry.get("status") or {}).get("unavailableReplicas")
        for entry in live.objects
        if entry["kind"] == drift.DEPLOYMENT
    )
    if late or any(ready < wanted for _, ready, wanted in pods):
        try:
            troubles = _troubles(here)
        except EnvironmentFailure as failure:
            unknown = str(failure)
    return Status(mine, live, made, pods, troubles, unknown, _dashboard(live), own)


def _pods(deployment: Mapping[str, Any]) -> tuple[str, int, int]:
    return (
        deployment["metadata"]["name"],
        int((deployment.get("status") or {}).get("readyReplicas") or 0),
        int(deployment["spec"].get("replicas", 1)),
    )


def _troubles(here: Here) -> Sequence[Trouble]:
    from mops.deploy import kube

    client = kube.Kube(here.target.context, os.environ)
    pods, events = (
        client.pods(here.target.namespace, kube.selector(here.target.name)),
        client.events(here.target.namespace),
    )
    names = [
        entry["metadata"]["name"]
        for entry in client.deployments(here.target.namespace, kube.selector(here.target.name))
    ]
    return [*kube.troubles(pods, events), *([] if pods else kube.refusals(names, events, ""))]


def _dashboard(live: Live) -> str:
    """Where the dashboard answers on this machine; "" where it does not."""
    from http.client import HTTPConnection, HTTPException

    port = (live.values.get("scheduler") or {}).get("dashboardPort")
    if not isinstance(port, int):
        return ""
    connection = HTTPConnection(_LOOPBACK, port, timeout=1)
    try:
        connection.request("GET", "/health")
        return f"http://localhost:{port}/status" if connection.getresponse().status == 200 else ""
    except (OSError, HTTPException):
        return ""
    finally:
        connection.close()


def _text(now: Status, *, whole: bool) -> str:
    target, live = now.here.target, now.live
    where = f"{target.name} in {target.namespace}" + (
        f" (context {target.context})" if target.context else ""
    )
    if live is None or now.made is None:
        return f"{where} is not deployed\n"
    count = len(now.made.found)
    rows = [
        ("release", where),
        ("revision", f"{live.revision}, {live.status} {live.updated[:19].replace('T', ' ')}"),
        ("deployed", " < ".join(live.layers) or "layers not known"),
        (
            "active",
            " < ".join(printable(layer.name) for layer in now.here.config.layers)
            if now.own
            else "no configuration here: compared with what was deployed",
        ),
        (
            "pods",
            ", ".join(f"{name} {ready}/{wanted}" for name, ready, wanted in now.pods) or "none",
        ),
        (
            "dashboard",
            now.dashboard or f"not forwarded: {now.here.command('port-forward', 'dashboard')}",
        ),
        ("drift", f"{count} field{'s' if count != 1 else ''}" if count else "none"),
    ]
    lines = [f"{name:10} {text}" for name, text in rows]
    lines += [f"  {live_cli.drift_line(now.here, now.made, index)}" for index in range(count)]
    if now.troubles or now.unknown:
        lines.append("not ready")
        lines += [f"  {trouble.pod}: {trouble.text}" for trouble in now.troubles] + (
            [f"  {now.unknown}"] if now.unknown else []
        )
    text = "".join(f"{printable(line)}\n" for line in lines)
    return text + ("\n" + _configs(now) if whole else "")


def _configs(now: Status) -> str:
    """The deployed configuration next to the active one: all that is no default in either, or not the same."""
    rows = []
    for path, deployed, active in _pairs(now):
        stack = now.here.config.stacks.get(path)
        here = now.here
        shown = [
            "not set" if value is None else shown(here.schema, path, value)
            for value in (deployed, active)
        ]
        rows.append(
            tuple(
                map(
                    printable,
                    (
                        dotted(path),
                        shown[0],
                        shown[1] if deployed != active else "the same",
                        written_at(stack[-1]) if stack else "",
                    ),
                )
            )
        )
    return (
        table((Column("SETTING"), Column("DEPLOYED"), Column("ACTIVE"), Column("FROM")), rows, None)
        if rows
        else "Every setting has its default.\n"
    )


def _pairs(now: Status) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if now.live is None:
        return
    deployed = {
        change.path: change.new for change in drift.changes({}, now.live.values, ignored=MARKER)
    }
    active = {
        change.path: change.new
        for change in drift.changes({}, now.here.verdict.values, ignored=MARKER)
    }
    for path in dict.fromkeys([*active, *deployed]):
        stack = now.here.config.stacks.get(path)
        if deployed.get(path) != active.get(path) or (
            stack and stack[-1].origin.layer != DEFAULTS and path in active
        ):
            yield path, deployed.get(path), active.get(path)


def _data(now: Status) -> dict[str, Any]:
    target, live = now.here.target, now.live
    found: dict[str, Any] = {
        "release": target.name,
        "namespace": target.namespace,
        "context": target.context,
        "deployed": live is not None,
    }
    if live is None or now.made is None:
        return found
    return {
        **found,
        "revision": live.revision,
        "status": live.status,
        "updated": live.updated,
        "layers": {
            "deployed": live.layers,
            "active": [layer.name for layer in now.here.config.layers] if now.own else [],
        },
        "pods": [
            {"deployment": name, "ready": ready, "wanted": wanted}
            for name, ready, wanted in now.pods
        ],
        "notReady": [
            {"pod": trouble.pod, "reason": trouble.reason, "message": trouble.text}
            for trouble in now.troubles
        ],
        "dashboard": now.dashboard,
        "drift": live_cli.differences_data(now.here, now.made),
        "config": {
            dotted(path): {
                "deployed": live_cli.masked(now.here, path, deployed),
                "active": live_cli.masked(now.here, path, active),
            }
            for path, deployed, active in _pairs(now)
        },
    }


def listed(given: flags.Given) -> int:
    """Prints all workspaces of the cluster."""
    as_json = live_cli.as_json(given)
    kubeconfig = release.kubeconfig(os.environ)
    context = release.chosen(kubeconfig, flags.one(given, "context"), os.environ)
    streams.note(printable(f"context {context or release.IN_CLUSTER}"))
    found = release.workspaces(helm.find(os.environ), context)
    if as_json:
        streams.out(
            json_text(
                [
                    {
                        key: entry.get(key)
                        for key in ("name", "namespace", "revision", "status", "updated", "chart")
                    }
                    for entry in found
                ]
            )
        )
        return OK
    rows = [
        (
            entry["name"],
            entry["namespace"],
            str(entry["revision"]),
            entry["status"],
            entry["updated"][:19],
            entry["chart"],
        )
        for entry in found
    ]
    if not rows:
        streams.note("there are no workspaces")
        return OK
    streams.out(
        table(
            tuple(map(Column, ("RELEASE", "NAMESPACE", "REVISION", "STATUS", "UPDATED", "CHART"))),
            rows,
            None,
        )
    )
    return OK


def history(given: flags.Given, schema: SettingsSchema) -> int:
    """Prints the revisions with the configuration of each: its layers, and what it changed."""
    as_json = live_cli.as_json(given)
    here = live_cli.opened(given, schema, warn=False)
    revisions = here.releases.history()
    if not revisions:
        raise EnvironmentFailure(
            f"there is no release {here.target.name} in {here.target.namespace}"
        )
    stored = [here.releases.values(entry.number) for entry in revisions]
    changed = [
        drift.changes(before, now, ignored=MARKER) if before else []
        for before, now in zip([{}, *stored], stored, strict=False)
    ]
    if as_json:
        told = [
            {
                **entry._asdict(),
                "layers": release.layers(found),
                "changes": [
                    {
                        "key": dotted(each.path),
                        "old": live_cli.masked(here, each.path, each.old),
                        "new": live_cli.masked(here, each.path, each.new),
                    }
                    for each in changes
                ],
            }
            for entry, found, changes in zip(revisions, stored, changed, strict=True)
        ]
        streams.out(json_text(told))
        return OK
    lines = []
    for entry, found, changes in zip(revisions, stored, changed, strict=True):
        lines.append(
            f"{entry.number}  {entry.updated[:19].replace('T', ' ')}  {entry.status}  {entry.description}  ({' < '.join(release.layers(found)) or 'layers not known'})"
        )
        lines += [
            f"     {dotted(each.path)}: {_shown(here, each.path, each.old)} -> {_shown(here, each.path, each.new)}"
            for each in changes
        ]
    streams.out("".join(f"{printable(line)}\n" for line in lines))
    return OK


def _shown(here: Here, path: tuple[str, ...], value: Any) -> str:
    return "not set" if value is None else shown(here.schema, path, value)


# Pods.


def logs(given: flags.Given, schema: SettingsSchema, part: str) -> int:
    """Prints the logs of the scheduler, the workers, or one pod."""
    if given.get("local"):
        from mops.cli.workspace_local import logs_local

        return logs_local(given, schema, part)
    from mops.deploy import kube

    tail = live_cli.tail_of(given)
    client, target = client_of(given, schema)
    chosen = kube.selector(target.name, _PARTS.get(part, ""))
    pods = [
        pod
        for pod in client.pods(target.namespace, chosen)
        if part in ("", *_PARTS) or pod["metadata"]["name"] == part
    ]
    if not pods:
        raise EnvironmentFailure(
            f"there is no pod {part}".rstrip() + f" of {target.name} in {target.namespace}"
        )
    named = len(pods) > 1
    if given.get("follow"):
        return _followed(client, target.namespace, pods, tail, named=named)
    for pod in pods:
        name = pod["metadata"]["name"]
        text = client.log(
            target.namespace, name, _main(pod), tail=tail, previous=bool(given.get("previous"))
        )
        streams.out(
            "".join(f"{f'{name}: ' if named else ''}{line}\n" for line in text.splitlines())
        )
    return OK


def client_of(given: flags.Given, schema: SettingsSchema) -> tuple[Kube, Target]:
    """The cluster and the release, for what needs no helm."""
    from mops.deploy.kube import Kube

    verdict = live_cli.configuration(given, schema, warn=False)
    context = live_cli.context_of(given, verdict.config)
    return Kube(context, os.environ), live_cli.named(verdict.config)._replace(context=context)


def _main(pod: Mapping[str, Any]) -> str:
    return str(pod["spec"]["containers"][0]["name"])


def _followed(
    client: Kube, namespace: str, pods: Sequence[Mapping[str, Any]], tail: int, *, named: bool
) -> int:
    """All logs at once, line by line, until they end or Ctrl-C."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read(pod: Mapping[str, Any]) -> None:
        name = pod["metadata"]["name"]
        with contextlib.suppress(EnvironmentFailure):
            for line in client.follow(namespace, name, _main(pod), tail):
                lines.put(f"{f'{name}: ' if named else ''}{line}\n")
        lines.put(None)

    for pod in pods:
        threading.Thread(target=read, args=(pod,), daemon=True).start()
    running = len(pods)
    try:
        while running:
            line = lines.get()
            if line is None:
                running -= 1
            else:
                streams.out(line)
    except KeyboardInterrupt:
        pass
    return OK


def port_forward(given: flags.Given, schema: SettingsSchema, part: str) -> int:
    """Forwards a port of this machine to the dashboard or the scheduler, until Ctrl-C."""
    from mops.deploy import kube

    if part not in ("dashboard", "scheduler"):
        raise UsageError(f"expected dashboard or scheduler, found {printable(part)}")
    asked = flags.one(given, "port")
    if asked and not (asked.isdecimal() and int(asked) < 65536):
        raise UsageError(f"--port: expected a port, found {printable(asked)}")
    client, target = client_of(given, schema)
    pods = [
        pod
        for pod in client.pods(target.namespace, kube.selector(target.name, "scheduler"))
        if kube.ready(pod) and not kube.leaving(pod)
    ]
    if not pods:
        raise EnvironmentFailure(
            f"there is no ready scheduler of {target.name} in {target.namespace}"
        )
    pod = pods[0]["metadata"]["name"]
    remote = _port(pods[0], "http-dashboard" if part == "dashboard" else "tcp-comm")
    with _listening(int(asked) if asked else None, remote) as listener:
        local = listener.getsockname()[1]
        address = (
            f"http://localhost:{local}/status"
            if part == "dashboard"
            else f"tcp://localhost:{local}"
        )
        with contextlib.suppress(KeyboardInterrupt):
            streams.note(f"{part} of {pod}: {address} (Ctrl-C ends it)")
            while True:
                connection, _ = listener.accept()
                threading.Thread(
                    target=_serve,
                    args=(client, target.namespace, pod, remote, connection),
                    daemon=True,
                ).start()
    return OK


def _port(pod: Mapping[str, Any], name: str) -> int:
    ports = [
        port for container in pod["spec"]["containers"] for port in container.get("ports") or ()
    ]
    found = next((int(port["containerPort"]) for port in ports if port.get("name") == name), 0)
    if not found:
        raise EnvironmentFailure(f"{pod['metadata']['name']} has no port {name}")
    return found


def _listening(asked: int | None, usual: int) -> socket.socket:
    """A listener on loopback: at the port asked for, else at the usual one, else at a free one."""
    for port in (asked,) if asked is not None else (usual, 0):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_LOOPBACK, port))
        except OSError as error:
            listener.close()
            if asked is not None:
                raise EnvironmentFailure(f"port {port} cannot be had: {error.strerror}") from None
            continue
        listener.listen()
        return listener
    raise EnvironmentFailure("no port is free")


def _serve(client: Kube, namespace: str, pod: str, port: int, connection: socket.socket) -> None:
    """Carries bytes between one connection and the pod until either ends."""
    with connection:
        try:
            remote = client.connect(namespace, pod, port)
        except EnvironmentFailure as failure:
            streams.note(printable(str(failure)))
            return
        back = threading.Thread(target=_carry, args=(remote, connection), daemon=True)
        back.start()
        _carry(connection, remote)
        back.join()
        remote.close()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
