"""The pod's own fields, placement, and network policies: valid values."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .samples import LABELS, VALUES

if TYPE_CHECKING:
    from .generator import Generator


def spec(g: Generator) -> dict[str, Any]:
    g.host_users = g.source.random() < 0.7
    found = g.fields("PodSpec", leave=("hostUsers", "os", "resources", "overhead", "dnsPolicy"))
    if not g.host_users:
        found["hostUsers"] = False
    if g.source.random() < 0.3:
        found["os"] = {"name": "linux"}
        g.os = "linux"
    if g.source.random() < 0.3:
        found["resources"] = {
            "requests": {"memory": "100Gi"},
            "limits": {"cpu": "100", "memory": "100Gi"},
        }
    if g.source.random() < 0.2:
        found["overhead"] = {"cpu": "100m"}
    if g.source.random() < 0.4:
        found["dnsPolicy"] = g.pick(["Default", "ClusterFirst"])
    if found.get("setHostnameAsFQDN"):
        found.pop("hostnameOverride", None)
    return found


def resource_claims(g: Generator) -> list[Any]:
    g.claims = ["claim1"]
    key = g.pick(["resourceClaimName", "resourceClaimTemplateName"])
    return [{"name": "claim1", key: "x"}]


def requirement(g: Generator, operators: list[str]) -> dict[str, Any]:
    operator = g.pick(operators)
    found = {"key": g.pick(LABELS), "operator": operator}
    if operator in ("In", "NotIn"):
        found["values"] = g.source.sample(VALUES, 2)
    elif operator in ("Gt", "Lt"):
        found["values"] = ["5"]
    return found


def node_term(g: Generator) -> dict[str, Any]:
    operators = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    found: dict[str, Any] = {}
    if g.source.random() < 0.7:
        found["matchExpressions"] = [requirement(g, operators)]
    if g.source.random() < 0.3:
        found["matchFields"] = [
            {"key": "metadata.name", "operator": g.pick(["In", "NotIn"]), "values": ["n1"]}
        ]
    return found


def pod_term(g: Generator) -> dict[str, Any]:
    found = g.fields("PodAffinityTerm", leave=("matchLabelKeys", "mismatchLabelKeys"))
    if "labelSelector" in found and g.source.random() < 0.5:
        found |= {"matchLabelKeys": ["k1"], "mismatchLabelKeys": ["k2"]}
    return found


def spread(g: Generator) -> dict[str, Any]:
    found = g.fields("TopologySpreadConstraint", leave=("minDomains", "matchLabelKeys"))
    found["topologyKey"] = f"example.com/k{g.number()}"
    if found["whenUnsatisfiable"] == "DoNotSchedule":
        found["minDomains"] = g.source.randrange(1, 5)
    if g.source.random() < 0.5:
        found["matchLabelKeys"] = ["k1"]
    found["maxSkew"] = g.source.randrange(1, 9)
    return found


def toleration(g: Generator) -> dict[str, Any]:
    found = g.pick(
        [
            {"operator": "Exists"},
            {"key": "a", "operator": "Exists", "effect": "NoSchedule"},
            {"key": "example.com/a", "operator": "Equal", "value": "x"},
            {"key": "a", "value": "x", "effect": "NoExecute", "tolerationSeconds": 30},
        ]
    )
    return copy.deepcopy(found)


def peer(g: Generator) -> dict[str, Any]:
    if g.source.random() < 0.4:
        return {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}
    return g.fields("NetworkPolicyPeer", "podSelector", leave=("ipBlock",))


def policy_port(g: Generator) -> dict[str, Any]:
    found = g.fields("NetworkPolicyPort", leave=("endPort",))
    if isinstance(found.get("port"), int) and g.source.random() < 0.5:
        found["endPort"] = found["port"] + 5
    return found


TYPES: dict[str, Callable[[Generator], Any]] = {
    "HostAlias": lambda g: g.fields("HostAlias", "hostnames"),
    "LabelSelectorRequirement": lambda g: requirement(g, ["In", "NotIn", "Exists", "DoesNotExist"]),
    "NetworkPolicyPeer": peer,
    "NetworkPolicyPort": policy_port,
    "NodeSelectorTerm": node_term,
    "PodAffinityTerm": pod_term,
    "PodSpec": spec,
    "Toleration": toleration,
    "TopologySpreadConstraint": spread,
}
FIELDS: dict[str, Callable[[Generator], Any]] = {
    "PodSpec.resourceClaims": resource_claims,
}
