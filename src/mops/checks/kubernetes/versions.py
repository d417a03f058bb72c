"""Fields that the cluster's version of Kubernetes does not have."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.kubernetes.node import Found, Node, RuleText
from mops.checks.rule import EITHER, ERROR, WARNING, Severity
from mops.config.view import View
from mops.schema.kubernetes import kubernetes_data

VERSION = ("release", "kubernetesVersion")
_RULE = "kubernetes-version"
_UNKNOWN = "set release.kubernetesVersion to the version of the cluster"


def newer_field(name: str, node: Node, view: View) -> Iterator[Found]:
    """Whether the field `Type.field` is newer than the cluster."""
    since = kubernetes_data().since.get(name)
    if since is not None:
        yield from newer(f"{_words(name)}", since, node, view)


def newer(what: str, since: str, node: Node, view: View) -> Iterator[Found]:
    """Whether something is newer than the cluster: it exists since the version `since`."""
    version = str(view.value(VERSION))
    if _number(version) >= _number(since):
        return
    severity = _severity(view)
    message = f"Kubernetes {version} does not have {what}, which came with {since}"
    hint = "" if severity == ERROR else _UNKNOWN
    yield node.wrong(_RULE, message, hint, severity=severity)


def removed_field(name: str, node: Node, view: View) -> Iterator[Found]:
    """Whether the cluster no longer has the field `Type.field`."""
    until = kubernetes_data().until.get(name)
    if until is None:
        return
    version = str(view.value(VERSION))
    stated = _severity(view) == ERROR
    if stated and _number(version) <= _number(until):
        return
    message = f"Kubernetes does not have {_words(name)} after {until}"
    yield node.wrong(_RULE, message, "" if stated else _UNKNOWN, severity=_severity(view))


def _severity(view: View) -> Severity:
    """An error where somebody has stated the version, a warning where it is the default."""
    return ERROR if view.written(VERSION) else WARNING


def _words(name: str) -> str:
    kind, _, field = name.partition(".")
    return f"the field {field} of {kind}"


def _number(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)


RULES = (RuleText(_RULE, "a field that the cluster's Kubernetes version does not have", EITHER),)
