"""The code knows no setting by name: a new one is a schema entry and a line of a template."""

from __future__ import annotations

import ast
import re

import pytest

from invoke import ROOT
from mops.schema.fields import load_schema

# Modules whose purpose is to examine settings by name.
JUDGES = {
    "checks",
    "edit",
    "gitops",
    "container.py",
    "derived.py",
    "podsecurity.py",
    "view.py",
}
MODULES = sorted(
    path
    for path in (ROOT / "src" / "mops").rglob("*.py")
    if not JUDGES & {*path.relative_to(ROOT).parts} and "cli" not in path.parts
)
# A name is distinctive if it is not an everyday word: camelCase, snake_case or capitals.
DISTINCTIVE = re.compile(r"[a-z]+[A-Z]\w*|\w+_\w+|[A-Z]{3,}\w*")
# Kubernetes' own words, which every environment block has.
KUBERNETES = {"valueFrom"}


def names() -> set[str]:
    """The distinctive names of settings."""
    tree = load_schema()
    written_by_render = {
        path
        for path, field in tree.fields.items()
        if path[0] == "mopsValues" or field.schema.get("x-rendered")
    }
    return {
        path[-1]
        for path in tree.fields
        if path not in written_by_render and DISTINCTIVE.fullmatch(path[-1])
    } | set(tree.flat)


def texts(source: str) -> set[str]:
    """The words in a module's keys and names, without docstrings and prose, which have spaces."""
    tree = ast.parse(source)
    found = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and " " not in node.value.strip()
    ]
    found += [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return {word for text in found for word in re.findall(r"\w+", text)}


def test_there_are_distinctive_names() -> None:
    assert {"targetCPU", "worker_processes", "MODELOPS_EXECUTOR_TYPE"} <= names()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_names_no_setting(path) -> None:
    assert not (texts(path.read_text()) & names()) - KUBERNETES
