"""What helm cannot tell: pods, events, logs, forwarded ports, namespaces. Through the official Kubernetes client, which only these commands load."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mops.errors import EnvironmentFailure

if TYPE_CHECKING:
    import socket

# What a namespace for workspaces demands of its pods, and warns of.
SECURITY = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
INSTANCE, NAME, COMPONENT = "app.kubernetes.io/instance", "app.kubernetes.io/name", "app.kubernetes.io/component"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
FIELD_MANAGER = "mops"

_CONNECT, _ANSWER, _FOREVER = 10, 60, 10**7
_NOT_FOUND, _CONFLICT, _FORBIDDEN = 404, 409, 403
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
    """The API server that a kubeconfig context names ("" inside a cluster)."""

    def __init__(self, context: str, environ: Mapping[str, str]) -> None:
        try:
            from kubernetes import client
            from kubernetes.client.exceptions import ApiException
            from kubernetes.config import ConfigException
        except ImportError:
            raise EnvironmentFailure("this needs the Kubernetes client: pip install 'mops[kube]'") from None
        import kubernetes.config

        config: Any = kubernetes.config
        self._failure = ApiException
        try:
            if context:
                given = environ.get("KUBECONFIG") or os.path.join(environ.get("HOME", ""), ".kube", "config")
                self._client = config.new_client_from_config(config_file=given, context=context)
            else:
                config.load_incluster_config()
                self._client = client.ApiClient()
        except (ConfigException, OSError) as error:
            raise EnvironmentFailure(f"the kubeconfig cannot be used: {error}") from None
        self._client.configuration.retries = False
        # Answers are read as plain data, which the client's annotations do not foresee.
        self.core: Any = client.CoreV1Api(self._client)
        self._apps: Any = client.AppsV1Api(self._client)

    def pods(self, namespace: str, selector: str) -> list[Object]:
        """Pods by labels."""
        return self._items(self.core.list_namespaced_pod, namespace, label_selector=selector)

    def events(self, namespace: str) -> list[Object]:
        """Warnings, oldest first."""
        found = self._items(self.core.list_namespaced_event, namespace, field_selector="type=Warning")
        return sorted(found, key=seen)

    def log(self, namespace: str, pod: str, container: str = "", *, tail: int | None = None, previous: bool = False) -> str:
        """The end of a container's log; "" where there is none."""
        extra: dict[str, Any] = {key: value for key, value in (("container", container), ("tail_lines", tail), ("previous", previous)) if value}
        with self._told(f"the log of {pod}", missing=True):
            answer = self.core.read_namespaced_pod_log(pod, namespace, _preload_content=False, _request_timeout=(_CONNECT, _ANSWER), **extra)
            return str(answer.data.decode("utf-8", "replace"))
        return ""

    def follow(self, namespace: str, pod: str, container: str, tail: int | None) -> Iterator[str]:
        """The lines of a container's log, old and new, until it ends."""
        extra: dict[str, Any] = {key: value for key, value in (("container", container), ("tail_lines", tail)) if value}
        with self._told(f"the log of {pod}", missing=True):
            answer = self.core.read_namespaced_pod_log(pod, namespace, follow=True, _preload_content=False, _request_timeout=(_CONNECT, _FOREVER), **extra)
            rest = b""
            for chunk in answer.stream(1 << 16, decode_content=False):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (line.decode("utf-8", "replace") for line in lines)
            if rest:
                yield rest.decode("utf-8", "replace")

    def namespace(self, name: str) -> Object | None:
        """A namespace; None where there is none. {} where looking is not allowed."""
        try:
            found: Object = self._json(self.core.read_namespace, name)
        except self._failure as error:
            if error.status == _NOT_FOUND:
                return None
            if error.status == _FORBIDDEN:
                return {}
            raise EnvironmentFailure(_words(error, f"the namespace {name}")) from None
        return found

    def create_namespace(self, name: str, labels: Mapping[str, str]) -> None:
        """Makes a namespace; one that is there by now is as good."""
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}}
        try:
            self._json(self.core.create_namespace, body, field_manager=FIELD_MANAGER)
        except self._failure as error:
            if error.status != _CONFLICT:
                raise EnvironmentFailure(_words(error, f"the namespace {name}")) from None

    def delete_namespace(self, name: str) -> None:
        """Deletes a namespace with all that is in it."""
        with self._told(f"the namespace {name}", missing=True):
            self._json(self.core.delete_namespace, name)

    def restart(self, namespace: str, deployment: str, when: str) -> None:
        """Has a Deployment replace its pods, as `kubectl rollout restart` does."""
        body = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: when}}}}}
        with self._told(f"the Deployment {deployment}"):
            self._json(self._apps.patch_namespaced_deployment, deployment, namespace, body, field_manager=FIELD_MANAGER)

    def deployments(self, namespace: str, selector: str) -> list[Object]:
        """Deployments by labels; of all namespaces where it is ""."""
        if namespace:
            return self._items(self._apps.list_namespaced_deployment, namespace, label_selector=selector)
        return self._items(self._apps.list_deployment_for_all_namespaces, label_selector=selector)

    def connect(self, namespace: str, pod: str, port: int) -> socket.socket:
        """A connection to a pod's port."""
        from kubernetes.stream import portforward

        with self._told(f"port {port} of {pod}"):
            forward = portforward(self.core.connect_get_namespaced_pod_portforward, pod, namespace, ports=str(port))
            connection: socket.socket = forward.socket(port)
            return connection
        raise EnvironmentFailure(f"port {port} of {pod} cannot be reached")

    def _items(self, call: Callable[..., Any], *args: str, **options: Any) -> list[Object]:
        with self._told("the cluster"):
            return list(self._json(call, *args, **options)["items"])
        return []

    @staticmethod
    def _json(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """The answer as plain data: the client's own models cost more than they tell."""
        return json.loads(call(*args, _preload_content=False, _request_timeout=(_CONNECT, _ANSWER), **options).data)

    @contextlib.contextmanager
    def _told(self, what: str, *, missing: bool = False) -> Iterator[None]:
        """Failures in our words. With `missing` it is no failure that there is no such thing."""
        from urllib3.exceptions import HTTPError

        try:
            yield
        except self._failure as error:
            if not (missing and error.status == _NOT_FOUND):
                raise EnvironmentFailure(_words(error, what)) from None
        except (HTTPError, OSError) as error:
            raise EnvironmentFailure(f"{what}: the API server does not answer ({type(error).__name__})") from None


def _words(error: Any, what: str) -> str:
    """What the API server says of a failure."""
    try:
        text = json.loads(error.body)["message"]
    except (ValueError, TypeError, KeyError):
        text = error.reason or "it does not answer"
    return f"{what}: {text}"


def selector(release: str, component: str = "") -> str:
    """The labels of a release's pods."""
    return f"{INSTANCE}={release}" + (f",{COMPONENT}={component}" if component else "")


def ready(pod: Object) -> bool:
    """Whether a pod is ready."""
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in pod.get("status", {}).get("conditions") or ())


def leaving(pod: Object) -> bool:
    """Whether a pod is being deleted, or has ended."""
    return bool(pod["metadata"].get("deletionTimestamp")) or pod.get("status", {}).get("phase") == "Succeeded"


def seen(event: Object) -> str:
    """When an event was last seen."""
    return str((event.get("series") or {}).get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")


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
    mine = [event for event in events if event["involvedObject"].get("name") == name and event["involvedObject"].get("uid") in (None, pod["metadata"].get("uid"))]
    for entry in status.get("conditions") or ():
        if entry["type"] == "PodScheduled" and entry["status"] == "False":
            return Trouble(name, str(entry.get("reason") or "Unschedulable"), f"it cannot be scheduled: {entry.get('message') or 'no node takes it'}")
    for container in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        state, ended = container.get("state") or {}, (container.get("lastState") or {}).get("terminated")
        waiting = state.get("waiting") or {}
        now = state.get("terminated") or ended
        if now and now.get("exitCode") != 0:
            text = f"{container['name']} ended with {now.get('exitCode')} ({now.get('reason')}), {container.get('restartCount', 0)} restarts"
            return Trouble(name, str(waiting.get("reason") or now.get("reason") or "Error"), text, container["name"], True, int(container.get("restartCount", 0)))
        reason = str(waiting.get("reason") or "")
        if reason not in _PASSING:
            return Trouble(name, reason, f"{container['name']}: {reason}: {_pulled(reason, waiting, mine)}", container["name"])
    last = next((event for event in reversed(mine) if event.get("reason") not in _ECHOES - {"Unhealthy"}), None)
    return Trouble(name, str(last["reason"]), f"{last['reason']}: {last.get('message')}") if last is not None else None


def _pulled(reason: str, waiting: Object, mine: Sequence[Object]) -> str:
    """The words on an image that cannot be had: those of the attempt rather than of the waiting after it."""
    told = [str(event.get("message")) for event in mine if event.get("reason") == "Failed" and "ull" in str(event.get("message"))]
    pulls = [text for text in told if "pull image" in text]
    return (pulls[-1] if pulls and "Pull" in reason else "") or str(waiting.get("message") or "no reason is given")


def refusals(deployments: Iterable[str], events: Sequence[Object], since: str) -> list[Trouble]:
    """Pods that could not even be made, as by a quota or by admission: told by their ReplicaSets."""
    names = tuple(f"{name}-" for name in deployments)
    last = {
        event["involvedObject"]["name"]: Trouble(event["involvedObject"]["name"], "FailedCreate", f"its pods are refused: {event.get('message')}")
        for event in events
        if event.get("reason") == "FailedCreate" and str(event["involvedObject"].get("name", "")).startswith(names) and seen(event) >= since
    }
    return list(last.values())


