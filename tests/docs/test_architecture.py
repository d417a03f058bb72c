"""The walk of one value in docs/architecture.md is the way that the code takes."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

import pytest

from invoke import ROOT, mops

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
WALK = PAGE.partition("\n## The walk of one value\n")[2]
ROOMS = "|".join(path.parent.name for path in (ROOT / "src" / "mops").glob("*/__init__.py"))
NAMES = list(dict.fromkeys(re.findall(rf"`((?:{ROOMS})(?:\.\w+)+)`", WALK)))


def named(name: str) -> Any:
    """The function, class or module of mops with a dotted name. Raises where there is none."""
    parts = name.split(".")
    for size in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(["mops", *parts[:size]]))
        except ModuleNotFoundError:
            continue
        for part in parts[size:]:
            found = getattr(found, part)
        return found
    raise LookupError(name)


def test_the_walk_goes_through_all_that_render_needs() -> None:
    rooms = {name.partition(".")[0] for name in NAMES}
    assert rooms == {"cli", "model", "yamltext", "schema", "config", "checks", "chart"}
    assert len(NAMES) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_everything_on_the_walk_exists(name: str) -> None:
    assert named(name)


def test_the_functions_are_called_in_this_order(tmp_path: Path) -> None:
    (tmp_path / "three.yaml").write_text("workspace:\n  worker_processes: 3\n")
    codes = {
        found.__code__: name for name in NAMES if isinstance(found := named(name), FunctionType)
    }
    called: list[str] = []

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in codes:
            called.append(codes[frame.f_code])

    sys.setprofile(watch)
    try:
        mops("render", "--quiet", "--config", "three.yaml", cwd=tmp_path)
    finally:
        sys.setprofile(None)
    assert list(dict.fromkeys(called)) == list(codes.values())


def test_the_templates_line_is_as_quoted() -> None:
    template = (ROOT / "chart" / "templates" / "worker-deployment.yaml").read_text()
    (line,) = re.findall(r"`(\{\{.*?\}\})`", WALK)
    assert f"- --nworkers\n        - {line}\n" in template


def test_the_records_are_as_quoted(tmp_path: Path) -> None:
    from mops.config.sources import Request, gather
    from mops.schema.fields import load_schema

    (tmp_path / "three.yaml").write_text("workspace:\n  worker_processes: 3\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        layers = gather(Request(config=("three.yaml",)), {}, load_schema()).layers
    leaf = layers[1].leaves["workers", "processes"]
    assert f"`Leaf({leaf.value}, Origin({', '.join(map(_quoted, leaf.origin))}))`" in WALK


def _quoted(text: str) -> str:
    return f'"{text}"'
