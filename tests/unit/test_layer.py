from __future__ import annotations

import pytest

from mops.model.layer import dotted, nest


@pytest.mark.parametrize(("path", "key"), [
    (("a", "b"), "a.b"),
    (("a",), "a"),
    ((), ""),
    (("a", "b.c", "d"), 'a."b.c".d'),
    (("a", ""), 'a.""'),
    (("a", 'b"c'), 'a."b"c"'),
    (("example.com/team",), '"example.com/team"'),
])  # fmt: skip
def test_dotted(path, key):
    assert dotted(path) == key


@pytest.mark.parametrize(("leaves", "tree"), [
    ([], {}),
    ([(("a",), 1)], {"a": 1}),
    ([(("a", "b"), 1), (("a", "c"), 2)], {"a": {"b": 1, "c": 2}}),
    ([(("a",), {}), (("a", "b"), 1)], {"a": {"b": 1}}),
    ([(("a", "b"), 1), (("a",), {})], {"a": {"b": 1}}),
    ([(("a",), [1, {"b": 2}])], {"a": [1, {"b": 2}]}),
])  # fmt: skip
def test_nest(leaves, tree):
    assert nest(leaves) == tree


def test_nest_shares_no_map_with_what_it_is_given():
    empty: dict = {}
    tree = nest([(("a",), empty), (("a", "b"), 1)])
    assert tree == {"a": {"b": 1}}
    assert empty == {}
