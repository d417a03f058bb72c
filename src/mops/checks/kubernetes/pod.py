"""The pods of a configuration as Kubernetes gets them: their parts, each with its type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mops.checks.kubernetes.node import Found, Kind, Node
from mops.config.view import Group, View
from mops.model.layer import Path

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
# The volumes of the chart, and where it mounts them in the main container.
_SCRATCH_PATH, _TLS_PATH = "/tmp", "/etc/dask/tls"  # noqa: S108 - the chart's mount, no file of ours
_TLS = ("tls", "secretName")
CONTEXT = ("containerSecurityContext",)


class Pod:
    """One pod: what the parts of it need to know of each other.

    `volumes` has the volumes by name, those of the chart included, `mounts` the places of the
    chart's mounts in the main container.
    """

    def __init__(self, view: View, group: Group) -> None:
        self.view = view
        self.group = group
        self.spec: Mapping[str, Any] = self._tree("extraPodSpec")
        self.init: list[Any] = self._list("initContainers")
        self.sidecars: list[Any] = self._list("sidecars")
        self.volumes: dict[str, Any] = {
            volume.get("name", ""): volume for volume in self._list("volumes")
        }
        self.volumes["tmp"] = {"emptyDir": {}}
        self.mounts = [_SCRATCH_PATH]
        if view.value(_TLS):
            self.volumes["tls"] = {"secret": {}}
            self.mounts.append(_TLS_PATH)
        self.grace_period: int = view.value(group.at("gracePeriod"))
        self.host_users: bool = self.spec.get("hostUsers", True)
        self.os: str = self.spec.get("os", {}).get("name", "")

    def _tree(self, key: str) -> Mapping[str, Any]:
        return self.view.tree(self.group.at(key))

    def _list(self, key: str) -> list[Any]:
        return self.view.value(self.group.at(key)) or []

    def has(self, key: str) -> bool:
        """Whether a setting of the pod has a value that is not empty, or parts."""
        path = self.group.at(key)
        return bool(self.view.value(path)) or bool(self.view.tree(path))

    def main(self) -> dict[str, Any]:
        """The main container, as far as it is set by parts."""
        return {
            "name": self.group.container,
            "resources": self.resources(),
            "securityContext": self.view.tree(CONTEXT),
        }

    def resources(self) -> dict[str, dict[str, str]]:
        """The resources of the main container; the chart leaves out empty ones."""
        found = self._tree("resources")
        return {
            kind: {name: text for name, text in found.get(kind, {}).items() if text}
            for kind in ("requests", "limits")
        }

    def parts(self) -> Iterator[tuple[str, Node]]:
        """The parts that are set, each with its type."""
        main = self.main()
        for key, expression in PARTS.items():
            if not self.has(key):
                continue
            path = self.group.at(key)
            value = self.resources() if key == "resources" else self._value(path)
            node = Node(value, path, self)
            if key in _OF_CONTAINER:
                node = node._replace(container=main, kind="main")
            yield expression, node._replace(kind=_KINDS.get(key, node.kind))
        for name in self.view.names(self.group):
            path = (*self.group.variable(name), "valueFrom")
            reference = self.view.tree(path)
            if reference:
                yield "EnvVarSource", Node(reference, path, self, main, "main")
        context = Node(main["securityContext"], CONTEXT, self, main, "main")
        yield "SecurityContext", context

    def _value(self, path: Path) -> Any:
        value = self.view.value(path)
        return value if isinstance(value, list) else self.view.tree(path)

    def containers(self) -> Iterator[Node]:
        """The containers besides the main one, those that run first included."""
        for key, kind in _KINDS.items():
            node = Node(self._list(key), self.group.at(key), self, kind=kind)
            for item in node.items():
                yield item._replace(container=item.value)


def pods(view: View) -> list[Pod]:
    """The pods of the scheduler and of each group of workers."""
    return [Pod(view, group) for group in view.pods]


def whole(pod: Pod) -> Iterator[Found]:
    """What is wrong with the parts of a pod together."""
    from mops.checks.kubernetes import containers, resources, volumes

    yield from containers.names(pod)
    yield from containers.host_ports(pod)
    yield from volumes.reserved(pod)
    yield from resources.pod_level(pod)
