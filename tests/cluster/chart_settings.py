"""Random values, right and wrong, of the settings that are no part of a pod."""

from __future__ import annotations

from typing import Any

from mops.checks.kubernetes.parts import PARTS
from mops.model.layer import Path, nest
from mops.schema.keywords import types
from mops.schema.tree import Tree

from .generator import SCHEMA, Generator
from .mutations import WRONG_NUMBERS, WRONG_STRINGS, mutated

_NOT_OF_THE_CHART = ("environment", "global", "mopsValues", "release", "workerGroups")
_RULES = {
    ("networkPolicy", "extraIngress"): "[NetworkPolicyIngressRule]",
    ("networkPolicy", "extraEgress"): "[NetworkPolicyEgressRule]",
}
SETTINGS = [
    path
    for path in SCHEMA.fields
    if path[0] not in _NOT_OF_THE_CHART
    and not (path[0] in ("scheduler", "workers") and path[1] in PARTS and path[1] != "resources")
]
# What makes further objects, or more of their fields, so that all settings take effect.
_SWITCHES: list[dict[Path, Any]] = [
    {},
    {("ingress", "enabled"): True},
    {("ingress", "enabled"): True, ("ingress", "host"): "a.example.com"},
    {("autoscaling", "enabled"): True},
    {("networkPolicy", "restrictEgress"): True},
    {("tls", "secretName"): "certificates"},
    {("openshift",): True},
]
_STRINGS = [
    *WRONG_STRINGS, "x", "1", "2", "0.5", "1.5", "500m", "1m", "0.0001", "1Gi", "1e3", "7.040000G",
    "8.000000G", "999999999999Ti", "100%", "25%", "0%", "30s", "10.0.0.1", "*.example.com",
    "a.example.com", "example.com/x", "runtime/default", "localhost/../x", "2147483648",
]  # fmt: skip
_NUMBERS = [*WRONG_NUMBERS, 3, 60, 80, 100, 2000, 8080]
_KEYS = [
    "a", "example.com/a", "Example.com/x", "a..b/c", "A/b", "a/b/c", "x" * 64, "-a", "a b", "/x",
    "example.com/", f"{'x' * 250}.com/a", "kubernetes.io/ingress.class", "app.kubernetes.io/name",
    "controller.kubernetes.io/pod-deletion-cost",
]  # fmt: skip


def settings(generator: Generator) -> dict[str, Any]:
    """One or two settings with values that may be right or wrong."""
    found: dict[Path, Any] = dict(generator.pick(_SWITCHES))
    for _ in range(generator.pick([1, 1, 1, 2])):
        path = generator.pick([*SETTINGS, *[*_RULES] * 5])
        found[path] = _rules(generator, path) if path in _RULES else _any(generator, path)
    # A section that is set as a whole excludes its parts.
    return nest(
        (path, value)
        for path, value in found.items()
        if not any(path[:size] in found for size in range(1, len(path)))
    )


def _rules(generator: Generator, path: Path) -> Any:
    rules = generator.value(_RULES[path])
    return mutated(generator, rules, _RULES[path])[0] if generator.source.random() < 0.7 else rules


def _any(generator: Generator, path: Path) -> Any:
    return _value(generator, SCHEMA.at(path) or {})


def _value(generator: Generator, tree: Tree) -> Any:
    if "enum" in tree and generator.source.random() < 0.7:
        return generator.pick(tree["enum"])
    kind = generator.pick(types(tree) or ("string",))
    if kind == "array":
        count = generator.pick([0, 1, 1, 2])
        return [_value(generator, tree.get("items", {})) for _ in range(count)]
    if kind == "object":
        return _mapping(generator, tree)
    choices = {"integer": _NUMBERS, "boolean": [True, False]}
    return generator.pick(choices.get(kind, _STRINGS))


def _mapping(generator: Generator, tree: Tree) -> dict[str, Any]:
    known = tree.get("properties", {})
    found = {
        key: _value(generator, sub)
        for key, sub in known.items()
        if key in tree.get("required", ()) or generator.source.random() < 0.5
    }
    if not known:
        found |= {generator.pick(_KEYS): generator.pick(_STRINGS) for _ in range(2)}
    return found
