"""`make release` in a copy of the checkout."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from checkout import Checkout


@pytest.mark.slow
def test_a_release_has_one_version_everywhere(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "mops")
    done = checkout.run("make release VERSION=9.8.7rc1")
    assert done.returncode == 0, done.stdout
    dist = checkout.folder / "dist"
    chart = dist / "mops-dask-9.8.7-rc.1.tgz"
    assert {path.name for path in dist.iterdir()} == {
        "mops-9.8.7rc1-py3-none-any.whl",
        "mops-9.8.7rc1.tar.gz",
        chart.name,
    }
    with tarfile.open(chart) as archive:
        described = archive.extractfile("mops-dask/Chart.yaml")
        assert described
        assert b"\nversion: 9.8.7-rc.1\nappVersion: 9.8.7rc1\n" in described.read()
    changelog = (checkout.folder / "CHANGELOG.md").read_text()
    assert "## Unreleased\n\n## 9.8.7rc1 - 2" in changelog
    assert "git tag v9.8.7rc1" in done.stdout
    assert checkout.run("make generated").returncode == 0


def test_other_versions_are_refused(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "mops")
    for version in ("", "1.2", "v1.2.3", "1.2.3-rc.1"):
        done = checkout.run(f"python scripts/release.py {version}")
        assert done.returncode == 1
        assert "usage: python scripts/release.py VERSION" in done.stdout
    assert checkout.run("git status --porcelain").stdout == ""
