"""A value of a Kubernetes type in a configuration, and what is found wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from mops.checks.kubernetes.pod import Pod
from mops.checks.rule import ERROR, Finding, Severity
from mops.model.layer import Path

# What a container is in its pod; "" for what is in no container.
Kind = Literal["main", "init", "sidecar", ""]


class Found(NamedTuple):
    """A finding and the name of the rule that it belongs to."""

    rule: str
    finding: Finding


class Node(NamedTuple):
    """A value of a Kubernetes type, with its path and what it is in.

    The path may run into the value of a setting: ("workers", "volumes", "2", "emptyDir"). `pod` is
    the pod that it is part of, None for objects without pods; `container` is the container that it
    is part of; `kind` is the kind of that container.
    """

    value: Any
    path: Path
    pod: Pod | None = None
    container: Mapping[str, Any] | None = None
    kind: Kind = ""

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a field; `default` if it is not set."""
        return self.value.get(key, default)

    def child(self, key: str) -> Node:
        """The value of a field that is set."""
        return self._replace(value=self.value[key], path=(*self.path, key))

    def items(self) -> Iterator[Node]:
        """The items of a list."""
        for index, item in enumerate(self.value):
            yield self._replace(value=item, path=(*self.path, str(index)))

    def children(self, *keys: str) -> Iterator[Node]:
        """The values of those of the fields that are set."""
        return (self.child(key) for key in keys if key in self.value)

    def list_of(self, key: str) -> Iterator[Node]:
        """The items of a field that is a list; none if it is not set."""
        return self.child(key).items() if self.value.get(key) else iter(())

    def wrong(
        self,
        rule: str,
        message: str,
        hint: str = "",
        *,
        also: tuple[Path, ...] = (),
        severity: Severity = ERROR,
    ) -> Found:
        """A finding at this value, or at one of the paths `also` if a higher layer has it."""
        return Found(rule, Finding((self.path, *also), message, hint, severity))


class RuleText(NamedTuple):
    """A rule whose findings the walk along the types yields: its name, what it finds, severity."""

    name: str
    line: str
    severity: Severity | Literal["error or warning"] = ERROR
