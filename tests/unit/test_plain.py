"""Nodes as plain data: only what every YAML reader agrees on."""

from __future__ import annotations

import pytest

from mops.yamltext.plain import Ambiguous, plain_data
from mops.yamltext.reader import parse


def node(text):
    root, problems = parse(text, "f.yaml", "f.yaml")
    assert problems == []
    assert root is not None
    return root


AGREED = [
    ("a: b", {"a": "b"}),
    ("a: 1", {"a": 1}),
    ("a: -999999999999999999", {"a": -999999999999999999}),
    ("a: true", {"a": True}),
    ('a: "true"', {"a": "true"}),
    ("a: '1'", {"a": "1"}),
    ("a: null", {"a": None}),
    ("a: ~", {"a": None}),
    ("a:", {"a": None}),
    ('a: ""', {"a": ""}),
    ("a: [1, {b: [x]}, []]", {"a": [1, {"b": ["x"]}, []]}),
    ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
]


@pytest.mark.parametrize(("text", "data"), AGREED)
def test_plain_data(text, data):
    assert plain_data(node(text)) == data
    assert plain_data(node(text), lenient=True) == data


@pytest.mark.parametrize(
    "text", ["yes", "off", "1e3", "010", "0x1f", "1.10", "12:30", "NULL", "1_0"]
)
def test_a_scalar_on_which_readers_disagree_is_refused_or_kept_as_written(text):
    root = node(f"a:\n  - b: {text}")
    with pytest.raises(Ambiguous, match=f"YAML readers disagree on what {text} is") as raised:
        plain_data(root)
    assert (raised.value.node.line, raised.value.node.col) == (2, 8)
    assert plain_data(root, lenient=True) == {"a": [{"b": text}]}
