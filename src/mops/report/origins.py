"""Where values come from and what they override, as text and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mops.config.resolve import Config
from mops.model.layer import (
    COMMAND_LINE,
    DEBUG,
    DEFAULTS,
    ENVIRONMENT,
    Leaf,
    Path,
    Value,
    dotted,
)
from mops.report.text import json_text, printable, shown
from mops.schema.fields import SettingsSchema
from mops.schema.secrets import masked


def layers_line(config: Config) -> str:
    """The active layers, lowest first."""
    return "layers: " + " < ".join(printable(layer.name) for layer in config.layers)


def override_lines(config: Config, schema: SettingsSchema) -> Iterator[str]:
    """One line for each value that the environment, --debug-mode or the command line overrides."""
    for layer in config.layers:
        if layer.name not in (ENVIRONMENT, DEBUG, COMMAND_LINE):
            continue
        if layer.name == DEBUG:
            settings = [f"{dotted(path)}={leaf.value}" for path, leaf in layer.leaves.items()]
            yield f"{DEBUG} sets {', '.join(settings)}"
        for path, leaf in layer.leaves.items():
            yield printable(_override(config.stacks[path], leaf, schema, path))


def _override(stack: Sequence[Leaf], leaf: Leaf, schema: SettingsSchema, path: Path) -> str:
    """What a leaf changes, with the value right below it in the stack."""
    index = next(index for index, entry in enumerate(stack) if entry is leaf)
    before = "was not set"
    if index:
        lower = stack[index - 1]
        before = f"replaces {shown(schema, path, lower.value)} from {written_at(lower)}"
    return f"{leaf.origin.place}: {dotted(path)} {statement(schema, path, leaf.value)} ({before})"


def statement(schema: SettingsSchema, path: Path, value: Value) -> str:
    """What a leaf says about its setting, to follow the key: `= 3` or `is cleared`."""
    return "is cleared" if value is None else f"= {shown(schema, path, value)}"


def written_at(leaf: Leaf) -> str:
    """Where a leaf was written, for people."""
    return "the default" if leaf.origin.layer == DEFAULTS else leaf.origin.place


def selected(config: Config, schema: SettingsSchema, wanted: Sequence[Path] | None) -> list[Path]:
    """The paths to report: all below the `wanted` ones, or all settings that a layer sets."""
    order = {path: index for index, path in enumerate(schema.fields)}
    paths = sorted(config.stacks, key=lambda path: (_rank(order, path), path))
    if wanted is None:
        return [
            path
            for path in paths
            if config.stacks[path][-1].origin.layer != DEFAULTS
            and not _inherited(config, schema, path)
        ]
    return [path for path in paths if any(path[: len(want)] == want for want in wanted)]


def explained_json(config: Config, schema: SettingsSchema, paths: Iterable[Path]) -> str:
    """A JSON object: key -> value, origin and overridden values, the nearest one first."""
    data = {dotted(path): stack_data(schema, path, config.stacks[path]) for path in paths}
    return json_text(data)


def explained(config: Config, schema: SettingsSchema, paths: Iterable[Path]) -> str:
    """The same for people: the value and its place, below it the values that it overrides."""
    lines: list[str] = []
    for path in paths:
        *lower, top = config.stacks[path]
        lines.append(f"{dotted(path)} {statement(schema, path, top.value)}  <- {_place(top)}")
        lines += [
            f"    over {shown(schema, path, leaf.value)}  <- {_place(leaf)}"
            for leaf in reversed(lower)
        ]
    return "".join(f"{printable(line)}\n" for line in lines)


def comments(config: Config, found: Mapping[str, Value]) -> dict[Path, str]:
    """The origin of each leaf of the values, for trailing comments.

    Files outside the working directory appear by their base names, so that the comments are the
    same on every machine.
    """
    if not found:
        return {}
    return {
        path: printable(_relative(stack[-1]))
        for path, stack in config.stacks.items()
        if stack[-1].value is not None
    }


def _relative(leaf: Leaf) -> str:
    place = leaf.origin.place
    return place.rsplit("/", 1)[-1] if place.startswith(("/", "..")) else place


def _place(leaf: Leaf) -> str:
    origin = leaf.origin
    if origin.layer == DEFAULTS:
        return "default"
    return f"{origin.place} ({origin.key})" if origin.key else f"{origin.place} ({origin.layer})"


def stack_data(schema: SettingsSchema, path: Path, stack: Sequence[Leaf]) -> dict[str, Value]:
    """A value with its origin and the values that it overrides, the nearest one first."""
    *lower, top = [_leaf_data(schema, path, leaf) for leaf in stack]
    return {**top, "shadowed": lower[::-1]}


def _leaf_data(schema: SettingsSchema, path: Path, leaf: Leaf) -> dict[str, Value]:
    value = masked(schema, path, leaf.value)
    return {"value": value, "origin": {"layer": leaf.origin.layer, "place": leaf.origin.place}}


def _inherited(config: Config, schema: SettingsSchema, path: Path) -> bool:
    """Whether an entry of an inheriting mapping only repeats its section."""
    for target, source in schema.inherits.items():
        size = len(target)
        if path[:size] == target and len(path) > size + 1:
            original = config.stacks.get((*source, *path[size + 1 :]))
            return original is not None and original[-1] is config.stacks[path][-1]
    return False


def _rank(order: Mapping[Path, int], path: Path) -> int:
    """The position in the schema of a path, or of the nearest declared path above it."""
    for size in range(len(path), 0, -1):
        if path[:size] in order:
            return order[path[:size]]
    return len(order)
