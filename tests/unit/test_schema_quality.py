"""The schema is in order: described, with valid defaults, in keywords that every reader knows."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest

from invoke import ROOT
from mops.cli.commands import COMMANDS, Command
from mops.cli.parse import command_options
from mops.schema.fields import Field, load_schema
from mops.schema.keywords import types, violations
from mops.schema.kubernetes import type_tree

SETTINGS = load_schema()
FIELDS = list(SETTINGS.fields.values())
GENERATED = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("schemas/*.schema.json"), ROOT / "chart" / "values.schema.json"]
)

# draft-07 without what needs a network, a newer draft, or a format checker.
KEYWORDS = {
    "$schema",
    "$ref",
    "$comment",
    "title",
    "description",
    "default",
    "definitions",
    "$defs",
    "type",
    "enum",
    "const",
    "anyOf",
    "not",
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "required",
    "minProperties",
    "maxProperties",
    "items",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
}
# Our own words, as the head of the schema explains them.
ANNOTATIONS = set(
    re.findall(
        r"^#   (x-[a-z-]+) ", (ROOT / "schemas" / "mops.schema.yaml").read_text(), re.MULTILINE
    )
)
# Maps whose default says something, and why.
FULL_MAPS = {
    "networkPolicy.clientLabels": "without one, no client but the workers could reach the scheduler"
}


def nodes(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every schema node of a tree. Names of settings are no keywords."""
    if not isinstance(tree, Mapping):
        return
    yield tree
    for key in ("properties", "patternProperties", "definitions", "$defs"):
        for sub in tree.get(key, {}).values():
            yield from nodes(sub)
    for key in ("additionalProperties", "propertyNames", "items", "not"):
        yield from nodes(tree.get(key))
    for sub in tree.get("anyOf", ()):
        yield from nodes(sub)


def patterns(tree: Any) -> set[str]:
    """Every regular expression of a tree."""
    return {node["pattern"] for node in nodes(tree) if "pattern" in node} | {
        key for node in nodes(tree) for key in node.get("patternProperties", ())
    }


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.key)
def test_a_field_is_described_in_one_sentence(field: Field) -> None:
    assert re.fullmatch(r"[A-Z](?:[^.]|\.(?=\S))*\.", field.description), field.description


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if "default" in field.schema], ids=lambda field: field.key
)
def test_a_default_is_valid(field: Field) -> None:
    assert not list(violations(field.schema, field.schema["default"]))
    jsonschema.Draft7Validator(field.schema).validate(field.schema["default"])


@pytest.mark.parametrize(
    "field",
    [field for field in FIELDS if types(field.schema) == ("object",)],
    ids=lambda field: field.key,
)
def test_a_map_is_empty_unless_there_is_a_reason(field: Field) -> None:
    wanted = (
        {}
        if field.key not in FULL_MAPS and not field.schema.get("x-optional")
        else field.schema.get("default")
    )
    assert field.schema.get("default") == wanted


def test_every_setting_has_a_default_or_is_optional() -> None:
    without = {
        field.key
        for field in FIELDS
        if "default" not in field.schema and not field.schema.get("x-optional")
    }
    below_maps = {
        field.key
        for field in FIELDS
        if any(field.path[:size] in SETTINGS.fields for size in range(1, len(field.path)))
    }
    rendered = {field.key for field in FIELDS if field.path[0] == "mopsValues"}
    assert without <= below_maps | rendered


@pytest.mark.parametrize("kind", ["flags", "flat", "variables"])
def test_a_name_stands_for_one_setting(kind: str) -> None:
    """Several fields may share a name, which then sets them all: one quantity of one pod."""
    for name, paths in getattr(SETTINGS, kind).items():
        if len(paths) > 1:
            assert {path[0] for path in paths} == {paths[0][0]}, name
            assert {path[-1] for path in paths} == {paths[0][-1]}, name


@pytest.mark.parametrize(
    "field",
    [field for field in FIELDS if "x-variable" in field.schema],
    ids=lambda field: field.key,
)
def test_a_variable_is_named_only_where_the_path_gives_another_name(field: Field) -> None:
    unnamed = {key: value for key, value in field.schema.items() if key != "x-variable"}
    assert field.variable != Field(field.path, unnamed).variable


def test_a_flag_does_not_change_the_variable() -> None:
    path = ("workers", "gracePeriod")
    field = SETTINGS.fields[path]
    flagged = Field(path, {**field.schema, "x-flag": "--grace-period"})
    assert flagged.variable == field.variable == "MODELOPS_OVERRIDE_WORKERS_GRACE_PERIOD"


@pytest.mark.parametrize("annotation", ["x-settings", "x-metadata"])
def test_an_alias_stands_for_one_setting(annotation: str) -> None:
    counted = Counter(field.schema[annotation] for field in FIELDS if annotation in field.schema)
    assert set(counted.values()) == {1}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: " ".join(command.path))
def test_flags_do_not_collide_with_options(command: Command) -> None:
    options = command_options(command, SETTINGS if command.selects else None)
    names = Counter(name for option in options for name in option.names)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("path", GENERATED)
def test_a_generated_schema_is_draft_07(path: str) -> None:
    tree = json.loads((ROOT / path).read_text())
    jsonschema.Draft7Validator.check_schema(tree)
    used = {key for node in nodes(tree) for key in node}
    allowed = KEYWORDS | (ANNOTATIONS if path == "schemas/mops.schema.json" else set())
    assert used <= allowed
    assert all(node["$ref"].startswith("#/") for node in nodes(tree) if "$ref" in node)


@pytest.mark.parametrize("path", GENERATED)
def test_nothing_that_counts_stands_beside_a_reference(path: str) -> None:
    tree = json.loads((ROOT / path).read_text())
    beside = {key for node in nodes(tree) if "$ref" in node for key in node}
    assert beside <= {"$ref", "description", "default"}


@pytest.mark.parametrize("path", GENERATED)
def test_every_pattern_is_in_the_part_that_go_has(path: str) -> None:
    """RE2 has no look-around, references or atomic groups, and repeats at most 1,000 times."""
    for pattern in patterns(json.loads((ROOT / path).read_text())):
        re.compile(pattern)
        assert not re.search(r"\(\?(?!:)|\\[1-9ZzAGkKQEC]|[*+?}]\+", pattern), pattern
        assert all(int(count) <= 1000 for count in re.findall(r"\{(?:\d+,)?(\d+)\}", pattern)), (
            pattern
        )


@pytest.mark.parametrize("pattern", sorted(patterns(SETTINGS.tree)))
def test_a_dollar_is_always_the_end(pattern: str) -> None:
    """`$` is replaced by the very end wherever it stands, so it may stand nowhere else."""
    assert "\\$" not in pattern
    assert not re.search(r"\[[^\]]*\$", pattern)


def test_a_pattern_comes_with_words() -> None:
    """What a pattern wants is said in words, not as a regular expression."""
    without = {
        node["pattern"]
        for node in nodes(SETTINGS.tree)
        if "pattern" in node and "x-expected" not in node
    }
    within_not = {
        node["not"]["pattern"] for node in nodes(SETTINGS.tree) if "pattern" in node.get("not", {})
    }
    assert without == within_not


def test_sections_are_closed() -> None:
    """A mapping lists all its keys, or describes its values, or is defined by Kubernetes.

    What is declared inside a value of Kubernetes comes on top of Kubernetes' type, which is closed.
    """
    passed_on = [node for node in nodes(SETTINGS.tree) if "x-kubernetes" in node]
    kubernetes = {id(inner) for node in passed_on for inner in nodes(node)}
    assert all(types(type_tree(node["x-kubernetes"])) == types(node) for node in passed_on)
    for node in nodes(SETTINGS.tree):
        if node.get("type") == "object" and not node.get("x-free") and id(node) not in kubernetes:
            assert "additionalProperties" in node, node.get("description")
            assert node["additionalProperties"] is not True


def test_annotations_are_explained() -> None:
    used = {key for node in nodes(SETTINGS.tree) for key in node if key.startswith("x-")}
    assert used == ANNOTATIONS


def test_the_chart_schema_requires_what_render_writes() -> None:
    tree = json.loads((ROOT / "chart" / "values.schema.json").read_text())
    assert set(tree["required"]) >= {"scheduler", "workers", "autoscaling", "workerGroups"}
    assert "release" not in tree["properties"]
