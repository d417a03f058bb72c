"""The Pod Security levels of the namespaces of workspaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mops.checks.admission import Admission
from mops.config.podsecurity import LEVELS
from mops.gitops.delivery import Target
from mops.model.problems import InvalidConfig, Problem
from mops.report.problems import problem_line


def with_levels(targets: Sequence[Target], asked: str) -> list[Target]:
    """The targets with the levels of their namespaces: the level `asked` for, or what pods need.

    Workspaces in one namespace share the most permissive level that one of them needs. Raises
    InvalidConfig if the level asked for does not admit the pods of a workspace.
    """
    if asked:
        problems = list(_refused(targets, asked))
        if problems:
            raise InvalidConfig(problems)
        return [target._replace(level=asked) for target in targets]
    shared: dict[str, Admission] = {}
    for target in targets:
        found = shared.get(target.namespace, target.admission)
        shared[target.namespace] = max(found, target.admission, key=_permissiveness)
    return [target._replace(level=shared[target.namespace].level) for target in targets]


def _permissiveness(found: Admission) -> int:
    return LEVELS.index(found.level)


def _refused(targets: Sequence[Target], asked: str) -> Iterator[Problem]:
    for target in targets:
        why = target.admission.why
        if why is not None and asked in LEVELS[: LEVELS.index(target.admission.level)]:
            hint = f"use --pod-security {target.admission.level}, or omit the option"
            yield why._replace(hint=hint)


def notes(targets: Sequence[Target]) -> Iterator[str]:
    """A line for each namespace that admits more than "restricted" pods, with the reason."""
    reported: set[str] = set()
    for target in targets:
        why = target.admission.why
        decides = why is not None and target.admission.level == target.level
        if why is not None and decides and target.namespace not in reported:
            reported.add(target.namespace)
            yield (
                f"namespace {target.namespace} gets the Pod Security level {target.level}: "
                f"{problem_line(why)}"
            )
