"""Which rules a configuration needs: those that most do not need are not even imported."""

from __future__ import annotations

from mops.checks.environment import DASK_PREFIX
from mops.config.view import Group, View
from mops.model.layer import Path, Value

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
_CONTAINERS = ("initContainers", "sidecars")
_MAPPINGS = ("affinity", "extraPodSpec")
# How many resources each pod has that the schema describes: cpu and memory.
_DESCRIBED = 2
# The domain of annotations that Kubernetes reads itself.
_DOMAIN = "kubernetes.io/"
_USER = ("podSecurityContext", "runAsUser")
_OF_ALL = (
    ("networkPolicy", "extraIngress"),
    ("networkPolicy", "extraEgress"),
    ("containerSecurityContext", "capabilities", "add"),
)


# Neither an object nor all its annotations can be too large below so many characters.
_LARGE = 256 * 1024
# The longest prefix of a label's or annotation's key.
MOST_PREFIX = 253
OF_ALL_OBJECTS = (
    ("labels",),
    ("annotations",),
    ("scheduler", "serviceAnnotations"),
    ("ingress", "annotations"),
    ("serviceAccount", "annotations"),
    ("networkPolicy", "clientLabels"),
    ("monitoring", "labels"),
)
_OF_PODS = ("podLabels", "podAnnotations", "nodeSelector")


def mentions_dask(view: View) -> bool:
    """Whether a variable is set that Dask reads."""
    names = (name for group in view.pods for name in view.names(group))
    return any(name.upper().startswith(DASK_PREFIX) for name in names)


def is_large(view: View) -> bool:
    """Whether something may be too large for an object: judged by what may be long."""
    size = 0
    for path in metadata(view):
        for key, leaf in view.below(path).items():
            size += len(leaf.value)
            if len(key) > MOST_PREFIX:
                return True
    for group in view.pods:
        size += sum(map(len, view.texts(group).values()))
        leaves = view.below(group.path)
        size += sum(_characters(leaves[key].value) for key in _CONTAINERS if key in leaves)
    return size >= _LARGE


def metadata(view: View) -> list[Path]:
    """The mappings of labels and annotations."""
    return [*OF_ALL_OBJECTS, *(group.at(key) for group in view.pods for key in _OF_PODS)]


def _characters(value: Value) -> int:
    """The characters of the strings in a value."""
    if not value or isinstance(value, str):
        return len(value or "")
    if isinstance(value, dict):
        return sum(map(_characters, value.values()))
    return sum(map(_characters, value)) if isinstance(value, list) else 0


def passes_on(view: View) -> bool:
    """Whether something is set that the rules in `kubernetes` judge."""
    return view.once(_passes_on)


def _passes_on(view: View) -> bool:
    return (
        view.value(_USER) == 0
        or any(view.value(path) for path in _OF_ALL)
        or any(_DOMAIN in key for key in view.below(("ingress", "annotations")))
        or any(_pod_passes_on(view, group) for group in view.pods)
    )


def _pod_passes_on(view: View, group: Group) -> bool:
    leaves = view.below(group.path)
    return (
        any(key in leaves and leaves[key].value for key in _LISTS)
        or any(view.has_inside(group.at(key)) for key in _MAPPINGS)
        or len(view.names(group)) != len(view.texts(group))
        or any(
            len(view.below(group.at("resources", kind))) > _DESCRIBED
            for kind in ("requests", "limits")
        )
        or any(_DOMAIN in key for key in view.below(group.at("podAnnotations")))
    )
