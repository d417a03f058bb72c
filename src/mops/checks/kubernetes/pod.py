"""The pods of a configuration as Kubernetes gets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mops.config.view import Group, View

# The volumes of the chart, and where it mounts them in the main container.
_SCRATCH_PATH, _TLS_PATH = "/tmp", "/etc/dask/tls"  # noqa: S108 - not a file of ours
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
        self.init: list[Any] = self.list_of("initContainers")
        self.sidecars: list[Any] = self.list_of("sidecars")
        self.volumes: dict[str, Any] = {
            volume.get("name", ""): volume for volume in self.list_of("volumes")
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

    def list_of(self, key: str) -> list[Any]:
        """The items of a setting of the pod; none if it is not set."""
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

    def value(self, key: str) -> Any:
        """The list or the mapping of a setting of the pod."""
        value = self.view.value(self.group.at(key))
        return value if isinstance(value, list) else self._tree(key)


def pods(view: View) -> list[Pod]:
    """The pods of the scheduler and of each group of workers."""
    return [Pod(view, group) for group in view.pods]
