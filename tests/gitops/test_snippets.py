"""The hook and the CI snippets pass on a fresh tree and fail on a stale one."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gitops.trees import copy
from invoke import ROOT

PAGE = (ROOT / "docs" / "gitops.md").read_text()
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


def block(title: str) -> dict:
    found = re.search(
        rf'^```yaml title="{re.escape(title)}"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL
    )
    assert found, title
    return yaml.safe_load(found[1])


def github() -> list[str]:
    job = block(".github/workflows/values.yaml")["jobs"]["fresh"]
    assert all(set(step) <= {"uses", "with", "run"} for step in job["steps"])
    return [step["run"] for step in job["steps"] if "run" in step]


def gitlab() -> list[str]:
    return block(".gitlab-ci.yml")["values"]["script"]


# The commands of each snippet; its first line installs mops, which is there.
COMMANDS = {
    "github": github(),
    "gitlab": gitlab(),
    "hook": ["pip install .", HOOKS["mops-check"]["entry"]],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_fresh_passes_and_stale_fails(name: str, tmp_path: Path) -> None:
    here = copy(tmp_path)
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "mops").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mops "$@"\n')
    (bin_ / "mops").chmod(0o755)
    env = {"PATH": f"{bin_}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "src")}
    install, *commands = COMMANDS[name]
    assert install.startswith("pip install ")
    assert commands

    def run() -> int:
        return max(
            subprocess.run(
                ["bash", "-ec", command], cwd=here, env=env, capture_output=True, check=False
            ).returncode
            for command in commands
        )

    assert run() == 0
    with (here / "envs/dev/values.yaml").open("a") as file:
        file.write("\n")
    assert run() == 1
    (here / "envs/dev/mops.yaml").write_text("nonsense: 1\n")
    assert run() == 3


def test_the_hooks_have_known_fields_and_fit_the_files_of_a_fleet() -> None:
    known = {"id", "name", "description", "entry", "language", "files", "pass_filenames"}
    used = block(".pre-commit-config.yaml")["repos"][0]["hooks"]
    assert {hook["id"] for hook in used} <= set(HOOKS)
    for hook in HOOKS.values():
        assert set(hook) == known
        assert hook["language"] == "python"
        assert hook["pass_filenames"] is False
        assert shlex.split(hook["entry"])[:3] == ["mops", "render", "--all"]
        for name in ("envs/dev/mops.yaml", "base.yaml", "mops.fleet.yaml", "envs/dev/values.yaml"):
            assert re.search(hook["files"], name)
