"""The reader of mops and helm's validation agree: both accept a values file, or both refuse it.

They differ only where the chart leaves validation to others. One run of helm judges many
documents: each is the values of one alias of the chart in a parent chart, and helm reports the
aliases that it refuses. One alias is always refused, which keeps helm from rendering afterwards.

The documents have no worker groups: in a file they may be incomplete, in the chart they may not.

The verdict of the schema is compared, without mops' rules across settings. Strings are quoted,
since mops also accepts unquoted ones, exactly as written. Variables are mappings, since only mops
accepts a list.
"""

from __future__ import annotations

import copy
import json
import re

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from drawing import SETTINGS, trees, written
from invoke import CHART, template
from mops.config.dialects import read
from mops.config.keys import key_path

SENTINEL = "always-refused"


def umbrella(folder, count):
    """A parent chart with so many aliases of the chart's name, values and schema."""
    parent = folder / f"umbrella{count}"
    if parent.exists():
        return parent
    inner = parent / "charts" / "mops-dask"
    inner.mkdir(parents=True)
    described = yaml.safe_load((CHART / "Chart.yaml").read_text())
    for name in ("Chart.yaml", "values.yaml", "values.schema.json"):
        (inner / name).write_text((CHART / name).read_text())
    dependencies = [
        {"name": described["name"], "version": described["version"], "alias": alias}
        for alias in [SENTINEL, *(f"d{index}" for index in range(count))]
    ]
    (parent / "Chart.yaml").write_text(
        json.dumps(
            {
                "apiVersion": "v2",
                "name": "umbrella",
                "version": "1.0.0",
                "dependencies": dependencies,
            }
        )
    )
    return parent


def by_helm(folder, documents):
    """For each document what helm says against it; "" where it accepts it."""
    file = folder / "documents.yaml"
    file.write_text(
        f"{SENTINEL}: {{workers: 3}}\n"
        + "".join(f"d{index}: {written(document)}\n" for index, document in enumerate(documents)),
        encoding="utf-8",
    )
    done = template(umbrella(folder, len(documents)), "-f", file)
    assert done.code != 0
    parts = re.split(rf"({SENTINEL}|d\d+):\n", done.err)
    said = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert SENTINEL in said, done.err
    assert set(said) <= {SENTINEL, *(f"d{index}" for index in range(len(documents)))}, done.err
    return [said.get(f"d{index}", "") for index in range(len(documents))]


def by_mops(document):
    return {
        problem.key: problem.message
        for problem in read(written(document), "document", SETTINGS).problems
    }


def left_to_others(key):
    """Whether validation is left to Kubernetes, to the reader of a variable, or to a template."""
    node = SETTINGS.tree
    for part in key_path(key, "key"):
        if (
            node.get("items", {}).get("type") == "object"
            or ("x-list-key" in node and part in node["properties"])
            or "not" in {**node, **node.get("propertyNames", {})}
        ):
            return True
        names = node.get("propertyNames", {})
        node = (
            node.get("items")
            if part.isdigit() and "items" in node
            else next(
                (
                    found
                    for branch in node.get("anyOf") or [node]
                    if (found := child_of(branch, part)) is not None
                ),
                {},
            )
        )
        if names.get("x-kubernetes-validates") or node.get("x-kubernetes-validates"):
            return True
    return "not" in node


STRAY = st.one_of(
    st.sampled_from(
        ["", "text", "4GB", "yes", "1", "Bad Name", "a@b", "x" * 70, "../x", "{{x}}", "a\nb"]
    ),
    st.integers(-3, 70_000),
    st.booleans(),
    st.just([]),
    st.just(["x"]),
    st.just({}),
    st.just({"stray": []}),
    st.just([{"name": "a"}]),
)
KEYS = [
    "stray",
    "Processes",
    "image_pull_policy",
    "env",
    "valueFrom",
    "9A",
    "A=B",
    "a/b",
    "key",
    "name",
    "value",
    "default",
    "processes",
]


def nodes(value, path=()):
    """Every map and list of a tree, with its path."""
    if isinstance(value, (dict, list)):
        yield path, value
        for key, entry in value.items() if isinstance(value, dict) else enumerate(value):
            yield from nodes(entry, (*path, key))


def takes_text(path):
    """Whether a text may stand at a path, where mops also takes bare scalars."""
    node = SETTINGS.tree
    for part in path:
        branches = node.get("anyOf") or [node]
        node = next(
            (
                found
                for branch in branches
                for found in [
                    branch.get("items") if isinstance(part, int) else child_of(branch, part)
                ]
                if found is not None
            ),
            None,
        )
        if node is None:
            return False
    return any(
        "string" in ([names] if isinstance(names := branch.get("type", []), str) else names)
        for branch in [node, *node.get("anyOf", ())]
    )


def child_of(tree, key):
    from mops.schema.keywords import child

    return child(tree, str(key))


def told_apart(value, path):
    """A value without what mops means to take and helm does not."""
    if isinstance(value, (int, bool)) and takes_text(path):
        return str(value)
    return {} if isinstance(value, list) and path[-1] == "env" else value


@st.composite
def mutated(draw):
    """A valid document with up to two changes, most of which make it invalid."""
    tree = copy.deepcopy(draw(trees(groups=False, most=4)))
    for _ in range(draw(st.integers(1, 2))):
        path, node = draw(st.sampled_from(list(nodes(tree))))
        how = draw(st.sampled_from(["replace", "add", "remove"]))
        if how == "add" and isinstance(node, dict):
            key = draw(st.sampled_from(KEYS))
            node[key] = told_apart(copy.deepcopy(draw(STRAY)), (*path, key))
        elif node:
            key = draw(
                st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node)))
            )
            if how == "remove":
                del node[key]
            else:
                node[key] = told_apart(copy.deepcopy(draw(STRAY)), (*path, key))
    return tree


DOCUMENTS = st.lists(
    st.one_of(trees(groups=False), mutated(), mutated()), min_size=100, max_size=100
)
KINDS = {"deadline": None, "suppress_health_check": list(HealthCheck), "phases": [Phase.generate]}


def agreeing(folder, documents, counts):
    for document, refusal in zip(documents, by_helm(folder, documents), strict=True):
        problems = by_mops(document)
        counts[bool(refusal)] += 1
        assert problems or not refusal, f"{document}\nhelm: {refusal}"
        assert refusal or all(map(left_to_others, problems)), f"{document}\nmops: {problems}"


def run(folder, batches):
    counts = {True: 0, False: 0}

    @settings(max_examples=batches, **KINDS)
    @given(DOCUMENTS)
    def check(documents):
        agreeing(folder, documents, counts)

    check()
    return counts


def test_mops_and_helm_agree(tmp_path):
    counts = run(tmp_path, 2)
    assert min(counts.values()) > 25
