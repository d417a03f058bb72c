"""Helm merges two values files as mops does: mappings merge, a list is one value, null clears.

Two cases are left out because mops differs on purpose. An environment variable that refers to
another kind of object in the higher file: mops replaces the reference as a whole, helm would keep
both kinds. And worker groups, which inherit from workers in mops only.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from invoke import CHART, printing_chart, template
from mops.config.resolve import resolve
from mops.config.sources import Request, gather
from mops.schema.fields import load_schema
from mops.yamltext.writer import quote

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
TEXTS = ["", "a", "1e3", "010", "y", "null", "x y", "{{ }}", "\u00e9", "a\nb"]


def reference(source: random.Random) -> dict[str, Any]:
    return {
        "valueFrom": {"secretKeyRef": {"name": source.choice("abc"), "key": source.choice("xyz")}}
    }


def section(source: random.Random, *, nulls: bool) -> dict[str, Any]:
    """Some settings of a random values file."""
    found: dict[str, Any] = {}
    env = {
        name: source.choice([source.choice(TEXTS), reference(source)])
        for name in source.sample(["A", "B", "C", "D", "y", "no"], source.randrange(6))
    }
    if nulls and env and source.random() < 0.4:
        env[source.choice(list(env))] = None
    workers: dict[str, Any] = {
        "replicas": source.randrange(9),
        "processes": source.randrange(1, 5),
        "env": env,
        "nodeSelector": {
            key: source.choice(["a", "1", "true"])
            for key in source.sample(["a", "b", "example.com/c"], source.randrange(4))
        },
        "tolerations": [
            {"key": source.choice("ab"), "operator": "Exists"} for _ in range(source.randrange(3))
        ],
        "affinity": source.choice(
            [
                {},
                {"podAntiAffinity": {REQUIRED: [{"topologyKey": "a"}, {"topologyKey": "b"}]}},
                {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{}]}}, "podAffinity": {}},
                {"podAntiAffinity": {REQUIRED: []}},
            ]
        ),
        "priorityClassName": source.choice(["", "high", "low"]),
        "resources": {"limits": {"memory": source.choice(["4Gi", "8Gi"])}},
    }
    if nulls:
        for name in ("nodeSelector", "env", "tolerations", "priorityClassName", "affinity"):
            if source.random() < 0.15:
                workers[name] = None
    found["workers"] = dict(source.sample(list(workers.items()), source.randrange(1, len(workers))))
    if source.random() < 0.5:
        found["autoscaling"] = {
            "enabled": source.random() < 0.5,
            "maxWorkers": source.randrange(3, 20),
        }
    if source.random() < 0.5:
        found["global"] = source.choice(
            [{"a": {"x": [1, 2]}}, {"b": {"y": {"z": "1"}}}, {"a": {"x": []}}, {"a": "1"}]
        )
        if nulls and source.random() < 0.3:
            found["global"] = {"a": None}
    if source.random() < 0.5:
        found["labels"] = {source.choice("abc"): source.choice(["1", "true", "x"])}
    return found


def pruned(tree: Any) -> Any:
    """A tree without nulls and empty mappings, which mean nothing and which helm keeps."""
    if not isinstance(tree, dict):
        return tree
    inner = {key: pruned(value) for key, value in tree.items() if value is not None}
    return {key: value for key, value in inner.items() if value != {}}


@pytest.mark.chart
@pytest.mark.parametrize("count", [40, pytest.param(400, marks=pytest.mark.slow)])
@pytest.mark.parametrize("nulls", [False, True])
def test_two_files(count: int, tmp_path: Path, *, nulls: bool) -> None:
    source = random.Random(count)
    settings = load_schema()
    chart = printing_chart(tmp_path, "values: {{ .Values | toJson | b64enc }}\n")
    (chart / "templates" / "all.yaml").write_text("{{ .Values | toJson }}\n")
    for _ in range(count):
        files = []
        for name in "ab":
            path = tmp_path / f"{name}.yaml"
            path.write_text(text(section(source, nulls=nulls and name == "b")))
            files.append(path)
        gathered = gather(
            Request(config=[str(path) for path in files]),
            {**os.environ, "MODELOPS_PROFILE": ""},
            settings,
        )
        assert not gathered.problems
        mine = resolve(gathered.layers, settings).tree()
        done = template(chart, "-f", CHART / "values.yaml", "-f", files[0], "-f", files[1])
        assert done.code == 0, done.err
        theirs = json.loads(done.out.split("\n", 2)[2])
        ours = {key: value for key, value in mine.items() if key not in ("environment", "release")}
        assert pruned(ours) == pruned(theirs), [path.read_text() for path in files]


def text(tree: dict[str, Any]) -> str:
    """A values file; null stands where it is meant to forget."""
    return "".join(lines(tree, 0)) or "{}\n"


def lines(tree: dict[str, Any], depth: int) -> list[str]:
    found = []
    for key, value in tree.items():
        indent = "  " * depth
        name = quote(key)
        if value is None:
            found.append(f"{indent}{name}: null\n")
        elif isinstance(value, dict) and value:
            found += [f"{indent}{name}:\n", *lines(value, depth + 1)]
        else:
            found.append(f"{indent}{name}: {json.dumps(value)}\n")
    return found
