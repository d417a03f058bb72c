"""Values that Dask misreads or fails on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from mops.checks.dask.advice import correction, shown_value
from mops.checks.dask.literals import expected, interpret, is_measure, is_number, type_name
from mops.checks.dask.memory import out_of_order
from mops.checks.dask.settings import facts
from mops.checks.dask.variables import Variable, dask_variables
from mops.checks.rule import EITHER, WARNING, Finding, Rule
from mops.config.view import View
from mops.schema.keywords import shown

# The values of the setting `scheduler` with which compute() works.
_LOCAL_SCHEDULERS = frozenset(
    {
        "sync",
        "synchronous",
        "single-threaded",
        "threads",
        "threading",
        "processes",
        "multiprocessing",
        "distributed",
        "dask.distributed",
    }
)
_LOG_LEVELS = frozenset(
    {"critical", "fatal", "error", "warn", "warning", "info", "debug", "notset"}
)

_NO_LEVEL = "this is not a log level, and Dask fails at import"
_LOGGER_HINT = (
    "set one variable for each logger, without __ in its name: DASK_LOGGING__DISTRIBUTED=info"
)
_LOGGERS = ("logging", "distributed.logging")


class _Entry(NamedTuple):
    """What the values in a mapping have to be: a test, and its words."""

    accepts: Callable[[Any], bool]
    expected: str


_ENTRIES = {
    "distributed.worker.resources": _Entry(is_number, "a number"),
    "distributed.scheduler.default-task-durations": _Entry(
        lambda value: is_measure(value, "time"), "a time such as 30s"
    ),
}


def bad_values(view: View) -> Iterator[Finding]:
    for variable in dask_variables(view):
        kind, key, _ = variable.reading
        if kind == "below":
            yield Finding(
                (variable.path,),
                f"Dask would replace a value with a mapping: {key.rpartition('.')[0]} has no keys",
                "remove it",
            )
        elif kind == "setting" and variable.text is not None:
            yield from _wrong_value(variable, variable.text)
        elif kind == "entry" and key in facts().maps and variable.text is not None:
            yield from _wrong_mapping(variable, variable.text)
        elif kind == "entry" and variable.text is not None:
            yield from _wrong_logger(view, variable, variable.text)


def _wrong_value(variable: Variable, text: str) -> Iterator[Finding]:
    key = variable.reading.key
    accepted = expected(key, text)
    if accepted:
        value = shown_value(variable.name, text)
        yield Finding(
            (variable.path,),
            f"{key} takes {accepted}, but Dask reads {value} as {type_name(interpret(text))}",
            correction(variable),
        )


def _wrong_mapping(variable: Variable, text: str) -> Iterator[Finding]:
    """A mapping with keys of the user's choice as a whole, which one variable sets."""
    key = variable.reading.key
    yield from _wrong_value(variable, text)
    value = interpret(text)
    if not isinstance(value, dict):
        return
    if key in _LOGGERS and "version" not in value:
        if not all(map(_is_log_level, value.values())):
            yield Finding((variable.path,), _NO_LEVEL, _LOGGER_HINT)
        return
    wanted = _ENTRIES.get(key)
    for name, entry in value.items():
        if wanted and not wanted.accepts(entry):
            message = f"{key} takes {wanted.expected} for {name}, found {shown(entry)}"
            yield Finding((variable.path,), message)


def _wrong_logger(view: View, variable: Variable, text: str) -> Iterator[Finding]:
    """Entries of `logging` and `distributed.logging`, which Dask evaluates at import."""
    section, found, logger = variable.reading.key.rpartition("logging.")
    if not found or section not in ("", "distributed."):
        return
    # With a version, the section is for Python's logging.config, which has its own rules.
    if f"{section}logging.version" in dask_variables(view).by_key(variable.group):
        return
    if "." in logger:
        message = "Dask turns a logger name with __ in it into a mapping and fails at import"
    elif not _is_log_level(interpret(text)):
        message = _NO_LEVEL
    else:
        return
    yield Finding((variable.path,), message, _LOGGER_HINT)


def _is_log_level(value: Any) -> bool:
    if isinstance(value, str):
        return value.lower() in _LOG_LEVELS
    return isinstance(value, int) and not isinstance(value, bool)


def side_effects(view: View) -> Iterator[Finding]:
    for variable in dask_variables(view):
        if variable.name == "DASK_SCHEDULER" and variable.text not in _LOCAL_SCHEDULERS:
            yield Finding(
                (variable.path,),
                "Dask reads this as the setting `scheduler`, and with an address there "
                "every compute() without a client fails",
                "use DASK_SCHEDULER_ADDRESS",
            )
        elif variable.name == "DASK_INTERNAL_INHERIT_CONFIG":
            yield Finding(
                (variable.path,),
                "Dask passes its configuration to its own subprocesses here, "
                "and fails at import if it finds anything else",
                "remove it",
            )
        elif variable.name in ("DASK_CONFIG", "DASK_ROOT_CONFIG") and not _mounted(view, variable):
            yield Finding(
                (variable.path,),
                "Dask reads settings from files at this path, which no volumeMount provides, "
                "and does not report that they are missing",
                "mount the files, or set one variable for each setting",
            )


def _mounted(view: View, variable: Variable) -> bool:
    mounts = view.value(variable.group.at("volumeMounts")) or ()
    places = [mount["mountPath"].rstrip("/") for mount in mounts]
    path = variable.text or ""
    return any(path == place or path.startswith(f"{place}/") for place in places)


RULES = (
    Rule(
        "dask-value",
        WARNING,
        "a value that is not valid for its setting as Dask reads it",
        bad_values,
    ),
    Rule(
        "dask-side-effect",
        WARNING,
        "a variable that does more than it seems to, such as DASK_SCHEDULER",
        side_effects,
    ),
    Rule(
        "memory-thresholds",
        EITHER,
        "memory thresholds of Dask workers that are out of order",
        out_of_order,
    ),
)
