"""Environment variables of the worker runtime that have no effect, or not the intended one."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.rule import WARNING, Finding, Rule
from mops.checks.similar import may_search
from mops.config.view import SCHEDULER, WORKERS, Group, View
from mops.model.spelling import near
from mops.schema.fields import PREFIX as OVERRIDE_PREFIX
from mops.schema.keywords import shown

PREFIX = "MODELOPS_"
EXECUTOR, OLD_EXECUTOR = "MODELOPS_EXECUTOR_TYPE", "MODELOPS_EXECUTOR"
DEFAULT_EXECUTOR = "isolated_warm"

# The variables that only some executors read, with these executors.
READ_BY = {
    "MODELOPS_FORCE_FRESH_VENV": ("isolated_warm",),
    "MODELOPS_VENVS_DIR": ("isolated_warm",),
    "MODELOPS_MAX_WARM_PROCESSES": ("isolated_warm",),
    "MODELOPS_RPC_TIMEOUT_SECONDS": ("isolated_warm",),
    "MODELOPS_DISABLE_PROVENANCE": ("isolated_warm",),
    "MODELOPS_STORAGE_DIR": ("isolated_warm", "direct"),
    "REUSE": ("cold",),
    "PRESERVE_TMP": ("cold",),
    "VENVS_DIR": ("cold",),
}
# Variables that the runtime reads into its settings but never uses.
UNUSED = frozenset(
    {
        "MODELOPS_INLINE_ARTIFACT_MAX_BYTES",
        "MODELOPS_MEM_LIMIT_BYTES",
        "MODELOPS_VALIDATE_DEPS",
        "MODELOPS_MAX_PROCESS_REUSE",
        "MODELOPS_PROCESS_TTL",
    }
)
# Names that appear only in documents and plans.
PLANNED = frozenset(
    {
        "MODELOPS_SUBPROCESS_POOL_SIZE",
        "MODELOPS_COLD_DEBUG",
        "MODELOPS_ENABLE_LEGACY_COLD",
        "MODELOPS_STORAGE_BACKEND",
        "MODELOPS_TELEMETRY_ENABLED",
        "MODELOPS_VALIDATE",
        "MODELOPS_JOB_ID",
        "MODELOPS_IMAGE_GIT_SHA",
        "MODELOPS_STORAGE_ENV",
    }
)
_PLANNED_PREFIX = "MODELOPS_CAS_"
# Names that some program reads although the schema does not declare them.
_UNDECLARED = ("MODELOPS_PROVENANCE_DIR", "MODELOPS_ENV", "MODELOPS_RUNNER_TAG")

# Flags of the cold executor, which the schema does not declare either, and how it reads them.
_COLD_FLAGS = ("REUSE", "PRESERVE_TMP")
_TRUE = ("1", "true", "TRUE")
_LOOKS_TRUE = ("true", "yes", "on", "y", "t", "enabled")
_OFF = ("false", "0")


def no_effect(view: View) -> Iterator[Finding]:
    for group in view.groups:
        yield from _not_read_by_executor(view, group)
    declared = _declared(view)
    for name in view.names(SCHEDULER):
        if name.startswith(PREFIX) and name in declared:
            yield Finding(
                (SCHEDULER.variable(name),),
                "this has no effect on the scheduler, which runs no simulations",
                "set it for the workers",
            )


def _not_read_by_executor(view: View, group: Group) -> Iterator[Finding]:
    chosen_by = _executor_variable(view, group)
    texts = view.texts(group)
    executor = executor_of(view, group)
    if not executor:
        return
    level = view.level(group.variable(chosen_by)) if chosen_by else 0
    default = "" if chosen_by else " (the runtime's default)"
    for name, readers in READ_BY.items():
        if executor in readers or texts.get(name, "false") in _OFF:
            continue
        # A file may be written for one executor while a higher layer tries another; that is fine.
        if view.level(group.variable(name)) >= level:
            verb = "read" if len(readers) > 1 else "reads"
            yield Finding(
                (group.variable(name),),
                f"this has no effect with the executor {executor}{default}: "
                f"only {' and '.join(readers)} {verb} it",
            )


def executor_of(view: View, group: Group) -> str:
    """The executor of a group; "" if only the cluster knows it, because of a `valueFrom`."""
    chosen_by = _executor_variable(view, group)
    return view.texts(group).get(chosen_by, "") if chosen_by else DEFAULT_EXECUTOR


def _executor_variable(view: View, group: Group) -> str:
    """The variable that decides the executor of a group; "" if none is set."""
    names = (EXECUTOR, OLD_EXECUTOR)
    return next((name for name in names if view.has(group.variable(name))), "")


def unused(view: View) -> Iterator[Finding]:
    for group in view.pods:
        for name in view.names(group):
            path = group.variable(name)
            if name in UNUSED and group != SCHEDULER:
                yield Finding(
                    (path,), "the worker runtime reads this but never uses it", "remove it"
                )
            elif name in PLANNED or name.startswith(_PLANNED_PREFIX):
                yield Finding((path,), "nothing reads this variable", "remove it")
            elif name.startswith(OVERRIDE_PREFIX):
                yield Finding(
                    (path,),
                    "this is for the shell that runs mops; in a pod nothing reads it",
                    "write the setting itself",
                )


def false_words(view: View) -> Iterator[Finding]:
    for group in view.groups:
        texts = view.texts(group)
        for name in _COLD_FLAGS:
            text = texts.get(name, "")
            if text not in _TRUE and text.strip().lower() in _LOOKS_TRUE:
                yield Finding(
                    (group.variable(name),),
                    f"the cold executor reads {shown(text)} as false",
                    "write true",
                )


def two_executors(view: View) -> Iterator[Finding]:
    for group in view.groups:
        if view.has(group.variable(EXECUTOR)) and view.has(group.variable(OLD_EXECUTOR)):
            yield Finding(
                (group.variable(OLD_EXECUTOR),),
                f"this has no effect because {EXECUTOR} is set too",
                "remove it",
            )


def unknown(view: View) -> Iterator[Finding]:
    known = {name for name in _declared(view) if name.startswith(PREFIX)}.union(_UNDECLARED)
    endings = sorted(name.removeprefix(PREFIX) for name in known)
    for group in view.pods:
        for name in view.names(group):
            if not _may_be_misspelled(name) or name in known or not may_search(view):
                continue
            hint = near(name.removeprefix(PREFIX), endings)
            if hint:
                yield Finding(
                    (group.variable(name),),
                    "the worker runtime has no such variable",
                    hint.replace("did you mean ", f"did you mean {PREFIX}"),
                )


def _may_be_misspelled(name: str) -> bool:
    """Whether a name has the runtime's prefix and is not already reported as unused."""
    reported = name in PLANNED or name.startswith((OVERRIDE_PREFIX, _PLANNED_PREFIX))
    return name.startswith(PREFIX) and not reported


def wrong_case(view: View) -> Iterator[Finding]:
    for group in view.pods:
        for name in view.names(group):
            if name.upper().startswith(PREFIX) and name != name.upper():
                yield Finding(
                    (group.variable(name),),
                    "variable names are case-sensitive, and the worker runtime reads capitals",
                    f"write {name.upper()}",
                )


def _declared(view: View) -> frozenset[str]:
    """The environment variables of workers that the schema declares."""
    env = view.schema.at(WORKERS.at("env")) or {}
    return frozenset(env.get("properties", ()))


RULES = (
    Rule(
        "modelops-no-effect",
        WARNING,
        "a variable that the executor in use, or the scheduler, does not read",
        no_effect,
    ),
    Rule(
        "modelops-unused",
        WARNING,
        "a variable that the runtime never uses, or that only documents mention",
        unused,
    ),
    Rule(
        "modelops-false",
        WARNING,
        "a word for true that the runtime reads as false",
        false_words,
    ),
    Rule(
        "modelops-executor",
        WARNING,
        "MODELOPS_EXECUTOR next to MODELOPS_EXECUTOR_TYPE, which wins",
        two_executors,
    ),
    Rule(
        "modelops-unknown",
        WARNING,
        "a misspelled name of a variable that the runtime reads",
        unknown,
    ),
    Rule("modelops-case", WARNING, "a variable of the runtime that is not in capitals", wrong_case),
)
