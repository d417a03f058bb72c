"""The fields of `extraPodSpec`."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.kubernetes.node import Found, Node, RuleText
from mops.checks.kubernetes.resources import quantity
from mops.checks.rule import WARNING

_RULE, _DNS, _ALIAS = "pod-field", "pod-dns", "host-alias"
_ADMISSION = "pod-admission"
# What a pod without a priority class has.
_DEFAULTS = {"priority": 0, "preemptionPolicy": "PreemptLowerPriority"}
# The limits of the resolver that Linux has.
_MOST_NAMESERVERS, _MOST_SEARCHES, _MOST_SEARCH_LENGTH = 3, 32, 2048
_MOST_HOSTNAME = 64
# What a Deployment's pods cannot have, and why.
_NEVER = {
    "activeDeadlineSeconds": "the pods of a Deployment have no deadline",
    "ephemeralContainers": "ephemeral containers are added to pods that run, with kubectl debug",
}


def _spec(node: Node) -> Iterator[Found]:
    for field in node.children(*_NEVER):
        yield field.wrong(_RULE, _NEVER[field.path[-1]], "remove it")
    if node.get("os", {}).get("name") == "windows":
        message = "the chart's security context is for Linux, so the pods cannot run on Windows"
        yield node.child("os").child("name").wrong(_RULE, message)
    yield from _host_name(node)
    yield from _dns(node)
    yield from _admission(node)
    for overhead in node.children("overhead"):
        for name in overhead.value:
            yield from quantity(name, overhead.child(name))


def _admission(node: Node) -> Iterator[Found]:
    """What the plugins Priority and RuntimeClass of the API server compute themselves."""
    for field in node.children("priority", "preemptionPolicy"):
        key = field.path[-1]
        if field.value == _DEFAULTS[key]:
            continue
        message = f"Kubernetes computes {key} from the priority class, and refuses pods with"
        hint = "remove it, and set priorityClassName"
        yield field.wrong(_ADMISSION, f"{message} another one", hint, severity=WARNING)
    if node.get("overhead") and not _has_runtime_class(node):
        message = "Kubernetes refuses pods with an overhead that is not their runtime class's"
        hint = "remove it, and set runtimeClassName"
        yield node.child("overhead").wrong(_ADMISSION, message, hint, severity=WARNING)


def _has_runtime_class(node: Node) -> bool:
    pod = node.pod
    return pod is not None and bool(pod.view.value(pod.group.at("runtimeClassName")))


def _host_name(node: Node) -> Iterator[Found]:
    for name in node.children("hostnameOverride"):
        if node.get("setHostnameAsFQDN"):
            yield name.wrong(_RULE, "setHostnameAsFQDN excludes a hostnameOverride")
        if len(name.value) > _MOST_HOSTNAME:
            yield name.wrong(_RULE, f"expected at most {_MOST_HOSTNAME} characters")


def _dns(node: Node) -> Iterator[Found]:
    if node.get("dnsPolicy") == "None" and not node.get("dnsConfig", {}).get("nameservers"):
        message = "dnsPolicy None needs dnsConfig.nameservers"
        yield node.child("dnsPolicy").wrong(_DNS, message, "write at least one nameserver")


def _dns_config(node: Node) -> Iterator[Found]:
    limits = (("nameservers", _MOST_NAMESERVERS), ("searches", _MOST_SEARCHES))
    for key, most in limits:
        for each in node.children(key):
            if len(each.value) > most:
                yield each.wrong(_DNS, f"at most {most} {key}, found {len(each.value)}")
    for searches in node.children("searches"):
        if len(" ".join(searches.value)) > _MOST_SEARCH_LENGTH:
            message = f"at most {_MOST_SEARCH_LENGTH} characters, spaces between them included"
            yield searches.wrong(_DNS, message)


def _gates(node: Node) -> Iterator[Found]:
    seen: set[str] = set()
    for gate in node.items():
        name = gate.get("name", "")
        if name and name in seen:
            yield gate.child("name").wrong(_RULE, f"duplicate scheduling gate {name}")
        seen.add(name)


def _aliases(node: Node) -> Iterator[Found]:
    seen: set[str] = set()
    for alias in node.items():
        address = alias.get("ip", "")
        if address in seen:
            message = f"two entries for {address}: server-side apply refuses them"
            hint = "write all hostnames in one entry"
            yield alias.child("ip").wrong(_ALIAS, message, hint, severity=WARNING)
        seen.add(address)


VALIDATORS = {
    "[HostAlias]": _aliases,
    "PodSpec": _spec,
    "PodDNSConfig": _dns_config,
    "[PodSchedulingGate]": _gates,
}
RULES = (
    RuleText(_RULE, "a field of the pod that a Deployment or the chart's pods cannot have"),
    RuleText(
        _ADMISSION, "a field of the pod that Kubernetes computes, and refuses otherwise", WARNING
    ),
    RuleText(_DNS, "a DNS policy without nameservers, or more entries than Linux reads"),
    RuleText(_ALIAS, "two entries of /etc/hosts for one address", WARNING),
)
