"""Environment variables of the worker runtime that do nothing, or not what they seem to."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.finding import Check, Finding, Sight, variable
from mops.config.view import SCHEDULER, WORKERS, Group
from mops.model.spelling import near
from mops.schema.fields import PREFIX as OVERRIDE
from mops.schema.keywords import shown

PREFIX = "MODELOPS_"
EXECUTOR, OLDER_EXECUTOR = "MODELOPS_EXECUTOR_TYPE", "MODELOPS_EXECUTOR"
DEFAULT_EXECUTOR = "isolated_warm"

# The executors that read a variable; what is not here is read whatever the executor.
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
UNUSED = (
    "MODELOPS_INLINE_ARTIFACT_MAX_BYTES",
    "MODELOPS_MEM_LIMIT_BYTES",
    "MODELOPS_VALIDATE_DEPS",
    "MODELOPS_MAX_PROCESS_REUSE",
    "MODELOPS_PROCESS_TTL",
)
# Names that documents and plans mention and that nothing reads.
PLANNED = (
    "MODELOPS_SUBPROCESS_POOL_SIZE", "MODELOPS_COLD_DEBUG", "MODELOPS_ENABLE_LEGACY_COLD", "MODELOPS_STORAGE_BACKEND", "MODELOPS_TELEMETRY_ENABLED",
    "MODELOPS_VALIDATE", "MODELOPS_JOB_ID", "MODELOPS_IMAGE_GIT_SHA", "MODELOPS_STORAGE_ENV",
)  # fmt: skip
# Names that the schema does not type and that something reads.
_READ_TOO = ("MODELOPS_PROVENANCE_DIR", "MODELOPS_ENV", "MODELOPS_RUNNER_TAG")
_TRUE = ("1", "true", "TRUE")
_LOOKS_TRUE = ("true", "yes", "on", "y", "t", "enabled")


def no_effect(sight: Sight) -> Iterator[Finding]:
    """Variables that the executor in use does not read, or that no scheduler reads."""
    for group in sight.groups():
        chosen, level = _executor(sight, group)
        texts = sight.texts(group)
        for name, readers in READ_BY.items():
            path = variable(group, name)
            # A base file may prepare one executor while a higher layer tries another: that is no mistake of the file.
            if (
                name not in texts
                or chosen is None
                or chosen in readers
                or sight.level(path) < level
                or texts[name] in ("false", "0")
            ):
                continue
            default = (
                " (the runtime's default)" if not {EXECUTOR, OLDER_EXECUTOR} & set(texts) else ""
            )
            yield Finding(
                (path,),
                f"this has no effect with the executor {chosen}{default}: only {' and '.join(readers)} {'read' if len(readers) > 1 else 'reads'} it",
            )
    known = set(_typed(sight))
    for name in sight.names(SCHEDULER):
        if name.startswith(PREFIX) and name in known:
            yield Finding(
                (variable(SCHEDULER, name),),
                "this has no effect on the scheduler, which runs no simulations",
                "set it for the workers",
            )


def unused(sight: Sight) -> Iterator[Finding]:
    """Variables that the runtime parses, or that only documents mention."""
    for group in sight.pods():
        for name in sight.names(group):
            if name in UNUSED and group != SCHEDULER:
                yield Finding(
                    (variable(group, name),),
                    "the worker runtime parses this and never uses it",
                    "remove it",
                )
            elif name in PLANNED or name.startswith("MODELOPS_CAS_"):
                yield Finding((variable(group, name),), "nothing reads this variable", "remove it")
            elif name.startswith(OVERRIDE):
                yield Finding(
                    (variable(group, name),),
                    "this is for the shell that runs mops; in a pod nothing reads it",
                    "write the setting itself",
                )


def false_word(sight: Sight) -> Iterator[Finding]:
    """Words for true that the runtime takes for false."""
    for group in sight.groups():
        texts = sight.texts(group)
        for name in ("REUSE", "PRESERVE_TMP"):
            text = texts.get(name, "")
            if text not in _TRUE and text.strip().lower() in _LOOKS_TRUE:
                yield Finding(
                    (variable(group, name),),
                    f"the cold executor takes {shown(text)} for false",
                    "write true",
                )


def two_executors(sight: Sight) -> Iterator[Finding]:
    """Both names of the executor."""
    for group in sight.groups():
        names = sight.names(group)
        if EXECUTOR in names and OLDER_EXECUTOR in names:
            yield Finding(
                (variable(group, OLDER_EXECUTOR),),
                f"this has no effect beside {EXECUTOR}",
                "remove it",
            )


def unknown(sight: Sight) -> Iterator[Finding]:
    """Names with the runtime's prefix that look like one that it reads."""
    known = [*(name for name in _typed(sight) if name.startswith(PREFIX)), *_READ_TOO]
    for group in sight.pods():
        for name in sight.names(group):
            if (
                not name.startswith(PREFIX)
                or name in (*known, *PLANNED)
                or name.startswith((OVERRIDE, "MODELOPS_CAS_"))
            ):
                continue
            hint = near(name.removeprefix(PREFIX), [one.removeprefix(PREFIX) for one in known])
            if hint:
                yield Finding(
                    (variable(group, name),),
                    "the worker runtime reads no such variable",
                    hint.replace("did you mean ", f"did you mean {PREFIX}"),
                )


def wrong_case(sight: Sight) -> Iterator[Finding]:
    """Names whose prefix is not in capitals."""
    for group in sight.pods():
        for name in sight.names(group):
            if name.upper().startswith(PREFIX) and name != name.upper():
                yield Finding(
                    (variable(group, name),),
                    "names of variables are case-sensitive, and the worker runtime reads capitals",
                    f"write {name.upper()}",
                )


CHECKS = (
    Check(
        "modelops-no-effect",
        "a variable that the executor in use, or the scheduler, does not read",
        no_effect,
    ),
    Check(
        "modelops-unused",
        "a variable that the runtime parses and never uses, or that only documents mention",
        unused,
    ),
    Check("modelops-false", "a word for true that the runtime takes for false", false_word),
    Check(
        "modelops-executor",
        "MODELOPS_EXECUTOR beside MODELOPS_EXECUTOR_TYPE, which wins",
        two_executors,
    ),
    Check(
        "modelops-unknown",
        "a name with the prefix MODELOPS_ that is nearly one that the runtime reads",
        unknown,
    ),
    Check("modelops-case", "a variable of the runtime that is not in capitals", wrong_case),
)


def _typed(sight: Sight) -> tuple[str, ...]:
    """The variables of the workers that the schema declares."""
    return tuple((sight.schema.at((*WORKERS.path, "env")) or {}).get("properties", ()))


def _executor(sight: Sight, group: Group) -> tuple[str | None, int]:
    """The executor of a group, None where only the cluster knows, and how high the layer is that chose it."""
    names, texts = sight.names(group), sight.texts(group)
    for name in (EXECUTOR, OLDER_EXECUTOR):
        if name in names:
            return texts.get(name), sight.level(variable(group, name))
    return DEFAULT_EXECUTOR, 0
