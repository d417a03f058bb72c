"""How large objects, and their labels and annotations, may be."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator

from mops.checks.gates import MOST_PREFIX, metadata
from mops.checks.rule import ERROR, Finding, Rule
from mops.config.view import View

_MIB = 2**20
# Kubernetes' limit for the annotations of one object (TotalAnnotationSizeLimitB in apimachinery).
_MOST_ANNOTATIONS = 256 * 1024
# What etcd takes in one request by default (--max-request-bytes).
_MOST_OBJECT = 3 * _MIB // 2
# Helm keeps a release in a Secret, which holds at most 1 MiB, as base64 of compressed JSON.
_MOST_RELEASE = _MIB * 3 // 4
# The part of a release that does not depend on the configuration: the chart.
_CHART = 64 * 1024


def metadata_sizes(view: View) -> Iterator[Finding]:
    for path in metadata(view):
        leaves = view.below(path)
        for key in leaves:
            if len(key) > MOST_PREFIX and len(key.partition("/")[0]) > MOST_PREFIX:
                message = f"the prefix of a key has at most {MOST_PREFIX} characters"
                yield Finding(((*path, key),), message)
        size = sum(len(key) + len(leaf.value) for key, leaf in leaves.items())
        if size > _MOST_ANNOTATIONS:
            message = f"all annotations together have {size} characters; Kubernetes allows 256 KiB"
            yield Finding((path,), message)


def object_sizes(view: View) -> Iterator[Finding]:
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


def _release_size(view: View) -> int:
    """The release compressed: the values, and manifests that repeat them, and the chart."""
    values = json.dumps(view.config.tree())
    manifests = "".join(json.dumps(view.tree(group.path)) for group in view.pods)
    return _CHART + sum(len(zlib.compress(text.encode(), 9)) for text in (values, manifests))


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
