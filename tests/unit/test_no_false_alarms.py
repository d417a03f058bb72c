"""Files that are right get no warning, but for those that a person would want, each once."""

from __future__ import annotations

from collections import Counter

import pytest

from corpus.table import CASES
from invoke import ROOT, mops
from mops.checks.verdict import judge
from mops.config.dialects import read
from mops.config.sources import Request, gather
from mops.schema.fields import load_schema

SCHEMA = load_schema()
EXAMPLES = sorted((ROOT / "examples").rglob("*.yaml"))

# Of the valid files of the corpus, which do odd things on purpose: the warnings of each.
WANTED = {
    "scalars: env \"'${HOME}'\"": ["reference"],
    "injection: env \"'$(rm -rf /)'\"": ["reference"],
    "scalars: a tag 1.10": ["image-versions"],
    "scalars: a tag 1e3": ["image-versions"],
    "quantities: memory 512Mi": ["small-memory"],
    "quantities: a GPU": ["shared-gpu"],
    "images: the image worker": ["image-tag"],
    "images: the image ghcr.io/team/worker": ["image-tag"],
    "environment: a fraction .7": ["memory-thresholds"],
    "environment: a fraction 0.60": ["memory-thresholds"],
}


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: str(file.relative_to(ROOT)))
def test_examples(file):
    assert mops("config", "validate", "--hermetic", "--strict", str(file)).out == "valid\n"


def test_the_example_fleet():
    done = mops("render", "--all", "--check", "--strict", "--root", str(ROOT / "examples/fleet"))
    assert done.code == 0, done.err
    for name in ("dev", "prod"):
        layers = ("-c", "base.yaml", "-c", f"envs/{name}/mops.yaml")
        done = mops("config", "validate", "--strict", *layers, cwd=ROOT / "examples" / "fleet")
        assert done.out == "valid\n"


@pytest.mark.parametrize("kind", ["unified", "workspace"])
def test_what_init_writes(tmp_path, kind):
    assert mops("init", "-o", "f.yaml", "--format", kind, cwd=tmp_path).code == 0
    assert mops("config", "validate", "--strict", "f.yaml", cwd=tmp_path).out == "valid\n"


def test_valid_files_of_the_corpus():
    found = {}
    for case in CASES:
        if case.where:
            file = read(case.data, "f.yaml", SCHEMA)
            sources = gather(Request(config=("f.yaml",)), {}, SCHEMA, {"f.yaml": file})
            problems = judge(sources, SCHEMA, files=True).problems
            if problems:
                found[case.id] = [problem.check for problem in problems]
            assert max(Counter(problems).values(), default=1) == 1
    assert found == WANTED
