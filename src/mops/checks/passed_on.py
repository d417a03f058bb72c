"""Whether a configuration passes anything on to Kubernetes that only Kubernetes' types describe.

Most configurations do not, so that the rules about such fields need not be imported.
"""

from __future__ import annotations

from mops.config.view import Group, View

_LISTS = (
    "envFrom",
    "hostAliases",
    "initContainers",
    "sidecars",
    "tolerations",
    "topologySpreadConstraints",
    "volumeMounts",
    "volumes",
)
_MAPPINGS = ("affinity", "extraPodSpec")
# How many resources each pod has that the schema describes: cpu and memory.
_DESCRIBED = 2
# The domain of annotations that Kubernetes reads itself.
_DOMAIN = "kubernetes.io/"
_OF_ALL = (
    ("networkPolicy", "extraIngress"),
    ("networkPolicy", "extraEgress"),
    ("containerSecurityContext", "capabilities", "add"),
)


def passes_on(view: View) -> bool:
    """Whether something is set that the rules in `kubernetes` judge."""
    return view.once(_passes_on)


def _passes_on(view: View) -> bool:
    return (
        any(view.value(path) for path in _OF_ALL)
        or any(_DOMAIN in key for key in view.below(("ingress", "annotations")))
        or any(_pod_passes_on(view, group) for group in view.pods)
    )


def _pod_passes_on(view: View, group: Group) -> bool:
    return (
        any(view.value(group.at(key)) for key in _LISTS)
        or any(view.entries(group.at(key)) for key in _MAPPINGS)
        or len(view.names(group)) != len(view.texts(group))
        or any(
            len(view.below(group.at("resources", kind))) > _DESCRIBED
            for kind in ("requests", "limits")
        )
        or any(_DOMAIN in key for key in view.below(group.at("podAnnotations")))
    )
