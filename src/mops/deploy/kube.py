"""What helm cannot tell: pods, events, logs, forwarded ports, namespaces. Through the official Kubernetes client, which only these commands load."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mops.model.problems import EnvironmentFailure

if TYPE_CHECKING:
    import socket

# What a namespace for workspaces demands of its pods, and warns of.
SECURITY = {
    f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")
}
INSTANCE, NAME, COMPONENT = (
    "app.kubernetes.io/instance",
    "app.kubernetes.io/name",
    "app.kubernetes.io/component",
)
RESTARTED = "kubectl.kubernetes.io/restartedAt"
FIELD_MANAGER = "mops"

_CONNECT, _ANSWER, _FOREVER = 10, 60, 10**7
_OK, _REFUSED, _FORBIDDEN, _NOT_FOUND, _CONFLICT = 200, 400, 403, 404, 409
# Reasons for which a container waits and which pass by themselves.
_PASSING = frozenset({"", "ContainerCreating", "PodInitializing"})
# Events that name no reason of their own but one that the pod's status tells better.
_ECHOES = frozenset({"BackOff", "Unhealthy", "Failed"})

Object = Mapping[str, Any]


class Trouble(NamedTuple):
    """Why a pod is not ready: `reason` in Kubernetes' word, `text` for people. `crashed` where its log may tell more."""

    pod: str
    reason: str
    text: str
    container: str = ""
    crashed: bool = False
    restarts: int = 0


class Kube:
    """The API server that a kubeconfig context names ("" inside a cluster).

    Requests are plain paths: the client's models of every kind cost more time than all that is asked here.
    """

    def __init__(self, context: str, environ: Mapping[str, str]) -> None:
        try:
            import kubernetes.config
            from kubernetes.client.api_client import ApiClient
        except ImportError:
            raise EnvironmentFailure(
                "this needs the Kubernetes client: pip install 'mops[kube]'"
            ) from None
        config: Any = kubernetes.config
        try:
            if context:
                given = environ.get("KUBECONFIG") or os.path.join(
                    environ.get("HOME", ""), ".kube", "config"
                )
                self._client: Any = config.new_client_from_config(
                    config_file=given, context=context
                )
            else:
                config.load_incluster_config()
                self._client = ApiClient()
        except (config.ConfigException, OSError) as error:
            raise EnvironmentFailure(f"the kubeconfig cannot be used: {error}") from None
        self._client.configuration.retries = False

    def pods(self, namespace: str, selector: str) -> list[Object]:
        """Pods by labels."""
        return self._items("pods", f"/api/v1/namespaces/{namespace}/pods", labelSelector=selector)

    def events(self, namespace: str) -> list[Object]:
        """Warnings, oldest first."""
        return sorted(
            self._items(
                "events", f"/api/v1/namespaces/{namespace}/events", fieldSelector="type=Warning"
            ),
            key=seen,
        )

    def deployments(self, namespace: str, selector: str) -> list[Object]:
        """Deployments by labels."""
        return self._items(
            "Deployments",
            f"/apis/apps/v1/namespaces/{namespace}/deployments",
            labelSelector=selector,
        )

    def log(
        self,
        namespace: str,
        pod: str,
        container: str = "",
        *,
        tail: int | None = None,
        previous: bool = False,
    ) -> str:
        """The end of a container's log; "" where there is none."""
        query = _given(container=container, tailLines=tail, previous="true" if previous else "")
        answer = self._ask("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}/log", query)
        return _data(answer, f"the log of {pod}", missing=True).decode("utf-8", "replace")

    def follow(self, namespace: str, pod: str, container: str, tail: int | None) -> Iterator[str]:
        """The lines of a container's log, old and new, until it ends."""
        what = f"the log of {pod}"
        answer = self._ask(
            "GET",
            f"/api/v1/namespaces/{namespace}/pods/{pod}/log",
            _given(container=container, tailLines=tail, follow="true"),
            limit=_FOREVER,
        )
        if answer.status != _OK:
            _data(answer, what, missing=True)
            return
        rest = b""
        with _reached(what):
            for chunk in answer.response.stream(1 << 16, decode_content=False):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (line.decode("utf-8", "replace") for line in lines)
        if rest:
            yield rest.decode("utf-8", "replace")

    def namespace(self, name: str) -> Object | None:
        """A namespace; None where there is none. {} where looking is not allowed."""
        answer = self._ask("GET", f"/api/v1/namespaces/{name}")
        if answer.status == _FORBIDDEN:
            return {}
        data = _data(answer, f"the namespace {name}", missing=True)
        found: Object | None = json.loads(data) if data else None
        return found

    def create_namespace(self, name: str, labels: Mapping[str, str]) -> None:
        """Makes a namespace; one that is there by now is as good."""
        body = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": dict(labels)},
        }
        answer = self._ask("POST", "/api/v1/namespaces", {"fieldManager": FIELD_MANAGER}, body)
        if answer.status != _CONFLICT:
            _data(answer, f"the namespace {name}")

    def delete_namespace(self, name: str) -> None:
        """Deletes a namespace with all that is in it."""
        _data(
            self._ask("DELETE", f"/api/v1/namespaces/{name}"), f"the namespace {name}", missing=True
        )

    def restart(self, namespace: str, deployment: str, when: str) -> None:
        """Has a Deployment replace its pods, as `kubectl rollout restart` does."""
        body = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: when}}}}}
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}"
        _data(
            self._ask("PATCH", path, {"fieldManager": FIELD_MANAGER}, body),
            f"the Deployment {deployment}",
        )

    def connect(self, namespace: str, pod: str, port: int) -> socket.socket:
        """A connection to a pod's port."""
        from kubernetes.client import CoreV1Api
        from kubernetes.client.exceptions import ApiException
        from kubernetes.stream import portforward

        what = f"port {port} of {pod}"
        core: Any = CoreV1Api(self._client)
        try:
            with _reached(what):
                connection: socket.socket = portforward(
                    core.connect_get_namespaced_pod_portforward, pod, namespace, ports=str(port)
                ).socket(port)
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
        """The answer to one request, its body not read yet."""
        headers = {
            "Accept": "application/json, */*",
            "Content-Type": "application/strategic-merge-patch+json"
            if method == "PATCH"
            else "application/json",
        }
        prepared = self._client.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        with _reached("the cluster"):
            return self._client.call_api(*prepared, _request_timeout=(_CONNECT, limit))


@contextlib.contextmanager
def _reached(what: str) -> Iterator[None]:
    """Failures of the network in our words."""
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (HTTPError, OSError) as error:
        raise EnvironmentFailure(
            f"{what}: the API server does not answer ({type(error).__name__})"
        ) from None


def _data(answer: Any, what: str, *, missing: bool = False) -> bytes:
    """The body of an answer; b"" with `missing` where there is no such thing. EnvironmentFailure where it is a refusal."""
    with _reached(what):
        answer.read()
    if answer.status < _REFUSED:
        return bytes(answer.data or b"")
    if missing and answer.status == _NOT_FOUND:
        return b""
    raise EnvironmentFailure(f"{what}: {_message(answer)}")


def _message(answer: Any) -> str:
    """What the API server says of a refusal."""
    try:
        return str(json.loads(answer.data)["message"])
    except (ValueError, TypeError, KeyError):
        return f"the API server answers {answer.status} {answer.reason or ''}".rstrip()


def _given(**query: Any) -> dict[str, str]:
    """The parameters that have a value."""
    return {key: str(value) for key, value in query.items() if value not in (None, "")}


def selector(release: str, component: str = "") -> str:
    """The labels of a release's pods."""
    return f"{INSTANCE}={release}" + (f",{COMPONENT}={component}" if component else "")


def ready(pod: Object) -> bool:
    """Whether a pod is ready."""
    return any(
        entry["type"] == "Ready" and entry["status"] == "True"
        for entry in pod.get("status", {}).get("conditions") or ()
    )


def leaving(pod: Object) -> bool:
    """Whether a pod is being deleted, or has ended."""
    return (
        bool(pod["metadata"].get("deletionTimestamp"))
        or pod.get("status", {}).get("phase") == "Succeeded"
    )


def seen(event: Object) -> str:
    """When an event was last seen."""
    return str(
        (event.get("series") or {}).get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp")
        or ""
    )


def troubles(pods: Iterable[Object], events: Sequence[Object]) -> list[Trouble]:
    """Why pods are not ready, as their status and events tell. Pods that only take their time are left out."""
    found = []
    for pod in pods:
        if not ready(pod) and not leaving(pod):
            trouble = _trouble(pod, events)
            if trouble is not None:
                found.append(trouble)
    return found


def _trouble(pod: Object, events: Sequence[Object]) -> Trouble | None:
    name, status = pod["metadata"]["name"], pod.get("status", {})
    mine = [
        event
        for event in events
        if event["involvedObject"].get("name") == name
        and event["involvedObject"].get("uid") in (None, pod["metadata"].get("uid"))
    ]
    for entry in status.get("conditions") or ():
        if entry["type"] == "PodScheduled" and entry["status"] == "False":
            return Trouble(
                name,
                str(entry.get("reason") or "Unschedulable"),
                f"it cannot be scheduled: {entry.get('message') or 'no node takes it'}",
            )
    for container in [
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ]:
        state, ended = (
            container.get("state") or {},
            (container.get("lastState") or {}).get("terminated"),
        )
        waiting = state.get("waiting") or {}
        now = state.get("terminated") or ended
        if now and now.get("exitCode") != 0:
            text = f"{container['name']} ended with {now.get('exitCode')} ({now.get('reason')}), {container.get('restartCount', 0)} restarts"
            return Trouble(
                name,
                str(waiting.get("reason") or now.get("reason") or "Error"),
                text,
                container["name"],
                True,
                int(container.get("restartCount", 0)),
            )
        reason = str(waiting.get("reason") or "")
        if reason not in _PASSING:
            return Trouble(
                name,
                reason,
                f"{container['name']}: {reason}: {_pulled(reason, waiting, mine)}",
                container["name"],
            )
    last = next(
        (event for event in reversed(mine) if event.get("reason") not in _ECHOES - {"Unhealthy"}),
        None,
    )
    return (
        Trouble(name, str(last["reason"]), f"{last['reason']}: {last.get('message')}")
        if last is not None
        else None
    )


def _pulled(reason: str, waiting: Object, mine: Sequence[Object]) -> str:
    """The words on an image that cannot be had: those of the attempt rather than of the waiting after it."""
    told = [
        str(event.get("message"))
        for event in mine
        if event.get("reason") == "Failed" and "ull" in str(event.get("message"))
    ]
    pulls = [text for text in told if "pull image" in text]
    return (pulls[-1] if pulls and "Pull" in reason else "") or str(
        waiting.get("message") or "no reason is given"
    )


def refusals(deployments: Iterable[str], events: Sequence[Object], since: str) -> list[Trouble]:
    """Pods that could not even be made, as by a quota or by admission: told by their ReplicaSets."""
    names = tuple(f"{name}-" for name in deployments)
    last = {
        event["involvedObject"]["name"]: Trouble(
            event["involvedObject"]["name"],
            "FailedCreate",
            f"its pods are refused: {event.get('message')}",
        )
        for event in events
        if event.get("reason") == "FailedCreate"
        and str(event["involvedObject"].get("name", "")).startswith(names)
        and seen(event) >= since
    }
    return list(last.values())
