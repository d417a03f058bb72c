"""One directory for each documented behaviour and each message.

`cmd` is run among the files of the directory; stdout, stderr and the exit code must be as
written. Its last line is the command, with NAME=value words before `mops` as the environment; the
lines above it are shell commands that create what a repository cannot hold. A directory `home` is
the home directory. What a run must leave behind is in `after`.

`pytest tests/golden --update` rewrites the expectations: read the diff before you keep it.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from invoke import ROOT, Done, mops

CASES = Path(__file__).parent / "cases"
MEANT = "if this is meant, run `make update` and read the diff"
EXPECTED = ("cmd", "stdout", "stderr", "code", "after")


def run(case: Path, work: Path) -> Done:
    """What the case's command comes to in a copy of its folder."""
    shutil.copytree(case, work, ignore=shutil.ignore_patterns(*EXPECTED))
    *preparations, command = (case / "cmd").read_text().splitlines()
    for line in preparations:
        subprocess.run(line, shell=True, cwd=work, check=True)
    words = shlex.split(command)
    start = words.index("mops")
    environ = dict(word.split("=", 1) for word in words[:start])
    home = work / "home"
    done = mops(
        *words[start + 1 :],
        cwd=work,
        env={"HOME": str(home), **environ} if home.is_dir() else environ,
        stdin=_stdin(work),
    )
    return Done(done.code, _plain(done.out, work), _plain(done.err, work))


def _stdin(work: Path) -> bytes:
    file = work / "stdin"
    return file.read_bytes() if file.exists() else b""


def _plain(text: str, work: Path) -> str:
    """Output without what differs between machines."""
    return (
        text.replace(str(work / "home"), "~")
        .replace(str(work), "<work>")
        .replace(str(ROOT), "<mops>")
    )


@pytest.mark.parametrize(
    "case",
    sorted(path for path in CASES.iterdir() if (path / "cmd").is_file()),
    ids=lambda case: case.name,
)
def test_case(case: Path, tmp_path: Path, *, update: bool) -> None:
    work = tmp_path / "work"
    done = run(case, work)
    if update:
        (case / "stdout").write_text(done.out)
        (case / "stderr").write_text(done.err)
        (case / "code").write_text(f"{done.code}\n")
        for file in (case / "after").glob("*"):
            shutil.copyfile(work / file.name, file)
    assert done.err == (case / "stderr").read_text(), MEANT
    assert done.out == (case / "stdout").read_text(), MEANT
    assert f"{done.code}\n" == (case / "code").read_text()
    assert (
        done.code == 0 or not done.out or done.code == 1 or "validate" in (case / "cmd").read_text()
    ), "stdout must be empty on failure"
    for file in (case / "after").glob("*"):
        assert (work / file.name).read_bytes() == file.read_bytes(), file.name


def test_every_message_of_the_page_on_errors_has_a_case() -> None:
    """Each message in the tables of docs/errors.md is in a case, the corpus or a unit test."""
    said = "\n".join(
        path.read_text()
        for path in [
            *CASES.glob("*/stderr"),
            *CASES.glob("*/stdout"),
            ROOT / "tests" / "corpus" / "table.py",
            ROOT / "tests" / "golden" / "mistakes.txt",
            *(ROOT / "tests" / "unit").glob("*.py"),
        ]
    )
    page = (ROOT / "docs" / "errors.md").read_text()
    missing = []
    for row in re.findall(r"^\| (?!message|---)(.*?) \|", page, re.MULTILINE):
        for message in re.split(r", (?=[a-z…$])", row):
            fixed = re.split(r"…|\bX\b|\bN\b|\bNAME\b|\bFILE\b|\d+", message.replace("`", ""))
            words = max(fixed, key=len).strip(" :()")
            if words and words not in said:
                missing.append(words)
    assert missing == []
