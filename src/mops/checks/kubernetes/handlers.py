"""Probes and lifecycle hooks: one handler each, with numbers and ports that Kubernetes accepts."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.kubernetes.formats import PORT_NAME
from mops.checks.kubernetes.node import Found, Node, RuleText
from mops.checks.kubernetes.versions import newer
from mops.checks.rule import EITHER, WARNING
from mops.model.spelling import near, one_of
from mops.schema.keywords import shown

_RULE = "probe"
_HOOK = "lifecycle"
_PROBE_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_HOOK_HANDLERS = ("exec", "httpGet", "tcpSocket", "sleep")
_HIGHEST_PORT = 65535
# Until this version, a hook that sleeps had to sleep for at least a second.
_NO_SLEEP = "1.33"


def _probe(node: Node) -> Iterator[Found]:
    yield from _one_handler(_RULE, _PROBE_HANDLERS, node)
    kind = node.path[-1]
    if kind == "readinessProbe":
        for seconds in node.children("terminationGracePeriodSeconds"):
            yield seconds.wrong(_RULE, "a readinessProbe takes no terminationGracePeriodSeconds")
    # Kubernetes takes 0 for the default, which is 1.
    elif node.get("successThreshold", 1) not in (0, 1):
        yield node.child("successThreshold").wrong(_RULE, f"the threshold of a {kind} must be 1")


def _hook(node: Node) -> Iterator[Found]:
    yield from _one_handler(_HOOK, _HOOK_HANDLERS, node)
    if "sleep" not in node.value or node.pod is None:
        return
    sleep = node.child("sleep")
    seconds = sleep.get("seconds", 0)
    if seconds > node.pod.grace_period:
        message = f"the hook sleeps longer than the pod has to stop ({node.pod.grace_period} s)"
        yield sleep.wrong(_HOOK, message, also=(node.pod.group.at("gracePeriod"),))
    if seconds == 0:
        yield from newer("a hook that sleeps for 0 seconds", _NO_SLEEP, sleep, node.pod.view)


def _one_handler(rule_name: str, known: tuple[str, ...], node: Node) -> Iterator[Found]:
    handlers = [key for key in known if key in node.value]
    if not handlers:
        yield node.wrong(rule_name, f"expected {one_of(known)}")
    for more in handlers[1:]:
        message = f"expected one handler, found {handlers[0]} and {more}"
        yield node.child(more).wrong(rule_name, message)


def _port(node: Node) -> Iterator[Found]:
    if "port" not in node.value:
        return
    port = node.child("port")
    if isinstance(port.value, int):
        if not 1 <= port.value <= _HIGHEST_PORT:
            yield port.wrong(
                _RULE, f"expected a port from 1 to {_HIGHEST_PORT}, found {port.value}"
            )
    elif not PORT_NAME.accepts(port.value):
        yield port.wrong(
            _RULE, f"expected a port or {PORT_NAME.expected}, found {shown(port.value)}"
        )
    elif "lifecycle" not in node.path:
        yield from _named_port(port)


def _named_port(port: Node) -> Iterator[Found]:
    """Whether the container of a probe has a port of the name that the probe asks."""
    ports = (port.container or {}).get("ports", ())
    names = [each.get("name", "") for each in ports]
    if port.value not in names:
        message = f"the container has no port named {shown(port.value)}, so the probe always fails"
        hint = near(port.value, names) or "write its number, or name the port in ports"
        yield port.wrong(_RULE, message, hint, severity=WARNING)


def _lifecycle(node: Node) -> Iterator[Found]:
    if "stopSignal" in node.value and node.pod and not node.pod.os:
        hint = "set extraPodSpec.os.name: linux"
        yield node.child("stopSignal").wrong(_HOOK, "a stopSignal needs the pod's os", hint)


VALIDATORS = {
    "HTTPGetAction": _port,
    "Lifecycle": _lifecycle,
    "LifecycleHandler": _hook,
    "Probe": _probe,
    "TCPSocketAction": _port,
}
RULES = (
    RuleText(
        _RULE, "a probe without exactly one handler, or with a port or numbers that fail", EITHER
    ),
    RuleText(_HOOK, "a lifecycle hook without exactly one handler, or one that sleeps too long"),
)
