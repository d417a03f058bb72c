"""Whether a configuration has anything that rules look at which most configurations do not need.

The modules of such rules are not even imported without need: `mops render` starts in a few
milliseconds. A gate may let a configuration through that needs no such rule, never the reverse.
"""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.environment import DASK_PREFIX
from mops.config.view import SCHEDULER, Group, View
from mops.model.layer import Path, Value
from mops.model.quantities import millicpu

# The idle CPUs of a pod, in thousandths, that are worth a warning.
IDLE_CPU = 2000
_AMOUNTS = ("memoryReserve", "temporaryStorage")
_MANY_DIGITS = 3
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
_OF_ALL_OBJECTS = (
    ("labels",),
    ("annotations",),
    ("scheduler", "serviceAnnotations"),
    ("ingress", "annotations"),
    ("serviceAccount", "annotations"),
    ("networkPolicy", "clientLabels"),
    ("monitoring", "labels"),
)
_OF_PODS = ("podLabels", "podAnnotations", "nodeSelector")


def _variables(view: View) -> Iterator[str]:
    """The names of all variables."""
    for group in view.pods:
        yield from view.names(group)


def has_bare_numbers(view: View) -> bool:
    """Whether an amount of memory is a mere number, or one of CPUs has three digits."""
    for group in view.pods:
        for kind in ("requests", "limits"):
            for name, leaf in view.below(group.at("resources", kind)).items():
                if leaf.value.isdigit() and (name != "cpu" or len(leaf.value) >= _MANY_DIGITS):
                    return True
        if any((view.value(group.at(key)) or "").isdigit() for key in _AMOUNTS):
            return True
    return False


def has_idle_cpus_or_threads(view: View) -> bool:
    """Whether a group has idle CPUs, GPUs, or variables that decide about threads."""
    for group in view.groups:
        busy = view.value(group.at("processes")) * view.value(group.at("threads"))
        idle = millicpu(view.value(group.at("resources", "requests", "cpu"))) - 1000 * busy
        limits = view.below(group.at("resources", "limits"))
        if idle >= IDLE_CPU or any("/" in name for name in limits):
            return True
    return any(name.endswith("_THREADS") for name in _variables(view))


def names_directories(view: View) -> bool:
    """Whether a directory or a volume is set that containers write to."""
    for group in view.pods:
        values = (view.value(group.at(key)) for key in ("volumes", "extraArgs"))
        if any(values) or view.written(group.at("localDirectory")):
            return True
    return any(name.endswith(("DIR", "DIRECTORY", "HOME")) for name in _variables(view))


def sets_unread_variables(view: View) -> bool:
    names = _variables(view)
    return any(name.startswith(("EXTRA_", "MALLOC_")) or name == "name" for name in names)


def concerns_dask(view: View) -> bool:
    """Whether an argument, a variable or a time limit of Dask is set."""
    if view.value(SCHEDULER.at("idleTimeout")):
        return True
    if any(view.value(group.at("extraArgs")) for group in view.pods):
        return True
    return any(name.upper().startswith(DASK_PREFIX) for name in _variables(view))


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
    return [*_OF_ALL_OBJECTS, *(group.at(key) for group in view.pods for key in _OF_PODS)]


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
