from __future__ import annotations

import pytest

from mops.model.disk import MAX_BYTES
from mops.yamltext.nodes import Items, Pairs, Text, ambiguous
from mops.yamltext.reader import MAX_ALIASED, MAX_DEPTH, parse


def plain(node):
    """Nodes as data: text stays text, quoted text is marked."""
    if isinstance(node, Pairs):
        return {key: plain(sub) for key, (_, sub) in node.pairs.items()}
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return f"'{node.text}'" if node.quoted else node.text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: 1", {"a": "1"}),
        ("a: '1'", {"a": "'1'"}),
        ('a: "1\\n"', {"a": "'1\n'"}),
        ("a: |\n  x\n  y\n", {"a": "'x\ny\n'"}),
        ("a: >-\n  x\n  y\n", {"a": "'x y'"}),
        (
            "a: yes\nb: 010\nc: 1e3\nd: ~\ne: 12:30:00\n",
            {"a": "yes", "b": "010", "c": "1e3", "d": "~", "e": "12:30:00"},
        ),
        ("a:", {"a": ""}),
        ("a: [1, x]\nb: {c: d}", {"a": ["1", "x"], "b": {"c": "d"}}),
        ("# only a comment\na: 1  # another\n", {"a": "1"}),
        ("---\na: 1\n...\n", {"a": "1"}),
        ("%YAML 1.2\n---\na: 1\n", {"a": "1"}),
        ("\ufeffa: 1", {"a": "1"}),
        ("a: 1\r\nb: 2\r\n", {"a": "1", "b": "2"}),
        ("a: &x 1\nb: *x", {"a": "1", "b": "1"}),
        (
            "a: &x {c: 1, d: 2}\nb: {<<: *x, c: 3}",
            {"a": {"c": "1", "d": "2"}, "b": {"c": "3", "d": "2"}},
        ),
        (
            "a: &x {c: 1}\ne: &y {c: 5, f: 6}\nb: {<<: [*x, *y]}",
            {"a": {"c": "1"}, "e": {"c": "5", "f": "6"}, "b": {"c": "1", "f": "6"}},
        ),
        ("a: !!str 1", {"a": "'1'"}),
        ("a: ! 1", {"a": "1"}),
        ('"on": 1\n"1": 2\n', {"on": "1", "1": "2"}),
        ("a b: 1", {"a b": "1"}),
        ("é: ü😀", {"é": "ü😀"}),
        ("- a\n- b", ["a", "b"]),
        ("x", "x"),
    ],
)
def test_reading(text, wanted):
    root, problems = parse(text.encode(), "f", "f")
    assert problems == []
    assert plain(root) == wanted


@pytest.mark.parametrize("data", [b"", b"\n\n", b"# nothing\n", b"---\n", b"\xef\xbb\xbf"])
def test_an_empty_file_has_no_problem_of_its_own(data):
    root, problems = parse(data, "f", "f")
    assert problems == []
    assert root is None or root == Text("", quoted=False, line=root.line, col=root.col)


@pytest.mark.parametrize(("data", "place", "message"), [
    (b"a: 1\na: 2\n", "f:2:1", "duplicate key"),
    (b"a:\n  b: 1\n  c: 2\n  b: 3\n", "f:4:3", "duplicate key"),
    (b"{a: 1, a: 2}", "f:1:8", "duplicate key"),
    (b"on: 1", "f:1:1", "some YAML readers do not read the key on as a string"),
    (b"1: 1", "f:1:1", "some YAML readers do not read the key 1 as a string"),
    (b"1e3: 1", "f:1:1", "some YAML readers do not read the key 1e3 as a string"),
    (b"null: 1", "f:1:1", "some YAML readers do not read the key null as a string"),
    (b"? \n: 1", "f:1:2", "some YAML readers do not read the key (empty) as a string"),
    (b'a: {"<<": 1}', "f:1:5", "Helm treats the key << as a merge key, even in quotes"),
    (b'"a\\x85": 1', "f:1:1", "a key must not contain control characters or line breaks"),
    (b'a: {"b\\n": 1}', "f:1:5", "a key must not contain control characters or line breaks"),
    (b"? [a]\n: 1", "f:1:3", "a key must be a string, not a list or mapping"),
    (b"? {a: 1}\n: 1", "f:1:3", "a key must be a string, not a list or mapping"),
    (b"a: 1\n---\nb: 2\n", "f:2:1", "a second document starts here"),
    (b"a: !!int 1", "f:1:4", "YAML tags are not supported"),
    (b"a: !secret x", "f:1:4", "YAML tags are not supported"),
    (b"a: !!python/object/apply:os.system [x]", "f:1:4", "YAML tags are not supported"),
    (b"a: !!set {x}", "f:1:4", "YAML tags are not supported"),
    (b"a: !!binary aGk=", "f:1:4", "YAML tags are not supported"),
    (b"a: *x", "f:1:4", "alias *x has no anchor"),
    (b"a: &x {b: *x}", "f:1:11", "alias *x refers to a node that contains it"),
    (b"a: {<<: 1}", "f:1:5", "a merge key takes a mapping or a list of mappings"),
    (b"a:\n\tb: 1\n", "f:2:1", "YAML does not allow tabs for indentation"),
    (b"\ta: 1\n", "f:1:1", "YAML does not allow tabs for indentation"),
    (b"a: [1, 2\n", "f:2:1", "invalid YAML"),
    (b"a: 'x\n", "f:2:1", "invalid YAML"),
    (b"a: b: c\n", "f:1:5", "invalid YAML"),
    (b"a: %x\n", "f:1:4", "invalid YAML"),
    (b"a: @x\n", "f:1:4", "invalid YAML"),
    (b"a: 1\n b: 2\n", "f:2:3", "invalid YAML"),
    (b"a: caf\xe9\n", "f:1:7", "byte 7 is not UTF-8"),
    (b"a: 1\nb: \xc3\xa9\xff\n", "f:2:5", "byte 11 is not UTF-8"),
    ("a: 1".encode("utf-16"), "f:1:1", "the file is UTF-16, not UTF-8"),
    (b"\xfe\xff\x00a", "f:1:1", "the file is UTF-16, not UTF-8"),
    (b"\x1f\x8b\x08\x00", "f:1:2", "byte 2 is not UTF-8"),
    (b"a: x\x1by\n", "f:1:5", "U+001B is not allowed in YAML text"),
    (b"a: x\x00y\n", "f:1:5", "U+0000 is not allowed in YAML text"),
    (b"b: 1\n# \x07\na: 1\n", "f:2:3", "U+0007 is not allowed in YAML text"),
    (b"a: \x7f\n", "f:1:4", "U+007F is not allowed in YAML text"),
    (b'"\\ud800": 1', "f:1:4", "invalid YAML"),
])  # fmt: skip
def test_refusals(data, place, message):
    _, problems = parse(data, "f", "f")
    assert [
        (problem.origin.place, problem.message.startswith(message)) for problem in problems
    ] == [(place, True)], problems


def test_duplicate_keys_are_all_reported_with_both_places():
    _, problems = parse("a: 1\nb: 2\na: 3\nb: 4\na: 5\n", "f", "f")
    assert [(problem.origin.place, problem.hint) for problem in problems] == [
        ("f:3:1", "first defined at line 1, column 1"),
        ("f:4:1", "first defined at line 2, column 1"),
        ("f:5:1", "first defined at line 1, column 1"),
    ]


def laughs(levels: int, width: int) -> str:
    lines = ["a0: &a0 [x]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            laughs(9, 9), f"aliases expand to more than {MAX_ALIASED} nodes", id="billion laughs"
        ),
        pytest.param(
            "a0: &a0 {k: v}\n"
            + "\n".join(
                f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)
            ),
            f"aliases expand to more than {MAX_ALIASED} nodes",
            id="merge bomb",
        ),
        pytest.param(
            "a: " + "[" * 5000, f"nested more than {MAX_DEPTH} levels deep", id="deep flow"
        ),
        pytest.param(
            "a: é\nb: {" + "[" * 5000,
            f"nested more than {MAX_DEPTH} levels deep",
            id="deep flow behind other letters",
        ),
        pytest.param(
            "a: " + "{b: " * 500, f"nested more than {MAX_DEPTH} levels deep", id="deep maps"
        ),
        pytest.param(
            "".join(f"{' ' * n}a:\n" for n in range(500)),
            f"nested more than {MAX_DEPTH} levels deep",
            id="deep blocks",
        ),
        pytest.param(
            "- " * 5000 + "x", f"nested more than {MAX_DEPTH} levels deep", id="deep lists"
        ),
        pytest.param("a: [" + "x," * 300_000, "more than 250000 nodes", id="many nodes"),
        pytest.param("a: " + "x" * MAX_BYTES, "the file is larger than 1024 KiB", id="large"),
        pytest.param("!" * 500_000, "YAML tags are not supported", id="a long tag"),
        pytest.param("&" * 500_000, "invalid YAML", id="a bad anchor"),
        pytest.param("? " * 5000, f"nested more than {MAX_DEPTH} levels deep", id="deep keys"),
    ],
)
def test_hostile_input_is_refused_early(text, message):
    """The naive way takes minutes, or never ends."""
    _, problems = parse(text, "f", "f")
    assert [problem.message.startswith(message) for problem in problems] == [True], problems


def test_a_file_of_the_largest_size_is_read():
    root, problems = parse(b"a: " + b"x" * (MAX_BYTES - 3), "f", "f")
    assert problems == []
    assert isinstance(root, Pairs)


@pytest.mark.parametrize(
    "text",
    [
        "y",
        "Y",
        "n",
        "yes",
        "No",
        "ON",
        "off",
        "true",
        "False",
        "null",
        "Null",
        "~",
        "",
        "=",
        "<<",
        "0",
        "1",
        "-1",
        "+1",
        "010",
        "08",
        "0o17",
        "0x1F",
        "0b1",
        "1_000",
        "1e3",
        "1E3",
        "1.e3",
        ".5",
        "5.",
        "+.5",
        "1.30",
        "12:30:00",
        "1:30",
        "190:20:30.15",
        ".inf",
        "-.INF",
        ".nan",
        "2024-01-01",
        "2024-1-1",
        "2024-01-01T10:00:00Z",
        "0O7",
        "0B1",
        "12e5678",
        "1530e65",
    ],
)
def test_ambiguous(text):
    assert ambiguous(text)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "yes!",
        "nope",
        "1a",
        "v1.2",
        "1.2.3",
        "1.2.3.4",
        "10Gi",
        "500m",
        "a:b",
        "-",
        "--x",
        "+",
        ".",
        "0xZ",
        "e3",
        "1 2",
        "nan",
        "inf",
        "/tmp",
        "2024",
        "x2024-01-01",
    ],
)
def test_not_ambiguous(text):
    assert ambiguous(text) is (text == "2024")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a: b: c", 'check the indentation, or quote the value if it contains ": "'),
        ("a: 1\nb: 'x\n", "the quote that opens at line 2, column 4 is not closed"),
        (
            "a: [1, 2\nb: 3",
            "the bracket that opens at line 1, column 4 is not closed, or a comma is missing",
        ),
        (
            "a: {b: 1\n",
            "the bracket that opens at line 1, column 4 is not closed, or a comma is missing",
        ),
        ("a: %x", "quote values that start with %, @ or `"),
        ("a: 1\nbc\n", "the key at line 2, column 1 has no colon, or no space after its colon"),
        ("a:\n  - 1\n  b: 2", "list items start with - in the same column; check the indentation"),
        (
            "a: [b\n  c: d",
            "the bracket that opens at line 1, column 4 is not closed, or a comma is missing",
        ),
        ("a: {: 1}", "a key or value is missing here"),
        ("  a: 1\n b: 2", "check the indentation"),
        ("a: - b", "start the list on a new line"),
    ],
)
def test_what_is_no_yaml_comes_with_advice(text, hint):
    _, (problem,) = parse(text, "f", "f")
    assert problem.hint == hint


def test_a_key_that_is_an_alias_is_a_duplicate_too():
    _, (problem,) = parse("{&k a: 1, *k : 2}", "f", "f")
    assert problem.message == "duplicate key"
