"""Settings with which Dask does not start, does not answer the probes, or stops by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mops.checks.dask.arguments import arguments_of
from mops.checks.dask.literals import interpret
from mops.checks.dask.variables import Variable, dask_variables
from mops.checks.environment import DASK_PREFIX
from mops.checks.rule import EITHER, ERROR, WARNING, Finding, Rule
from mops.config.view import SCHEDULER, Group, View

_DISTRIBUTED = f"{DASK_PREFIX}DISTRIBUTED__"
_SECRET = ("tls", "secretName")
# The module that serves what the probes ask for.
_HEALTH = "distributed.http.health"
_ENCRYPTION = "distributed.comm.require-encryption"
_TLS = "distributed.comm.tls."
_SCHEME = "distributed.comm.default-scheme"
_CERTIFICATE = "distributed.scheduler.dashboard.tls.cert"
_LIFETIME = "distributed.worker.lifetime"
_IDLE = "distributed.scheduler.idle-timeout"
# Seconds in the units of a lifetime, in the singular; those shorter than a second count nothing.
_SECONDS = {
    "ms": 0, "us": 0, "ns": 0,
    "s": 1, "second": 1, "m": 60, "minute": 60, "h": 3600, "hour": 3600,
    "d": 86400, "day": 86400, "w": 604800, "week": 604800,
}  # fmt: skip
_LONG = 3600


def probes(view: View) -> Iterator[Finding]:
    for variable in dask_variables(view):
        if variable.text is None or variable.reading.kind != "setting":
            continue
        key, value = variable.reading.key, interpret(variable.text)
        if key == f"distributed.{_side(variable.group)}.http.routes":
            yield from _routes(view, variable, value)
        elif key == _CERTIFICATE and value:
            yield Finding(
                (variable.path,),
                "with a certificate the port serves https alone, and the probes ask with http:"
                " the pod is never ready",
                "remove it, and let the Ingress or the Gateway terminate TLS",
                ERROR,
            )


def _routes(view: View, variable: Variable, value: object) -> Iterator[Finding]:
    if not isinstance(value, (list, tuple)):
        return
    side = _side(variable.group)
    if _HEALTH not in value:
        gone = "the scheduler is killed" if side == "scheduler" else "the pod is never ready"
        yield Finding(
            (variable.path,),
            f"without {_HEALTH} nothing serves /health, which the probes ask: {gone}",
            f"add {_HEALTH!r} to the list",
            ERROR,
        )
    metrics = f"distributed.http.{side}.prometheus"
    readers = _readers_of_metrics(view, side)
    if metrics not in value and readers:
        yield Finding(
            (variable.path,),
            f"without {metrics} nothing serves /metrics, which {readers}",
            f"add {metrics!r} to the list",
            WARNING,
        )


def _readers_of_metrics(view: View, side: str) -> str:
    """What asks a side for its metrics; "" if nothing does."""
    is_keda = view.value(("autoscaling", "type")) == "keda"
    if side == "scheduler" and is_keda and view.value(("autoscaling", "enabled")):
        return "KEDA asks"
    return "Prometheus asks" if view.value(("monitoring", "enabled")) else ""


def encryption(view: View) -> Iterator[Finding]:
    if view.value(_SECRET):
        return
    for variable in dask_variables(view):
        if variable.text is not None and variable.reading.kind == "setting":
            yield from _unencrypted(variable, interpret(variable.text))


def _unencrypted(variable: Variable, value: object) -> Iterator[Finding]:
    """What a setting that asks for encryption does without the certificates of tls.secretName."""
    key = variable.reading.key
    if key == _ENCRYPTION and value:
        yield Finding(
            (variable.path,),
            "Dask does not start: it requires encryption, and the addresses are tcp://",
            "set tls.secretName, which sets this too",
            ERROR,
        )
    elif key.startswith(_TLS):
        yield Finding(
            (variable.path,),
            "this has no effect without tls.secretName: the addresses are tcp://",
            "set tls.secretName, which sets this too",
            WARNING,
        )
    elif key == _SCHEME and variable.group == SCHEDULER and value not in (None, "tcp"):
        yield Finding(
            (variable.path,),
            f"the scheduler would listen on {value}://, and the chart's workers connect with"
            " tcp://",
            "set tls.secretName for TLS, or remove this",
            ERROR,
        )


def worker_lifetime(view: View) -> Iterator[Finding]:
    for group in view.groups:
        yield from _without_lifetime(view, group)
        if _restarts(view, group):
            continue
        for path, what in _lifetimes(view, group):
            yield Finding(
                (path,),
                f"{what} without a restart ends the process; Kubernetes restarts the container,"
                " each time after a longer delay (CrashLoopBackOff)",
                _restarting(what),
            )


def _without_lifetime(view: View, group: Group) -> Iterator[Finding]:
    """What only changes how a lifetime ends, where there is none."""
    arguments = arguments_of(view, group)
    variables = dask_variables(view).by_group[group]
    keys = {variable.reading.key for variable in variables}
    if (arguments and arguments.given("--lifetime")) or f"{_LIFETIME}.duration" in keys:
        return
    paths = [
        variable.path
        for variable in variables
        if variable.reading.key in (f"{_LIFETIME}.restart", f"{_LIFETIME}.stagger")
    ]
    if arguments:
        given = arguments.given("--lifetime-restart", "--lifetime-stagger")
        paths += [arguments.item(part.at) for part in given]
    for path in paths:
        yield Finding((path,), "this has no effect without a lifetime", "set one, or remove this")


def _lifetimes(view: View, group: Group) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where a limit on the lifetime of a group's workers is set, and what sets it."""
    arguments = arguments_of(view, group)
    given = arguments.given("--lifetime") if arguments else []
    if arguments and given:
        if not _is_long(given[-1].value or ""):
            yield arguments.item(given[-1].at), "--lifetime"
        return
    for variable in dask_variables(view).by_group[group]:
        is_lifetime = variable.reading.key == f"{_LIFETIME}.duration"
        if is_lifetime and variable.text is not None and interpret(variable.text):
            yield variable.path, variable.name


def _is_long(lifetime: str) -> bool:
    """Whether an argument means an hour or more: Kubernetes then restarts without much delay."""
    found = re.fullmatch(r"([0-9]+\.?[0-9]*) ?([a-z]*)", lifetime.strip())
    unit = (found[2] or "s") if found else ""
    seconds = _SECONDS.get(unit, _SECONDS.get(unit.removesuffix("s"), 0))
    return found is not None and float(found[1]) * seconds >= _LONG


def _restarts(view: View, group: Group) -> bool:
    """Whether workers restart at the end of their lifetime; True if only the cluster knows."""
    arguments = arguments_of(view, group)
    switches = arguments.given("--lifetime-restart", "--no-lifetime-restart") if arguments else []
    if switches:
        return switches[-1].option.name == "--lifetime-restart"
    texts: Sequence[str | None] = [
        variable.text
        for variable in dask_variables(view).by_group[group]
        if variable.reading.key == f"{_LIFETIME}.restart"
    ]
    return bool(texts) and (texts[-1] is None or bool(interpret(texts[-1])))


def _restarting(what: str) -> str:
    if what == "--lifetime":
        return "add --lifetime-restart, and --lifetime-stagger so that not all restart at once"
    name = f"{_DISTRIBUTED}WORKER__LIFETIME__"
    return f"set {name}RESTART to True, and {name}STAGGER so that not all restart at once"


def idle_timeout(view: View) -> Iterator[Finding]:
    path = SCHEDULER.at("idleTimeout")
    paths = [path] if view.value(path) else list(_idle_variables(view))
    for found in paths:
        yield Finding(
            (found,),
            "an idle scheduler exits and stops its workers, and their Deployments start all of them"
            " again: nothing is freed, and what clients keep in memory is lost",
            "remove it; to free nodes, use autoscaling, or `mops workspace down`",
        )


def _idle_variables(view: View) -> Iterator[tuple[str, ...]]:
    for variable in dask_variables(view).by_group[SCHEDULER]:
        if variable.reading.key == _IDLE and (variable.text is None or interpret(variable.text)):
            yield variable.path


def _side(group: Group) -> str:
    return "scheduler" if group == SCHEDULER else "worker"


RULES = (
    Rule("dask-probe", EITHER, "a setting with which probes or monitors get no answer", probes),
    Rule("dask-encryption", EITHER, "encryption of Dask without tls.secretName", encryption),
    Rule("worker-lifetime", WARNING, "a lifetime of workers without a restart", worker_lifetime),
    Rule("idle-timeout", WARNING, "an idle timeout, after which all pods restart", idle_timeout),
)
