from __future__ import annotations

import json

import pytest

from mops.config.resolve import resolve
from mops.model.layer import Layer, Leaf, Origin
from mops.model.problems import ERROR, WARNING, Problem
from mops.report.origins import comments, explained_json, layers_line, override_lines, selected
from mops.report.problem_lines import MOST_LINES, problem_lines
from mops.report.problems import ordered, problem_line, problems_json
from mops.report.text import printable, shown
from mops.schema.fields import load_schema

SETTINGS = load_schema()
PROCESSES = ("workers", "processes")


def problem(severity=ERROR, *, key="k", message="m", place="f:1:2", hint="", check=""):
    return Problem(severity, key, message, Origin("f", place), hint, check)


def layer(name, leaves, places=None):
    return Layer(
        name,
        {
            path: Leaf(value, Origin(name, (places or {}).get(path, name)))
            for path, value in leaves.items()
        },
        name,
    )


def config(*layers):
    return resolve([SETTINGS.defaults(), *layers], SETTINGS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a b", "a b"),
        ("é😀", "é😀"),
        ("a\nb", "a\\nb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\x85b", "a\\x85b"),
        ("\u202e", "\\u202e"),
        ("\ud800", "\\ud800"),
    ],
)
def test_printable(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize(("found", "line"), [
    (problem(), "f:1:2: k: m"),
    (problem(key=""), "f:1:2: m"),
    (problem(key="--processes", place="--processes"), "--processes: m"),
    (problem(hint="did you mean x?"), "f:1:2: k: m (did you mean x?)"),
    (problem(WARNING), "f:1:2: warning: k: m"),
    (problem(WARNING, check="busy-cpu", hint="h"), "f:1:2: warning: k: m (h) [busy-cpu]"),
    (problem(key="a\x1b[0m"), "f:1:2: a\\x1b[0m: m"),
])  # fmt: skip
def test_problem_line(found, line):
    assert problem_line(found) == line


def test_those_nearest_to_the_cause_come_first():
    found = [
        problem(WARNING, message="warning", check="c"),
        problem(message="rule", check="c"),
        problem(message="value"),
        problem(message="text")._replace(syntax=True),
    ]
    assert [line.split(": ")[-1] for line in problem_lines(found)] == [
        "text", "value", "rule [c]", "warning [c]"
    ]  # fmt: skip


def test_at_most_fifty_lines():
    few = [problem(place=f"f:{line}:1") for line in range(MOST_LINES)]
    assert len(list(problem_lines(few))) == MOST_LINES == 50
    many = [problem(place=f"f:{line}:1") for line in range(5000)]
    lines = list(problem_lines(many, "`--format json`"))
    assert lines[:-1] == list(problem_lines(few))
    assert lines[-1] == "… and 4950 more (`--format json` lists all)"


def in_group(name, message="m", *, line=1, check="c", file="f", key="spec.workerGroups.{}.x"):
    place = f"{file}:{line}:1"
    found = problem(WARNING, key=key.format(name), message=message, place=place, check=check)
    return found._replace(group=name)


def test_what_several_groups_have_is_one_line():
    found = [in_group(name, line=line) for line, name in enumerate("abc", 1)]
    assert list(problem_lines(found)) == [
        "f:1:1: warning: spec.workerGroups.a.x: m; also in the groups b, c [c]"
    ]
    assert list(problem_lines(found[:2])) == [
        "f:1:1: warning: spec.workerGroups.a.x: m; also in the group b [c]"
    ]
    named = [in_group(name, f"a worker dask-{name} is bad") for name in ("a", "gpu-1", "b")]
    assert len(list(problem_lines(named[1:]))) == 1
    assert "also in the group b" in next(problem_lines(named[1:]))


@pytest.mark.parametrize("other", [
    in_group("b", "other"),
    in_group("b", check="d"),
    in_group("b", file="g"),
    in_group("b", key="spec.workerGroups.{}.y"),
    in_group("b")._replace(severity=ERROR),
    in_group("b")._replace(group=""),
])  # fmt: skip
def test_what_differs_has_its_own_line(other):
    assert len(list(problem_lines([in_group("a"), other]))) == 2


def test_the_rest_counts_every_group():
    several = [in_group(name, str(line)) for line in range(60) for name in "ab"]
    *_, last = problem_lines(several)
    assert last.startswith("… and 20 more (`mops config validate --format json`")


def test_problems_as_data():
    assert json.loads(problems_json([problem(hint="h")])) == [
        {
            "severity": "error",
            "layer": "f",
            "place": "f:1:2",
            "key": "k",
            "message": "m",
            "hint": "h",
            "check": "",
        }
    ]


def test_problems_are_ordered_by_file_and_line():
    places = [
        "b.yaml:2:1",
        "a.yaml:10:1",
        "a.yaml:9:9",
        "a.yaml:9:10",
        "--processes",
        "MODELOPS_OVERRIDE_THREADS",
    ]
    found = ordered([problem(place=place) for place in places])
    assert [each.origin.place for each in found] == [
        "--processes",
        "MODELOPS_OVERRIDE_THREADS",
        "a.yaml:9:9",
        "a.yaml:9:10",
        "a.yaml:10:1",
        "b.yaml:2:1",
    ]


@pytest.mark.parametrize(("path", "value", "text"), [
    (PROCESSES, 3, "3"),
    (PROCESSES, None, "null"),
    (("autoscaling", "enabled"), True, "true"),
    (("workers", "env", "A"), "plain", "plain"),
    (("workers", "env", "A"), "", '""'),
    (("workers", "env", "A"), " x", '" x"'),
    (("workers", "env", "A"), "a\nb", '"a\\nb"'),
    (("workers", "env", "A"), "é", "é"),
    (("workers", "tolerations"), [{"key": "a"}], '[{"key": "a"}]'),
    (("workers", "env", "A"), "x" * 200, "x" * 120 + "..."),
    (("workers", "env", "DB_PASSWORD"), "hunter2", "(hidden)"),
])  # fmt: skip
def test_shown(path, value, text):
    assert shown(SETTINGS, path, value) == text


def test_layers_line():
    assert (
        layers_line(config(layer("a.yaml", {}), layer("b\x1b.yaml", {})))
        == "layers: defaults < a.yaml < b\\x1b.yaml"
    )


def test_override_lines_name_value_and_what_it_replaced():
    low = layer("f.yaml", {PROCESSES: 3}, {PROCESSES: "f.yaml:2:3"})
    high = layer(
        "command line",
        {PROCESSES: 4, ("workers", "env", "A"): "x", ("workers", "threads"): None},
        {PROCESSES: "--processes"},
    )
    assert list(override_lines(config(low, high), SETTINGS)) == [
        "--processes: workers.processes = 4 (replaces 3 from f.yaml:2:3)",
        "command line: workers.env.A = x (was not set)",
        "command line: workers.threads is cleared (replaces 1 from the default)",
    ]


def test_files_are_not_announced():
    assert list(override_lines(config(layer("f.yaml", {PROCESSES: 3})), SETTINGS)) == []


def test_explained_as_data():
    low, high = (
        layer("f.yaml", {PROCESSES: 3}, {PROCESSES: "f.yaml:2:3"}),
        layer("command line", {PROCESSES: 4}, {PROCESSES: "--processes"}),
    )
    assert json.loads(explained_json(config(low, high), SETTINGS, [PROCESSES])) == {
        "workers.processes": {
            "value": 4,
            "origin": {"layer": "command line", "place": "--processes"},
            "shadowed": [
                {"value": 3, "origin": {"layer": "f.yaml", "place": "f.yaml:2:3"}},
                {"value": 2, "origin": {"layer": "defaults", "place": "default"}},
            ],
        }
    }


def test_without_a_wish_all_that_is_no_default_is_told_in_the_schema_s_order():
    found = config(
        layer(
            "f",
            {
                ("workers", "threads"): 2,
                PROCESSES: 3,
                ("name",): "x",
                ("workerGroups", "big", "replicas"): 1,
            },
        )
    )
    assert selected(found, SETTINGS, None) == [
        ("name",),
        PROCESSES,
        ("workers", "threads"),
        ("workerGroups", "big", "replicas"),
    ]


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("a.yaml:1:2", "a.yaml:1:2"),
        ("/home/me/a.yaml:1:2", "a.yaml:1:2"),
        ("../x/a.yaml:1:2", "a.yaml:1:2"),
        ("envs/a.yaml:1:2", "envs/a.yaml:1:2"),
    ],
)
def test_comments_hold_no_absolute_path(place, shown):
    assert (
        comments(config(layer("f", {PROCESSES: 3}, {PROCESSES: place})), {"x": 1})[PROCESSES]
        == shown
    )
