"""Three validators of one schema agree: helm's own, the jsonschema library, and the one in mops.

Helm judges many documents in one run: each is the values of one alias of a chart with only the
schema.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from invoke import CHART, mops, template
from mops.config.dialects import read
from mops.generate.chartschema import chart_node
from mops.schema.fields import load_schema
from mops.schema.keywords import violations
from mops.yamltext.writer import dump

WORDS = [
    "",
    "a",
    "A",
    "-a",
    "a-",
    "a.b",
    "a_b",
    "1",
    "0",
    "-1",
    "1.5",
    "1e3",
    "true",
    "Always",
    "ALWAYS",
    "hpa",
    "Exists",
    "NoSchedule",
    "4Gi",
    "512Mi",
    "4GB",
    "4 Gi",
    "1.5Gi",
    "0.1234Gi",
    "010Gi",
    "500m",
    "2",
    "0.5",
    "2.5555",
    "ghcr.io/a/b:1",
    "ghcr.io/a/b@sha256:" + "a" * 64,
    "a b",
    "A/b:1",
    "a:b:c",
    "localhost:5000/x",
    "25%",
    "0%",
    "101%",
    "40000:41023",
    "1:2",
    "/tmp/dask",
    "tmp",
    "/a b",
    "30s",
    "1m",
    "30",
    "example.com/a",
    "example.com/",
    "x" * 63,
    "x" * 64,
    "x" * 254,
    "isolated_warm",
    "warm",
    "0.8",
    "0",
    "1.0",
    "False",
    "a\n",
    "\n",
    "\x00",
    "INFO",
    "https://x",
    "-",
    "--nworkers=2",
    "--x",
    "RuntimeDefault",
    "ClusterIP",
    "host.example.com",
    "*.example.com",
    "e\u0301",
]
ODD: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    8786,
    1024,
    65536,
    3.0,
    1.5,
    [],
    {},
    [1],
    ["a"],
    {"a": "b"},
    {"a": 1},
    [{"name": "a"}],
    {"valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}},
    {"valueFrom": {}},
]
NAMES = [
    "replicas",
    "replicaz",
    "env",
    "extra",
    "a.b/c",
    "A B",
    "nodeSelector",
    "cpu",
    "nvidia.com/gpu",
    "default",
    "gpu",
    "MODELOPS_EXECUTOR_TYPE",
    "9A",
    "valueFrom",
    "global",
]


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in a document."""
    yield path
    inner = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree)
        if isinstance(tree, list)
        else ()
    )
    for key, value in inner:
        yield from places(value, (*path, key))


def mutated(document: dict[str, Any], source: random.Random) -> dict[str, Any]:
    """The document with one change: another value, another key, or one key less."""
    found = copy.deepcopy(document)
    path = source.choice([path for path in places(found) if path])
    parent = found
    for part in path[:-1]:
        parent = parent[part]
    kind = source.random()
    if kind < 0.12:
        del parent[path[-1]]
    elif kind < 0.3 and isinstance(parent[path[-1]], dict):
        parent[path[-1]][source.choice(NAMES)] = source.choice(
            [source.choice(WORDS), source.choice(ODD)]
        )
    else:
        parent[path[-1]] = (
            source.choice(WORDS) if source.random() < 0.6 else copy.deepcopy(source.choice(ODD))
        )
    return found


def benign(document: dict[str, Any], source: random.Random) -> dict[str, Any]:
    """The document with a few changes in places where much is allowed."""
    found = copy.deepcopy(document)
    for _ in range(source.randrange(1, 4)):
        path, choices = source.choice([
            (("workers", "env"), [word for word in WORDS if "\x00" not in word]),
            (("annotations",), WORDS),
            (("workers", "podAnnotations"), WORDS),
            (("labels",), ["a", "A.b", "", "x" * 63]),
            (("scheduler", "nodeSelector"), ["1e3", "true", "a_b"]),
        ])  # fmt: skip
        parent = found
        for part in path:
            parent = parent[part]
        parent[source.choice(["A", "a.b", "Y", "no", "null"])] = source.choice(choices)
    found["workers"]["processes"] = source.randrange(1, 60)
    found["podDisruptionBudget"]["workersMaxUnavailable"] = source.choice([1, 7, "25%", "100%"])
    return found


def valid(source: random.Random) -> dict[str, Any]:
    """A complete document with several settings of every kind in it."""
    done = mops(
        "render",
        "--quiet",
        "--hermetic",
        "--format",
        "json",
        "--set",
        "workers.env.A=x",
        "--set",
        "workers.env.B.valueFrom.secretKeyRef.name=s",
        "--set",
        "workers.env.B.valueFrom.secretKeyRef.key=k",
        "--set",
        "scheduler.tolerations=[{key: a, operator: Exists, effect: NoSchedule}]",
        "--set",
        "workers.envFrom=[{secretRef: {name: s, optional: true}}]",
        "--set",
        "workers.volumes=[{name: v, emptyDir: {}}]",
        "--set",
        "workers.volumeMounts=[{name: v, mountPath: /v}]",
        "--set",
        'workers.nodeSelector."kubernetes.io/arch"=amd64',
        "--set",
        f"workers.replicas={source.randrange(9)}",
        "--set",
        "workers.env.MODELOPS_EXECUTOR_TYPE=cold",
        "--set",
        'workers.resources.limits."nvidia.com/gpu"=1',
        "--set",
        (
            "workers.topologySpreadConstraints=[{maxSkew: 1, topologyKey: zone, "
            "whenUnsatisfiable: ScheduleAnyway}]"
        ),
        *(("--set", "workerGroups.gpu.replicas=1") if source.random() < 0.3 else ()),
    )
    assert done.code == 0, done.err
    return dict(json.loads(done.out))


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Helm's verdicts on documents: True where it accepts."""
    folder = tmp_path_factory.mktemp("umbrella")

    def verdicts(documents: list[dict[str, Any]]) -> list[bool]:
        chart = folder / "umbrella"
        mini = chart / "charts" / "mini"
        mini.mkdir(parents=True, exist_ok=True)
        (mini / "Chart.yaml").write_text("apiVersion: v2\nname: mini\nversion: 1.0.0\n")
        (mini / "values.schema.json").write_text((CHART / "values.schema.json").read_text())
        aliases = "".join(
            f"  - {{name: mini, version: 1.0.0, alias: d{index}, repository: ''}}\n"
            for index in range(len(documents))
        )
        (chart / "Chart.yaml").write_text(
            f"apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n{aliases}"
        )
        # JSON is YAML. A null deletes a key in helm, as it would in the document itself.
        (folder / "values.json").write_text(
            json.dumps({f"d{index}": document for index, document in enumerate(documents)})
        )
        done = template(chart, "-f", folder / "values.json")
        refused = set(re.findall(r"^d(\d+):$", done.err, re.MULTILINE))
        assert done.code == 0 or refused, done.err[:2000]
        return [str(index) not in refused for index in range(len(documents))]

    return verdicts


def forgotten(tree: Any) -> bool:
    """Whether there is a null, which helm takes for a deleted key before it validates."""
    if isinstance(tree, dict):
        return any(value is None or forgotten(value) for value in tree.values())
    return isinstance(tree, list) and any(forgotten(value) for value in tree)


@pytest.mark.chart
@pytest.mark.parametrize("count", [300, pytest.param(2500, marks=pytest.mark.slow)])
def test_three_judges_agree(count: int, judge: Any) -> None:
    source = random.Random(count)
    documents = [valid(source) for _ in range(3)]
    while len(documents) < count:
        document = benign(source.choice(documents[:3]), source)
        if source.random() < 0.6:
            document = mutated(document, source)
        if not forgotten(document):
            documents.append(document)
    tree = chart_node(load_schema().tree)
    reference = Draft7Validator(json.loads((CHART / "values.schema.json").read_text()))
    theirs = [
        verdict
        for start in range(0, count, 100)
        for verdict in judge(documents[start : start + 100])
    ]
    assert 0.2 < sum(theirs) / count < 0.8
    for document, verdict in zip(documents, theirs, strict=True):
        mine = list(violations(tree, document))
        assert (not mine) == verdict, (mine[:3], _difference(documents[0], document))
        # Python's $ also matches before a final line break, which the reference lets pass.
        if "\n" not in json.loads(json.dumps(json.dumps(document))).replace("\\n", "\n"):
            assert reference.is_valid(document) == verdict, _difference(documents[0], document)


@pytest.mark.chart
def test_a_file_that_mops_accepts_helm_accepts_too(judge: Any, tmp_path: Path) -> None:
    """If mops reads a mutated file without problems, helm accepts the rendered values."""
    source = random.Random(11)
    base = valid(source)
    rendered = []
    refused = 0
    for index in range(150):
        path = tmp_path / f"f{index}.yaml"
        path.write_text(dump(mutated(base, source)).replace(": null", ": {}"))
        if read(path.read_bytes(), str(path), load_schema()).problems:
            refused += 1
            continue
        done = mops("render", "--quiet", "--format", "json", "--config", str(path))
        if done.code == 0:
            rendered.append(json.loads(done.out))
    assert refused > 30
    assert len(rendered) > 20
    assert all(judge(rendered))


def _difference(one: Any, other: Any) -> list[Any]:
    """Where two documents differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted({*one, *other}, key=str)
        return [
            f"{key}.{found}"
            for key in keys
            for found in _difference(one.get(key, "absent"), other.get(key, "absent"))
        ]
    return [] if one == other and type(one) is type(other) else [f": {one!r} -> {other!r}"]
