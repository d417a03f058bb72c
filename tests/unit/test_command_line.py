"""The table of commands, the one parser that reads it, and what typer makes of the same table."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from functools import lru_cache
from typing import Any

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

from invoke import ROOT, mops
from mops.cli import help as texts
from mops.cli.commands import ALIASES, COMMANDS, GROUPS, Command
from mops.cli.options import Option
from mops.cli.parse import HelpRequested, MisusedCommand, command_options, invocation, parse
from mops.model.problems import UsageError
from mops.schema.fields import load_schema

EVERY = sorted(COMMANDS)
RENDER = command_options(COMMANDS["render",], load_schema())
WORDS = st.one_of(
    st.sampled_from(["3", "a.yaml", "k=v", "", "a=b=c", "-", "x y", "é", "null", "-1"]),
    st.text(max_size=6).filter(lambda text: not text.startswith("-") and "\0" not in text),
)


def options_of(command: Command) -> list[Option]:
    return command_options(command, load_schema() if command.selects else None)


@lru_cache(maxsize=1)
def program() -> Any:
    """What typer parses with. To build it takes far longer than to use it."""
    return texts.program()


def by_typer(path: tuple[str, ...], words: list[str]) -> dict[str, list[str]]:
    """What typer's own parser takes from the words, in the form of ours."""
    node = program()
    for word in path:
        node = node.commands[word]
    with node.make_context(node.name, list(words)) as context:
        taken = {name: value for name, value in context.params.items() if value}
    return {name: [""] if value is True else list(value) for name, value in taken.items()}


@st.composite
def complete(draw):
    """Options with values, in every form that the parser takes."""
    words: list[str] = []
    for option in draw(st.lists(st.sampled_from(RENDER), max_size=6)):
        name = draw(st.sampled_from(option.names))
        value = draw(WORDS)
        if option.is_switch:
            words.append(name)
        elif name.startswith("--") and draw(st.booleans()):
            words.append(f"{name}={value}")
        elif not name.startswith("--") and value and draw(st.booleans()):
            words.append(f"{name}{value}")
        else:
            words += [name, value]
    return words


@settings(max_examples=300, deadline=None)
@given(complete())
def test_our_parser_takes_what_typer_takes(words):
    ours = parse(words, RENDER).options
    switches = {option.field for option in RENDER if option.is_switch}
    once = {name: [""] if name in switches else values for name, values in ours.items()}
    assert once == by_typer(("render",), words)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(WORDS, st.sampled_from([n for o in RENDER for n in o.names])), max_size=6)
)
def test_any_words_are_parsed_or_refused(words):
    try:
        parsed = parse(words, RENDER)
    except (UsageError, HelpRequested):
        return
    taken = sum(len(values) for values in parsed.options.values())
    assert taken == len(parsed.given)


@pytest.mark.parametrize(
    ("words", "options", "arguments"),
    [
        (["-cfile"], {"config": ["file"]}, []),
        (["-qc", "file"], {"quiet": [""], "config": ["file"]}, []),
        (["--set", "a=-1", "x"], {"set": ["a=-1"]}, ["x"]),
        (["-1"], {}, ["-1"]),
        (["-"], {}, ["-"]),
        (["--", "--config"], {}, ["--config"]),
        (["--output", "-"], {"output": ["-"]}, []),
        (["--processes="], {"processes": [""]}, []),
        (["a", "--quiet", "b"], {"quiet": [""]}, ["a", "b"]),
    ],
)
def test_forms(words, options, arguments):
    parsed = parse(words, RENDER)
    assert (parsed.options, parsed.arguments) == (options, arguments)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["render", "--proceses", "3"], "unknown option --proceses (did you mean --processes?)"),
        (["render", "-x"], "unknown option -x"),
        (["render", "--config"], "--config needs a value: --config FILE"),
        (["render", "--config", "--quiet"], "--config needs a value: --config FILE"),
        (["render", "--config", "--help"], "--config needs a value: --config FILE"),
        (["render", "--quiet=1"], "--quiet takes no value"),
        (["render", "-o", "a", "-o", "b"], "--output is given twice"),
        (
            ["config", "show", "--format", "jsn"],
            "--format: expected one of text, yaml, json, found jsn (did you mean json?)",
        ),
        (["render", "--jobs", "two"], "--jobs: expected a whole number, found two"),
        (
            ["render", "a.yaml"],
            "unexpected argument a.yaml (to read it as a layer: --config a.yaml)",
        ),
        (["chart", "path", "x"], "unexpected argument x"),
        (["config", "set", "key"], "missing argument VALUE"),
        (["config", "unset"], "missing argument KEY..."),
        (
            ["schema", "value"],
            "expected one of unified, workspace, values, found value (did you mean values?)",
        ),
        (["rendr"], "unknown command rendr (did you mean render?)"),
        (["config", "shwo"], "unknown command shwo (did you mean show?)"),
        (
            ["-c", "a.yaml", "render"],
            "unknown option -c (options follow the command: mops render -c a.yaml)",
        ),
        (["workspace", "rollback", "x"], "expected a whole number, found x"),
    ],
)  # fmt: skip
def test_mistakes(words, message):
    with pytest.raises(MisusedCommand) as caught:
        invocation(words)
    assert str(caught.value) == message


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_a_record_has_a_field_for_every_option_and_argument(path):
    command = COMMANDS[path]
    module = importlib.import_module(command.module)
    assert callable(getattr(module, command.function))
    taken = {option.field for option in command.options}
    taken |= {argument.field for argument in command.arguments}
    taken |= {"selection"} if command.selects else set()
    if not command.record:
        assert not taken
        return
    record = getattr(module, command.record)
    required = {argument.field for argument in command.arguments if argument.required}
    shared = [other for other in COMMANDS.values() if other.record == command.record]
    assert taken <= set(record._fields)
    if len(shared) == 1:
        assert taken == set(record._fields) - {"given"}
        assert set(record._fields) - set(record._field_defaults) - {"selection"} == required


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_the_options_of_a_command_are_apart(path):
    names = [name for option in options_of(COMMANDS[path]) for name in option.names]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("path", [*EVERY, *sorted(GROUPS)], ids=lambda path: " ".join(path) or "-")
def test_help_names_everything(path):
    done = mops(*path, "--help")
    assert (done.code, done.err) == (0, "")
    if path in COMMANDS:
        for option in options_of(COMMANDS[path]):
            assert all(name in done.out for name in option.names)
        examples = " ".join(done.out.split())
        assert all(" ".join(example.split()) in examples for example in COMMANDS[path].examples)
    else:
        inside = [c.path for c in COMMANDS.values() if c.path[:-1] == path and not c.hidden]
        assert all(f"  {name[-1]} " in done.out for name in inside)


def test_a_group_without_a_command_prints_its_help_as_an_error():
    done = mops("config")
    assert (done.code, done.out) == (2, "")
    assert "mops config [OPTIONS] COMMAND" in done.err


@pytest.mark.parametrize("alias", sorted(ALIASES), ids=" ".join)
def test_an_aliased_group_is_the_same_group(alias):
    assert invocation([*alias, "show"]) == invocation([*ALIASES[alias], "show"])
    assert mops(*alias, "show", "--help").out.startswith("Usage: mops config show")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--processes", "3"], [("--processes", "3")]),
        (["--force-fresh-venv"], [("--force-fresh-venv", "true")]),
        (["--no-force-fresh-venv"], [("--no-force-fresh-venv", "false")]),
        (["--force-fresh-venv"] * 2, [("--force-fresh-venv", "true")] * 2),
        (["--threads", "1", "--threads=2"], [("--threads", "1"), ("--threads", "2")]),
        (["-n", "here"], [("--namespace", "here")]),
    ],
)
def test_overrides(words, expected):
    record: Any = invocation(["render", *words]).record
    assert list(record.selection.request.overrides) == expected


@pytest.mark.parametrize(
    "args",
    [
        ["render", "-q"],
        ["config", "show", "-q"],
        ["config", "explain", "-q", "workers.processes"],
        ["schema"],
        ["rendr"],
        ["--version"],
    ],
    ids=" ".join,
)
def test_typer_is_loaded_for_help_and_completion_only(args):
    code = (
        "import sys\nfrom mops.cli import main\nmain(sys.argv[1:])\n"
        "sys.exit('typer' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *args],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("mops conf", ["config"]),
        ("mops render --proc", ["--processes"]),
        ("mops render --executor-type ", ["cold", "direct", "isolated_warm"]),
        ("mops render --format j", ["json"]),
        ("mops config explain workers.proc", ["workers.processes"]),
        ("mops render --set workers.threa", ["workers.threads="]),
        ("mops render -c f.yaml --profile ", ["debug", "fast"]),
    ],
)
def test_completion(line, expected, tmp_path):
    (tmp_path / "f.yaml").write_text(
        "workspace:\n  profiles:\n    debug: {worker_threads: 1}\n    fast: {worker_threads: 4}\n"
    )
    words = line.split(" ")
    environ = {
        "PYTHONPATH": str(ROOT / "src"),
        "_MOPS_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "mops"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(done.stdout.split()) == expected


def test_typer_can_still_be_asked_for_a_completion_script():
    assert issubclass(typer.core.TyperGroup, object)
    done = subprocess.run(
        [sys.executable, "-m", "mops", "--show-completion", "bash"],
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "complete_bash" in done.stdout


@pytest.mark.parametrize(
    "args",
    [
        ["render", "-p", "json"],
        ["render", "-c", "json"],
        ["config", "set", "worker_processes", "json", "-f", "json"],
    ],
    ids=" ".join,
)
def test_only_the_format_makes_problems_json(args, tmp_path):
    (tmp_path / "json").write_text("workspace:\n  worker_processes: none\n")
    done = mops(*args, cwd=tmp_path)
    assert done.code == 3
    assert done.err.splitlines()[-1].startswith("mops: invalid configuration")


def test_the_format_makes_problems_json(tmp_path):
    (tmp_path / "a.yaml").write_text("workspace:\n  worker_processes: none\n")
    done = mops("render", "-q", "--format=json", "-c", "a.yaml", cwd=tmp_path)
    assert (done.code, done.out) == (3, "")
    assert json.loads(done.err)[0]["key"] == "workspace.worker_processes"
