"""`mops render --strict` and `mops config validate --strict` agree on every file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from corpus.table import CASES, Case
from corpus.test_corpus import file_name
from invoke import Done, mops

# About how a file is written rather than about what runs: only `validate` reports it.
ABOUT_FILES = "[idle-layer]"


def verdict(done: Done) -> tuple[int, list[str]]:
    """The exit code and the problems of a run that has no others than idle layers left out."""
    problems = [line for line in done.err.splitlines() if not line.startswith("mops: ")]
    kept = [line for line in problems if not line.endswith(ABOUT_FILES)]
    only_idle_layers = bool(problems) and not kept
    return 0 if only_idle_layers else done.code, kept


def both(name: str, folder: Path) -> tuple[Done, Done]:
    return (
        mops("render", "-q", "--strict", "--config", name, cwd=folder),
        mops("config", "validate", "-q", "--strict", "--config", name, cwd=folder),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_render_and_validate_agree(case: Case, tmp_path: Path) -> None:
    name = file_name(case)
    (tmp_path / name).write_bytes(case.data)
    rendered, validated = both(name, tmp_path)
    assert verdict(rendered) == verdict(validated)
    assert (rendered.code == 0) == (rendered.out != "")


@pytest.mark.parametrize(("text", "check"), [
    ("workspace:\n  labels: {note: AKIAABCDEFGHIJKLMNOP}\n", "secret"),
    ("workspace:\n  workers: {processes: 3}\n", "busy-cpu"),
    ("workspace:\n  worker_replicas: 3\n  autoscaling_enabled: true\n", "replicas-owned"),
    ("workspace:\n  worker_env: {DASK_LOG_LEVEL: debug}\n", "dask-ignored"),
])  # fmt: skip
def test_a_warning_fails_both(text: str, check: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text)
    for done in both("a.yaml", tmp_path):
        assert done.code == 3
        assert re.findall(r"\[([a-z-]+)\]$", done.err, re.MULTILINE) == [check]


def test_only_validate_reports_an_idle_layer(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "workspace: {worker_threads: 2, worker_cpu: 4, profile: p,"
        " profiles: {p: {worker_threads: 2}}}\n"
    )
    rendered, validated = both("a.yaml", tmp_path)
    assert (rendered.code, rendered.err) == (0, "")
    assert validated.code == 3
    assert ABOUT_FILES in validated.err
