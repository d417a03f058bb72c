"""The recipes of CONTRIBUTING.md as data: read from the page, carried out in a copy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from invoke import ROOT

PAGE = ROOT / "CONTRIBUTING.md"
_HEADING = re.compile(r"^### (\d+)\. (.*)$", re.MULTILINE)
_STEP = re.compile(r"^(\d+)\. ", re.MULTILINE)
_FENCE = re.compile(r"^   ```(\w+)\n(.*?)^   ```$", re.MULTILINE | re.DOTALL)
# The words may have backticks of their own: then they are between two of them.
_OMISSION = re.compile(r"^   Without it, `([^`]+)` fails: (?:`([^`]+)`|``(.+?) ?``)$", re.MULTILINE)
# Neither ours nor needed: what tools leave behind.
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", ".*_cache", ".hypothesis", "__pycache__", "dist", "build"
)


class Edit(NamedTuple):
    """A change of a file: some lines become others. A file that is all `new` is created."""

    path: str
    old: str
    new: str


class Step(NamedTuple):
    """A step, and what tells whoever leaves it out: a command, and words of its output."""

    number: int
    edits: list[Edit]
    commands: list[str]
    omission: tuple[str, str] | None


class Recipe(NamedTuple):
    """One recipe of the page."""

    number: int
    title: str
    steps: list[Step]


def recipes() -> list[Recipe]:
    """All recipes, in order."""
    text = PAGE.read_text(encoding="utf-8")
    return [
        Recipe(int(number), title, list(_steps(body)))
        for number, title, body in _parts(_HEADING, text)
    ]


def _parts(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, str, str]]:
    """The parts that begin with the pattern: its groups, the second "" if missing, and the rest."""
    found = list(pattern.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    for match, end in zip(found, ends, strict=True):
        groups = (*match.groups(), "")
        yield groups[0], groups[1], text[match.end() : end]


def _steps(body: str) -> Iterator[Step]:
    for number, _, text in _parts(_STEP, body):
        fences = [(language, _dedented(block)) for language, block in _FENCE.findall(text)]
        omission = _OMISSION.search(text)
        yield Step(
            int(number),
            [_edit(block) for language, block in fences if language == "diff"],
            [
                line[2:]
                for language, block in fences
                if language == "console"
                for line in block.splitlines()
            ],
            (omission[1], omission[2] or omission[3]) if omission else None,
        )


def _dedented(block: str) -> str:
    return "".join(line.removeprefix("   ") for line in block.splitlines(keepends=True))


def _edit(block: str) -> Edit:
    """A block `+++ FILE`, then lines as in a diff: ` ` stays, `-` goes, `+` comes."""
    head, _, rest = block.partition("\n")
    lines = [line or " " for line in rest.splitlines()]
    assert head.startswith("+++ "), head
    assert all(line[0] in " +-" for line in lines), block
    old = "".join(f"{line[1:]}\n" for line in lines if line[0] in " -")
    new = "".join(f"{line[1:]}\n" for line in lines if line[0] in " +")
    return Edit(head.removeprefix("+++ "), old, new)


class Checkout:
    """A copy of the project in which a recipe is carried out, one commit per step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT, folder, ignore=_LEFT_OUT)
        self._commits: dict[int, str] = {}
        self._git("init", "--quiet")
        self._commit(0)

    def take(self, step: Step) -> None:
        """Carries a step out, and commits what it changes."""
        for edit in step.edits:
            self._apply(edit)
        for command in step.commands:
            done = self.run(command)
            assert done.returncode == 0, f"step {step.number}: {command}\n{done.stdout}"
        self._commit(step.number)

    def without(self, step: Step) -> subprocess.CompletedProcess[str]:
        """What the command that should notice says when a step that was taken is undone."""
        assert step.omission
        self._git("revert", "--no-commit", self._commits[step.number])
        try:
            return self.run(step.omission[0])
        finally:
            self._git("reset", "--quiet", "--hard")

    def _apply(self, edit: Edit) -> None:
        path = self.folder / edit.path
        if not edit.old:
            assert not path.exists(), f"{edit.path} exists"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(edit.new, encoding="utf-8")
            return
        text = path.read_text(encoding="utf-8")
        assert text.count(edit.old) == 1, f"{edit.path}: not there once\n{edit.old}"
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command as a contributor does: mops, python and pytest are of this copy."""
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        of_tests = ("PYTEST_", "MODELOPS_", "GIT_")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(of_tests)}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        source = str(self.folder / "src")
        return {**kept, "PATH": path, "PYTHONPATH": source, "PYTHONDONTWRITEBYTECODE": "1"}

    def _commit(self, number: int) -> None:
        self._git("add", "--all")
        author = ("-c", "user.name=recipe", "-c", "user.email=recipe@example.com")
        self._git(*author, "commit", "--quiet", "--allow-empty", "--message", f"step {number}")
        self._commits[number] = self._git("rev-parse", "HEAD")

    def _git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()
