"""What the YAML writer writes is read back as the same data, by readers of YAML 1.1 and 1.2."""

from __future__ import annotations

import io
import math

import pytest
import yaml
from ruamel.yaml import YAML

from mops.yamltext.outline import Scalar, outline
from mops.yamltext.writer import dump, inline, natural_inline, natural_lines, natural_scalar


def both_readers(text):
    """What a reader of YAML 1.1 and one of YAML 1.2 read."""
    return yaml.safe_load(text), YAML(typ="safe").load(io.StringIO(text))


VALUES = [
    (None, "null"),
    (True, "true"),
    (0, "0"),
    (-12, "-12"),
    (0.5, "0.5"),
    (2.0, "2.0"),
    (1e-7, "1.0e-07"),
    (-2.5e300, "-2.5e+300"),
    (math.inf, ".inf"),
    (-math.inf, "-.inf"),
    ({}, "{}"),
    ([], "[]"),
]


@pytest.mark.parametrize(("value", "text"), VALUES)
def test_null_and_numbers_are_the_same_in_both_styles(value, text):
    assert inline(value) == natural_inline(value) == text
    assert both_readers(text) == (value, value)


def test_nan_is_nan():
    assert inline(math.nan) == ".nan"
    assert all(math.isnan(found) for found in both_readers(".nan"))


DATA = {"abc": [None, 1.5, {"def": "x", "y": []}], "ghi": {"on": "off", "z": None}}


def test_inline_is_quoted():
    text = '{"abc": [null, 1.5, {"def": "x", "y": []}], "ghi": {"on": "off", "z": null}}'
    assert inline(DATA) == text
    assert both_readers(text) == (DATA, DATA)


def test_natural_lines_are_quoted_only_where_needed():
    lines = natural_lines(DATA, 2)
    assert lines == [
        "  abc:",
        "    - null",
        "    - 1.5",
        '    - {def: x, "y": []}',
        "  ghi:",
        '    "on": "off"',
        "    z: null",
    ]
    assert both_readers("\n".join(lines)) == (DATA, DATA)


def test_what_yaml_has_no_form_for_is_refused():
    with pytest.raises(TypeError, match="set has no YAML form"):
        dump({"abc": {"a"}})


LITERALS = [
    ("one\ntwo\n", "  key: |\n    one\n    two\n"),
    ("one\n  two\n\nthree\n", "  key: |\n    one\n      two\n    \n    three\n"),
    ("no newline at the end", '  key: "no newline at the end"\n'),
    ("two\nlines", '  key: "two\\nlines"\n'),
    (" indented\n", '  key: " indented\\n"\n'),
    ("blank\n\n", '  key: "blank\\n\\n"\n'),
    ("tab\t\n", '  key: "tab\\t\\n"\n'),
    ("bell\a\n", '  key: "bell\\x07\\n"\n'),
    ("\n", '  key: "\\n"\n'),
]


@pytest.mark.parametrize(("value", "text"), LITERALS)
def test_literal_blocks_hold_exactly_the_string(value, text):
    data = {"abc": {"key": value}, "def": {"key": value}}
    written = dump(data, literal=[("abc", "key")])
    assert written.startswith(f"abc:\n{text}def:\n")
    assert both_readers(written) == (data, data)


def test_a_literal_block_can_have_a_comment():
    assert dump({"abc": "x\n"}, {("abc",): "f:1"}, [("abc",)]) == "abc: |  # f:1\n  x\n"


def test_comments_and_literals_are_for_paths_outside_of_lists():
    data = {"key": "x\n", "items": [{"key": "x\n"}]}
    assert dump(data, {("key",): "f:1"}, [("key",)]) == (
        'key: |  # f:1\n  x\nitems:\n  - key: "x\\n"\n'
    )


LIKE = [
    ("4", "3", "4"),
    ("4", "'3'", "'4'"),
    ("4", '"3"', '"4"'),
    ("4", "three", '"4"'),
    ("four", "3", "four"),
    ("null", "3", '"null"'),
    ("4", "null", '"4"'),
    ("it's", "'a'", "'it''s'"),
    ("a\nb", "'a'", '"a\\nb"'),
    ("é: x", "a", '"é: x"'),
    (7, "'3'", "7"),
    (None, '"3"', "null"),
]


@pytest.mark.parametrize(("value", "old", "text"), LIKE)
def test_a_scalar_takes_the_quotes_of_the_one_that_it_replaces(value, old, text):
    like = outline(old)
    assert isinstance(like, Scalar)
    assert natural_scalar(value, like) == text
