"""A copy of this checkout, to change it and to run a contributor's commands in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from invoke import ROOT

# What tools leave behind.
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", ".*_cache", ".hypothesis", "__pycache__", "dist", "build"
)
_AUTHOR = ("-c", "user.name=tests", "-c", "user.email=tests@example.com")


class Checkout:
    """A copy in a directory, with a history of its own. Skips where there is no git or make."""

    def __init__(self, folder: Path) -> None:
        if not shutil.which("git") or not shutil.which("make"):
            pytest.skip("git and make are needed")
        self.folder = folder
        self._commits: dict[str, str] = {}
        shutil.copytree(ROOT, folder, ignore=_LEFT_OUT)
        self._git("init", "--quiet")
        self.commit("copy")

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of the shell, in which mops, python and pytest are of this copy.

        All output is in `stdout`.
        """
        of_tests = ("PYTEST_", "MODELOPS_", "GIT_")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(of_tests)}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        source = str(self.folder / "src")
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env={**kept, "PATH": path, "PYTHONPATH": source, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def commit(self, label: str) -> None:
        """Commits all changes under a label."""
        self._git("add", "--all")
        self._git(*_AUTHOR, "commit", "--quiet", "--allow-empty", "--message", label)
        self._commits[label] = self._git("rev-parse", "HEAD")

    @contextlib.contextmanager
    def reverted(self, label: str) -> Iterator[None]:
        """The copy without the changes of one commit."""
        self._git("revert", "--no-commit", self._commits[label])
        try:
            yield
        finally:
            self._git("reset", "--quiet", "--hard")

    def _git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()
