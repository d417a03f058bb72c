"""The config as Helm values, and values as text that every YAML reader reads alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mops.config.resolve import Config
from mops.model.layer import Leaf, Path, dotted, nest
from mops.model.problems import ERROR, Problem
from mops.report.origins import comments
from mops.schema.fields import MARKER, SettingsSchema, is_section
from mops.schema.keywords import Tree, child, types, violations
from mops.yamltext.writer import dump

SCHEMA_VERSION = 1


def chart_values(config: Config, schema: SettingsSchema) -> tuple[dict[str, Any], list[Problem]]:
    """The complete values in schema order, and the settings that null has left without a value."""
    missing: list[Path] = []
    given = config.tree()
    given.pop(MARKER, None)
    found = _section(schema.tree, given, (), missing)
    found[MARKER] = {"layers": layer_labels(config), "schemaVersion": SCHEMA_VERSION}
    return found, [*(_needed(config, path) for path in missing), *_torn(config, schema)]


def _torn(config: Config, schema: SettingsSchema) -> Iterator[Problem]:
    """Maps that are judged whole but were set, or forgotten, leaf by leaf."""
    whole: dict[Path, dict[Path, Leaf]] = {}
    for path, stack in config.stacks.items():
        root = schema.atomic(path) if len(path) > 3 and stack[-1].value is not None else None
        if root is not None and root != path:
            whole.setdefault(root, {})[path[len(root) :]] = stack[-1]
    for root, leaves in whole.items():
        value = nest((path, leaf.value) for path, leaf in leaves.items())
        origin = next(iter(leaves.values())).origin
        for wrong in violations(schema.at(root) or {}, value):
            yield Problem(
                ERROR,
                origin.key or dotted(root),
                f"{dotted((*root, *wrong.path))}: {wrong.message}",
                origin,
                wrong.hint,
            )


def layer_labels(config: Config) -> list[str]:
    """The names of the layers that said something, lowest first; a values file speaks for its own layers."""
    labels: list[str] = []
    for layer in config.layers:
        recorded = layer.leaves.get((MARKER, "layers"))
        if recorded is not None and recorded.value:
            labels.extend(recorded.value)
        elif any(path[0] != MARKER for path in layer.leaves):
            labels.append(layer.label)
    return list(dict.fromkeys(labels))


def _section(
    tree: Tree, given: Mapping[str, Any], path: Path, missing: list[Path]
) -> dict[str, Any]:
    """A section with all its settings: what is not given is empty, or missing."""
    found: dict[str, Any] = {}
    for name, sub in tree["properties"].items():
        here = (*path, name)
        if sub.get("x-release") or (sub.get("x-optional") and name not in given):
            continue
        if is_section(sub):
            found[name] = _section(sub, given.get(name, {}), here, missing)
        elif name in given:
            found[name] = _ordered(sub, given[name], here, missing)
        elif "object" in types(sub):
            found[name] = {}
        else:
            nothing = SettingsSchema.nothing(sub)
            if nothing is None:
                missing.append(here)
            else:
                found[name] = nothing
    for name in sorted(set(given) - set(tree["properties"])):
        found[name] = _ordered({}, given[name], (*path, name), missing)
    return found


def _ordered(tree: Tree, value: Any, path: Path, missing: list[Path]) -> Any:
    """A value with its maps sorted by key."""
    if isinstance(value, dict):
        more = tree.get("additionalProperties")
        if isinstance(more, Mapping) and is_section(more):
            return {key: _section(more, value[key], (*path, key), missing) for key in sorted(value)}
        return {
            key: _ordered(child(tree, key) or {}, value[key], (*path, key), missing)
            for key in sorted(value)
        }
    if isinstance(value, list):
        return [_ordered(tree.get("items", {}), item, path, missing) for item in value]
    return value


def _needed(config: Config, path: Path) -> Problem:
    origin = config.stacks[path][-1].origin
    named = "" if origin.key in ("", dotted(path)) else f"{dotted(path)} "
    return Problem(
        ERROR,
        origin.key or dotted(path),
        f"{named}needs a value, and null forgets the last one",
        origin,
        "write a value, or remove the null",
    )


HEADER = (
    "# Written by mops render; edit the configuration instead.\n# +argocd:skip-file-rendering\n"
)


def values_text(config: Config, values: Mapping[str, Any], kind: str, *, annotate: bool) -> str:
    """The values as text."""
    if kind == "json":
        import json

        return json.dumps(values, indent=2, ensure_ascii=True) + "\n"
    return HEADER + dump(values, comments(config, values) if annotate else None)
