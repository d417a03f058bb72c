"""PyYAML reads and writes as ever, although its patterns are compiled at their first use."""

from __future__ import annotations

import json
import subprocess
import sys

from invoke import ROOT

DOCUMENT = """
- {date: 2026-01-02, time: 2026-01-02T03:04:05Z, float: 1.5e3, int: 0x1F, sexagesimal: 1:30}
- [yes, No, ~, null, "yes", 'no', plain text, .inf, !!binary aGVsbG8=]
- |
  block
"""
PROGRAM = """
import json, re, sys
if sys.argv[1] == "ours":
    import mops.yamltext
    assert isinstance(re.compile("x"), re.Pattern)
import yaml
read = [yaml.load(sys.stdin.read(), Loader=yaml.SafeLoader)]
read.append(yaml.dump(read[0]))
read.append(yaml.dump(["2026-01-02", "1e3", "yes", "a: b", "\\x07"]))
try:
    yaml.load("a: \\x07", Loader=yaml.SafeLoader)
except yaml.YAMLError as error:
    read.append(str(error))
print(json.dumps(read, default=str))
"""


def read(how: str) -> list[object]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how],
        input=DOCUMENT,
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_the_pure_python_readers_and_writers_work():
    ours = read("ours")
    assert ours == read("plain")
    assert "not allowed" in str(ours[3])
