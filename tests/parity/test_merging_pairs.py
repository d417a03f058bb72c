"""Helm agrees on merging: `helm template -f a -f b` prints what mops resolves from [a, b].

Helm merges mappings in the same way at every depth, so one run merges many pairs, each below a
key of its own. Three differences are intended:

- Helm keeps null where the chart has no default for the key, and mappings that become empty; mops
  drops both. They mean nothing, so both sides are compared without them.
- Helm merges two different `valueFrom` of one variable into one that Kubernetes refuses; mops
  replaces.
- A worker group inherits from `workers`. Helm does not know that, so the pairs have no groups.
"""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from drawing import SETTINGS, trees, written
from invoke import printing_chart, template
from mops.config.dialects import read
from mops.config.resolve import resolve

PRINT = "values: {{ .Values | toJson | b64enc | quote }}\n"


@pytest.fixture(scope="module")
def chart(tmp_path_factory):
    return printing_chart(tmp_path_factory.mktemp("parity"), PRINT)


def by_helm(chart, folder, pairs):
    """What helm makes of each pair."""
    for name, side in (("a", 0), ("b", 1)):
        (folder / f"{name}.yaml").write_text(
            "".join(f"p{index}: {written(pair[side])}\n" for index, pair in enumerate(pairs)),
            encoding="utf-8",
        )
    done = template(chart, "-f", folder / "a.yaml", "-f", folder / "b.yaml")
    assert done.code == 0, done.err
    text = (
        next(line for line in done.out.splitlines() if line.startswith("values: "))
        .partition(" ")[2]
        .strip('"')
    )
    found = json.loads(base64.b64decode(text))
    return [pruned(found.get(f"p{index}")) or {} for index in range(len(pairs))]


def by_mops(pair):
    files = [read(written(tree), name, SETTINGS) for tree, name in zip(pair, "ab", strict=True)]
    assert [problem for file in files for problem in file.problems] == []
    return pruned(resolve([file.layer for file in files], SETTINGS).tree()) or {}


def pruned(value):
    """A mapping without nulls and empty mappings; None if nothing is left. Lists stay unchanged."""
    if not isinstance(value, dict):
        return value
    found = {key: pruned(entry) for key, entry in value.items()}
    return {key: entry for key, entry in found.items() if entry is not None} or None


def replaces_a_reference(pair):
    """Whether both files have a variable by valueFrom, which helm merges and mops replaces."""

    def references(tree, section):
        env = (tree.get(section) or {}).get("env") or {}
        return {name for name, value in env.items() if isinstance(value, dict)}

    return any(
        references(pair[0], section) & references(pair[1], section)
        for section in ("workers", "scheduler")
    )


# Files that say much of the same, so that maps meet, values replace maps, and null meets all kinds.
MEETING = st.fixed_dictionaries(
    {},
    optional={
        "workers": st.one_of(
            st.none(),
            st.fixed_dictionaries(
                {},
                optional={
                    "processes": st.one_of(st.none(), st.integers(1, 9)),
                    "env": st.one_of(
                        st.none(),
                        st.dictionaries(
                            st.sampled_from(["A", "B", "y", "e1"]),
                            st.one_of(
                                st.none(),
                                st.sampled_from(
                                    [
                                        "x",
                                        "1e3",
                                        "",
                                        {"valueFrom": {"fieldRef": {"fieldPath": "f"}}},
                                    ]
                                ),
                            ),
                        ),
                    ),
                    "nodeSelector": st.one_of(
                        st.none(),
                        st.dictionaries(
                            st.sampled_from(["a", "b.c/d"]), st.sampled_from(["x", "y"])
                        ),
                    ),
                    "extraPodSpec": st.one_of(
                        st.none(),
                        st.fixed_dictionaries(
                            {},
                            optional={
                                "os": st.sampled_from([None, {}, {"name": "linux"}]),
                                "hostname": st.sampled_from([None, "a", "b"]),
                                "dnsConfig": st.sampled_from(
                                    [None, {"searches": []}, {"nameservers": ["10.0.0.1"]}]
                                ),
                            },
                        ),
                    ),
                    "tolerations": st.one_of(
                        st.none(),
                        st.lists(
                            st.sampled_from(
                                [{"operator": "Exists"}, {"key": "a", "operator": "Exists"}]
                            ),
                            max_size=2,
                        ),
                    ),
                },
            ),
        ),
        "global": st.recursive(
            st.one_of(st.none(), st.sampled_from(["t", 1, True])),
            lambda inner: st.dictionaries(st.sampled_from(["abc", "def"]), inner, max_size=2),
            max_leaves=5,
        ).filter(lambda found: isinstance(found, dict)),
        "autoscaling": st.one_of(
            st.none(),
            st.fixed_dictionaries(
                {},
                optional={
                    "enabled": st.booleans(),
                    "maxWorkers": st.one_of(st.none(), st.integers(1, 9)),
                },
            ),
        ),
    },
)
ANY = trees(groups=False, nulls=True)
PAIRS = st.lists(
    st.one_of(st.tuples(MEETING, MEETING), st.tuples(ANY, ANY)).filter(
        lambda pair: not replaces_a_reference(pair)
    ),
    min_size=60,
    max_size=60,
)
# No shrinking: a batch names the failing pair, and each step would be another run of helm.
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "phases": [Phase.generate]}


def agreeing(chart, folder, pairs):
    for pair, wanted in zip(pairs, by_helm(chart, folder, pairs), strict=True):
        assert by_mops(pair) == wanted, pair


@settings(max_examples=3, **QUIET)
@given(PAIRS)
def test_helm_merges_as_mops_resolves(chart, tmp_path_factory, pairs):
    agreeing(chart, tmp_path_factory.getbasetemp(), pairs)


@pytest.mark.slow
@settings(max_examples=60, **QUIET)
@given(PAIRS)
def test_helm_merges_as_mops_resolves_often(chart, tmp_path_factory, pairs):
    agreeing(chart, tmp_path_factory.getbasetemp(), pairs)


def env(value):
    return {"workers": {"env": {"A": value}}}


SECRET, FIELD = (
    {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
    {"valueFrom": {"fieldRef": {"fieldPath": "f"}}},
)


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        (
            {"workers": {"processes": 1, "threads": 1}},
            {"workers": {"processes": 2}},
            {"workers": {"processes": 2, "threads": 1}},
        ),
        (
            {"workers": {"tolerations": [{"operator": "Exists"}]}},
            {"workers": {"tolerations": []}},
            {"workers": {"tolerations": []}},
        ),
        ({"workers": {"processes": 1}}, {"workers": None}, {}),
        ({"workers": None}, {"workers": {"processes": 1}}, {"workers": {"processes": 1}}),
        (env("x"), env(None), {}),
        (env("x"), env(SECRET), env(SECRET)),
        (env(SECRET), env("x"), env("x")),
        (env(SECRET), env(None), {}),
        (
            {"global": {"abc": {"def": "x"}}},
            {"global": {"abc": "y"}},
            {"global": {"abc": "y"}},
        ),
        (
            {"global": {"abc": "y"}},
            {"global": {"abc": {"def": "x"}}},
            {"global": {"abc": {"def": "x"}}},
        ),
    ],
)
def test_both_say(a, b, wanted, chart, tmp_path):
    assert by_helm(chart, tmp_path, [(a, b)]) == [wanted]
    assert by_mops((a, b)) == wanted


def test_where_helm_differs_on_purpose(chart, tmp_path):
    """Two sources for one variable are one too many for Kubernetes; the higher file's is meant."""
    pair = env(SECRET), env(FIELD)
    assert by_helm(chart, tmp_path, [pair]) == [
        env({"valueFrom": {**SECRET["valueFrom"], **FIELD["valueFrom"]}})
    ]
    assert by_mops(pair) == env(FIELD)
