"""What rules may ask of a configuration."""

from __future__ import annotations

from mops.config.resolve import resolve
from mops.config.view import SCHEDULER, WORKERS, Group, View
from mops.model.layer import Layer, Leaf, Origin
from mops.schema.fields import MARKER, load_schema

SCHEMA = load_schema()
BIG = Group(("workerGroups", "big"), "workers-big", "worker")


def layer(name, leaves):
    origins = (Origin(name, f"{name}:{line}:1") for line in range(1, len(leaves) + 1))
    return Layer(
        name,
        {
            tuple(key.split(".")): Leaf(value, origin)
            for (key, value), origin in zip(leaves.items(), origins, strict=True)
        },
    )


def view(*layers, refused=frozenset()):
    return View(resolve([SCHEMA.defaults(), *layers], SCHEMA), SCHEMA, refused)


def test_groups_are_sorted_behind_the_default_one():
    found = view(layer("a", {"workerGroups.small.replicas": 1, "workerGroups.big.replicas": 2}))
    assert [group.suffix for group in found.groups] == ["workers", "workers-big", "workers-small"]
    assert found.pods == [SCHEDULER, *found.groups]
    assert found.value(BIG.at("replicas")) == 2
    assert found.value(BIG.at("processes")) == found.value(WORKERS.at("processes"))


def test_names_include_value_from_and_texts_do_not():
    secret = "workers.env.B.valueFrom.secretKeyRef"
    found = view(layer("a", {"workers.env.C": "c", f"{secret}.name": "n", "workers.env.A": "a"}))
    assert found.names(WORKERS) == ["A", "B", "C"]
    assert dict(found.texts(WORKERS)) == {"A": "a", "C": "c"}
    assert found.has(WORKERS.variable("B"))
    assert not found.has(WORKERS.variable("D"))


def test_null_takes_a_variable_away():
    found = view(layer("a", {"workers.env.A": "a"}), layer("b", {"workers.env.A": None}))
    assert found.names(WORKERS) == []
    assert not found.has(WORKERS.variable("A"))
    # A problem about the setting is still reported where it was taken away.
    assert found.leaf(WORKERS.variable("A")).origin.place == "b:1:1"


def test_the_leaf_of_a_mapping_is_that_of_the_highest_layer():
    base = layer("a", {"workerGroups.big.replicas": 1, "workerGroups.big.threads": 2})
    found = view(base, layer("b", {"workerGroups.big.threads": 1}))
    assert found.leaf(BIG.path).origin.place == "b:1:1"
    assert found.leaf(("workerGroups", "none")) is None
    path, leaf = found.highest((WORKERS.at("processes"), BIG.at("replicas"), BIG.at("threads")))
    assert (path, leaf.origin.place) == (BIG.at("threads"), "b:1:1")


def test_the_first_of_equally_high_paths_is_chosen():
    found = view(layer("a", {"workers.processes": 1, "workers.threads": 1}))
    paths = (WORKERS.at("threads"), WORKERS.at("processes"))
    assert found.highest(paths)[0] == WORKERS.at("threads")
    assert found.highest(()) is None


def test_defaults_and_their_copies_in_a_rendered_file_are_not_written():
    path = WORKERS.at("replicas")
    default = view().value(path)
    assert not view().written(path)
    assert view(layer("a", {"workers.replicas": default})).written(path)
    rendered = layer("a", {"workers.replicas": default, f"{MARKER}.schemaVersion": 1})
    assert not view(rendered).written(path)
    changed = layer("a", {"workers.replicas": default + 1, f"{MARKER}.schemaVersion": 1})
    assert view(changed).written(path)


def test_once_computes_once():
    found = view()
    made = []

    def compute(given):
        made.append(given)
        return len(made)

    assert [found.once(compute), found.once(compute)] == [1, 1]
    assert made == [found]
