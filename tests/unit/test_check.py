from __future__ import annotations

import jsonschema
import pytest

from mops.model.spelling import near
from mops.schema.keywords import child, matches, types, violations

PERCENT = {
    "type": ["integer", "string"],
    "minimum": 1,
    "pattern": "^[1-9]%$",
    "x-expected": "a percentage",
}
MAP = {
    "type": "object",
    "additionalProperties": False,
    "required": ["a"],
    "properties": {"a": {"type": "integer"}},
    "patternProperties": {"^x-": {"type": "string"}},
}
ANY = {"anyOf": [{"type": "string", "enum": ["b"]}, MAP]}
NAMES = {
    "type": "object",
    "propertyNames": {"pattern": "^[a-z]+$", "x-expected": "a name", "x-hint": "lower case"},
    "additionalProperties": {"type": "string"},
}

# Schema, value, what is said ([] where it is valid).
CASES = [
    ({"type": "string"}, "x", []),
    ({"type": "string"}, 1, ["expected a string, found an integer"]),
    ({"type": "string"}, None, ["expected a string, found null"]),
    ({"type": "string"}, [], ["expected a string, found a list"]),
    ({"type": "integer"}, True, ["expected an integer, found a boolean"]),
    ({"type": "integer"}, "1", ["expected an integer, found a string"]),
    ({"type": "integer"}, 1.5, ["expected an integer, found a number"]),
    ({"type": "integer"}, 2.0, []),
    ({"type": "number"}, 1.5, []),
    ({"type": "number"}, False, ["expected a number, found a boolean"]),
    ({"type": "boolean"}, 0, ["expected true or false, found an integer"]),
    ({"type": "array"}, {}, ["expected a list, found a mapping"]),
    ({"type": "object"}, [], ["expected a mapping, found a list"]),
    ({"type": ["object", "null"]}, None, []),
    ({"type": "integer", "minimum": 1, "maximum": 9}, 0, ["expected 1 to 9, found 0"]),
    ({"type": "integer", "minimum": 1, "maximum": 9}, 10, ["expected 1 to 9, found 10"]),
    ({"type": "integer", "minimum": 1}, 0, ["expected at least 1, found 0"]),
    ({"type": "integer", "maximum": 1}, 2, ["expected at most 1, found 2"]),
    ({"type": "integer", "minimum": 1, "maximum": 1}, 2, ["expected exactly 1, found 2"]),
    ({"type": "string", "minLength": 1}, "", ["must not be empty"]),
    ({"type": "string", "minLength": 3}, "ab", ["expected at least 3 characters"]),
    ({"type": "string", "maxLength": 3}, "abcd", ["expected at most 3 characters, found 4"]),
    ({"type": "string", "maxLength": 2}, "\U0001f600é", []),
    ({"type": "string", "pattern": "^a$"}, "a", []),
    ({"type": "string", "pattern": "^a$"}, "a\n", ["expected a string that matches ^a$"]),
    ({"type": "string", "pattern": "^a$", "x-expected": "an a"}, "b", ["expected an a"]),
    (
        {"type": "string", "enum": ["direct", "cold"]},
        "direkt",
        ['expected one of direct, cold, found "direkt"'],
    ),
    ({"type": "string", "enum": ["direct"]}, "x", ['expected direct, found "x"']),
    (
        {"type": "string", "not": {"pattern": "^--name"}},
        "--name=x",
        ['"--name=x" is not allowed here'],
    ),
    (
        {"type": "array", "items": {"type": "integer"}},
        [1, "x", 2, []],
        ["expected an integer, found a string", "expected an integer, found a list"],
    ),
    (MAP, {"a": 1, "x-b": "y"}, []),
    (MAP, {}, ["a is missing"]),
    (MAP, {"a": 1, "b": 2}, ["unknown setting"]),
    (
        MAP,
        {"a": "1", "x-b": 2},
        ["expected an integer, found a string", "expected a string, found an integer"],
    ),
    (
        {"type": "object", "minProperties": 1, "x-hint": "one of a or b"},
        {},
        ["expected one of a or b, found 0 keys"],
    ),
    (
        {"type": "object", "maxProperties": 1},
        {"a": 1, "b": 2},
        ["expected a different number of keys, found 2 keys"],
    ),
    (NAMES, {"ab": "1"}, []),
    (NAMES, {"A": "1"}, ["expected a name"]),
    (ANY, "b", []),
    (ANY, {"a": 1}, []),
    (ANY, "c", ['expected b, found "c"']),
    (ANY, {"a": "1"}, ["expected an integer, found a string"]),
    (ANY, 3, ["expected a string or a mapping, found an integer"]),
    (PERCENT, 1, []),
    (PERCENT, "5%", []),
    (PERCENT, 0, ["expected at least 1, found 0"]),
    (PERCENT, "5", ['expected a percentage, found "5"']),
    ({"x-free": True}, {"a": [1, {"b": None}]}, []),
]


@pytest.mark.parametrize(("schema", "value", "messages"), CASES)
def test_violations(schema, value, messages):
    assert [found.message for found in violations(schema, value)] == messages


@pytest.mark.parametrize(("schema", "value", "messages"), CASES)
def test_the_reference_implementation_agrees(schema, value, messages):
    # Python's `$` also matches before a last newline; Go's does not.
    if value != "a\n":
        assert jsonschema.Draft7Validator(schema).is_valid(value) is (messages == [])


@pytest.mark.parametrize(("schema", "value", "path", "at_key", "hint"), [
    (MAP, {"a": 1, "aa": 2}, ("aa",), True, "did you mean a?"),
    (NAMES, {"A": "1"}, ("A",), True, "lower case"),
    ({"type": "array", "items": MAP}, [{"a": 1}, {"a": "x"}], ("1", "a"), False, ""),
    ({"type": "string", "enum": ["direct"]}, "direkt", (), False, "did you mean direct?"),
    ({"type": "string", "enum": ["direct"], "x-hint": "only this"}, "zzz", (), False, "only this"),
])  # fmt: skip
def test_where_and_what_to_do(schema, value, path, at_key, hint):
    (found,) = violations(schema, value)
    assert (found.path, found.at_key, found.hint) == (path, at_key, hint)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("short", 'found "short"'),
        ("x" * 41, "found a string"),
        ("https://u:p@h", "found a string"),
        ("user@host", "found a string"),
        (True, "found true"),
        (12, "found 12"),
    ],
)
def test_a_refused_value_is_shown_only_where_it_is_short_and_plain(value, shown):
    (found,) = violations({"enum": ["zz"]}, value)
    assert found.message == f"expected zz, {shown}"


@pytest.mark.parametrize(("word", "known", "hint"), [
    ("proceses", ["processes", "threads"], "did you mean processes?"),
    ("PROCESSES", ["processes"], "did you mean processes?"),
    ("zzz", ["processes"], ""),
    (3, ["processes"], ""),
    ("x", [], ""),
])  # fmt: skip
def test_near(word, known, hint):
    assert near(word, known) == hint


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^a$", "a", True),
        ("^a$", "a\n", False),
        ("a", "xax", True),
        ("^(a|b)$", "b", True),
        ("^[^\\x00]*$", "a\nb", True),
    ],
)
def test_matches(pattern, text, found):
    assert matches(pattern, text) is found


def test_types():
    assert types({"type": "string"}) == ("string",)
    assert types({"type": ["integer", "string"]}) == ("integer", "string")
    assert types(ANY) == ("string", "object")
    assert types({}) == ()


@pytest.mark.parametrize(("schema", "key", "found"), [
    (MAP, "a", {"type": "integer"}),
    (MAP, "x-1", {"type": "string"}),
    (MAP, "b", None),
    ({"type": "object", "x-free": True}, "b", {"x-free": True}),
    ({"type": "object", "additionalProperties": {"type": "string"}}, "b", {"type": "string"}),
    ({"type": "object"}, "b", {"x-free": True}),
])  # fmt: skip
def test_child(schema, key, found):
    assert child(schema, key) == found
