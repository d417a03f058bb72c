"""Fleets for the tests: copies of the example, and written ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from invoke import ROOT

EXAMPLE = ROOT / "examples" / "fleet"
REPO = ("--repo", "https://git.example.com/team/dask.git")
OCI = ("--chart", "oci://registry.example.com/charts/mops-dask")
GIT = ("--chart", "charts/mops-dask")


def copy(folder: Path) -> Path:
    """The example in a directory of its own."""
    return Path(shutil.copytree(EXAMPLE, folder / "fleet"))


def tree(folder: Path, **workspaces: str) -> Path:
    """A tree by the convention, each workspace with this text."""
    for name, text in workspaces.items():
        (folder / "envs" / name).mkdir(parents=True)
        (folder / "envs" / name / "mops.yaml").write_text(text)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a tree."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# Runs mops as a user without a passwd entry and without a home. The first run loads what only
# root may read of this Python.
_NOBODY = """\
import os, sys
from mops.cli import main
kept = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
main(sys.argv[1:])
os.dup2(kept, 1)
os.setgroups([])
os.setgid(64999)
os.setuid(64999)
os.environ.pop("HOME", None)
sys.exit(main(sys.argv[1:]))
"""
only_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become a user without a passwd entry"
)


def as_nobody(here: Path, env: dict[str, str], *args: str) -> subprocess.CompletedProcess[bytes]:
    """Mops run by such a user, who may enter the directory."""
    for folder in (here, *here.parents):
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o005)
    return subprocess.run(
        [sys.executable, "-c", _NOBODY, *args],
        cwd=here,
        env=env,
        capture_output=True,
        check=False,
        timeout=60,
    )


def objects(stream: str) -> list[dict[str, Any]]:
    """The objects of a stream that mops wrote."""
    return list(yaml.safe_load_all(stream))
