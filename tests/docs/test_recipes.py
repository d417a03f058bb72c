"""The recipes of CONTRIBUTING.md can be followed, and a step that is left out is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkout import Checkout
from docs.recipes import Recipe, edited, recipes, take, without
from invoke import ROOT, helm

RECIPES = recipes()


def test_there_are_five_recipes() -> None:
    assert [recipe.number for recipe in RECIPES] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
def test_a_recipe_is_complete(recipe: Recipe) -> None:
    assert [step.number for step in recipe.steps] == list(range(1, len(recipe.steps) + 1))
    assert all(step.edits or step.commands for step in recipe.steps)
    assert any(edit.path == "CHANGELOG.md" for step in recipe.steps for edit in step.edits)
    assert "make quick" in recipe.steps[-1].commands
    assert sum(step.omission is not None for step in recipe.steps) >= 2


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
def test_its_edits_fit_the_files(recipe: Recipe) -> None:
    texts: dict[str, str] = {}
    for edit in (edit for step in recipe.steps for edit in step.edits):
        path = ROOT / edit.path
        if edit.path not in texts:
            texts[edit.path] = path.read_text(encoding="utf-8") if path.exists() else ""
        texts[edit.path] = edited(texts[edit.path], edit)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
def test_it_works_and_every_step_counts(recipe: Recipe, tmp_path: Path) -> None:
    helm()
    checkout = Checkout(tmp_path / "mops")
    for step in recipe.steps:
        take(step, checkout)
    for step in recipe.steps:
        if step.omission is not None:
            command, words = step.omission
            done = without(step, checkout)
            told = f"without step {step.number}, {command} said:\n{done.stdout}"
            assert done.returncode != 0, told
            assert words in done.stdout, told
