"""Which workspaces a fleet file, or the convention, stands for."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from mops.gitops import fleet

TREE = (
    "base.yaml",
    "envs/dev/mops.yaml",
    "envs/prod/mops.yaml",
    "teams/epi/mops.yaml",
    "teams/epi/small.yaml",
)


def found(pattern: str) -> list[str]:
    """The files of TREE that fit, by the same rules for * as a shell has."""
    return [
        name
        for name in TREE
        if name.count("/") == pattern.count("/") and fnmatchcase(name, pattern)
    ]


def read(text: str):
    workspaces, problems = fleet.read(text.encode(), "mops.fleet.yaml", found)
    return [workspace[:4] for workspace in workspaces], [
        (problem.origin.place, problem.message) for problem in problems
    ]


DEV = (("base.yaml", "envs/dev/mops.yaml"), (), "envs/dev/values.yaml", "dev")
PROD = (("base.yaml", "envs/prod/mops.yaml"), (), "envs/prod/values.yaml", "prod")
EPI = (("base.yaml", "teams/epi/mops.yaml"), (), "teams/epi/values.yaml", "epi")


def test_without_a_fleet_file_the_convention_holds() -> None:
    workspaces, problems = fleet.convention(found)
    assert not problems
    assert [workspace[:4] for workspace in workspaces] == [DEV, PROD]
    assert [workspace.origin.place for workspace in workspaces] == [
        "envs/dev/mops.yaml",
        "envs/prod/mops.yaml",
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{}", [DEV, PROD]),
        ("workspaces: [teams/*/mops.yaml, envs/*/mops.yaml]", [EPI, DEV, PROD]),
        ("base: []\nworkspaces: [envs/dev/mops.yaml]", [(("envs/dev/mops.yaml",), *DEV[1:])]),
        (
            "base: [base.yaml, teams/epi/small.yaml]\nworkspaces: [envs/dev/mops.yaml]",
            [(("base.yaml", "teams/epi/small.yaml", "envs/dev/mops.yaml"), *DEV[1:])],
        ),
        (
            "output: v.yaml\nworkspaces: [envs/dev/mops.yaml]",
            [(DEV[0], (), "envs/dev/v.yaml", "dev")],
        ),
        ("workspaces: [envs/dev/mops.yaml, envs/*/mops.yaml]", [DEV, PROD]),
        (
            "workspaces:\n- teams/epi/mops.yaml\n- {config: teams/epi/mops.yaml, profiles: [big], output: teams/epi/big.yaml}",
            [EPI, (EPI[0], ("big",), "teams/epi/big.yaml", "epi-big")],
        ),
        # A pattern never takes a base for a workspace.
        (
            "base: [teams/epi/small.yaml]\nworkspaces: [teams/epi/*.yaml]",
            [(("teams/epi/small.yaml", "teams/epi/mops.yaml"), *EPI[1:])],
        ),
    ],
)
def test_a_fleet_file(text: str, wanted: list[object]) -> None:
    assert read(text) == (wanted, [])


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("workspaces: [nothing/*.yaml]", "mops.fleet.yaml:1:14", "no file fits nothing/*.yaml"),
        (
            "workspaces:\n- teams/epi/*.yaml",
            "mops.fleet.yaml:2:3",
            "teams/epi/small.yaml and teams/epi/mops.yaml both write teams/epi/values.yaml",
        ),
        (
            "workspaces:\n- {config: envs/*/mops.yaml, output: values.yaml}",
            "mops.fleet.yaml:2:3",
            "envs/*/mops.yaml fits 2 files, which cannot all write values.yaml",
        ),
        (
            "workspaces:\n- {config: envs/dev/mops.yaml, output: base.yaml}",
            "mops.fleet.yaml:2:3",
            "the values file base.yaml is one of the layers",
        ),
        ("workspace: [a]", "mops.fleet.yaml:1:1", "unknown setting"),
        (
            "output: a/b.yaml",
            "mops.fleet.yaml:1:9",
            "expected the name of a file, without a folder",
        ),
        ("workspaces: [{profiles: [a]}]", "mops.fleet.yaml:1:14", "config is missing"),
        ("workspaces: 3", "mops.fleet.yaml:1:13", "expected a list, found a string"),
        ("[a]", "mops.fleet.yaml:1:1", "expected a map with base, workspaces and output"),
        ("a: [", "mops.fleet.yaml:2:1", None),
    ],
)
def test_what_is_wrong_is_told_at_its_place(text: str, place: str, message: str | None) -> None:
    _, problems = read(text)
    assert (place, message) in problems or (
        message is None and [where for where, _ in problems] == [place]
    ), problems
