from __future__ import annotations

import os

from invoke import ROOT, mops
from mops.model import bundle


def test_the_chart_and_the_schemas_are_found():
    assert os.path.samefile(bundle.chart(), ROOT / "chart")
    assert bundle.read("chart", "Chart.yaml") == (ROOT / "chart" / "Chart.yaml").read_text()


def test_chart_path_prints_the_folder():
    done = mops("chart", "path")
    assert done == (0, f"{ROOT / 'chart'}\n", "")


def test_chart_export_copies_everything_but_never_over_something(tmp_path):
    target = tmp_path / "copy"
    done = mops("chart", "export", str(target))
    assert (done.code, done.out) == (0, "")
    names = {path.relative_to(ROOT / "chart") for path in (ROOT / "chart").rglob("*")}
    assert names == {path.relative_to(target) for path in target.rglob("*")}
    again = mops("chart", "export", str(target))
    assert again == (2, "", f"mops: {target} exists and is not an empty directory\n")


def test_chart_export_into_what_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    done = mops("chart", "export", str(tmp_path / "file" / "below"))
    assert (done.code, done.out) == (4, "")
    assert "Not a directory" in done.err
