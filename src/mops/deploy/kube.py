"""The Kubernetes API, for what helm does not do: pods, events, logs, connections, namespaces.

Uses the official Kubernetes client, which is imported when a `Kube` is created.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mops.deploy.managers import RESTARTED
from mops.deploy.pods import Object, last_seen
from mops.model.problems import EnvironmentFailure

if TYPE_CHECKING:
    import socket

FIELD_MANAGER = "mops"

# Seconds: to connect, to answer one request, and for a log that is followed.
_CONNECT, _ANSWER, _FOREVER = 10, 60, 10**7
_OK, _REFUSED, _FORBIDDEN, _NOT_FOUND, _CONFLICT = 200, 400, 403, 404, 409
_CHUNK = 1 << 16


class Kube:
    """The API server that a kubeconfig context names ("" inside a cluster).

    Requests are plain paths, because importing the client's models takes longer than all requests
    here. Every method raises EnvironmentFailure if the server cannot be reached, or rejects the
    request.
    """

    def __init__(self, context: str, environ: Mapping[str, str]) -> None:
        try:
            import kubernetes.config
            from kubernetes.client.api_client import ApiClient
        except ImportError:
            raise EnvironmentFailure(
                "the Kubernetes client is not installed; run pip install 'mops[kube]'"
            ) from None
        config: Any = kubernetes.config
        home = os.path.join(environ.get("HOME", ""), ".kube", "config")
        try:
            if context:
                self._client: Any = config.new_client_from_config(
                    config_file=environ.get("KUBECONFIG") or home, context=context
                )
            else:
                config.load_incluster_config()
                self._client = ApiClient()
        except (config.ConfigException, OSError) as error:
            raise EnvironmentFailure(f"invalid kubeconfig: {error}") from None
        self._client.configuration.retries = False

    def pods(self, namespace: str, selector: str) -> list[Object]:
        """The pods with these labels."""
        return self._items("pods", f"/api/v1/namespaces/{namespace}/pods", labelSelector=selector)

    def events(self, namespace: str) -> list[Object]:
        """The warning events, oldest first."""
        path = f"/api/v1/namespaces/{namespace}/events"
        return sorted(self._items("events", path, fieldSelector="type=Warning"), key=last_seen)

    def deployments(self, namespace: str, selector: str) -> list[Object]:
        """The Deployments with these labels."""
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        return self._items("Deployments", path, labelSelector=selector)

    def log(
        self,
        namespace: str,
        pod: str,
        container: str = "",
        *,
        tail: int | None = None,
        previous: bool = False,
    ) -> str:
        """The last `tail` lines of a container's log; "" if there is none."""
        query = _query(container=container, tailLines=tail, previous="true" if previous else "")
        answer = self._ask("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}/log", query)
        return _data(answer, f"the log of {pod}", missing=True).decode("utf-8", "replace")

    def follow(self, namespace: str, pod: str, container: str, tail: int | None) -> Iterator[str]:
        """The lines of a container's log, the last `tail` and then new ones, until it ends."""
        what = f"the log of {pod}"
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        query = _query(container=container, tailLines=tail, follow="true")
        answer = self._ask("GET", path, query, limit=_FOREVER)
        if answer.status != _OK:
            _data(answer, what, missing=True)
            return
        rest = b""
        with _reachable(what):
            for chunk in answer.response.stream(_CHUNK, decode_content=False):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    yield line.decode("utf-8", "replace")
        if rest:
            yield rest.decode("utf-8", "replace")

    def namespace(self, name: str) -> Object | None:
        """A namespace; None if it does not exist, {} if reading it is not allowed."""
        answer = self._ask("GET", f"/api/v1/namespaces/{name}")
        if answer.status == _FORBIDDEN:
            return {}
        data = _data(answer, f"namespace {name}", missing=True)
        found: Object | None = json.loads(data) if data else None
        return found

    def create_namespace(self, name: str, labels: Mapping[str, str]) -> None:
        """Creates a namespace, unless it already exists."""
        metadata = {"name": name, "labels": dict(labels)}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        answer = self._ask("POST", "/api/v1/namespaces", {"fieldManager": FIELD_MANAGER}, body)
        if answer.status != _CONFLICT:
            _data(answer, f"namespace {name}")

    def delete_namespace(self, name: str) -> None:
        """Deletes a namespace and everything in it, without waiting until it is gone."""
        answer = self._ask("DELETE", f"/api/v1/namespaces/{name}")
        _data(answer, f"namespace {name}", missing=True)

    def restart(self, namespace: str, deployment: str, when: str) -> None:
        """Makes a Deployment replace its pods, as `kubectl rollout restart` does."""
        body = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: when}}}}}
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}"
        answer = self._ask("PATCH", path, {"fieldManager": FIELD_MANAGER}, body)
        _data(answer, f"Deployment {deployment}")

    def connect(self, namespace: str, pod: str, port: int) -> socket.socket:
        """A connection to a pod's port."""
        from kubernetes.client import CoreV1Api
        from kubernetes.client.exceptions import ApiException
        from kubernetes.stream import portforward

        what = f"port {port} of {pod}"
        core: Any = CoreV1Api(self._client)
        method = core.connect_get_namespaced_pod_portforward
        try:
            with _reachable(what):
                forwarded = portforward(method, pod, namespace, ports=str(port))
                connection: socket.socket = forwarded.socket(port)
        except ApiException as error:
            raise EnvironmentFailure(f"{what}: {error.reason}") from None
        return connection

    def _items(self, what: str, path: str, **query: str) -> list[Object]:
        return list(json.loads(_data(self._ask("GET", path, query), what))["items"])

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        limit: int = _ANSWER,
    ) -> Any:
        """The response to one request, whose body is not read yet; `limit` is in seconds."""
        is_patch = method == "PATCH"
        content = "application/strategic-merge-patch+json" if is_patch else "application/json"
        prepared = self._client.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json, */*", "Content-Type": content},
            body=body,
            auth_settings=["BearerToken"],
        )
        with _reachable("the cluster"):
            return self._client.call_api(*prepared, _request_timeout=(_CONNECT, limit))


@contextlib.contextmanager
def _reachable(what: str) -> Iterator[None]:
    """Turns network errors into EnvironmentFailure."""
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (HTTPError, OSError) as error:
        raise EnvironmentFailure(
            f"{what}: the API server does not answer ({type(error).__name__})"
        ) from None


def _data(answer: Any, what: str, *, missing: bool = False) -> bytes:
    """The body of a response; with `missing`, b"" for something that does not exist.

    Raises EnvironmentFailure with the server's message if it rejected the request.
    """
    with _reachable(what):
        answer.read()
    if answer.status < _REFUSED:
        return bytes(answer.data or b"")
    if missing and answer.status == _NOT_FOUND:
        return b""
    raise EnvironmentFailure(f"{what}: {_message(answer)}")


def _message(answer: Any) -> str:
    """The API server's reason for rejecting a request."""
    try:
        return str(json.loads(answer.data)["message"])
    except (ValueError, TypeError, KeyError):
        return f"the API server answered {answer.status} {answer.reason or ''}".rstrip()


def _query(**parameters: Any) -> dict[str, str]:
    """The parameters that have a value."""
    return {key: str(value) for key, value in parameters.items() if value not in (None, "")}
