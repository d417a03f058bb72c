"""The recipes of CONTRIBUTING.md as data: read from the page, carried out in a copy."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from typing import NamedTuple

from checkout import Checkout
from invoke import ROOT

PAGE = ROOT / "CONTRIBUTING.md"
_HEADING = re.compile(r"^### (\d+)\. (.*)$", re.MULTILINE)
_STEP = re.compile(r"^(\d+)\. ", re.MULTILINE)
_FENCE = re.compile(r"^   ```(\w+)\n(.*?)^   ```$", re.MULTILINE | re.DOTALL)
# The words may have backticks of their own: then they are between two of them.
_OMISSION = re.compile(r"^   Without it, `([^`]+)` fails: (?:`([^`]+)`|``(.+?) ?``)$", re.MULTILINE)


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


def take(step: Step, checkout: Checkout) -> None:
    """Carries a step out in a copy, and commits what it changes."""
    for edit in step.edits:
        path = checkout.folder / edit.path
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(edited(text, edit), encoding="utf-8")
    for command in step.commands:
        done = checkout.run(command)
        assert done.returncode == 0, f"step {step.number}: {command}\n{done.stdout}"
    checkout.commit(f"step {step.number}")


def without(step: Step, checkout: Checkout) -> subprocess.CompletedProcess[str]:
    """What the command that should notice says when a step that was taken is undone."""
    assert step.omission
    with checkout.reverted(f"step {step.number}"):
        return checkout.run(step.omission[0])


def edited(text: str, edit: Edit) -> str:
    """The text of a file ("" if there is none) with a change."""
    if not edit.old:
        assert not text, f"{edit.path} exists"
        return edit.new
    assert text.count(edit.old) == 1, f"{edit.path}: not there once\n{edit.old}"
    return text.replace(edit.old, edit.new)
