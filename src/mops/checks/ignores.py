"""Warnings that comments ignore: `# mops: ignore[CHECK] REASON`.

A comment ignores the warnings of the checks that it names at the places that it covers. It has to
be right: mistakes in it are warnings too, and so is a comment that has nothing to ignore.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mops.chart.values import chart_values
from mops.checks import registry
from mops.checks.registry import INVALID_IGNORE, STALE_IGNORE
from mops.checks.rule import ERROR, WARNING
from mops.config.ignores import Ignore
from mops.config.resolve import resolve
from mops.config.sources import Sources
from mops.model.layer import COMMAND_LINE, DEBUG, ENVIRONMENT, Layer
from mops.model.problems import Problem
from mops.model.spelling import near
from mops.schema.fields import SettingsSchema


class Ignored(NamedTuple):
    """One check that a comment names, and the warnings that it ignores in this configuration."""

    check: str
    comment: Ignore
    problems: tuple[Problem, ...]


def apply(
    gathered: Sources, schema: SettingsSchema, problems: Sequence[Problem], *, files: bool
) -> tuple[list[Problem], list[Ignored]]:
    """The problems that remain, with those of the comments themselves; and what is ignored.

    Only with `files` is a comment reported that has nothing to ignore.
    """
    matching = _Matching(comment for file in gathered.files for comment in file.ignores)
    remaining = [problem for problem in problems if not matching.ignores(problem)]
    unmatched = matching.without_warning()
    severities = _severities() if unmatched else {}
    unused = []
    for comment, check in unmatched:
        problem = _misnamed(comment, check, severities)
        if problem is None:
            unused.append((comment, check))
        else:
            remaining.append(problem)
    remaining += matching.problems
    if files and not any(problem.severity == ERROR for problem in problems):
        remaining += _stale(unused, gathered, schema, problems)
    return remaining, matching.ignored(severities)


class _Matching:
    """Comments and the problems at the places that they cover.

    `problems` are those of the comments: mistakes, and errors that they cannot ignore.
    """

    def __init__(self, comments: Iterable[Ignore]) -> None:
        self.problems: list[Problem] = []
        self._ignored: dict[tuple[Ignore, str], list[Problem]] = {}
        self._met: set[tuple[Ignore, str]] = set()
        self._by_place: dict[tuple[str, str], list[Ignore]] = {}
        for comment in comments:
            if comment.mistake:
                self.problems.append(_invalid(comment))
                continue
            for check in comment.checks:
                self._ignored[comment, check] = []
                for place in comment.covered:
                    self._by_place.setdefault((check, place), []).append(comment)

    def ignores(self, problem: Problem) -> bool:
        """Whether a comment ignores a problem. All that do are recorded; no error is ignored."""
        comments = self._by_place.get((problem.check, problem.origin.place), ())
        for comment in comments:
            if problem.severity == WARNING:
                self._ignored[comment, problem.check].append(problem)
            elif (comment, problem.check) not in self._met:
                self._met.add((comment, problem.check))
                message = f"{problem.check} is an error here, and errors cannot be ignored"
                self.problems.append(_invalid(comment, message, "correct the setting"))
        return bool(comments) and problem.severity == WARNING

    def without_warning(self) -> list[tuple[Ignore, str]]:
        """The comments, each with a check that it names, that cover no problem of the check."""
        return [
            entry
            for entry, problems in self._ignored.items()
            if not problems and entry not in self._met
        ]

    def ignored(self, severities: dict[str, str]) -> list[Ignored]:
        """Everything that comments ignore, now or in another configuration.

        `severities` has all checks, if some comment covers no problem of a check that it names.
        """
        return [
            Ignored(check, comment, tuple(problems))
            for (comment, check), problems in self._ignored.items()
            if problems or severities.get(check, ERROR) != ERROR
        ]


def _severities() -> dict[str, str]:
    return {rule.name: rule.severity for rule in registry.all_rules()}


def _misnamed(comment: Ignore, check: str, severities: dict[str, str]) -> Problem | None:
    """The problem of a comment that names a check that does not exist, or finds errors alone."""
    if check not in severities:
        hint = near(check, severities) or "`mops config validate --list-checks` lists all checks"
        return _invalid(comment, f"unknown check {check}", hint)
    if severities[check] == ERROR:
        message = f"{check} is always an error, and errors cannot be ignored"
        return _invalid(comment, message, f"remove {check} from the comment")
    return None


def _invalid(comment: Ignore, message: str = "", hint: str = "") -> Problem:
    return Problem(
        WARNING,
        "",
        message or comment.mistake,
        comment.origin,
        hint or comment.hint,
        INVALID_IGNORE.name,
    )


def _stale(
    unused: Sequence[tuple[Ignore, str]],
    gathered: Sources,
    schema: SettingsSchema,
    problems: Sequence[Problem],
) -> Iterator[Problem]:
    """The problems of comments that ignore nothing, in this configuration and in those near it.

    A warning that the next layer or another profile makes disappear is no reason to remove the
    comment, so the layers below and each profile of the files are tried as well.
    """
    stale = STALE_IGNORE.name
    pending = dict.fromkeys(entry for entry in unused if stale not in entry[0].checks)
    for layers in _neighbours(gathered) if pending else ():
        found = _warnings(layers, gathered, schema)
        for comment, check in list(pending):
            if any((check, place) in found for place in comment.covered):
                del pending[comment, check]
        if not pending:
            return
    for comment, check in pending:
        message = f"no {check} warning is reported at the setting of this comment"
        hint = _elsewhere(comment, check, problems)
        yield Problem(WARNING, "", message, comment.origin, hint, stale)


def _elsewhere(comment: Ignore, check: str, problems: Sequence[Problem]) -> str:
    """What to do about a comment that has no warning to ignore."""
    for problem in problems:
        if problem.check == check and problem.origin.layer == comment.origin.layer:
            return f"it is reported at {problem.origin.place}"
    return f"remove {check}" if comment.checks[1:] else "remove the comment"


def _neighbours(gathered: Sources) -> Iterator[tuple[Layer, ...]]:
    """The files and profiles up to each layer, and the same with each further profile."""
    above = (ENVIRONMENT, DEBUG, COMMAND_LINE)
    chosen = tuple(layer for layer in gathered.layers if layer.name not in above)
    for size in range(len(chosen), 1, -1):
        yield chosen[:size]
    names = {layer.name for layer in chosen}
    for layers in _profiles(gathered):
        if layers[0].name not in names:
            yield (*chosen, *layers)


def _profiles(gathered: Sources) -> Iterable[list[Layer]]:
    """The layers of each profile, one for each file that defines it."""
    found: dict[str, list[Layer]] = {}
    for file in gathered.files:
        for name, layer in file.profiles.items():
            found.setdefault(name, []).append(layer)
    return found.values()


def _warnings(
    layers: Sequence[Layer], gathered: Sources, schema: SettingsSchema
) -> set[tuple[str, str]]:
    """The check and the place of each warning about layers; none if a setting has no value."""
    config = resolve(layers, schema)
    if chart_values(config, schema)[1]:
        return set()
    problems = registry.check(config, schema, gathered.refused, files=True)
    return {
        (problem.check, problem.origin.place) for problem in problems if problem.severity == WARNING
    }
