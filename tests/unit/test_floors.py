"""Imports go down the floors only, and only some modules touch the world outside."""

from __future__ import annotations

import ast
from pathlib import Path
from runpy import run_path

import pytest

from invoke import ROOT

# Lowest first, from the script that draws them. A module may import from lower rooms, and its own.
ROOMS: tuple[str, ...] = run_path(str(ROOT / "scripts" / "architecture.py"))["ROOMS"]
SOURCE = ROOT / "src" / "mops"
MODULES = sorted(
    path for path in SOURCE.rglob("*.py") if path.name != "__init__.py" or path.parent != SOURCE
)


def floor(module: str) -> int:
    """The room of a module, counted from the lowest; -1 for the package itself."""
    name = module.removeprefix("mops").lstrip(".").split(".")[0]
    if not name:
        return -1
    if name == "__main__":
        return len(ROOMS)
    return ROOMS.index(name)


def imported(path: Path) -> set[str]:
    """The modules of mops that a file imports, at its top or inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "mops"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mops":
            for alias in node.names:
                deeper = f"{node.module}.{alias.name}"
                is_module = (SOURCE.parent / deeper.replace(".", "/")).with_suffix(
                    ".py"
                ).exists() or (SOURCE.parent / deeper.replace(".", "/")).is_dir()
                found.add(deeper if is_module else str(node.module))
    return found


def name_of(path: Path) -> str:
    return ".".join(("mops", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(
        ".__init__"
    )


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_down(path: Path) -> None:
    here = floor(name_of(path))
    assert not {module for module in imported(path) if floor(module) > here}


# Reads files, environment or processes: nobody else may. `sys.stdin` is a file too.
OUTSIDE = {
    "os.environ": {"cli"},
    "print(": {"cli"},
    "sys.exit": {"__main__", "cli"},
    "subprocess": {"chart", "cli", "deploy"},
    "open(": {"model", "cli", "deploy", "gitops"},
}


@pytest.mark.parametrize("word", OUTSIDE)
def test_the_world_outside_is_touched_only_where_it_should_be(word: str) -> None:
    allowed = OUTSIDE[word]
    users = {name_of(path).split(".")[1] for path in MODULES if word in _code(path)}
    assert not users - allowed


def _code(path: Path) -> str:
    """A file without comments and docstrings, as one text of names and calls."""
    return "\n".join(_spelled(node) for node in ast.walk(ast.parse(path.read_text())))


def _spelled(node: ast.AST) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return f"{node.func.id}("
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func) in ("os.open", "io.open")
    ):
        return "open("
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return " ".join(
            [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
        )
    return ""
