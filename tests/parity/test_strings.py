"""Text that goes in comes out: through mops, through real helm, to what Kubernetes reads."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from invoke import environment, manifests, mops, objects
from mops.yamltext.writer import quote

HOSTILE = [
    "",
    " ",
    "  leading",
    "trailing  ",
    "\t",
    "\n",
    "a\nb",
    "a\n",
    "a\n\n",
    "\r",
    "a\r\nb",
    "1e3",
    "1E3",
    "1.e3",
    ".5e1",
    "+.5",
    "-.5",
    "08",
    "010",
    "0o17",
    "0O7",
    "0x10",
    "0b1",
    "1_000",
    "+_1",
    "09_",
    "1.10",
    "1.0",
    "1000000",
    "12345678901234567890",
    "9007199254740993",
    "12:30:00",
    "190:20:30",
    "2024-01-01",
    "2024-01-01T00:00:00Z",
    ".inf",
    "-.INF",
    ".nan",
    "y",
    "Y",
    "n",
    "N",
    "yes",
    "No",
    "on",
    "OFF",
    "true",
    "False",
    "null",
    "Null",
    "NULL",
    "~",
    "=",
    "<<",
    "-",
    "---",
    "...",
    "- a",
    "? a",
    ": a",
    "a: b",
    "a #b",
    "#",
    "&a",
    "*a",
    "!!int 3",
    "|",
    ">",
    "%",
    "%YAML 1.2",
    "@a",
    "`a`",
    "{",
    "}",
    "[",
    "]",
    "{}",
    "[]",
    "{a: b}",
    '"',
    "'",
    '"quoted"',
    "'quoted'",
    "\\",
    "\\n",
    '\\"',
    "a\\",
    "{{ }}",
    "{{ .Values }}",
    "{{- fail `x` }}",
    "$(X)",
    "$$(X)",
    "$X",
    "${X}",
    "$",
    "\x01",
    "\x1b[31m",
    "\x85",
    "\xa0",
    "\xad",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\ufffd",
    "\u00e9",
    "e\u0301",
    "\u65e5\u672c",
    "\U0001f600",
    "\U0010ffff",
    "x" * 65536,
    "\u00e9" * 30000,
    "-----BEGIN X-----\nabc\n-----END X-----\n",
    '{"a": [1, 2.0, null]}',
    "<script>",
    "a\n---\nkind: Secret\n",
]


def batches(texts: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(texts), size):
        yield texts[start : start + size]


def through(values: dict[str, str], folder: Path, written: str) -> dict[str, str]:
    """The environment that the pod gets for the file text `written`, which sets `values`."""
    source = folder / "modelops.yaml"
    source.write_text(written, encoding="utf-8")
    done = mops("render", "--quiet", "--config", str(source))
    assert done.code == 0, done.err[:2000]
    (found,) = objects(manifests(done.out))
    return {name: value for name, value in environment(found).items() if name in values}


@pytest.mark.chart
@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("count", [20_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_random_hexadecimal_arrives_unchanged(count: int, tmp_path: Path, *, quoted: bool) -> None:
    source = random.Random(7)
    texts = [f"{source.randrange(16**7):07x}" for _ in range(count)]
    for batch in batches(texts, 20_000):
        values = {f"V{index}": text for index, text in enumerate(batch)}
        lines = (
            f"    {name}: {quote(text) if quoted else text}\n" for name, text in values.items()
        )
        assert through(values, tmp_path, "workspace:\n  worker_env:\n" + "".join(lines)) == values


@pytest.mark.chart
def test_hostile_text_arrives_unchanged(tmp_path: Path) -> None:
    values = {f"V{index:03}": text for index, text in enumerate(HOSTILE)}
    written = "workspace:\n  worker_env:\n" + "".join(
        f"    {name}: {quote(text)}\n" for name, text in values.items()
    )
    assert through(values, tmp_path, written) == values


@pytest.mark.chart
def test_hostile_text_arrives_from_the_command_line(tmp_path: Path) -> None:
    texts = [text for text in HOSTILE if len(text) < 1000 and text != "null"]
    values = {f"V{index:03}": text for index, text in enumerate(texts)}
    done = mops(
        "render",
        "--quiet",
        "--hermetic",
        *(
            part
            for name, text in values.items()
            for part in ("--set", f"workers.env.{name}={text}")
        ),
        "--set-string",
        "workers.env.NULL=null",
        cwd=tmp_path,
    )
    assert done.code == 0, done.err
    (found,) = objects(manifests(done.out))
    seen = environment(found)
    assert {name: seen[name] for name in values} == values
    assert seen["NULL"] == "null"


KEYS = [
    "y",
    "Y",
    "n",
    "no",
    "Yes",
    "on",
    "off",
    "true",
    "null",
    "NULL",
    "_1",
    "e1",
    "E3",
    "inf",
    "nan",
    "a.b",
    "a-b",
    "_",
    "x.y.z",
    "Inf",
    "O17",
]
LABEL_KEYS = [
    *(key for key in KEYS if not key.startswith("_") and not key.endswith("_")),
    "1e3",
    "08",
    "0x10",
    "1.10",
    "123",
    "12",
    "2024-01-01",
    "example.com/1e3",
    "y/y",
]


@pytest.mark.chart
def test_hostile_names_arrive_unchanged(tmp_path: Path) -> None:
    """As names of variables, and as keys of annotations and of node labels."""
    env = {key: f"the value of {key}" for key in KEYS}
    labels = {key: f"v{index}" for index, key in enumerate(LABEL_KEYS)}
    source = tmp_path / "values.json"
    source.write_text(
        json.dumps(
            {
                "workers": {
                    "env": env,
                    "nodeSelector": labels,
                    "podAnnotations": {key: f"{key}: 1e3" for key in labels},
                }
            }
        )
    )
    done = mops("render", "--quiet", "--config", str(source))
    assert done.code == 0, done.err
    (found,) = objects(manifests(done.out))
    seen = environment(found)
    assert {name: seen[name] for name in env} == env
    template = found["Deployment/dask-workers"]["spec"]["template"]
    assert template["spec"]["nodeSelector"] == labels
    annotations = template["metadata"]["annotations"]
    assert {key: annotations[key] for key in labels} == {key: f"{key}: 1e3" for key in labels}


@pytest.mark.parametrize("char", ["\x7f", "\x80", "\x9f", "\ufffe", "\uffff"])
@pytest.mark.parametrize(
    "key", ["workers.env.A", "annotations.a", "workers.extraArgs", "workers.affinity.a"]
)
def test_what_helm_cannot_carry_is_refused(key: str, char: str, tmp_path: Path) -> None:
    """Helm 3.17 validates values after writing and reading them as YAML, which breaks these."""
    text = f'["a\\u{ord(char):04X}b"]' if key == "workers.extraArgs" else f"a{char}b"
    done = mops("render", "--quiet", "--set", f"{key}={text}", cwd=tmp_path)
    assert done.code == 3, done.out
    assert f"--set {key}" in done.err
