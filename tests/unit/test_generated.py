"""The committed generated files are what the schema makes of them, byte for byte."""

from __future__ import annotations

import pytest

from invoke import ROOT, mops
from mops import __version__
from mops.chart import archive
from mops.generate.documents import semantic
from mops.generate.outputs import everything

FILES = everything()


@pytest.mark.parametrize("path", FILES)
def test_the_committed_file_is_the_generated_one(path: str) -> None:
    assert (ROOT / path).read_bytes() == FILES[path].encode("utf-8"), (
        f"{path} is stale: run `make generate`"
    )


def test_generation_gives_the_same_twice() -> None:
    assert everything() == FILES


def test_check_says_that_nothing_is_stale() -> None:
    assert mops("generate", "--check") == (0, "", "")


def test_the_example_fleet_is_rendered() -> None:
    done = mops("render", "--all", "--check", cwd=ROOT / "examples" / "fleet")
    assert done.code == 0, f"run `mops render --all` in examples/fleet\n{done.err}{done.out}"


@pytest.mark.parametrize(
    ("version", "chart"),
    [
        ("1.2.3", "1.2.3"),
        ("1.2.3rc1", "1.2.3-rc.1"),
        ("1.2.3a10", "1.2.3-a.10"),
        ("1.2.3b0", "1.2.3-b.0"),
    ],
)
def test_the_charts_version_is_semantic(version: str, chart: str) -> None:
    assert semantic(version) == chart


def test_the_version_is_in_one_place() -> None:
    text = FILES["chart/Chart.yaml"]
    assert archive.identity(text) == ("mops-dask", semantic(__version__))
    assert f"\nappVersion: {__version__}\n" in text
