"""Random settings of pods, drawn from the types of Kubernetes."""

from __future__ import annotations

import random
from typing import Any

from mops.checks.kubernetes.parts import PARTS
from mops.schema.fields import load_schema

from . import container_kinds, pod_kinds, volume_kinds
from .samples import DATA, FIELDS, LABELS, REQUIRED, SCALARS, is_newer

SCHEMA = load_schema()
OF_CHART = (SCHEMA.at(("workers", "extraPodSpec")) or {})["propertyNames"]["not"]["enum"]
# What the chart writes itself, or never works in a Deployment.
NEVER = frozenset(
    {
        "PodSpec.activeDeadlineSeconds",
        "PodSpec.ephemeralContainers",
        "PodSpec.windowsOptions",
        "ObjectMeta.creationTimestamp",
        *(f"PodSpec.{name}" for name in OF_CHART),
        *(
            f"ObjectMeta.{name}"
            for name in DATA.types["ObjectMeta"]
            if name not in ("labels", "annotations")
        ),
        # Windows, which the chart's security context excludes.
        "SecurityContext.windowsOptions",
    }
)
"""Fields that no valid setting has, by `Type.field`."""


class Generator:
    """Settings of pods."""

    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.volumes: list[str] = []
        self.claims: list[str] = []
        self.host_users = True
        self.os = ""
        self.kind = ""
        self.counter = 0

    def pod(self) -> dict[str, Any]:
        """The settings of one pod: some of its parts."""
        self.volumes, self.claims, self.host_users, self.os = ["tmp"], [], True, ""
        self.counter = 0
        found: dict[str, Any] = {}
        order = [
            "volumes",
            "extraPodSpec",
            *(key for key in PARTS if key not in ("volumes", "extraPodSpec")),
        ]
        for key in order:
            if self.source.random() < 0.4 and key != "resources":
                self.kind = {"initContainers": "init", "sidecars": "sidecar"}.get(key, "main")
                found[key] = self.value(PARTS[key], key)
        if self.source.random() < 0.4:
            self.kind = "main"
            found["env"] = {
                self.pick(["A", "B_C", "d.e-f"]): {
                    "valueFrom": container_kinds.source_of_variable(self, main=True)
                }
                for _ in range(self.source.randrange(1, 3))
            }
        if self.source.random() < 0.4:
            found["resources"] = container_kinds.resources(self, main=True)
        if self.source.random() < 0.3:
            found["podAnnotations"] = self.annotations()
        return found

    def annotations(self) -> dict[str, str]:
        known = {
            "controller.kubernetes.io/pod-deletion-cost": ["0", "-5", "2147483647"],
            "container.apparmor.security.beta.kubernetes.io/worker": [
                "runtime/default",
                "localhost/x",
            ],
            "example.com/note": ["", "text", "a b"],
            "prometheus.io/scrape": ["true"],
        }
        names = self.source.sample(sorted(known), self.source.randrange(1, 3))
        return {name: self.pick(known[name]) for name in names}

    def pick(self, choices: Any) -> Any:
        return self.source.choice(list(choices))

    def value(self, expression: str, field: str = "") -> Any:
        """A valid value of a type, for the field `Type.field`."""
        own = ALL_FIELDS.get(field)
        if own is not None:
            return own(self)
        if expression.startswith("["):
            count = self.source.randrange(1, 3)
            return [self.value(expression[1:-1], f"{field}[]") for _ in range(count)]
        if expression.startswith("{"):
            return {
                self.pick(LABELS): self.value(expression[1:-1], f"{field}[]")
                for _ in range(self.source.randrange(1, 3))
            }
        name, is_enum, choices = expression.partition("=")
        if is_enum:
            return self.pick(choices.split("|"))
        if name in SCALARS:
            return SCALARS[name](self)
        whole = TYPES.get(name)
        return whole(self) if whole is not None else self.fields(name)

    def fields(self, kind: str, *chosen: str, leave: tuple[str, ...] = ()) -> dict[str, Any]:
        """A value of an object's type: what it requires, what is chosen, and some of the rest."""
        found = {}
        for field, written in DATA.types[kind].items():
            name = f"{kind}.{field}"
            if field in leave or name in NEVER or is_newer(name) or name in DATA.until:
                continue
            wanted = written.endswith("!") or field in chosen or name in REQUIRED
            if wanted or self.source.random() < 0.35:
                found[field] = self.value(written.rstrip("!"), name)
        return found

    def one_of(self, kind: str, choices: list[str], also: tuple[str, ...] = ()) -> dict[str, Any]:
        """A value of a type that has exactly one of some fields, and perhaps others."""
        chosen = self.pick(choices)
        others = tuple(one for one in choices if one != chosen)
        return self.fields(kind, chosen, *also, leave=others)

    def number(self) -> int:
        self.counter += 1
        return self.counter


TYPES = {**container_kinds.TYPES, **pod_kinds.TYPES, **volume_kinds.TYPES}
ALL_FIELDS = {**FIELDS, **container_kinds.FIELDS, **pod_kinds.FIELDS, **volume_kinds.FIELDS}
