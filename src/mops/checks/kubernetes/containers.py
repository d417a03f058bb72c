"""Init containers and sidecars: names, ports, and when they are restarted."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.kubernetes.node import Found, Node, RuleText
from mops.checks.kubernetes.parts import other_containers
from mops.checks.kubernetes.pod import Pod
from mops.checks.kubernetes.versions import newer

_NAME, _PORT, _RESTART = "container-name", "container-port", "container-restart"
_PROBES = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
_MOST_RULES, _MOST_CODES = 20, 255


def names(pod: Pod) -> Iterator[Found]:
    """Containers with the same name, that of the main container included."""
    seen = {pod.group.container}
    for container in other_containers(pod):
        name = container.get("name", "")
        if name in seen:
            yield container.child("name").wrong(_NAME, f"two containers are named {name}")
        seen.add(name)


def host_ports(pod: Pod) -> Iterator[Found]:
    """Ports of the node that two sidecars, or one container twice, want."""
    lasting: set[tuple[str, str, int]] = set()
    for container in other_containers(pod):
        # Init containers run one by one, so each has the ports for itself.
        taken = lasting if container.path[-2] == "sidecars" else set()
        for port in container.list_of("ports"):
            number = port.get("hostPort", 0)
            key = (port.get("protocol") or "TCP", port.get("hostIP", ""), number)
            if number and key in taken:
                yield port.child("hostPort").wrong(_PORT, f"the host port {number} is used twice")
            taken.add(key)


def _ports(node: Node) -> Iterator[Found]:
    seen: set[object] = set()
    for port in node.items():
        name, number = port.get("name", ""), port.get("containerPort", 0)
        key = (number, port.get("protocol") or "TCP")
        if name and name in seen:
            yield port.child("name").wrong(_PORT, f"two ports are named {name}")
        if number and key in seen:
            message = f"the port {number} is listed twice"
            yield port.child("containerPort").wrong(_PORT, message)
        seen |= {name, key}


def _container(node: Node) -> Iterator[Found]:
    policy = node.get("restartPolicy")
    is_init = node.kind == "init"
    if policy is not None and not (is_init and policy == "Always"):
        place = node.child("restartPolicy")
        what = "a restartPolicy of single containers"
        if node.pod:
            yield from newer(what, "1.34", place, node.pod.view)
    if policy is None and node.get("restartPolicyRules"):
        yield node.child("restartPolicyRules").wrong(
            _RESTART, "restartPolicyRules need a restartPolicy"
        )
    yield from _rules(node)
    if is_init and policy != "Always":
        for field in node.children(*_PROBES):
            message = f"an init container has no {field.path[-1]}"
            hint = "with restartPolicy: Always it keeps running, and may have one"
            yield field.wrong(_RESTART, message, hint)
    yield from _resize(node)


def _rules(node: Node) -> Iterator[Found]:
    rules = node.get("restartPolicyRules") or ()
    if len(rules) > _MOST_RULES:
        message = f"at most {_MOST_RULES} rules, found {len(rules)}"
        yield node.child("restartPolicyRules").wrong(_RESTART, message)
    for one in node.list_of("restartPolicyRules"):
        for codes in one.children("exitCodes"):
            count = len(codes.get("values") or ())
            if count > _MOST_CODES:
                message = f"at most {_MOST_CODES} exit codes, found {count}"
                yield codes.child("values").wrong(_RESTART, message)


def _resize(node: Node) -> Iterator[Found]:
    seen: set[str] = set()
    lasts = node.kind != "init" or node.get("restartPolicy") == "Always"
    for policy in node.list_of("resizePolicy"):
        name = policy.get("resourceName", "")
        if name in seen:
            yield policy.wrong(_RESTART, f"two resize policies for {name}")
        seen.add(name)
        if not lasts and policy.get("restartPolicy") == "RestartContainer":
            message = "an init container cannot be restarted to resize it"
            yield policy.child("restartPolicy").wrong(_RESTART, message)


VALIDATORS = {"Container": _container, "[ContainerPort]": _ports}
RULES = (
    RuleText(_NAME, "two containers of one pod with the same name"),
    RuleText(_PORT, "two ports of a container, or of the node, that are the same"),
    RuleText(_RESTART, "a restart or resize policy, or a probe, that a container cannot have"),
)
