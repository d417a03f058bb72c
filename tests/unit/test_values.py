from __future__ import annotations

import json

import pytest
import yaml

from invoke import mops
from mops.chart.values import chart_values
from mops.config.resolve import resolve
from mops.model.layer import Layer, Leaf, Origin
from mops.schema.fields import load_schema
from mops.yamltext.writer import dump, quote

SETTINGS = load_schema()


def layer(name, leaves, label=None):
    return Layer(
        name,
        {path: Leaf(value, Origin(name, name)) for path, value in leaves.items()},
        name if label is None else label,
    )


def made(*leaves):
    layers = [SETTINGS.defaults(), *(layer(f"l{index}", each) for index, each in enumerate(leaves))]
    return chart_values(resolve(layers, SETTINGS), SETTINGS)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", '""'),
        ("a", '"a"'),
        ("yes", '"yes"'),
        ("1e3", '"1e3"'),
        ('a"b', '"a\\"b"'),
        ("a\\b", '"a\\\\b"'),
        ("a\nb", '"a\\nb"'),
        ("\t", '"\\t"'),
        ("\r", '"\\r"'),
        ("\x00", '"\\x00"'),
        ("\x7f", '"\\x7F"'),
        ("é", '"\\xE9"'),
        ("\u0085", '"\\x85"'),
        ("\u2028", '"\\u2028"'),
        ("\ufeff", '"\\uFEFF"'),
        ("😀", '"\\U0001F600"'),
        (" a ", '" a "'),
        ("{{ x }}", '"{{ x }}"'),
        ("a: b # c", '"a: b # c"'),
    ],
)
def test_quote(text, quoted):
    assert quote(text) == quoted
    assert yaml.safe_load(quoted) == text


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({"abc": "x"}, 'abc: "x"\n'),
        ({"abc": 1, "def": True, "ghi": False}, "abc: 1\ndef: true\nghi: false\n"),
        ({"abc": {}, "def": []}, "abc: {}\ndef: []\n"),
        ({"abc": {"def": {"ghi": "x"}}}, 'abc:\n  def:\n    ghi: "x"\n'),
        (
            {"abc": ["x", 1, {"def": "y", "ghi": [1]}, [], {}, [2]]},
            (
                'abc:\n  - "x"\n  - 1\n  - def: "y"\n    ghi:\n'
                "      - 1\n  - []\n  - {}\n  -\n    - 2\n"
            ),
        ),
        (
            {"y": 1, "no": 2, "yes": 3, "Off": 4, "null": 5, "a.b": 6, "1": 7, "": 8},
            '"y": 1\n"no": 2\n"yes": 3\n"Off": 4\n"null": 5\n"a.b": 6\n"1": 7\n"": 8\n',
        ),
    ],
)
def test_dump(found, text):
    assert dump(found) == text
    assert yaml.safe_load(text) == found


def test_comments_stand_behind_their_leaves():
    assert (
        dump({"abc": {"def": "x"}, "ghi": [1]}, {("abc", "def"): "f:1:2", ("ghi",): "g:3:4"})
        == 'abc:\n  def: "x"  # f:1:2\nghi:  # g:3:4\n  - 1\n'
    )


def test_values_are_complete_and_in_the_schema_s_order():
    found, problems = made()
    assert problems == []
    expected = [
        name
        for name, sub in SETTINGS.tree["properties"].items()
        if not sub.get("x-release") and not sub.get("x-optional")
    ]
    assert list(found) == [*expected, "mopsValues"]
    assert list(found["workers"]) == [
        name
        for name, sub in SETTINGS.tree["properties"]["workers"]["properties"].items()
        if not sub.get("x-optional")
    ]


def test_release_facts_are_no_values():
    found, _ = made({("release", "name"): "x", ("environment",): "prod"})
    assert "release" not in found
    assert "environment" not in found


def test_env_is_sorted_by_name():
    found, _ = made(
        {("workers", "env", "B"): "1", ("workers", "env", "a"): "2", ("workers", "env", "A"): "3"}
    )
    assert list(found["workers"]["env"]) == ["A", "B", "a"]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (("workers", "tolerations"), []),
        (("workers", "env"), {}),
        (("workers", "priorityClassName"), ""),
        (("scheduler", "resources", "limits", "cpu"), ""),
        (("labels",), {}),
    ],
)
def test_null_of_what_can_be_empty_is_empty(path, wanted):
    found, problems = made({path: None})
    assert problems == []
    node = found
    for part in path:
        node = node[part]
    assert node == wanted


@pytest.mark.parametrize(
    "path",
    [
        ("workers", "processes"),
        ("workers", "image"),
        ("autoscaling", "enabled"),
        ("workers", "resources", "limits", "memory"),
        ("autoscaling", "type"),
    ],
)
def test_null_of_what_needs_a_value_is_a_problem(path):
    _, problems = made({path: None})
    assert [(problem.key, problem.message) for problem in problems] == [
        (".".join(path), "needs a value, but null clears the value of every lower layer")
    ]


def test_null_of_a_section_is_a_problem_for_each_value_that_it_needs():
    _, problems = made({("podSecurityContext",): None})
    assert len(problems) == 5, problems


def test_a_group_is_complete():
    found, problems = made({("workerGroups", "big", "processes"): 4})
    assert problems == []
    group = found["workerGroups"]["big"]
    assert group["processes"] == 4
    assert {key: value for key, value in group.items() if key != "processes"} == {
        key: value for key, value in found["workers"].items() if key != "processes"
    }


def test_the_layers_that_said_something_are_recorded_by_relative_names():
    found, _ = made({("workers", "processes"): 3}, {})
    assert found["mopsValues"] == {"layers": ["defaults", "l0"], "schemaVersion": 1}


def test_json_is_the_same_data(tmp_path):
    text, data = (
        mops("render", "-q", cwd=tmp_path),
        mops("render", "-q", "--format", "json", cwd=tmp_path),
    )
    assert text.code == data.code == 0
    assert json.loads(data.out) == yaml.safe_load(text.out)


def test_a_map_that_is_judged_whole_is_judged_again_once_it_is_resolved(tmp_path):
    """Setting one leaf of a valueFrom replaces it, and what is then missing is a problem."""
    (tmp_path / "f.yaml").write_text(
        "workers:\n  env:\n    A: {valueFrom: {secretKeyRef: {name: s, key: k}}}\n"
    )
    done = mops(
        "render",
        "-q",
        "-c",
        "f.yaml",
        "--set",
        "workers.env.A.valueFrom.secretKeyRef.key=other",
        cwd=tmp_path,
    )
    assert (done.code, done.out) == (3, "")
    assert "workers.env.A.valueFrom.secretKeyRef: name is missing" in done.err


@pytest.mark.parametrize(
    "mark",
    [
        "{layers: [a]}",
        "{schemaVersion: 1}",
        "{layers: [], schemaVersion: 1}",
        "{layers: null}",
        "null",
    ],
)
def test_a_mark_that_is_not_whole_is_no_obstacle(mark, tmp_path):
    (tmp_path / "values.yaml").write_text(f"workers: {{threads: 1}}\nmopsValues: {mark}\n")
    done = mops("render", "-q", "-c", "values.yaml", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("  schemaVersion: 1\n")
