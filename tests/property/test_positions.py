"""Changing the text at the place that `explain` names changes the value.

That holds for every leaf of the examples and of each of their profiles.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from invoke import ROOT, mops
from mops.schema.fields import load_schema
from mops.schema.keywords import types

SETTINGS = load_schema()
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("*.yaml"))
PLACE = re.compile(r"(?P<file>.+):(?P<line>\d+):(?P<col>\d+)")


def explained(folder, *args: str) -> dict[str, Any] | None:
    """What `explain` says of all that is no default; None where the file is not valid."""
    done = mops("config", "explain", "-q", "--format", "json", *args, cwd=folder)
    return json.loads(done.out) if done.code == 0 else None


def selections() -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in EXAMPLES:
        profiles = re.findall(
            r"^    ?(debug|production):$", (ROOT / "examples" / name).read_text(), re.MULTILINE
        )
        yield name, ()
        for profile in profiles:
            yield name, ("--profile", profile)


CASES = [
    (name, args, key)
    for name, args in selections()
    for key in explained(ROOT / "examples", "--config", name, *args) or ()
]


def spans(text: str, line: int, col: int) -> list[tuple[int, int]]:
    """Start and end of the scalar at a line and column, or of each scalar of a collection."""
    inside, depth = False, 0
    found = []
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        mark = event.start_mark
        if (
            (mark.line + 1, mark.column + 1) == (line, col)
            and not inside
            and isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent))
        ):
            inside = True
        if not inside:
            continue
        if isinstance(event, yaml.ScalarEvent):
            found.append((_index(text, event.start_mark), _index(text, event.end_mark)))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(
            event, yaml.CollectionEndEvent
        )
        if depth == 0:
            break
    assert found, f"nothing begins at {line}:{col}"
    return found


def _index(text: str, mark: yaml.Mark) -> int:
    return sum(len(line) for line in text.splitlines(keepends=True)[: mark.line]) + mark.column


def others(key: str, written: str) -> Iterator[str]:
    """Other texts for a setting, of which some will be valid."""
    tree = SETTINGS.at(tuple(re.findall(r'"[^"]*"|[^.]+', key.replace('"', "")))) or {}
    branches = [tree, *tree.get("anyOf", ())]
    yield from (
        str(choice)
        for branch in branches
        for choice in branch.get("enum", ())
        if str(choice) != written
    )
    if "boolean" in types(tree) or written in ("true", "false"):
        yield "false" if written == "true" else "true"
    for number in re.findall(r"\d+", written)[:1]:
        yield from (
            written.replace(number, str(int(number) + change), 1)
            for change in (1, -1, 2)
            if int(number) + change >= 0
        )
    yield from (f"{written}x", f"x{written}", "0.75", "0.85", "0.95")


@pytest.mark.parametrize(
    ("name", "args", "key"),
    CASES,
    ids=lambda part: part if isinstance(part, str) else " ".join(part),
)
def test_the_place_is_where_the_value_is(name, args, key, tmp_path):
    text = (ROOT / "examples" / name).read_text()
    (tmp_path / name).write_text(text)
    before = explained(tmp_path, "--config", name, *args)
    place = PLACE.fullmatch(before[key]["origin"]["place"])
    assert place is not None
    assert place["file"] == name
    choices = [
        (start, end, other)
        for start, end in spans(text, int(place["line"]), int(place["col"]))
        for other in others(key, text[start:end])
    ]
    for start, end, other in choices:
        (tmp_path / name).write_text(text[:start] + other + text[end:])
        after = explained(tmp_path, "--config", name, *args)
        if after is not None:
            changed = {
                each for each in after if after[each]["value"] != before.get(each, {}).get("value")
            }
            assert key in changed, f"{other} at {place.group()} changes {changed}"
            same_place = {
                each for each in before if before[each]["origin"]["place"] == place.group()
            }
            assert changed <= same_place
            return
    pytest.fail(f"no other text is valid at {place.group()} for {key}")


def test_there_are_leaves_and_profiles():
    assert len(CASES) > 40
    assert {args for _, args, _ in CASES} >= {
        (),
        ("--profile", "debug"),
        ("--profile", "production"),
    }
