"""What holds for all layers: merging, rendering, and the bytes that come out."""

from __future__ import annotations

import io

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from drawing import SETTINGS, block, trees
from invoke import as_kubernetes_reads, mops
from mops.chart.values import chart_values
from mops.config.dialects import read
from mops.config.resolve import resolve
from mops.model.layer import Layer
from mops.yamltext.writer import dump

MODEST = settings(max_examples=100, deadline=None)
MANY = settings(max_examples=5000, deadline=None)


def layer(name, tree):
    file = read(block(tree), f"{name}.yaml", SETTINGS)
    assert file.problems == []
    return file.layer


def one(name, *layers):
    """Several layers as one that says the same."""
    return Layer(
        name, {path: stack[-1] for path, stack in resolve(layers, SETTINGS).stacks.items()}, name
    )


def merging(a, b, c):
    a, b, c = (layer(name, tree) for name, tree in zip("abc", (a, b, c), strict=True))
    # One layer cannot clear a mapping and then set it to an empty one.
    assume(not any(leaf.value == {} and path in b.leaves for path, leaf in c.leaves.items()))
    wanted = resolve([a, b, c], SETTINGS).tree()
    assert resolve([one("ab", a, b), c], SETTINGS).tree() == wanted
    assert resolve([a, one("bc", b, c)], SETTINGS).tree() == wanted
    assert resolve([a, a, b, b, c, c], SETTINGS).tree() == wanted
    assert resolve([one("abc", a, b, c)], SETTINGS).tree() == wanted


NULLS = trees(groups=False, nulls=True)
# One small set of keys, so that layers meet.
MEETING = st.fixed_dictionaries(
    {},
    optional={
        "workers": st.fixed_dictionaries(
            {},
            optional={
                "processes": st.one_of(st.none(), st.integers(1, 9)),
                "env": st.one_of(
                    st.none(),
                    st.dictionaries(
                        st.sampled_from("AB"),
                        st.one_of(
                            st.none(),
                            st.sampled_from(
                                [
                                    "x",
                                    "y",
                                    {"valueFrom": {"fieldRef": {"fieldPath": "f"}}},
                                    {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                                ]
                            ),
                        ),
                    ),
                ),
                "extraPodSpec": st.one_of(
                    st.none(),
                    st.fixed_dictionaries(
                        {},
                        optional={
                            "os": st.sampled_from([{}, {"name": "linux"}, {"name": "windows"}]),
                            "hostname": st.sampled_from(["a", "b"]),
                        },
                    ),
                ),
                "tolerations": st.one_of(
                    st.none(), st.lists(st.just({"operator": "Exists"}), max_size=2)
                ),
            },
        ),
        "global": st.one_of(
            st.none(),
            st.recursive(
                st.sampled_from(["t", 1]),
                lambda inner: st.dictionaries(st.sampled_from(["a1", "b1"]), inner, max_size=2),
                max_leaves=4,
            ).filter(lambda found: isinstance(found, dict)),
        ),
    },
)


@MODEST
@given(NULLS, NULLS, NULLS)
def test_merging_is_associative_and_idempotent(a, b, c):
    merging(a, b, c)


@settings(max_examples=300, deadline=None)
@given(MEETING, MEETING, MEETING)
def test_merging_where_layers_meet(a, b, c):
    merging(a, b, c)


@pytest.mark.slow
@MANY
@given(MEETING, MEETING, MEETING)
def test_merging_where_layers_meet_often(a, b, c):
    merging(a, b, c)


def rendered(*layers):
    found, problems = chart_values(resolve([SETTINGS.defaults(), *layers], SETTINGS), SETTINGS)
    assert problems == []
    return found, dump(found)


def rendering(tree):
    found, text = rendered(layer("a", tree))
    again = read(text, "values.yaml", SETTINGS)
    assert again.problems == []
    assert rendered(again.layer)[1] == text
    assert text.isascii()
    assert text.endswith("\n")
    assert "\n\n" not in text
    for loaded in (
        yaml.load(text, Loader=yaml.CSafeLoader),
        yaml.load(text, Loader=yaml.SafeLoader),
    ):
        assert loaded == found
    assert YAML(typ="safe", pure=True).load(io.StringIO(text)) == found


@settings(max_examples=30, deadline=None)
@given(trees())
def test_a_render_of_a_render_is_the_render_and_every_reader_reads_it_alike(tree):
    rendering(tree)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(trees())
def test_a_render_of_a_render_often(tree):
    rendering(tree)


@settings(max_examples=4, deadline=None)
@given(st.lists(trees(), min_size=25, max_size=25))
def test_helm_reads_what_was_dumped(drawn):
    made = [rendered(layer("a", tree)) for tree in drawn]
    assert as_kubernetes_reads([text for _, text in made]) == [found for found, _ in made]


@settings(max_examples=40, deadline=None)
@given(
    trees(), st.sampled_from(["--processes=1", "--executor-type=direct", "--set=workers.threads=1"])
)
def test_a_render_of_a_render_on_the_command_line(tmp_path_factory, tree, flag):
    folder = tmp_path_factory.mktemp("render")
    (folder / "a.yaml").write_text(block(tree), encoding="utf-8")
    first = mops("render", "-q", "-c", "a.yaml", flag, "-o", "values.yaml", cwd=folder)
    if first.code == 0:
        again = mops("render", "-q", "-c", "values.yaml", cwd=folder)
        assert (again.code, again.out) == (0, (folder / "values.yaml").read_text())
    else:
        assert first.code == 3, first.err
        assert not (folder / "values.yaml").exists()


@settings(max_examples=60, deadline=None)
@given(trees(nulls=True))
def test_every_leaf_has_an_origin_and_every_winner_is_one_of_its_layers(tree):
    low, high = layer("low", tree), layer("high", {"workers": {"processes": 3}})
    config = resolve([SETTINGS.defaults(), low, high], SETTINGS)
    names = {"defaults", "low.yaml", "high.yaml"}
    assert all(
        leaf.origin.layer in names and leaf.origin.place
        for stack in config.stacks.values()
        for leaf in stack
    )
