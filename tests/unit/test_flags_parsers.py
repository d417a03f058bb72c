"""The quick parser and typer agree on every command line that the quick one takes."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

from mops.cli import app, flags, workspace
from mops.schema.fields import load_schema

SETTINGS = load_schema()
OPTIONS = [*flags.SELECTION, *flags.RENDER, *flags.overrides(SETTINGS)]
COMMANDS = typer.main.get_command(app.app).commands
RENDER = COMMANDS["render"]
UP = COMMANDS["workspace"].commands["up"]
NAMES = [name for option in OPTIONS for name in option.names]


def by_typer(args: list[str], command: Any = RENDER) -> dict[str, Any] | None:
    """What typer's own parser makes of the arguments of a command; None where it refuses them."""
    try:
        context = command.make_context(command.name, list(args), resilient_parsing=False)
    except (app._ClickError, typer.Exit):
        return None
    with context:
        return {
            name: list(value) if isinstance(value, (list, tuple)) else value
            for name, value in context.params.items()
            if value
        }


WORDS = st.one_of(
    st.sampled_from(["3", "a.yaml", "k=v", "", "a=b=c", "-", "x y", "é", "null"]),
    st.text(max_size=6).filter(lambda text: not text.startswith("-") and "\0" not in text),
)


@st.composite
def plain(draw):
    """Arguments in the forms that scripts use."""
    args: list[str] = []
    for option in draw(st.lists(st.sampled_from(OPTIONS), max_size=6)):
        name = draw(st.sampled_from(option.names))
        if option.switch:
            args.append(name)
        elif name.startswith("--") and draw(st.booleans()):
            args.append(f"{name}={draw(WORDS)}")
        else:
            args += [name, draw(WORDS)]
    return args


ANYTHING = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *NAMES,
                "--",
                "-",
                "-x",
                "--help",
                "-h",
                "-qc",
                "-cfile",
                "--conf",
                "--quiet=1",
                "--processes=",
                "3",
                "k=v",
                "",
            ]
        ),
        WORDS,
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(plain())
def test_plain_arguments(args):
    quick = flags.parse(args, OPTIONS)
    assert quick is not None
    assert quick == by_typer(args)


@settings(max_examples=300, deadline=None)
@given(ANYTHING)
def test_any_arguments(args):
    quick = flags.parse(args, OPTIONS)
    assert quick is None or quick == by_typer(args)


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["-h"],
        ["x"],
        ["--unknown"],
        ["--config"],
        ["--config", "--quiet"],
        ["--quiet=1"],
        ["-qc", "f"],
        ["-cf"],
        ["--conf", "f"],
        ["--"],
        ["--", "x"],
    ],
)
def test_the_quick_parser_leaves_what_is_not_plain(args):
    assert flags.parse(args, OPTIONS) is None


def test_typer_is_told_every_option():
    names = {
        name
        for parameter in inspect.signature(app._render).parameters.values()
        for name in parameter.default.param_decls
    }
    assert names == set(NAMES)


@pytest.mark.parametrize(("given", "overrides"), [
    ({"processes": ["3"]}, [("--processes", "3")]),
    ({"force_fresh_venv": 1}, [("--force-fresh-venv", "true")]),
    ({"no_force_fresh_venv": 1}, [("--no-force-fresh-venv", "false")]),
    ({"force_fresh_venv": 2}, [("--force-fresh-venv", "true")] * 2),
    ({"threads": ["1", "2"]}, [("--threads", "1"), ("--threads", "2")]),
    ({"namespace": ["n"]}, [("--namespace", "n")]),
])  # fmt: skip
def test_request_of_overrides(given, overrides):
    assert list(flags.request(given, SETTINGS).overrides) == overrides


def test_request_of_all_else():
    request = flags.request(
        {
            "config": ["a", "b"],
            "profile": ["p"],
            "set_string": ["c=d"],
            "set": ["a=b"],
            "debug_mode": 1,
            "hermetic": 1,
        },
        SETTINGS,
    )
    assert request == (
        ("a", "b"),
        ("p",),
        (),
        (("--set", "a=b"), ("--set-string", "c=d")),
        True,
        True,
    )


@pytest.mark.parametrize(
    "args",
    [
        "",
        "--yes",
        "-y -n x --context c",
        "--timeout 5m --dry-run --processes 2 -q",
        "--local --debug-mode",
        "--yes=1",
        "--context",
        "up",
        "--help",
    ],
)
def test_the_arguments_of_up(args):
    quick = flags.parse(args.split(), [*flags.SELECTION, *workspace.UP, *flags.overrides(SETTINGS)])
    assert quick is None or quick == by_typer(args.split(), UP)
    assert (quick is None) == (args in ("--yes=1", "--context", "up", "--help"))
