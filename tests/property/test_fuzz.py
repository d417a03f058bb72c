"""Any bytes give a layer or problems with a place; never a traceback."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.table import BASES
from invoke import mops
from mops.chart.values import chart_values
from mops.config.dialects import read
from mops.config.resolve import resolve
from mops.schema.fields import load_schema
from mops.yamltext.writer import dump

SETTINGS = load_schema()
TOKENS = [
    "workspace",
    "workers",
    "spec",
    "env",
    "profiles",
    "profile",
    "processes",
    "worker_env",
    "valueFrom",
    "secretKeyRef",
    "name",
    "value",
    "A",
    "null",
    "~",
    "3",
    "yes",
    "1e3",
    "''",
    '"',
    "'",
    ": ",
    ":",
    "- ",
    "-",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "\n",
    "\n  ",
    "\n    ",
    "\t",
    "&a ",
    "*a",
    "<<: ",
    "!!int ",
    "!x ",
    "|\n",
    ">-\n",
    "---\n",
    "...\n",
    "# ",
    "%YAML 1.2\n",
    "\ufeff",
    "\x00",
    "é",
    "\\",
    "@",
    "`",
    "tolerations",
    "resources",
    "limits",
    "memory",
    "4Gi",
    "apiVersion",
    "kind",
]


@st.composite
def soup(draw):
    """A text of tokens that mean something to YAML or to mops."""
    return "".join(draw(st.lists(st.sampled_from(TOKENS), max_size=40)))


@st.composite
def spliced(draw):
    """A valid file with one place overwritten."""
    text = BASES[draw(st.sampled_from(sorted(BASES)))]
    start = draw(st.integers(0, len(text)))
    return text[:start] + draw(soup()) + text[start + draw(st.integers(0, 20)) :]


def judge(data):
    file = read(data, "f", SETTINGS)
    for problem in [*file.problems, *(problem for problem in file.problems)]:
        _, line, col = problem.origin.place.rsplit(":", 2)
        assert int(line) >= 1
        assert int(col) >= 1
        assert problem.message
    if not file.problems:
        found, _ = chart_values(resolve([SETTINGS.defaults(), file.layer], SETTINGS), SETTINGS)
        assert read(dump(found), "again", SETTINGS).problems == []


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        soup().map(lambda text: text.encode("utf-8")),
        spliced().map(lambda text: text.encode("utf-8")),
    )
)
def test_any_bytes(data):
    judge(data)


@pytest.mark.slow
@settings(max_examples=20_000, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        soup().map(lambda text: text.encode("utf-8")),
        spliced().map(lambda text: text.encode("utf-8")),
    )
)
def test_any_bytes_at_length(data):
    judge(data)


WORDS = [
    "render",
    "config",
    "explain",
    "show",
    "validate",
    "workers.processes",
    "workers.env.A",
    "--set",
    "--set-string",
    "--profile",
    "-p",
    "-c",
    "-",
    "f.yaml",
    "--processes",
    "3",
    "--format",
    "json",
    "text",
    "--annotate",
    "--check",
    "-q",
    "--strict",
    "--debug-mode",
    "--hermetic",
    "workers.env.A=x",
    "worker_env={A: 1}",
    "workers={",
    "a.b.c=1",
    'workers."x',
    "=",
    "==",
    "workers.tolerations=[{key: a}]",
    "workers.affinity.a=yes",
    "workers.processes.a=1",
    "--executor-type",
    "direct",
    "--worker-memory",
    "4Gi",
    "",
    "é",
    "\udcff",
]


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(["render", "config explain", "config validate"]),
    st.lists(st.sampled_from(WORDS), max_size=6),
    soup(),
)
def test_any_command_line(tmp_path_factory, command, words, stdin):
    folder = tmp_path_factory.getbasetemp() / "fuzz"
    folder.mkdir(exist_ok=True)
    (folder / "f.yaml").write_text(BASES["unified"])
    done = mops(*command.split(), *words, cwd=folder, stdin=stdin.encode())
    assert done.code in (0, 1, 2, 3, 4)
    assert done.code in (0, 1) or not done.out or "validate" in command
    assert done.code == 0 or done.err or done.out


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                *sorted(SETTINGS.variables)[:40],
                "MODELOPS_OVERRIDE_X",
                "MODELOPS_PROFILE",
                "MODELOPS_CONFIG",
            ]
        ),
        st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=6),
        max_size=4,
    )
)
def test_any_environment(tmp_path_factory, environ):
    folder = tmp_path_factory.getbasetemp() / "fuzz-environment"
    folder.mkdir(exist_ok=True)
    done = mops("render", cwd=folder, env=environ)
    assert done.code in (0, 3, 4)
    assert (done.code == 0) is bool(done.out)
