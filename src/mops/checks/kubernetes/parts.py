"""The parts of a pod that are passed on to Kubernetes, each with its type."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.kubernetes.node import Kind, Node
from mops.checks.kubernetes.pod import CONTEXT, Pod

# The settings of a pod that are passed on to Kubernetes, and their types there.
PARTS = {
    "affinity": "Affinity",
    "envFrom": "[EnvFromSource]",
    "extraPodSpec": "PodSpec",
    "hostAliases": "[HostAlias]",
    "initContainers": "[Container]",
    "resources": "ResourceRequirements",
    "sidecars": "[Container]",
    "tolerations": "[Toleration]",
    "topologySpreadConstraints": "[TopologySpreadConstraint]",
    "volumeMounts": "[VolumeMount]",
    "volumes": "[Volume]",
}
_KINDS: dict[str, Kind] = {"initContainers": "init", "sidecars": "sidecar"}
# The parts that belong to the main container.
_OF_CONTAINER = frozenset({"envFrom", "resources", "volumeMounts"})


def parts(pod: Pod) -> Iterator[tuple[str, Node]]:
    """The parts that are set, each with its type."""
    main = pod.main()
    for key, expression in PARTS.items():
        if not pod.has(key):
            continue
        path = pod.group.at(key)
        value = pod.resources() if key == "resources" else pod.value(key)
        node = Node(value, path, pod)
        if key in _OF_CONTAINER:
            node = node._replace(container=main, kind="main")
        yield expression, node._replace(kind=_KINDS.get(key, node.kind))
    for name in pod.view.names(pod.group):
        path = (*pod.group.variable(name), "valueFrom")
        reference = pod.view.tree(path)
        if reference:
            yield "EnvVarSource", Node(reference, path, pod, main, "main")
    context = Node(main["securityContext"], CONTEXT, pod, main, "main")
    yield "SecurityContext", context


def other_containers(pod: Pod) -> Iterator[Node]:
    """The containers besides the main one, those that run first included."""
    for key, kind in _KINDS.items():
        node = Node(pod.list_of(key), pod.group.at(key), pod, kind=kind)
        for item in node.items():
            yield item._replace(container=item.value)
