from __future__ import annotations

import time

import pytest

from mops.config.resolve import resolve
from mops.model.layer import Layer, Leaf, Origin
from mops.schema.fields import load_schema

SETTINGS = load_schema()
PROCESSES, ENV = ("workers", "processes"), ("workers", "env")


def layer(name, leaves):
    return Layer(
        name, {path: Leaf(value, Origin(name, name)) for path, value in leaves.items()}, name
    )


def tree(*layers):
    return resolve(
        [layer(str(index), leaves) for index, leaves in enumerate(layers)], SETTINGS
    ).tree()


SECRET = {
    (*ENV, "A", "valueFrom", "secretKeyRef", "name"): "s",
    (*ENV, "A", "valueFrom", "secretKeyRef", "key"): "k",
}
FIELD = {(*ENV, "A", "valueFrom", "fieldRef", "fieldPath"): "status.podIP"}


@pytest.mark.parametrize(
    ("layers", "wanted"),
    [
        pytest.param([], {}, id="nothing"),
        pytest.param(
            [{PROCESSES: 1}, {PROCESSES: 2}], {"workers": {"processes": 2}}, id="the higher wins"
        ),
        pytest.param(
            [{PROCESSES: 1}, {("workers", "threads"): 2}],
            {"workers": {"processes": 1, "threads": 2}},
            id="maps merge",
        ),
        pytest.param(
            [{(*ENV, "A"): "1"}, {(*ENV, "B"): "2"}],
            {"workers": {"env": {"A": "1", "B": "2"}}},
            id="env merges by name",
        ),
        pytest.param(
            [{("workers", "tolerations"): [1, 2]}, {("workers", "tolerations"): [3]}],
            {"workers": {"tolerations": [3]}},
            id="a list is one value",
        ),
        pytest.param([{PROCESSES: 1}, {PROCESSES: None}], {}, id="null forgets"),
        pytest.param(
            [{PROCESSES: None}, {PROCESSES: 3}],
            {"workers": {"processes": 3}},
            id="a value after null",
        ),
        pytest.param(
            [{(*ENV, "A"): "1", (*ENV, "B"): "2"}, {ENV: None}], {}, id="null forgets a map"
        ),
        pytest.param([{(*ENV, "A"): "1"}, {("workers",): None}], {}, id="null forgets a section"),
        pytest.param(
            [{(*ENV, "A"): "1"}, {ENV: None}, {(*ENV, "B"): "2"}],
            {"workers": {"env": {"B": "2"}}},
            id="a map after null",
        ),
        pytest.param(
            [{(*ENV, "A"): "1"}, SECRET],
            {"workers": {"env": {"A": {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}}}},
            id="valueFrom replaces value",
        ),
        pytest.param(
            [SECRET, {(*ENV, "A"): "1"}],
            {"workers": {"env": {"A": "1"}}},
            id="value replaces valueFrom",
        ),
        pytest.param(
            [SECRET, FIELD],
            {"workers": {"env": {"A": {"valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}}}},
            id="valueFrom is replaced whole",
        ),
        pytest.param([SECRET, {(*ENV, "A"): None}], {}, id="null forgets valueFrom"),
        pytest.param(
            [SECRET, {(*ENV, "A"): None}, FIELD],
            {"workers": {"env": {"A": {"valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}}}},
            id="valueFrom after null",
        ),
        pytest.param(
            [{("workers", "affinity", "nodeAffinity", "x"): 1}, {("workers", "affinity"): {}}],
            {"workers": {"affinity": {"nodeAffinity": {"x": 1}}}},
            id="an empty map changes nothing",
        ),
        pytest.param(
            [{("workers", "affinity", "a"): 1}, {("workers", "affinity", "a", "b"): 2}],
            {"workers": {"affinity": {"a": {"b": 2}}}},
            id="a map replaces a value",
        ),
        pytest.param(
            [{("workers", "affinity", "a", "b"): 2}, {("workers", "affinity", "a"): 1}],
            {"workers": {"affinity": {"a": 1}}},
            id="a value replaces a map",
        ),
        pytest.param(
            [
                {("workers", "extraPodSpec", "os"): {}},
                {("workers", "extraPodSpec"): None},
                {("workers", "extraPodSpec"): {}},
            ],
            {"workers": {"extraPodSpec": {}}},
            id="null clears empty mappings too",
        ),
    ],
)
def test_resolve(layers, wanted):
    assert tree(*layers) == wanted


GROUP = ("workerGroups", "big")


@pytest.mark.parametrize(
    ("layers", "wanted"),
    [
        pytest.param(
            [{PROCESSES: 2}, {(*GROUP, "replicas"): 1}],
            {"processes": 2, "replicas": 1},
            id="takes what it does not say",
        ),
        pytest.param(
            [{PROCESSES: 2}, {(*GROUP, "processes"): 5}], {"processes": 5}, id="its own wins"
        ),
        pytest.param(
            [{(*GROUP, "processes"): 5}, {PROCESSES: 2}],
            {"processes": 5},
            id="its own wins even from a lower layer",
        ),
        pytest.param(
            [{(*ENV, "A"): "1"}, {(*GROUP, "env", "B"): "2"}],
            {"env": {"A": "1", "B": "2"}},
            id="env merges",
        ),
        pytest.param(
            [{(*ENV, "A"): "1"}, {(*GROUP, "env", "A"): None}],
            {},
            id="null forgets what is inherited",
        ),
        pytest.param(
            [SECRET, {(*GROUP, "env", "A"): "1"}],
            {"env": {"A": "1"}},
            id="value replaces an inherited valueFrom",
        ),
    ],
)
def test_a_group_inherits(layers, wanted):
    assert tree(*layers).get("workerGroups", {}).get("big", {}) == wanted


def test_the_history_stays():
    config = resolve(
        [
            layer("low", {PROCESSES: 1}),
            layer("mid", {PROCESSES: None}),
            layer("high", {PROCESSES: 3}),
        ],
        SETTINGS,
    )
    assert [(leaf.value, leaf.origin.layer) for leaf in config.stacks[PROCESSES]] == [
        (1, "low"),
        (None, "mid"),
        (3, "high"),
    ]
    assert config.leaf(*PROCESSES).value == config.value(*PROCESSES) == 3


def test_what_is_replaced_from_above_is_forgotten_by_that_layer():
    config = resolve([layer("low", {(*ENV, "A"): "1"}), layer("high", {ENV: None})], SETTINGS)
    assert config.stacks[(*ENV, "A")][-1] == Leaf(None, Origin("high", "high"))
    assert config.below(*ENV) == {}


def test_below_leaves_out_what_is_forgotten():
    config = resolve(
        [layer("low", {(*ENV, "A"): "1", (*ENV, "B"): "2"}), layer("high", {(*ENV, "A"): None})],
        SETTINGS,
    )
    assert {name: leaf.value for name, leaf in config.below(*ENV).items()} == {"B": "2"}


def test_nothing_is_mutated():
    low, high = layer("low", {PROCESSES: 1}), layer("high", {PROCESSES: 2})
    before = dict(low.leaves), dict(high.leaves)
    resolve([low, high], SETTINGS)
    assert (low.leaves, high.leaves) == before


def test_a_group_inherits_from_the_highest_layer_though_two_have_one_name():
    """As where one file is given before and after another."""
    a, b = layer("a", {PROCESSES: 1}), layer("b", {PROCESSES: 2, (*GROUP, "replicas"): 1})
    assert resolve([a, b, a], SETTINGS).value(*GROUP, "processes") == 1
    assert resolve([b, a, b], SETTINGS).value(*GROUP, "processes") == 2


def test_many_variables_that_change_their_kind_take_seconds_at_most():
    """Clearing what is below a variable must not look at all the others: that took 28 seconds."""
    names = [f"A{number}" for number in range(5_000)]
    low = layer("low", {(*ENV, name, "valueFrom", "fieldRef", "fieldPath"): "f" for name in names})
    high = layer("high", {(*ENV, name): "x" for name in names})
    start = time.process_time()
    config = resolve([low, high], SETTINGS)
    assert time.process_time() - start < 5
    assert len(config.below(*ENV)) == 5_000
    assert config.tree() == {"workers": {"env": dict.fromkeys(names, "x")}}
