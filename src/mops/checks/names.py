"""Names and labels that are too long, reserved, or used twice."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.rule import ERROR, Finding, Rule
from mops.config.view import View
from mops.model.layer import Path

# Kubernetes' limit for the names that the chart derives (DNS-1123 and DNS-1035 labels).
MAX_NAME = 63

# The labels that the chart sets itself; its selectors depend on them.
RESERVED_LABELS = frozenset(
    {
        "app.kubernetes.io/name",
        "app.kubernetes.io/instance",
        "app.kubernetes.io/component",
        "app.kubernetes.io/part-of",
        "app.kubernetes.io/managed-by",
        "app.kubernetes.io/version",
        "helm.sh/chart",
        "modelops.io/workspace",
        "modelops.io/component",
        "modelops.io/worker-group",
        "modelops.io/release",
    }
)


def object_names(view: View) -> Iterator[Finding]:
    release_path = ("release", "name")
    for group in view.pods:
        name = f"{view.value(release_path)}-{group.suffix}"
        if len(name) > MAX_NAME:
            yield Finding(
                (release_path, group.path),
                f"the name {name} has {len(name)} characters; Kubernetes allows {MAX_NAME}",
                "shorten the release name or the group name",
            )


def reserved_labels(view: View) -> Iterator[Finding]:
    mappings: list[Path] = [("labels",), ("monitoring", "labels")]
    mappings += [group.at("podLabels") for group in view.pods]
    for mapping in mappings:
        for key in view.below(mapping):
            if key in RESERVED_LABELS:
                yield Finding(((*mapping, key),), f"the chart sets the label {key} itself")


RULES = (
    Rule("object-name", ERROR, "an object name longer than Kubernetes allows", object_names),
    Rule("reserved-label", ERROR, "a label that the chart sets itself", reserved_labels),
)
