"""200 generated files through `config set`: only the lines of the setting change."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import pytest

from migrate.commented import today
from mops.config.dialects import read
from mops.config.keys import canonical, key_path
from mops.edit import setting as edit
from mops.edit.value import typed_value
from mops.schema.fields import load_schema
from mops.yamltext.offsets import BREAK, offset_of

SETTINGS: list[tuple[str, str, Any]] = [
    ("worker_processes", "7", 7),
    ("worker_threads", "3", 3),
    ("worker_cpu", "2", "2"),
    ("worker_env.A_B", 'it\'s "so"', 'it\'s "so"'),
    ("worker_env.NEW", "1e3", "1e3"),
    ("workers.nodeSelector.zone", "a-1", "a-1"),
    ("autoscaling.enabled", "true", True),
    ("networkPolicy.clientLabels.team", "x", "x"),
    ("environment", "prod", "prod"),
]


@pytest.mark.parametrize("seed", range(200))
def test_one_setting(seed: int) -> None:
    random, schema = Random(seed), load_schema()
    written = today(random)
    key, text, value = random.choice(SETTINGS)
    profile = random.choice(("", "", "debug", "slow", "fresh"))
    profile = "" if key == "environment" else profile
    paths = canonical(schema, key_path(key, "KEY"))
    done = edit.assign(
        written.text,
        "f.yaml",
        schema,
        paths,
        typed_value(schema, key, paths, text),
        profile=profile,
    )
    layer = done.file.profiles[profile] if profile else done.file.layer
    assert [layer.leaves[path].value for path in paths] == [value] * len(paths)
    old, new = lines(written.text), lines(done.text)
    same = common(old, new)
    removed, added = old[same[0] : len(old) - same[1]], new[same[0] : len(new) - same[1]]
    assert (
        removed == [] or (len(removed) == len(added) == 1) or at_end(written.text, removed, added)
    )
    for path in paths:
        line, col = map(int, layer.leaves[path].origin.place.rsplit(":", 2)[1:])
        assert old == new or same[0] < line <= len(new) - same[1]
        assert done.text.removeprefix("\ufeff")[
            offset_of(done.text.removeprefix("\ufeff"), line, col) :
        ][:1].strip()
    assert ("\r\n" in done.text) == ("\r\n" in written.text)
    assert [text for text in written.comments if text not in done.text] == []

    gone = edit.unset(done.text, "f.yaml", schema, paths, profile=profile)
    assert gone is not None
    assert [text for text in written.comments if text not in gone.text] == []
    before = read(written.text.removeprefix("\ufeff"), "f.yaml", schema)
    left = {
        path: leaf.value
        for path, leaf in before.layer.leaves.items()
        if profile or path not in paths
    }
    assert {path: leaf.value for path, leaf in gone.file.layer.leaves.items()} == left


def lines(text: str) -> list[str]:
    """The lines with their line ends."""
    starts = [0, *(found.end() for found in BREAK.finditer(text)), len(text)]
    return [text[start:end] for start, end in pairwise(starts) if end > start]


def common(old: list[str], new: list[str]) -> tuple[int, int]:
    """How many lines are the same at the beginning and at the end."""
    first = next(
        (index for index, (one, other) in enumerate(zip(old, new, strict=False)) if one != other),
        min(len(old), len(new)),
    )
    most = min(len(old), len(new)) - first
    last = next((index for index in range(most) if old[-1 - index] != new[-1 - index]), most)
    return first, last


def at_end(text: str, removed: list[str], added: list[str]) -> bool:
    """A last line without a line end gets one where others follow."""
    return len(removed) == 1 and text.endswith(removed[0]) and added[0].rstrip("\r\n") == removed[0]
