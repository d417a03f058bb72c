"""Labels and annotations that Kubernetes reads itself, and how large they may be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mops.checks.kubernetes.formats import DESCENDING, LABEL_VALUE, QUALIFIED_NAME
from mops.checks.kubernetes.node import Found, Node, RuleText
from mops.config.view import View
from mops.schema.keywords import shown

_LABEL, _ANNOTATION = "selector-label", "pod-annotation"
_MOST_BYTES = 256 * 1024
_SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
_CONTAINER_SECCOMP = "container.seccomp.security.alpha.kubernetes.io/"
_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_PROFILES = ("", "runtime/default", "unconfined")
_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_MIRROR = "kubernetes.io/config.mirror"
_INGRESS_CLASS = "kubernetes.io/ingress.class"


def labels(node: Node) -> Iterator[Found]:
    """Labels with keys or values that Kubernetes refuses."""
    for key, value in node.value.items():
        if not QUALIFIED_NAME.accepts(key):
            message = f"expected {QUALIFIED_NAME.expected}, found {shown(key)}"
            yield node.child(key).wrong(_LABEL, message)
        if not LABEL_VALUE.accepts(value):
            message = f"expected {LABEL_VALUE.expected}, found {shown(value)}"
            yield node.child(key).wrong(_LABEL, message)


def too_large(node: Node) -> Iterator[Found]:
    """Annotations that are too large together."""
    size = sum(len(key.encode()) + len(value.encode()) for key, value in node.value.items())
    if size > _MOST_BYTES:
        message = f"annotations may have {_MOST_BYTES} bytes together, found {size}"
        yield node.wrong(_ANNOTATION, message)


def inspect(view: View) -> Iterator[Found]:
    """What is wrong with annotations of pods and of the Ingress."""
    for group in view.pods:
        path = group.at("podAnnotations")
        node = Node(view.tree(path), path)
        names = [group.container]
        for key in ("initContainers", "sidecars"):
            names += [one.get("name", "") for one in view.value(group.at(key)) or ()]
        for key in node.value:
            yield from _annotation(node.child(key), names)
    yield from _ingress_class(view)


def _annotation(node: Node, containers: list[str]) -> Iterator[Found]:
    key, value = node.path[-1], node.value
    if key == _DELETION_COST and not _is_int32(value):
        yield node.wrong(_ANNOTATION, f"expected an integer of 32 bits, found {shown(value)}")
    if key == _MIRROR:
        yield node.wrong(_ANNOTATION, "only the kubelet sets this annotation", "remove it")
    if (key == _SECCOMP or key.startswith(_CONTAINER_SECCOMP)) and not _is_seccomp(value):
        yield node.wrong(_ANNOTATION, "expected runtime/default, unconfined or localhost/<path>")
    if key.startswith(_APP_ARMOR):
        name = key.removeprefix(_APP_ARMOR)
        if name not in containers:
            yield node.wrong(_ANNOTATION, f"the pod has no container {name}")
        if value not in _PROFILES and not value.startswith("localhost/"):
            message = "expected runtime/default, unconfined or localhost/<profile>"
            yield node.wrong(_ANNOTATION, message)


def _is_int32(text: str) -> bool:
    return re.fullmatch(r"0|-?[1-9][0-9]{0,9}", text) is not None and -(2**31) <= int(text) < 2**31


def _is_seccomp(text: str) -> bool:
    if text in ("runtime/default", "docker/default", "unconfined"):
        return True
    prefix, _, path = text.partition("/")
    return prefix == "localhost" and DESCENDING.accepts(path)


def _ingress_class(view: View) -> Iterator[Found]:
    path = ("ingress", "annotations", _INGRESS_CLASS)
    name = view.value(("ingress", "className"))
    written = view.value(path)
    if name and written is not None and written != name:
        message = f"the annotation names the class {written}, className {name}"
        yield Node(written, path).wrong(_ANNOTATION, message, also=(("ingress", "className"),))


RULES = (
    RuleText(_LABEL, "a label of a selector with a key or value that Kubernetes refuses"),
    RuleText(_ANNOTATION, "an annotation that Kubernetes reads itself and refuses, or too many"),
)
