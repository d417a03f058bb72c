"""Rules of network policies."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.kubernetes.formats import CIDR, PORT_NAME
from mops.checks.kubernetes.node import Found, Node, RuleText
from mops.config.view import View
from mops.schema.keywords import shown

_RULE = "network-policy"
_HIGHEST_PORT = 65535
_RULES_OF = {
    "extraIngress": "[NetworkPolicyIngressRule]",
    "extraEgress": "[NetworkPolicyEgressRule]",
}


def parts(view: View) -> Iterator[tuple[str, Node]]:
    """The rules that a configuration adds to its network policies, with their types."""
    for key, expression in _RULES_OF.items():
        path = ("networkPolicy", key)
        yield expression, Node(view.value(path) or [], path)


def _peer(node: Node) -> Iterator[Found]:
    if not node.value:
        message = "expected a podSelector, a namespaceSelector or an ipBlock"
        yield node.wrong(_RULE, message)
    elif "ipBlock" in node.value and len(node.value) > 1:
        message = "an ipBlock excludes podSelector and namespaceSelector"
        yield node.child("ipBlock").wrong(_RULE, message, "write two entries")


def _block(node: Node) -> Iterator[Found]:
    import ipaddress

    if not CIDR.accepts(node.get("cidr", "")):
        return
    whole = ipaddress.ip_network(node.get("cidr"))
    for part in node.list_of("except"):
        if not CIDR.accepts(part.value):
            continue
        network = ipaddress.ip_network(part.value)
        inside = network.version == whole.version and network.network_address in whole
        if not inside or network.prefixlen <= whole.prefixlen:
            message = f"{part.value} is no smaller network inside {node.get('cidr')}"
            yield part.wrong(_RULE, message)


def _port(node: Node) -> Iterator[Found]:
    port, end = node.get("port"), node.get("endPort")
    if end is not None and not isinstance(port, int):
        yield node.child("endPort").wrong(_RULE, "an endPort needs a port that is a number")
    if isinstance(port, int):
        if not 1 <= port <= _HIGHEST_PORT:
            message = f"expected a port from 1 to {_HIGHEST_PORT}, found {port}"
            yield node.child("port").wrong(_RULE, message)
        elif end is not None and end < port:
            yield node.child("endPort").wrong(_RULE, f"endPort {end} is below port {port}")
    elif port is not None and not PORT_NAME.accepts(port):
        message = f"expected a port or {PORT_NAME.expected}, found {shown(port)}"
        yield node.child("port").wrong(_RULE, message)


VALIDATORS = {"IPBlock": _block, "NetworkPolicyPeer": _peer, "NetworkPolicyPort": _port}
RULES = (RuleText(_RULE, "a rule of a network policy that Kubernetes refuses"),)
