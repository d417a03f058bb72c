"""What mops prints for mistakes that people make, and that following its hint works.

The outputs are in mistakes.txt, to be read as a document: `pytest tests/golden --update` rewrites
it.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from golden.mistake_table import BY_HAND, MISTAKES, F, Mistake
from invoke import Done, mops

TABLE = Path(__file__).parent / "mistakes.txt"


def run(command: str, content: str, work: Path) -> Done:
    """What a command line after `mops` comes to in a directory with the file."""
    if content:
        (work / F).write_text(content)
    done = mops(*shlex.split(command), cwd=work, env={"HOME": str(work / "home")})
    return Done(done.code, done.out, done.err.replace(f"{work}/", ""))


def section(mistake: Mistake, work: Path) -> str:
    """A mistake as a section of the document."""
    done = run(mistake.command, mistake.file, work)
    content = "".join(f"    {line}\n" for line in mistake.file.splitlines())
    printed = "\n".join(f"> {line}" for line in done.err.splitlines())
    return f"== {mistake.name}\n{content}$ mops {mistake.command}\n{printed}\n[{done.code}]\n"


def test_what_is_printed(tmp_path: Path, *, update: bool) -> None:
    sections = []
    for index, mistake in enumerate(MISTAKES):
        work = tmp_path / str(index)
        work.mkdir()
        sections.append(section(mistake, work))
    text = "\n".join(sections)
    if update:
        TABLE.write_text(text)
    assert text == TABLE.read_text(), "if this is meant, run `make update` and read the diff"


def test_there_are_seventy() -> None:
    names = [mistake.name for mistake in MISTAKES]
    assert len(set(names)) == len(names) >= 70


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_the_hint_works(mistake: Mistake, tmp_path: Path) -> None:
    done = run(mistake.command, mistake.file, tmp_path)
    assert mistake.hint in done.err
    if mistake.cure.startswith(BY_HAND):
        assert done.code == mistake.code
        return
    is_warning = done.code == 0
    command = mistake.command if mistake.is_file else mistake.cure
    cured = run(command, mistake.cure if mistake.is_file else mistake.file, tmp_path)
    assert cured.code == 0, cured.err
    assert mistake.hint not in cured.err
    assert not is_warning or len(cured.err) < len(done.err)


# What people follow, in the words of the messages.
COMMANDS = re.compile(r"`mops ([^`]*)`")


def test_every_command_in_a_hint_exists() -> None:
    for words in COMMANDS.findall(TABLE.read_text()):
        given = [word for word in shlex.split(words) if word not in ("FILE", "-o")]
        name = [word for word in given if not word.startswith("-")][:2]
        path = name if mops(*name, "--help").code == 0 else name[:1]
        assert mops(*path, "--help").code == 0, words
