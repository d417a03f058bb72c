"""Every format that a command offers is one that it writes."""

from __future__ import annotations

import pytest

from invoke import mops
from mops.chart.values import FORMATS
from mops.cli.commands import COMMANDS

OFFERED = {
    path: next(option.choices for option in command.options if "--format" in option.names)
    for path, command in COMMANDS.items()
    if any("--format" in option.names for option in command.options)
}


def test_render_offers_the_formats_of_values_and_manifests() -> None:
    assert OFFERED["render",] == (*FORMATS, "manifests"), (
        "the choices of --format in cli/commands.py are not the keys of FORMATS in chart/values.py"
    )


@pytest.mark.parametrize("form", sorted(set(FORMATS) - {"values"}))
def test_only_the_values_file_takes_comments(form: str) -> None:
    done = mops("render", "--annotate", "--format", form)
    assert (done.code, done.out) == (2, "")
    assert "--annotate requires --format values" in done.err


@pytest.mark.parametrize("path", [("render",), ("config", "show")], ids=" ".join)
def test_no_two_formats_are_the_same(path: tuple[str, ...]) -> None:
    forms = [form for form in OFFERED[path] if form != "manifests"]
    printed = [mops(*path, "--quiet", "--format", form).out for form in forms]
    assert all(printed)
    assert len(set(printed)) == len(forms)
