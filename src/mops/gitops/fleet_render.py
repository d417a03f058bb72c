"""Resolving and validating the workspaces of a fleet, and comparing their values files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from mops.chart.values import values_text
from mops.checks.verdict import Verdict, judge
from mops.config.dialects import File
from mops.config.dialects import read as read_layer
from mops.config.sources import Request, gather
from mops.gitops.fleet import Workspace
from mops.gitops.fleet_tree import Tree
from mops.model import disk
from mops.model.problems import ERROR, EnvironmentFailure, InvalidConfig, Problem
from mops.report.difference import compared
from mops.schema.fields import SettingsSchema

State = Literal["unchanged", "written", "stale", "not written", "invalid", "unreadable"]
UNCHANGED: Final = "unchanged"
WRITTEN: Final = "written"
STALE: Final = "stale"
NOT_WRITTEN: Final = "not written"
BAD: Final = "invalid"
UNREADABLE: Final = "unreadable"


class Result(NamedTuple):
    """The result for one workspace.

    `difference` is a diff between its values file and the rendered values, if these are only
    compared. `failure` is the message about a file that could not be read or written.
    """

    state: State
    problems: tuple[Problem, ...] = ()
    difference: str = ""
    failure: str = ""


class Rendered(NamedTuple):
    """A workspace's result, and the new content of its values file, "" if it stays."""

    result: Result
    text: str = ""


class Renderer:
    """Renders the workspaces of a tree. Only the tree's files matter, not the environment.

    `check` compares the values with the files instead; `strict` treats warnings as errors.
    """

    def __init__(
        self, tree: Tree, schema: SettingsSchema, *, check: bool = False, strict: bool = False
    ) -> None:
        self._tree = tree
        self._schema = schema
        self._check = check
        self._strict = strict
        self._shared = _shared_files(tree, schema)

    def verdict(self, workspace: Workspace) -> Verdict:
        """A workspace's configuration. Raises EnvironmentFailure for an unreadable file."""
        request = Request(
            config=tuple(map(self._tree.path, workspace.config)),
            profiles=workspace.profiles,
            hermetic=True,
        )
        found = judge(gather(request, {}, self._schema, self._shared), self._schema)
        if not self._strict:
            return found
        problems = [problem._replace(severity=ERROR) for problem in found.problems]
        return found._replace(problems=problems)

    def render(self, number: int) -> Rendered:
        """Renders the workspace with this number in the tree, and writes nothing."""
        workspace = self._tree.workspaces[number]
        try:
            return self._render(workspace)
        except EnvironmentFailure as failure:
            return Rendered(Result(UNREADABLE, failure=str(failure)))

    def _render(self, workspace: Workspace) -> Rendered:
        verdict = self.verdict(workspace)
        problems = tuple(verdict.problems)
        if _has_error(problems):
            return Rendered(Result(BAD, problems))
        text = values_text(verdict.values)
        path = self._tree.path(workspace.output)
        committed = disk.read_file(path) if os.path.lexists(path) else None
        if committed == text.encode("utf-8"):
            return Rendered(Result(UNCHANGED, problems))
        if self._check:
            return Rendered(Result(STALE, problems, compared(text, committed or b"", path)))
        return Rendered(Result(NOT_WRITTEN, problems), text)


def verdicts(
    tree: Tree, schema: SettingsSchema, *, strict: bool
) -> list[tuple[Workspace, Verdict]]:
    """All workspaces with their configurations.

    Raises InvalidConfig with the problems of all if one is invalid.
    """
    renderer = Renderer(tree, schema, strict=strict)
    found = [(workspace, renderer.verdict(workspace)) for workspace in tree.workspaces]
    problems = [problem for _, verdict in found for problem in verdict.problems]
    if _has_error(problems):
        raise InvalidConfig(list(dict.fromkeys(problems)))
    return found


def _shared_files(tree: Tree, schema: SettingsSchema) -> Mapping[str, File]:
    """The files that are layers below the workspaces' own, by path, read once for all workspaces.

    A file that cannot be read is left out: it fails in each of its workspaces.
    """
    names = {name: None for workspace in tree.workspaces for name in workspace.config[:-1]}
    files = {path: _file(path, schema) for path in map(tree.path, names)}
    return {path: file for path, file in files.items() if file is not None}


def _file(path: str, schema: SettingsSchema) -> File | None:
    try:
        return read_layer(disk.read_file(path), path, schema)
    except EnvironmentFailure:
        return None


def _has_error(problems: tuple[Problem, ...] | list[Problem]) -> bool:
    return any(problem.severity == ERROR for problem in problems)
