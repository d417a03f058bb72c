"""How the house is built: imports go down only, and no part of it outgrows its measure."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from invoke import ROOT, script

architecture = script(ROOT / "scripts" / "architecture.py")

MODULES = architecture.modules()
INSIDE = [name for name in MODULES if name != "mops"]

# Of all lines in src, those in the command line at most; of all functions, those above the softer
# limit of complexity at most.
CLI_SHARE = 0.16
MOST_COMPLEX, COMPLEX, COMPLEX_SHARE = 15, 10, 0.04
LINE = 100


def floor(module: str) -> int:
    """The room of a module, counted from the lowest; -1 for the package itself."""
    if module == "mops":
        return -1
    if module == "mops.__main__":
        return len(architecture.ROOMS)
    return architecture.ROOMS.index(module.split(".")[1])


def test_every_package_is_a_room() -> None:
    packages = {path.parent.name for path in (ROOT / "src" / "mops").glob("*/__init__.py")}
    assert packages == set(architecture.ROOMS)
    assert len(architecture.ROOMS) <= 12


@pytest.mark.parametrize("module", INSIDE)
def test_imports_go_down(module: str) -> None:
    used = architecture.imports()[module]
    assert not {other for other in used if floor(other) > floor(module)}


def test_no_module_imports_another_that_imports_it() -> None:
    assert architecture.circles() == []


def test_the_page_and_the_picture_are_what_the_imports_make_of_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["architecture.py", "--check"])
    assert architecture.main() == 0, capsys.readouterr().err


# Reads files, environment or processes: nobody else may. `sys.stdin` is a file too.
OUTSIDE = {
    "os.environ": {"cli"},
    "print(": {"cli"},
    "sys.exit": {"__main__", "cli"},
    "subprocess": {"chart", "cli", "deploy"},
    "open(": {"model", "cli", "deploy", "gitops"},
}


@pytest.mark.parametrize("module", INSIDE)
def test_the_world_outside_is_touched_only_where_it_should_be(module: str) -> None:
    code = "\n".join(_spelled(node) for node in ast.walk(MODULES[module]))
    room = module.split(".")[1]
    assert [word for word, rooms in OUTSIDE.items() if word in code and room not in rooms] == []


def test_there_is_somebody_who_touches_the_world_outside() -> None:
    everything = "\n".join(_spelled(node) for tree in MODULES.values() for node in ast.walk(tree))
    assert all(word in everything for word in OUTSIDE)


def _spelled(node: ast.AST) -> str:
    """A name, call or import as one word; "" for other nodes, comments and docstrings."""
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


def test_the_command_line_is_a_small_part() -> None:
    lines = {
        path: len(path.read_text().splitlines()) for path in (ROOT / "src" / "mops").rglob("*.py")
    }
    cli = sum(count for path, count in lines.items() if "cli" in path.parts)
    assert cli <= CLI_SHARE * sum(lines.values())


def functions() -> Iterator[tuple[str, ast.AST]]:
    """Every function and method of mops, with its module and line."""
    for module, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield f"{module}:{node.lineno} {node.name}", node


BRANCHES = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.Assert,
    ast.comprehension,
    ast.match_case,
)


def complexity(function: ast.AST) -> int:
    """The McCabe complexity of a function with what is nested in it: its branches, plus one."""
    found = 1
    for node in ast.walk(function):
        if isinstance(node, BRANCHES):
            found += 1
        elif isinstance(node, ast.BoolOp):
            found += len(node.values) - 1
        if isinstance(node, ast.comprehension):
            found += len(node.ifs)
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While, ast.Try)) and node.orelse:
            found += 1
    return found


def test_complexity_counts_branches() -> None:
    code = """
def f(items):
    for item in items:
        if item and not item.done or item.late:
            return [x for x in item if x]
    return 1 if items else 2
"""
    assert complexity(ast.parse(code).body[0]) == 8


def test_functions_are_simple() -> None:
    measured = {name: complexity(function) for name, function in functions()}
    assert {name: found for name, found in measured.items() if found > MOST_COMPLEX} == {}
    complex_ones = sorted(name for name, found in measured.items() if found > COMPLEX)
    assert len(complex_ones) <= COMPLEX_SHARE * len(measured), complex_ones


@pytest.mark.parametrize("folder", ["src", "tests", "scripts", "chart/scripts"])
def test_lines_are_short(folder: str) -> None:
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / folder).rglob("*.py*"))
        if path.suffix in (".py", ".py3")
        for number, line in enumerate(_lines(path), 1)
        if len(line) > LINE
    ]
    assert long == []


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
