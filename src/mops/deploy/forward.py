"""Port forwarding from this machine to a pod."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import NamedTuple

from mops.deploy.deployments import DASHBOARD_PORT, SCHEDULER_PORT, named_port
from mops.deploy.kube import Kube
from mops.deploy.pods import PARTS, is_leaving, is_ready, pod_name, selector
from mops.deploy.release import Target
from mops.model.problems import EnvironmentFailure

_LOOPBACK = "127.0.0.1"
_PORTS = {"dashboard": DASHBOARD_PORT, "scheduler": SCHEDULER_PORT}
_CHUNK = 1 << 16


class PodPort(NamedTuple):
    """A port of a pod."""

    namespace: str
    pod: str
    port: int


def find_port(client: Kube, target: Target, part: str) -> PodPort:
    """The port of the "dashboard" or the "scheduler" on a ready scheduler pod.

    Raises EnvironmentFailure if there is none.
    """
    pods = client.pods(target.namespace, selector(target.name, PARTS["scheduler"]))
    ready = [pod for pod in pods if is_ready(pod) and not is_leaving(pod)]
    if not ready:
        raise EnvironmentFailure(
            f"no scheduler of {target.name} is ready in namespace {target.namespace}"
        )
    name = pod_name(ready[0])
    port = named_port(ready[0]["spec"], _PORTS[part])
    if not port:
        raise EnvironmentFailure(f"{name} has no port {_PORTS[part]}")
    return PodPort(target.namespace, name, port)


def listen(asked: int | None, preferred: int) -> socket.socket:
    """A listener on loopback: at the port asked for, else at the preferred port or a free one.

    Raises EnvironmentFailure if the port that was asked for is not available.
    """
    for port in (preferred, 0) if asked is None else (asked,):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_LOOPBACK, port))
        except OSError as error:
            listener.close()
            if asked is not None:
                raise EnvironmentFailure(
                    f"port {port} is not available: {error.strerror}"
                ) from None
            continue
        listener.listen()
        return listener
    raise EnvironmentFailure("no free port")


def serve(
    client: Kube, remote: PodPort, listener: socket.socket, say: Callable[[str], None]
) -> None:
    """Forwards every connection to the pod, each in its own thread, until Ctrl-C."""
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            connection, _ = listener.accept()
            arguments = (client, remote, connection, say)
            threading.Thread(target=_forward, args=arguments, daemon=True).start()


def _forward(
    client: Kube, remote: PodPort, connection: socket.socket, say: Callable[[str], None]
) -> None:
    """Copies bytes between one connection and the pod until both sides end."""
    with connection:
        try:
            pod = client.connect(*remote)
        except EnvironmentFailure as failure:
            say(str(failure))
            return
        back = threading.Thread(target=_copy, args=(pod, connection), daemon=True)
        back.start()
        _copy(connection, pod)
        back.join()
        pod.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
