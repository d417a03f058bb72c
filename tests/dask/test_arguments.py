"""What mops says of arguments, compared with the parser of Dask's own commands.

MOPS_DASK_PYTHONS may name further interpreters with other versions of Dask, separated by `:`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoke import ROOT, script
from mops.checks import registry
from mops.checks.dask import arguments, options, usage
from mops.checks.rule import ERROR
from mops.config.resolve import resolve
from mops.model.layer import Layer, Leaf, Origin
from mops.schema.fields import load_schema

SCHEMA = load_schema()
JUDGE = Path(__file__).with_name("click_judge.py")
SCRIPT = ROOT / "scripts" / "dask_options.py"
FACTS = ROOT / "schemas" / "dask-options.json"
OTHERS = filter(None, os.environ.get("MOPS_DASK_PYTHONS", "").split(":"))
PYTHONS = [sys.executable, *OTHERS]
SECTIONS = {"scheduler": "scheduler", "worker": "workers"}
# A module with a command line of its own.
PRELOAD = """
import click
@click.command()
@click.option("--mine", type=int)
@click.option("--nprocs", type=int)
@click.argument("words", nargs=-1)
def dask_setup(service, mine, nprocs, words): pass
"""
EXISTING = "/dev/null"
VALUES = {
    "--lifetime": "1h", "--lifetime-stagger": "5 s", "--death-timeout": "60",
    "--resources": "A=1 B=2", "--preload": "os", "--preload-nanny": "os", "--use-xheaders": "yes",
}  # fmt: skip


class Judge:
    """Dask's command line in a process of one interpreter."""

    def __init__(self, python: str) -> None:
        self.process = subprocess.Popen(
            [python, JUDGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.commands = json.loads(self.process.stdout.readline())

    def __call__(self, command: str, *args: str) -> str:
        self.process.stdin.write(json.dumps([command, *args]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


@pytest.fixture(scope="module", params=PYTHONS, ids=range(len(PYTHONS)))
def judge(request):
    found = Judge(request.param)
    yield found
    found.close()


def errors(command: str, *args: str) -> list[str]:
    """What mops refuses of a command's arguments, those that the chart manages aside."""
    leaf = Leaf(list(args), Origin("f", "f:1:1"))
    layer = Layer("f", {(SECTIONS[command], "extraArgs"): leaf} if args else {})
    rules = {rule.name for rule in usage.RULES}
    return [
        problem.message
        for problem in registry.check(resolve([SCHEMA.defaults(), layer], SCHEMA), SCHEMA)
        if problem.severity == ERROR
        and (problem.check in rules or " prints its " in problem.message)
    ]


def reads(command: str, *args: str) -> bool:
    """Whether the reader finds nothing but options with what they take."""
    parts = options.read(args, options.commands()[command].options)
    return all(
        isinstance(part, options.Given) and not (part.value and part.option.wants(part.value))
        for part in parts
    )


def value_of(option: options.Option) -> str:
    if option.name in VALUES:
        return VALUES[option.name]
    kinds = {"integer": "3", "float": "0.5", "boolean": "true", "path": EXISTING}
    return option.choices[0] if option.choices else kinds.get(option.type, "x")


EVERY = [
    (command.name, option)
    for command in options.commands().values()
    for option in command.options.values()
]


@pytest.mark.parametrize(
    ("command", "option"), EVERY, ids=[f"{command} {option.name}" for command, option in EVERY]
)
def test_every_option_starts_or_is_refused_alike(judge, command, option):
    if command not in judge.commands:
        pytest.skip(f"no dask {command}")
    name = option.name
    if option.takes:
        value = value_of(option)
        right, wrong = [[name, value]], [[name]]
        wrong += [[name, "nonsense"]] if option.type not in ("text", "path") else []
        if name.startswith("--"):
            right.append([f"{name}={value}"])
    else:
        right, wrong = [[name]], [[f"{name}=1"]]
    for args in right:
        expected = "exits with 0" if name in ("--help", "-h", "--version") else "starts"
        assert judge(command, *args) == expected
        assert reads(command, *args)
    for args in wrong:
        assert judge(command, *args) != "starts"
        if command in SECTIONS:
            assert errors(command, *args) or judge(command, *args).startswith("exits")
        else:
            assert not reads(command, *args)


UNKNOWN = [
    "--nprocs", "--bokeh", "--nope", "-x", "-hx", "---", "-", "--", "word", "A=1",
    "--lifetime 1h", " --jupyter", "tcp://a:1", "--resource", "--no-nanny=", "-h=1", "1h", "=",
]  # fmt: skip


def items(command: str):
    """Words of an argument list: options, alone and with a value, values, and neither."""
    every = options.commands()[command].options.values()
    # The files of certificates have to exist; mops refuses these options for another reason.
    known = [option for option in every if option.type != "path"]
    alone = st.sampled_from([option.name for option in known])
    joined = st.sampled_from(
        [f"{option.name}={value_of(option)}" for option in known if option.name != "-h"]
    )
    values = st.sampled_from([value_of(option) for option in known if option.takes])
    return st.one_of(alone, joined, values, st.sampled_from(UNKNOWN))


def agree(judge: Judge, command: str, args: list[str]) -> None:
    verdict = judge(command, *args)
    if verdict.startswith("has no module"):
        # A word that --preload takes for its value: what the image has, mops does not know.
        return
    starts = verdict == "starts"
    refused = errors(command, *args)
    # Values that click hands on as they are, and that Dask refuses afterwards.
    later = [message for message in refused if " takes a time" in message]
    later += [message for message in refused if " takes resources" in message]
    later += [message for message in refused if "takes the next item" in message]
    preloads = any(arg.startswith("--preload") for arg in args)
    if starts:
        assert sorted(refused) == sorted(later), (command, args)
    else:
        # Of a module's own options and words mops says nothing.
        assert refused or preloads, (command, args, verdict)


@settings(derandomize=True, max_examples=300, deadline=None, database=None)
@given(data=st.data())
def test_generated_lists_of_the_scheduler(judge, data):
    agree(judge, "scheduler", data.draw(st.lists(items("scheduler"), max_size=6)))


@settings(derandomize=True, max_examples=300, deadline=None, database=None)
@given(data=st.data())
def test_generated_lists_of_workers(judge, data):
    agree(judge, "worker", data.draw(st.lists(items("worker"), max_size=6)))


def test_a_module_may_have_a_command_line_of_its_own(judge, tmp_path):
    module = tmp_path / "module.py"
    module.write_text(PRELOAD)
    for command in SECTIONS:
        for args in (["--mine", "3", "word"], ["--nprocs", "3"], ["--nprocs=3"]):
            assert judge(command, "--preload", str(module), *args) == "starts"
            assert errors(command, "--preload", str(module), *args) == []
            assert judge(command, *args) != "starts"
            assert errors(command, *args) != []
        assert judge(command, "--preload", str(module), "--mine 3") != "starts"
        assert errors(command, "--preload", str(module), "--mine 3") != []


def test_what_the_chart_passes_is_known_to_both(judge):
    for command, managed in arguments.MANAGED.items():
        for name in managed:
            option = options.commands()[command].options[name]
            assert judge(command, name, *([value_of(option)] if option.takes else [])) == "starts"


def test_the_script_and_the_file_agree_on_the_installed_version():
    done = subprocess.run([sys.executable, SCRIPT, "--read"], check=True, capture_output=True)
    here, file = json.loads(done.stdout), json.loads(FACTS.read_text())
    for command, found in here["commands"].items():
        version = here["versions"][command]
        assert version in file["versions"][command]
        entries = file["commands"][command]
        has = {name for name, entry in entries.items() if version in entry.get("in", [version])}
        assert has == set(found)
        for name, entry in found.items():
            assert {**entries[name], **entry} == entries[name], name


def test_the_file_is_what_the_script_writes():
    dask_options = script(SCRIPT)
    file = json.loads(FACTS.read_text())
    assert dask_options.text(file) == FACTS.read_text()
    one = {"versions": {"worker": "1"}, "commands": {"worker": {"--a": {"takes": 0}}}}
    two = {"versions": {"worker": "2"}, "commands": {"worker": {"--b": {"takes": 1}}}}
    assert dask_options.merged([one, two]) == {
        "versions": {"worker": ["1", "2"]},
        "commands": {
            "worker": {"--a": {"takes": 0, "in": ["1"]}, "--b": {"takes": 1, "in": ["2"]}}
        },
    }
