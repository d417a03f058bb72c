"""Resources: names, whole numbers, and requests against limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from mops.checks.kubernetes.formats import QUALIFIED_NAME
from mops.checks.kubernetes.node import Found, Node, RuleText
from mops.checks.kubernetes.pod import Pod
from mops.checks.kubernetes.quantities import amount
from mops.checks.rule import EITHER, WARNING

_BASIC = ("cpu", "memory")
_STANDARD = frozenset({*_BASIC, "ephemeral-storage"})
_HUGE = "hugepages-"
_NAME, _LIMITS, _EXTENDED, _PAGES = (
    "resource-name",
    "requests-within-limits",
    "extended-resource",
    "huge-pages",
)
_CLAIMS = "resource-claim"


def is_extended(name: str) -> bool:
    """Whether a resource is none of Kubernetes' own, such as nvidia.com/gpu."""
    return "/" in name and "kubernetes.io/" not in name


def _requirements(node: Node) -> Iterator[Found]:
    limits, requests = node.get("limits", {}), node.get("requests", {})
    for quantities in node.children("limits", "requests"):
        for name in quantities.value:
            yield from quantity(name, quantities.child(name), of_pod=node.container is None)
    for name in requests:
        yield from _within(name, limits, node)
    names = {*limits, *requests}
    pages = [name for name in names if name.startswith(_HUGE)]
    if pages and names.isdisjoint(_BASIC):
        kind = "limits" if pages[0] in limits else "requests"
        message = "huge pages need a request or limit of cpu or memory beside them"
        yield node.child(kind).child(pages[0]).wrong(_PAGES, message)
    yield from _claims(node)


def quantity(name: str, node: Node, *, of_pod: bool = False) -> Iterator[Found]:
    """What is wrong with a quantity of a container's or a pod's resource."""
    number = amount(node.value)
    if number is None:
        return
    if number < 0:
        yield node.wrong(_NAME, f"a quantity must not be negative, found {node.value}")
    if not _is_known(name, of_pod=of_pod):
        known = "cpu, memory or hugepages-<size>"
        if not of_pod:
            known = f"{known}, ephemeral-storage, or a name with a domain such as nvidia.com/gpu"
        yield node.wrong(_NAME, f"{name} is no resource of a container: expected {known}")
    elif name.startswith(_HUGE):
        yield from _pages(name, number, node)
    elif is_extended(name) and (number * 1000).__ceil__() % 1000:
        message = f"{name} comes in whole numbers, found {node.value}"
        yield node.wrong(_EXTENDED, message)


def _is_known(name: str, *, of_pod: bool) -> bool:
    if of_pod:
        return name in _BASIC or name.startswith(_HUGE)
    if "/" not in name:
        return name in _STANDARD or (name.startswith(_HUGE) and QUALIFIED_NAME.accepts(name))
    if not is_extended(name):
        return QUALIFIED_NAME.accepts(name)
    return not name.startswith("requests.") and QUALIFIED_NAME.accepts(f"requests.{name}")


def _pages(name: str, number: Fraction, node: Node) -> Iterator[Found]:
    size = amount(name.removeprefix(_HUGE))
    if not size or size < 0 or size % 1:
        yield node.wrong(_PAGES, f"{name} names no size of pages: expected hugepages-2Mi or -1Gi")
    elif number.__ceil__() % size:
        message = f"expected a multiple of {name.removeprefix(_HUGE)}, found {node.value}"
        yield node.wrong(_PAGES, message)


def _within(name: str, limits: Mapping[str, str], node: Node) -> Iterator[Found]:
    """A request against the limit: at most as high, or equal if the resource is not shared."""
    request = node.child("requests").child(name)
    wanted = amount(request.value)
    is_exact = is_extended(name) or name.startswith(_HUGE)
    kind = _PAGES if name.startswith(_HUGE) else _EXTENDED
    if name not in limits:
        if is_exact:
            hint = "write it under limits; Kubernetes takes the request from there"
            yield request.wrong(kind, f"a request for {name} needs a limit", hint)
        return
    limit = node.child("limits").child(name)
    most = amount(limit.value)
    if wanted is None or most is None:
        return
    if is_exact and wanted != most:
        message = f"the request {request.value} and the limit {limit.value} of {name} must be equal"
        yield request.wrong(kind, message, also=(limit.path,))
    elif wanted > most and not (node.kind == "main" and name in _BASIC):
        message = f"the {name} request {request.value} is more than the limit {limit.value}"
        yield request.wrong(_LIMITS, message, also=(limit.path,))


def _claims(node: Node) -> Iterator[Found]:
    pod = node.pod
    known = {claim.get("name") for claim in pod.spec.get("resourceClaims", ())} if pod else set()
    seen: set[tuple[str, str]] = set()
    for claim in node.list_of("claims"):
        name, request = claim.get("name", ""), claim.get("request", "")
        if name and name not in known:
            yield claim.wrong(_CLAIMS, f"{name} is not among extraPodSpec.resourceClaims")
        taken = [other for other in seen if other[0] == name]
        if (name, request) in taken or (taken and (not request or (name, "") in taken)):
            yield claim.wrong(_CLAIMS, f"the claim {name} is used twice")
        seen.add((name, request))


def _pod_claim(node: Node) -> Iterator[Found]:
    sources = [
        key
        for key in ("resourceClaimName", "resourceClaimTemplateName", "source")
        if key in node.value
    ]
    if len(sources) != 1:
        message = "expected exactly one of resourceClaimName and resourceClaimTemplateName"
        yield node.wrong(_CLAIMS, message)


def _pod_claims(node: Node) -> Iterator[Found]:
    seen: set[str] = set()
    for claim in node.items():
        name = claim.get("name", "")
        if name and name in seen:
            yield claim.child("name").wrong(_CLAIMS, f"duplicate resource claim {name}")
        elif name and node.pod and name not in _used_claims(node.pod):
            message = f"no container uses the claim {name}"
            hint = "name it in resources.claims of a sidecar or an init container"
            yield claim.wrong(_CLAIMS, message, hint, severity=WARNING)
        seen.add(name)


def _used_claims(pod: Pod) -> set[str]:
    containers = (*pod.init, *pod.sidecars)
    claims = (one.get("resources", {}).get("claims", ()) for one in containers)
    return {claim.get("name", "") for each in claims for claim in each}


def pod_level(pod: Pod) -> Iterator[Found]:
    """Resources of the pod as a whole against those of its containers."""
    if "resources" not in pod.spec:
        return
    path = pod.group.at("extraPodSpec", "resources")
    node = Node(pod.spec["resources"], path, pod)
    for claim in node.children("claims"):
        yield claim.wrong(_CLAIMS, "a pod has no claims of its own: write them in a container")
    requested = _aggregate(pod, "requests")
    for request in _each(node, "requests"):
        total = requested.get(request.path[-1])
        if total is not None and total > _or_zero(request.value):
            message = (
                f"the containers request more {request.path[-1]} than the pod: {request.value}"
            )
            yield request.wrong(_LIMITS, message)
    for limit in _each(node, "limits"):
        yield from _pod_limit(pod, limit)


def _pod_limit(pod: Pod, limit: Node) -> Iterator[Found]:
    name = limit.path[-1]
    most = _or_zero(limit.value)
    if name.startswith(_HUGE):
        highest = _aggregate(pod, "limits").get(name, Fraction(0))
    else:
        each = (_quantity(container, "limits", name) for container in [pod.main(), *pod.sidecars])
        highest = max(each)
    if highest > most:
        message = f"a container may use more {name} than the pod: {limit.value}"
        yield limit.wrong(_LIMITS, message)


def _each(node: Node, kind: str) -> Iterator[Node]:
    for quantities in node.children(kind):
        yield from quantities.children(*quantities.value)


def _aggregate(pod: Pod, kind: str) -> dict[str, Fraction]:
    """What all containers need at once: init containers run before the others, one by one.

    Those with the restart policy Always keep running. As AggregateContainerRequests in
    k8s.io/component-helpers computes it.
    """
    containers = [pod.main(), *pod.sidecars]
    names = {
        name
        for container in [*containers, *pod.init]
        for name in container.get("resources", {}).get(kind, {})
    }
    return {name: _total(pod, kind, name) for name in names}


def _total(pod: Pod, kind: str, name: str) -> Fraction:
    lasting = Fraction(0)
    highest = Fraction(0)
    for container in pod.init:
        highest = max(highest, lasting + _quantity(container, kind, name))
        if container.get("restartPolicy") == "Always":
            lasting += _quantity(container, kind, name)
    running = (_quantity(one, kind, name) for one in [pod.main(), *pod.sidecars])
    return max(sum(running, lasting), highest)


def _quantity(container: Mapping[str, Any], kind: str, name: str) -> Fraction:
    written = container.get("resources", {}).get(kind, {}).get(name, "0")
    return _or_zero(written)


def _or_zero(quantity: str) -> Fraction:
    return amount(quantity) or Fraction(0)


VALIDATORS = {
    "ResourceRequirements": _requirements,
    "PodResourceClaim": _pod_claim,
    "[PodResourceClaim]": _pod_claims,
}
RULES = (
    RuleText(_NAME, "a resource with a name or a quantity that Kubernetes refuses"),
    RuleText(_EXTENDED, "a request for a device without an equal limit in whole numbers"),
    RuleText(_PAGES, "huge pages that Kubernetes refuses"),
    RuleText(
        _CLAIMS, "a resource claim that is not defined, not used, or defined or used twice", EITHER
    ),
)
