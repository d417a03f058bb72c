"""How large objects, and their labels and annotations, may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mops.checks.rule import ERROR, Finding, Rule
from mops.config.view import View
from mops.model.layer import Path

_MIB = 2**20
# Kubernetes' limit for the annotations of one object (TotalAnnotationSizeLimitB in apimachinery).
_MOST_ANNOTATIONS = 256 * 1024
# The longest prefix of a key, which is a DNS subdomain.
_MOST_PREFIX = 253
# What etcd takes in one request by default (--max-request-bytes).
_MOST_OBJECT = 3 * _MIB // 2
# Helm keeps a release in a Secret, which holds at most 1 MiB, as base64 of compressed JSON.
_MOST_RELEASE = _MIB * 3 // 4
# The part of a release that does not depend on the configuration: the chart.
_CHART = 64 * 1024
# Below this, neither limit can be reached.
_LARGE = 256 * 1024
_SAME_FOR_ALL = (
    ("labels",),
    ("annotations",),
    ("scheduler", "serviceAnnotations"),
    ("ingress", "annotations"),
)


def metadata_sizes(view: View) -> Iterator[Finding]:
    for path in _mappings(view):
        leaves = view.below(path)
        for key in leaves:
            if len(key) > _MOST_PREFIX and len(key.partition("/")[0]) > _MOST_PREFIX:
                message = f"the prefix of a key has at most {_MOST_PREFIX} characters"
                yield Finding(((*path, key),), message)
        size = sum(len(key) + len(leaf.value) for key, leaf in leaves.items())
        if size > _MOST_ANNOTATIONS:
            message = f"all annotations together have {size} characters; Kubernetes allows 256 KiB"
            yield Finding((path,), message)


def object_sizes(view: View) -> Iterator[Finding]:
    if _texts(view) < _LARGE:
        return
    import json

    for group in view.pods:
        size = len(json.dumps(view.tree(group.path), ensure_ascii=False).encode())
        if size > _MOST_OBJECT:
            message = f"the Deployment has about {_mib(size)}; etcd stores objects of up to 1.5 MiB"
            yield Finding((group.path,), message, "move large values to a ConfigMap or a volume")
    size = _release_size(view)
    if size > _MOST_RELEASE:
        message = f"the release has about {_mib(size)} compressed; Helm stores up to 0.75 MiB"
        yield Finding(
            tuple(group.path for group in view.pods),
            message,
            "move large values to a ConfigMap or a volume",
        )


def _texts(view: View) -> int:
    """The characters of the values that may be long, which is nearly all that there is."""
    variables = sum(len(text) for group in view.pods for text in view.texts(group).values())
    notes = (leaf.value for path in _mappings(view) for leaf in view.below(path).values())
    lists = (
        leaf.value
        for group in view.pods
        for leaf in view.below(group.path).values()
        if isinstance(leaf.value, list)
    )
    return variables + sum(map(len, notes)) + sum(map(_characters, lists))


def _characters(value: Any) -> int:
    """The characters of the strings in a value."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_characters, value.values()))
    return sum(map(_characters, value)) if isinstance(value, list) else 0


def _release_size(view: View) -> int:
    """The release compressed: the values, and manifests that repeat them, and the chart."""
    import json
    import zlib

    values = json.dumps(view.config.tree())
    manifests = "".join(json.dumps(view.tree(group.path)) for group in view.pods)
    return _CHART + sum(len(zlib.compress(text.encode(), 9)) for text in (values, manifests))


def _mappings(view: View) -> list[Path]:
    pods = [group.at(key) for group in view.pods for key in ("podLabels", "podAnnotations")]
    return [*_SAME_FOR_ALL, *pods]


def _mib(size: int) -> str:
    return f"{size / _MIB:.1f} MiB"


RULES = (
    Rule(
        "metadata-size",
        ERROR,
        "more than 256 KiB of annotations, or a key with too long a prefix",
        metadata_sizes,
    ),
    Rule("object-size", ERROR, "an object larger than etcd or Helm can store", object_sizes),
)
