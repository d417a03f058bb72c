"""The environment of containers: names, sources, and references to fields of the pod."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mops.checks.kubernetes.formats import ENV_NAME, PRINTABLE_NAME, QUALIFIED_NAME
from mops.checks.kubernetes.node import Found, Node, RuleText
from mops.checks.kubernetes.quantities import amount
from mops.checks.kubernetes.versions import newer
from mops.model.spelling import near, one_of
from mops.schema.keywords import shown

_ENV, _FROM, _FIELD = "container-env", "env-from", "field-reference"
# Since this version, Kubernetes takes nearly every character in the name of a variable.
_RELAXED = "1.32"
_IN_ENV = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
_IN_FILES = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "metadata.labels",
    "metadata.annotations",
)
_KINDS = ("limits", "requests")
_RESOURCES = tuple(
    f"{kind}.{name}" for kind in _KINDS for name in ("cpu", "memory", "ephemeral-storage")
)
_HUGE = tuple(f"{kind}.hugepages-" for kind in _KINDS)
_CPU_UNITS = ("1", "1m")
_SIZES = ("1", *(f"1{prefix}" for prefix in "kMGTPE"), *(f"1{prefix}i" for prefix in "KMGTPE"))


def _variables(node: Node) -> Iterator[Found]:
    seen: set[str] = set()
    for variable in node.items():
        name = variable.get("name", "")
        if name and name in seen:
            message = f"two variables are named {name}"
            yield variable.child("name").wrong(_ENV, message, "keep one")
        seen.add(name)


def _variable(node: Node) -> Iterator[Found]:
    yield from _name("name", node)
    if node.get("value") and "valueFrom" in node.value:
        message = "expected either a value or a valueFrom"
        yield node.child("valueFrom").wrong(_ENV, message)


def _name(key: str, node: Node) -> Iterator[Found]:
    text = node.get(key)
    if not text or ENV_NAME.accepts(text):
        return
    place = node.child(key)
    if not PRINTABLE_NAME.accepts(text):
        yield place.wrong(_ENV, f"expected {PRINTABLE_NAME.expected}, found {shown(text)}")
    elif node.pod:
        what = f"variables with names such as {shown(text)}"
        yield from newer(what, _RELAXED, place, node.pod.view)


def _source(node: Node) -> Iterator[Found]:
    kinds = list(node.value)
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none"
        yield node.wrong(_ENV, f"a valueFrom has exactly one source, found {found}")


def _file(node: Node) -> Iterator[Found]:
    """A variable from a file, which needs a volume of the kind emptyDir."""
    name = node.get("volumeName", "")
    if not node.pod or not name:
        return
    place = node.child("volumeName")
    if name not in node.pod.volumes:
        yield place.wrong(_ENV, f"volume {name} is not defined")
    elif "emptyDir" not in node.pod.volumes[name]:
        yield place.wrong(_ENV, f"volume {name} must be an emptyDir")


def _env_from(node: Node) -> Iterator[Found]:
    sources = [kind for kind in ("secretRef", "configMapRef") if kind in node.value]
    if len(sources) != 1:
        found = "both" if sources else "neither"
        message = f"an entry needs either a secretRef or a configMapRef, found {found}"
        yield node.wrong(_FROM, message)
    yield from _name("prefix", node)


def _field(node: Node) -> Iterator[Found]:
    text = node.get("fieldPath", "")
    if not text:
        return
    place = node.child("fieldPath")
    known = _IN_ENV if node.container is not None else _IN_FILES
    part = re.fullmatch(r"(.*)\['(.*)'\]", text)
    if part is None:
        # spec.host is what old clients call spec.nodeName.
        if text not in known and not (text == "spec.host" and node.container is not None):
            hint = near(text, known) or f"write {one_of(known)}"
            yield place.wrong(_FIELD, f"{shown(text)} is no field that can be referred to", hint)
        return
    path, key = part.groups()
    if path not in ("metadata.labels", "metadata.annotations"):
        yield place.wrong(_FIELD, f"{path} has no keys", "only labels and annotations have keys")
    elif not QUALIFIED_NAME.accepts(key.lower() if path.endswith("annotations") else key):
        yield place.wrong(_FIELD, f"expected {QUALIFIED_NAME.expected}, found {shown(key)}")


def _resource(node: Node) -> Iterator[Found]:
    name = node.get("resource", "")
    if node.container is None and not node.get("containerName"):
        yield node.wrong(_FIELD, "in a volume, a resourceFieldRef needs a containerName")
    if name and name not in _RESOURCES and not name.startswith(_HUGE):
        hint = near(name, _RESOURCES) or f"write {one_of(_RESOURCES)}, or of huge pages"
        message = f"{shown(name)} is no resource that can be referred to"
        yield node.child("resource").wrong(_FIELD, message, hint)
        return
    units = _CPU_UNITS if name.endswith(".cpu") else _SIZES
    divisor = amount(node.get("divisor", "0"))
    if divisor and divisor not in {amount(unit) for unit in units}:
        message = f"expected {one_of(units)}, found {shown(node.get('divisor'))}"
        yield node.child("divisor").wrong(_FIELD, message)
    yield from _container_exists(node)


def _container_exists(node: Node) -> Iterator[Found]:
    name = node.get("containerName")
    if not name or not node.pod:
        return
    names = [node.pod.group.container]
    names += [one.get("name", "") for one in (*node.pod.init, *node.pod.sidecars)]
    if name not in names:
        message = f"the pod has no container {name}"
        yield node.child("containerName").wrong(_FIELD, message, near(name, names))


VALIDATORS = {
    "[EnvVar]": _variables,
    "EnvVar": _variable,
    "EnvVarSource": _source,
    "EnvFromSource": _env_from,
    "FileKeySelector": _file,
    "ObjectFieldSelector": _field,
    "ResourceFieldSelector": _resource,
}
RULES = (
    RuleText(_ENV, "a variable of a container that is set twice, or not by exactly one source"),
    RuleText(_FROM, "an envFrom entry that is not exactly one source"),
    RuleText(_FIELD, "a reference to a field or resource that Kubernetes does not offer"),
)
