"""The config as Helm values, and the values as text that all YAML readers understand alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mops.config.resolve import Config
from mops.model.layer import Leaf, Path, Value, dotted, nest
from mops.model.problems import ERROR, Problem
from mops.report.origins import comments
from mops.schema.fields import MARKER, SettingsSchema, is_section
from mops.schema.keywords import child, types, violations
from mops.schema.tree import Tree
from mops.yamltext.writer import dump

SCHEMA_VERSION = 1
HEADER = (
    "# Written by mops render; edit the configuration instead.\n# +argocd:skip-file-rendering\n"
)
# Paths of at most so many keys, such as workers.env.NAME, are not below an atomic value.
_SHORT = 3


def values_text(values: Mapping[str, Value]) -> str:
    """The values as the YAML file that helm reads."""
    return HEADER + dump(values)


def annotated_text(values: Mapping[str, Value], config: Config) -> str:
    """The same with the origin of each value as a comment."""
    return HEADER + dump(values, comments(config, values))


def values_json(values: Mapping[str, Value]) -> str:
    """The values as JSON."""
    import json

    return json.dumps(values, indent=2, ensure_ascii=True) + "\n"


# What `mops render --format` calls the forms of the values.
FORMATS: dict[str, Callable[[Mapping[str, Value]], str]] = {
    "values": values_text,
    "json": values_json,
}


def chart_values(config: Config, schema: SettingsSchema) -> tuple[dict[str, Value], list[Problem]]:
    """The complete values in schema order, and the problems that only the resolved config has.

    These are required settings that null has cleared, and atomic values that became invalid because
    several layers set parts of them.
    """
    missing: list[Path] = []
    settings = config.tree()
    settings.pop(MARKER, None)
    found = _section(schema.tree, settings, (), missing)
    found[MARKER] = {"layers": layer_labels(config), "schemaVersion": SCHEMA_VERSION}
    problems = [_missing_value(config, path) for path in missing]
    return found, [*problems, *_invalid_atomics(config, schema)]


def layer_labels(config: Config) -> list[str]:
    """The labels of the layers that set something, lowest first.

    A rendered values file is replaced by the layers that it records.
    """
    labels: list[str] = []
    for layer in config.layers:
        recorded = layer.leaves.get((MARKER, "layers"))
        if recorded is not None and recorded.value:
            labels.extend(recorded.value)
        elif any(path[0] != MARKER for path in layer.leaves):
            labels.append(layer.label)
    return list(dict.fromkeys(labels))


def _section(
    tree: Tree, settings: Mapping[str, Value], path: Path, missing: list[Path]
) -> dict[str, Value]:
    """A section with all its settings; required ones without a value are added to `missing`."""
    found: dict[str, Value] = {}
    for name, sub in tree["properties"].items():
        here = (*path, name)
        if sub.get("x-release") or (sub.get("x-optional") and name not in settings):
            continue
        if is_section(sub):
            found[name] = _section(sub, settings.get(name, {}), here, missing)
        elif name in settings:
            found[name] = _ordered(sub, settings[name], here, missing)
        else:
            empty = _empty(sub)
            if empty is None:
                missing.append(here)
            else:
                found[name] = empty
    for name in sorted(set(settings) - set(tree["properties"])):
        found[name] = _ordered({}, settings[name], (*path, name), missing)
    return found


def _empty(tree: Tree) -> Value:
    """The value of a setting that is not set; None if it needs a value."""
    return {} if "object" in types(tree) else SettingsSchema.nothing(tree)


def _ordered(tree: Tree, value: Value, path: Path, missing: list[Path]) -> Value:
    """A value with its mappings sorted by key, and its worker groups completed."""
    if isinstance(value, list):
        return [_ordered(tree.get("items", {}), item, path, missing) for item in value]
    if not isinstance(value, dict):
        return value
    others = tree.get("additionalProperties")
    if isinstance(others, Mapping) and is_section(others):
        return {key: _section(others, value[key], (*path, key), missing) for key in sorted(value)}
    return {
        key: _ordered(child(tree, key) or {}, value[key], (*path, key), missing)
        for key in sorted(value)
    }


def _missing_value(config: Config, path: Path) -> Problem:
    origin = config.stacks[path][-1].origin
    # Null at a section, or at a flat key, clears settings with other names.
    name = "" if origin.key in ("", dotted(path)) else f"{dotted(path)} "
    return Problem(
        ERROR,
        origin.key or dotted(path),
        f"{name}needs a value, but null clears the value of every lower layer",
        origin,
        "write a value, or remove the null",
    )


def _invalid_atomics(config: Config, schema: SettingsSchema) -> Iterator[Problem]:
    """Problems of atomic values, parts of which layers have set or cleared."""
    for root, parts in _parts(config, schema).items():
        value = nest((path, leaf.value) for path, leaf in parts.items())
        origin = next(iter(parts.values())).origin
        for wrong in violations(schema.at(root) or {}, value):
            message = f"{dotted((*root, *wrong.path))}: {wrong.message}"
            yield Problem(ERROR, origin.key or dotted(root), message, origin, wrong.hint)


def _parts(config: Config, schema: SettingsSchema) -> dict[Path, dict[Path, Leaf]]:
    """The active leaves below atomic values: path of the value -> path inside -> leaf."""
    found: dict[Path, dict[Path, Leaf]] = {}
    for path, stack in config.stacks.items():
        if len(path) <= _SHORT or stack[-1].value is None:
            continue
        root = schema.atomic(path)
        if root is not None and root != path:
            found.setdefault(root, {})[path[len(root) :]] = stack[-1]
    return found
