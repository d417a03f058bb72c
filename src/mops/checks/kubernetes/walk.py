"""The walk along the types of all that a configuration passes on to Kubernetes.

It checks what is the same for every type (required fields, formats, ranges, versions), and hands
each value to the function that the table VALIDATORS has for its type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mops.checks.kubernetes import (
    containers,
    env,
    handlers,
    metadata,
    mounts,
    network,
    parts,
    placement,
    podspec,
    resources,
    security,
    sources,
    volumes,
)
from mops.checks.kubernetes.node import Found, Node, RuleText
from mops.checks.kubernetes.pod import Pod, pods
from mops.checks.kubernetes.tables import (
    BY_CHART,
    CHOICES,
    FORMATS,
    JUDGED_EMPTY,
    MAY_BE_EMPTY,
    MODE,
    RANGES,
    REQUIRED,
)
from mops.checks.kubernetes.versions import newer_field, removed_field
from mops.config.view import View
from mops.model.spelling import near, one_of
from mops.schema.keywords import number_range, shown
from mops.schema.kubernetes import kubernetes_data

Validator = Callable[[Node], Iterator[Found]]

# By the name of a type, or "[Type]" for a whole list of it.
VALIDATORS: dict[str, Validator] = {
    **containers.VALIDATORS,
    **env.VALIDATORS,
    **handlers.VALIDATORS,
    **mounts.VALIDATORS,
    **network.VALIDATORS,
    **placement.VALIDATORS,
    **podspec.VALIDATORS,
    **resources.VALIDATORS,
    **security.VALIDATORS,
    **sources.VALIDATORS,
    **volumes.VALIDATORS,
}
_PROBLEM, _MISSING = "kubernetes-value", "kubernetes-required"


def inspect(view: View) -> list[Found]:
    """Everything that is wrong with what a configuration passes on to Kubernetes."""
    findings: list[Found] = []
    for one in pods(view):
        for expression, node in parts.parts(one):
            findings += _walk(expression, node, view)
        findings += _whole(one)
    for expression, node in network.parts(view):
        findings += _walk(expression, node, view)
    findings += metadata.inspect(view)
    findings += security.root_user(view)
    return findings


def _whole(one: Pod) -> Iterator[Found]:
    """What is wrong with the parts of a pod together."""
    yield from containers.names(one)
    yield from containers.host_ports(one)
    yield from volumes.reserved(one)
    yield from resources.pod_level(one)


def _walk(expression: str, node: Node, view: View) -> Iterator[Found]:
    if expression in VALIDATORS:
        yield from VALIDATORS[expression](node)
    if expression.startswith("["):
        for item in node.items():
            yield from _walk(expression[1:-1], item, view)
    elif expression in kubernetes_data().types:
        yield from _object(expression, node, view)


def _object(kind: str, node: Node, view: View) -> Iterator[Found]:
    for field, written in kubernetes_data().types[kind].items():
        name = f"{kind}.{field}"
        expression = written.rstrip("!")
        is_required = (written.endswith("!") or name in REQUIRED) and name not in BY_CHART
        if field not in node.value:
            if is_required:
                yield node.wrong(_MISSING, f"{field} is missing")
            continue
        inner = node.child(field)
        if kind == "Container":
            inner = inner._replace(container=node.value)
        yield from newer_field(name, inner, view)
        yield from removed_field(name, inner, view)
        if is_required and inner.value in ("", []) and name not in MAY_BE_EMPTY:
            yield inner.wrong(_MISSING, "must not be empty")
            continue
        yield from _judge(name, inner)
        yield from _walk(expression, inner, view)


def _judge(name: str, node: Node) -> Iterator[Found]:
    """Problems of a field with a format, a range or choices, or of the items that it has."""
    check = _check(name)
    if check is None or (node.value == "" and name not in JUDGED_EMPTY):
        return
    parts = node.items() if isinstance(node.value, list) else [node]
    for part in parts:
        message, hint = check(part.value)
        if message:
            yield part.wrong(_PROBLEM, message, hint)


def _check(name: str) -> Callable[[Any], tuple[str, str]] | None:
    """The function that gives the message and the hint for a value; None if all are right."""
    if name in FORMATS:
        wanted = FORMATS[name]
        return lambda value: (
            ("", "") if wanted.accepts(value) else (_expected(wanted.expected, value), "")
        )
    if name in RANGES:
        low, high = RANGES[name]
        return lambda value: _outside(low, high, value)
    if name in CHOICES:
        choices = CHOICES[name]
        return lambda value: (
            ("", "")
            if value in choices
            else (_expected(one_of(choices), value), near(value, choices))
        )
    return None


def _expected(wanted: str, value: Any) -> str:
    return f"expected {wanted}, found {shown(value)}"


def _outside(low: int, high: int | None, value: int) -> tuple[str, str]:
    if low <= value and (high is None or value <= high):
        return "", ""
    hint = f"a file mode is decimal here: {0o644} is 0644" if high == MODE[1] else ""
    return _expected(number_range(low, high), value), hint


RULES = (
    RuleText(_MISSING, "a field that Kubernetes requires and that is missing or empty"),
    RuleText(_PROBLEM, "a name, a path or a number that Kubernetes refuses"),
)
