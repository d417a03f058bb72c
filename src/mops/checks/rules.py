"""What the schema cannot say: rules across settings. The only module that knows settings by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from mops.config.resolve import Config
from mops.config.view import View
from mops.model.layer import Path
from mops.model.problems import ERROR, WARNING, Problem
from mops.model.quantities import human, memory_bytes, millicpu, process_share

MEGA = 2**20
# A Dask worker process alone takes 48 MiB (measured with Dask 2026.8.0), so less cannot run and little cannot work.
LEAST_MEMORY = 64 * MEGA
SMALL_MEMORY = 256 * MEGA
MOST_MEMORY = 2**50
MAX_NAME = 63

# Keys that the chart sets itself.
RESERVED_LABELS = re.compile(
    r"app\.kubernetes\.io/(name|instance|component|part-of|managed-by|version)|helm\.sh/chart|modelops\.io/(workspace|component|worker-group|release)"
)
# Variables that the chart puts before the user's, so that $(NAME) finds them; the user's own HOME and TMPDIR replace the chart's.
CHART_VARIABLES = frozenset({"POD_NAME", "POD_IP", "HOME", "TMPDIR"})
_TLS_VARIABLES = {
    "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION",
    "DASK_DISTRIBUTED__COMM__TLS__CA_FILE",
    *(
        f"DASK_DISTRIBUTED__COMM__TLS__{role}__{part}"
        for role in ("CLIENT", "SCHEDULER", "WORKER")
        for part in ("CERT", "KEY")
    ),
}
# No name is longer; without a bound, text of many $( would take time with the square of its length.
REFERENCE = re.compile(r"\$\(([^)]{0,253})\)")

# Dask's memory thresholds in their order, with Dask's own defaults (the same from 2024.10 to 2026.8). Each has an older name, which wins where both are set.
_THRESHOLDS = {"target": 0.6, "spill": 0.7, "pause": 0.8, "terminate": 0.95}
_THRESHOLD_NAMES = ("DASK_WORKER_MEMORY_", "DASK_DISTRIBUTED__WORKER__MEMORY__")


class Threshold(NamedTuple):
    """A memory threshold as it counts: `variable` is the name that sets it, "" where it is Dask's default."""

    name: str
    value: float
    variable: str


def check(config: Config, refused: frozenset[Path] = frozenset()) -> list[Problem]:
    """All that is wrong across the settings of a config whose values are all there and well typed.

    `refused` are paths that some layer gives a value that is no leaf: nothing is concluded from them.
    """
    view = View(config, refused)
    return [problem for rule in RULES for problem in rule(view) if problem is not None]


Rule = Callable[[View], Iterator[Problem | None]]


def autoscaling_bounds(view: View) -> Iterator[Problem | None]:
    low, high = ("autoscaling", "minWorkers"), ("autoscaling", "maxWorkers")
    if view.get(*low) > view.get(*high):
        yield view.problem(
            ERROR,
            f"minWorkers {view.get(*low)} is more than maxWorkers {view.get(*high)}",
            low,
            high,
        )


def requests_within_limits(view: View) -> Iterator[Problem | None]:
    for group in view.pods():
        for kind, amount in (("memory", memory_bytes), ("cpu", millicpu)):
            asked, limit = (
                (*group.path, "resources", part, kind) for part in ("requests", "limits")
            )
            if (
                view.get(*asked)
                and view.get(*limit)
                and amount(view.get(*asked)) > amount(view.get(*limit))
            ):
                yield view.problem(
                    ERROR,
                    f"the {kind} request {view.get(*asked)} is more than the limit {view.get(*limit)}",
                    asked,
                    limit,
                )


def memory_per_process(view: View) -> Iterator[Problem | None]:
    for group in view.groups():
        limit, reserve, count = (
            (*group.path, "resources", "limits", "memory"),
            (*group.path, "memoryReserve"),
            (*group.path, "processes"),
        )
        large = [path for path in (limit, reserve) if memory_bytes(view.get(*path)) > MOST_MEMORY]
        for path in large:
            yield view.problem(
                ERROR,
                f"{view.get(*path)} is more than {human(MOST_MEMORY)}, and the chart computes with 64 bits",
                path,
            )
        if large:
            continue
        share = process_share(view.get(*limit), view.get(*reserve), view.get(*count))
        sums = f"({view.get(*limit)} - {view.get(*reserve)} reserve) / {view.get(*count)} processes"
        if share < LEAST_MEMORY:
            yield view.problem(
                ERROR,
                f"{sums} leaves {human(max(share, 0))} for each process; Dask needs {human(LEAST_MEMORY)}",
                limit,
                reserve,
                count,
                hint="raise the memory limit or lower the processes",
            )
        elif share < SMALL_MEMORY:
            yield view.problem(
                WARNING,
                f"{sums} leaves only {human(share)} for each process",
                limit,
                reserve,
                count,
                check="small-memory",
            )


def threads_within_cpu(view: View) -> Iterator[Problem | None]:
    for group in view.groups():
        threads, count, cpu = (
            (*group.path, "threads"),
            (*group.path, "processes"),
            (*group.path, "resources", "limits", "cpu"),
        )
        given = view.get(*cpu) or view.get(*group.path, "resources", "requests", "cpu")
        if view.get(*threads) * view.get(*count) * 1000 > millicpu(given):
            busy = view.get(*threads) * view.get(*count)
            yield view.problem(
                WARNING,
                f"{view.get(*count)} processes x {view.get(*threads)} threads = {busy} compete for {given} CPU",
                cpu,
                count,
                threads,
                check="busy-cpu",
            )


def thresholds_ordered(view: View) -> Iterator[Problem | None]:
    for group in view.pods():
        env = {name: leaf.value for name, leaf in view.env(group).items()}
        for low, high in disorder(env):
            severity = ERROR if low.variable and high.variable else WARNING
            paths = [(*group.path, "env", step.variable) for step in (low, high) if step.variable]
            yield view.problem(
                severity,
                f"the memory thresholds are out of order: {told(low)} is above {told(high)}",
                *paths,
                hint="target <= spill <= pause <= terminate",
                check="memory-thresholds",
            )


def disorder(env: Mapping[str, str]) -> Iterator[tuple[Threshold, Threshold]]:
    """Neighbouring thresholds of which the first is above the second and the environment sets at least one."""
    steps = []
    for name, default in _THRESHOLDS.items():
        variable = next(
            (prefix + name.upper() for prefix in _THRESHOLD_NAMES if prefix + name.upper() in env),
            "",
        )
        value = _fraction(env[variable]) if variable else default
        if value is not None:
            steps.append(Threshold(name, value, variable))
    return (
        (low, high)
        for low, high in pairwise(steps)
        if low.value > high.value and (low.variable or high.variable)
    )


def told(step: Threshold) -> str:
    """A threshold for a message."""
    return f"{step.name} {step.value:g}{'' if step.variable else ' (Dask default)'}"


def _fraction(text: str) -> float | None:
    """The number; None for what turns a threshold off, or is none."""
    try:
        return float(text)
    except ValueError:
        return None


def names_fit(view: View) -> Iterator[Problem | None]:
    release = view.get("release", "name")
    for group in view.pods():
        name = f"{release}-{group.suffix}"
        if len(name) > MAX_NAME:
            path = ("workerGroups", group.path[1])
            inside = next(here for here in view.config.stacks if here[:2] == path)
            yield view.problem(
                ERROR,
                f"the name {name} has {len(name)} characters; Kubernetes allows {MAX_NAME}",
                ("release", "name"),
                inside,
                hint="shorten the release name or the group name",
            )


def ports_apart(view: View) -> Iterator[Problem | None]:
    port, dashboard = ("scheduler", "port"), ("scheduler", "dashboardPort")
    if view.get(*port) == view.get(*dashboard):
        yield view.problem(
            ERROR, f"port and dashboardPort are both {view.get(*port)}", port, dashboard
        )
    for group in view.groups():
        spans = []
        for name in ("workerPorts", "nannyPorts"):
            path = (*group.path, name)
            low, high = map(int, view.get(*path).split(":"))
            spans.append((low, high))
            count = view.get(*group.path, "processes")
            if not 1024 <= low < high <= 65535:
                yield view.problem(
                    ERROR,
                    f"{view.get(*path)} is not a range of at least two ports from 1024 to 65535",
                    path,
                )
            elif high - low + 1 < count:
                yield view.problem(
                    ERROR,
                    f"{view.get(*path)} holds {high - low + 1} ports for {count} processes",
                    path,
                    (*group.path, "processes"),
                )
        if spans[0][0] <= spans[1][1] and spans[1][0] <= spans[0][1]:
            yield view.problem(
                ERROR,
                "workerPorts and nannyPorts overlap",
                (*group.path, "workerPorts"),
                (*group.path, "nannyPorts"),
            )


def labels_free(view: View) -> Iterator[Problem | None]:
    places = [
        ("labels",),
        ("monitoring", "labels"),
        *((*group.path, "podLabels") for group in view.pods()),
    ]
    for place in places:
        for key in view.below(*place):
            if RESERVED_LABELS.fullmatch(key):
                yield view.problem(ERROR, f"the label {key} is the chart's own", (*place, key))


def references_resolve(view: View) -> Iterator[Problem | None]:
    """Kubernetes expands $(X) only for names that come before, and the block is sorted by name; it leaves all else as text."""
    for group in view.pods():
        every = view.entries(*group.path, "env")
        known = (CHART_VARIABLES - every) | {
            name for name in _TLS_VARIABLES if view.get("tls", "secretName")
        }
        for name, leaf in view.env(group).items():
            path = (*group.path, "env", name)
            for wanted in dict.fromkeys(REFERENCE.findall(leaf.value.replace("$$", ""))):
                if wanted in every and wanted >= name:
                    yield view.problem(
                        ERROR,
                        f"$({wanted}) is used before it is set: variables are set in the order of their names",
                        path,
                        hint="rename one of them, or write $$ for a plain $",
                    )
                elif (
                    wanted not in every
                    and wanted not in known
                    and not view.get(*group.path, "envFrom")
                ):
                    yield view.problem(
                        WARNING,
                        f"$({wanted}) names no variable of this container and stays text",
                        path,
                        hint="write $$ for a plain $",
                        check="reference",
                    )


def names_not_the_charts(view: View) -> Iterator[Problem | None]:
    taken = {"POD_NAME", "POD_IP"} | (_TLS_VARIABLES if view.get("tls", "secretName") else set())
    for group in view.pods():
        for name in view.below(*group.path, "env"):
            if name in taken:
                yield view.problem(
                    ERROR, f"the chart sets {name} itself", (*group.path, "env", name)
                )


def env_from_one_object(view: View) -> Iterator[Problem | None]:
    for group in view.pods():
        path = (*group.path, "envFrom")
        for entry in view.get(*path) or ():
            named = [kind for kind in ("secretRef", "configMapRef") if kind in entry]
            if len(named) != 1:
                yield view.problem(
                    ERROR,
                    f"an entry takes from a secretRef or from a configMapRef, not from {'both' if named else 'neither'}",
                    path,
                )


def mounts_have_volumes(view: View) -> Iterator[Problem | None]:
    for group in view.pods():
        volumes, mounts = (*group.path, "volumes"), (*group.path, "volumeMounts")
        names = [volume["name"] for volume in view.get(*volumes) or ()]
        for name in _repeated(names) + [name for name in names if name in ("tmp", "tls")]:
            yield view.problem(
                ERROR,
                f"the volume {name} is there twice"
                if name not in ("tmp", "tls")
                else f"the volume name {name} is the chart's own",
                volumes,
            )
        for mount in view.get(*mounts) or ():
            if mount["name"] not in (*names, "tmp"):
                yield view.problem(ERROR, f"there is no volume {mount['name']}", mounts, volumes)
        for path in _repeated([mount["mountPath"] for mount in view.get(*mounts) or ()] + ["/tmp"]):
            yield view.problem(ERROR, f"{path} is mounted twice", mounts)


def containers_named_apart(view: View) -> Iterator[Problem | None]:
    for group in view.pods():
        inits, sides = (*group.path, "initContainers"), (*group.path, "sidecars")
        names = [
            *group.containers,
            *(entry["name"] for path in (inits, sides) for entry in view.get(*path) or ()),
        ]
        for name in _repeated(names):
            yield view.problem(ERROR, f"two containers are called {name}", inits, sides)


def _repeated(names: list[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def not_root(view: View) -> Iterator[Problem | None]:
    user, strict = ("podSecurityContext", "runAsUser"), ("podSecurityContext", "runAsNonRoot")
    if view.get(*user) == 0 and view.get(*strict) and not view.get("openshift"):
        yield view.problem(ERROR, "runAsUser 0 is root, which runAsNonRoot refuses", user, strict)


def exposure_complete(view: View) -> Iterator[Problem | None]:
    if view.get("httpRoute", "enabled") and not view.get("httpRoute", "parentRefs"):
        yield view.problem(
            ERROR,
            "an HTTPRoute needs parentRefs",
            ("httpRoute", "enabled"),
            ("httpRoute", "parentRefs"),
        )
    if view.get("ingress", "tlsSecret") and not view.get("ingress", "host"):
        yield view.problem(
            ERROR,
            "an Ingress with tlsSecret needs a host",
            ("ingress", "tlsSecret"),
            ("ingress", "host"),
        )


def tolerations_make_sense(view: View) -> Iterator[Problem | None]:
    for group in view.pods():
        path = (*group.path, "tolerations")
        for entry in view.get(*path) or ():
            if entry.get("operator") == "Exists" and entry.get("value"):
                yield view.problem(
                    ERROR, "a toleration with the operator Exists takes no value", path
                )
            if not entry.get("key") and entry.get("operator") != "Exists":
                yield view.problem(
                    ERROR, "a toleration without a key needs the operator Exists", path
                )
            if "tolerationSeconds" in entry and entry.get("effect") != "NoExecute":
                yield view.problem(ERROR, "tolerationSeconds goes with the effect NoExecute", path)


RULES: tuple[Rule, ...] = (
    autoscaling_bounds, requests_within_limits, memory_per_process, threads_within_cpu, thresholds_ordered, names_fit, ports_apart,
    labels_free, references_resolve, names_not_the_charts, env_from_one_object, mounts_have_volumes, containers_named_apart, not_root, exposure_complete, tolerations_make_sense,
)  # fmt: skip
