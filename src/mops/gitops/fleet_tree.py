"""A fleet on disk: its root and its workspaces. Nothing outside the root is read or written."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from mops.gitops import fleet
from mops.gitops.fleet import Workspace
from mops.model import disk
from mops.model.problems import ERROR, EnvironmentFailure, InvalidConfig, Problem, UsageError


class Tree(NamedTuple):
    """The root of a fleet, as given, and its workspaces."""

    root: str
    workspaces: tuple[Workspace, ...]

    def path(self, name: str) -> str:
        """The path of a file whose name is relative to the root."""
        return name if self.root == "." else os.path.join(self.root, name)


def load_tree(root: str) -> Tree:
    """The fleet below the directory `root`.

    Raises InvalidConfig for problems in its fleet file and for files outside the root,
    EnvironmentFailure if the directory or the fleet file cannot be read, and UsageError if there
    are no workspaces.
    """
    if not os.path.isdir(root):
        raise EnvironmentFailure(f"--root {root}: directory not found")
    find = partial(_matching, root)
    name = os.path.normpath(os.path.join(root, fleet.FILE))
    if os.path.lexists(name):
        workspaces, problems = fleet.read(disk.read_file(name), name, find)
        if not workspaces and not problems:
            raise UsageError(f"{name} lists no workspaces")
    else:
        workspaces, problems = fleet.convention(find)
        if not workspaces:
            raise UsageError(
                f"no workspaces found in {root}: it has neither {fleet.FILE} nor {fleet.WORKSPACES}"
            )
    tree = Tree(root, tuple(workspaces))
    problems = [*problems, *_outside(tree)]
    if problems:
        raise InvalidConfig(list(dict.fromkeys(problems)))
    return tree


def _matching(root: str, pattern: str) -> list[str]:
    """The files below the root that match a pattern, sorted.

    A pattern that leaves the root is not looked up: it is returned as it is, and rejected later.
    """
    if os.path.isabs(pattern) or ".." in pattern.split("/"):
        return [pattern]
    return sorted(
        name.replace(os.sep, "/")
        for name in glob.glob(pattern, root_dir=root, recursive=True)
        if not os.path.isdir(os.path.join(root, name))
    )


def _outside(tree: Tree) -> Iterator[Problem]:
    """Problems of files that are not below the root after following links."""
    boundary = _Boundary(tree.root)
    for workspace in tree.workspaces:
        for name in (*workspace.config, workspace.output):
            if not boundary.contains(name):
                yield Problem(
                    ERROR,
                    "",
                    f"{name} is outside the root",
                    workspace.origin,
                    "all files of a fleet must be below its root, links followed",
                )


class _Boundary:
    """Decides which names are below a directory after following links.

    Remembers the result for each directory, because many files share them.
    """

    def __init__(self, directory: str) -> None:
        self._directory = os.path.realpath(directory).rstrip(os.sep) + os.sep
        self._known: dict[str, bool] = {"": True}

    def contains(self, name: str) -> bool:
        if name not in self._known:
            self._known[name] = self._look_up(name)
        return self._known[name]

    def _look_up(self, name: str) -> bool:
        if os.path.isabs(name) or ".." in name.split("/"):
            return False
        path = os.path.join(self._directory, name)
        if os.path.islink(path):
            return os.path.realpath(path).startswith(self._directory)
        return self.contains(name.rpartition("/")[0])
