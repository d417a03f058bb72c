"""Which workspaces a fleet file, or the convention, stands for."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest

from mops.gitops import fleet

TREE = (
    "base.yaml",
    "envs/dev/mops.yaml",
    "envs/prod/mops.yaml",
    "teams/epi/mops.yaml",
    "teams/epi/small.yaml",
)


def find(pattern: str) -> list[str]:
    """The files of TREE that match, by the same rules for * as a shell has."""
    return [
        name
        for name in TREE
        if name.count("/") == pattern.count("/") and fnmatchcase(name, pattern)
    ]


def summary(workspace: fleet.Workspace) -> dict[str, Any]:
    found = workspace._asdict()
    del found["origin"]
    return found


def read(text: str) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    workspaces, problems = fleet.read(text.encode(), "mops.fleet.yaml", find)
    found = [(problem.origin.place, problem.message) for problem in problems]
    return list(map(summary, workspaces)), found


def workspace(
    *config: str, output: str, name: str, profiles: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {"config": config, "profiles": profiles, "output": output, "name": name}


DEV = workspace("base.yaml", "envs/dev/mops.yaml", output="envs/dev/values.yaml", name="dev")
PROD = workspace("base.yaml", "envs/prod/mops.yaml", output="envs/prod/values.yaml", name="prod")
EPI = workspace("base.yaml", "teams/epi/mops.yaml", output="teams/epi/values.yaml", name="epi")


def test_without_a_fleet_file_the_convention_holds() -> None:
    workspaces, problems = fleet.convention(find)
    assert not problems
    assert list(map(summary, workspaces)) == [DEV, PROD]
    assert [workspace.origin.place for workspace in workspaces] == [
        "envs/dev/mops.yaml",
        "envs/prod/mops.yaml",
    ]


TWO_PROFILES = """\
workspaces:
- teams/epi/mops.yaml
- {config: teams/epi/mops.yaml, profiles: [big], output: teams/epi/big.yaml}
"""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{}", [DEV, PROD]),
        ("base: null", [DEV, PROD]),
        ("workspaces: []", []),
        ("workspaces: [teams/*/mops.yaml, envs/*/mops.yaml]", [EPI, DEV, PROD]),
        (
            "base: []\nworkspaces: [envs/dev/mops.yaml]",
            [{**DEV, "config": ("envs/dev/mops.yaml",)}],
        ),
        (
            "base: [base.yaml, teams/epi/small.yaml]\nworkspaces: [envs/dev/mops.yaml]",
            [{**DEV, "config": ("base.yaml", "teams/epi/small.yaml", "envs/dev/mops.yaml")}],
        ),
        (
            "output: v.yaml\nworkspaces: [envs/dev/mops.yaml]",
            [{**DEV, "output": "envs/dev/v.yaml"}],
        ),
        ("workspaces: [envs/dev/mops.yaml, envs/*/mops.yaml]", [DEV, PROD]),
        (
            TWO_PROFILES,
            [
                EPI,
                {**EPI, "profiles": ("big",), "output": "teams/epi/big.yaml", "name": "epi-big"},
            ],
        ),
        # A pattern never takes a base for a workspace.
        (
            "base: [teams/epi/small.yaml]\nworkspaces: [teams/epi/*.yaml]",
            [{**EPI, "config": ("teams/epi/small.yaml", "teams/epi/mops.yaml")}],
        ),
    ],
)
def test_a_fleet_file(text: str, wanted: list[object]) -> None:
    assert read(text) == (wanted, [])


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("workspaces: [nothing/*.yaml]", "mops.fleet.yaml:1:14", "no file matches nothing/*.yaml"),
        (
            "workspaces:\n- teams/epi/*.yaml",
            "mops.fleet.yaml:2:3",
            "teams/epi/small.yaml and teams/epi/mops.yaml both write teams/epi/values.yaml",
        ),
        (
            "workspaces:\n- {config: envs/*/mops.yaml, output: values.yaml}",
            "mops.fleet.yaml:2:3",
            "envs/*/mops.yaml matches 2 files, which cannot all write values.yaml",
        ),
        (
            "workspaces:\n- {config: envs/dev/mops.yaml, output: base.yaml}",
            "mops.fleet.yaml:2:3",
            "the values file base.yaml is also a layer",
        ),
        ("workspace: [a]", "mops.fleet.yaml:1:1", "unknown setting"),
        (
            "output: a/b.yaml",
            "mops.fleet.yaml:1:9",
            "expected a file name without a directory",
        ),
        ("workspaces: [{profiles: [a]}]", "mops.fleet.yaml:1:14", "config is missing"),
        ("workspaces: 3", "mops.fleet.yaml:1:13", "expected a list, found a string"),
        ("[a]", "mops.fleet.yaml:1:1", "expected a mapping with base, workspaces and output"),
    ],
)
def test_a_problem_is_reported_at_its_place(text: str, place: str, message: str) -> None:
    assert (place, message) in read(text)[1]


def test_a_file_that_is_not_yaml_has_one_problem() -> None:
    assert [place for place, _ in read("a: [")[1]] == ["mops.fleet.yaml:2:1"]
