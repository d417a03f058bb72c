"""Where values come from and what they shadow, as text and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mops.config.resolve import Config
from mops.model.layer import COMMAND_LINE, DEBUG, DEFAULTS, ENVIRONMENT, Leaf, Path, dotted
from mops.report.text import json_text, printable, shown
from mops.schema.fields import SettingsSchema
from mops.schema.secrets import MASK, hidden


def layers_line(config: Config) -> str:
    """The active layers, lowest first."""
    return "layers: " + " < ".join(printable(layer.name) for layer in config.layers)


def override_lines(config: Config, schema: SettingsSchema) -> Iterator[str]:
    """One line for each value that the environment, --debug-mode or the command line overrides."""
    for layer in config.layers:
        if layer.name not in (ENVIRONMENT, DEBUG, COMMAND_LINE):
            continue
        if layer.name == DEBUG:
            yield f"{DEBUG} sets {', '.join(f'{dotted(path)}={leaf.value}' for path, leaf in layer.leaves.items())}"
        for path, leaf in layer.leaves.items():
            stack = config.stacks[path]
            below = stack[: next(index for index, entry in enumerate(stack) if entry is leaf)]
            was = (
                f"replaces {shown(schema, path, below[-1].value)} from {written_at(below[-1])}"
                if below
                else "was not set"
            )
            now = "is forgotten" if leaf.value is None else f"= {shown(schema, path, leaf.value)}"
            yield printable(f"{leaf.origin.place}: {dotted(path)} {now} ({was})")


def written_at(leaf: Leaf) -> str:
    """Where a leaf was written, for people."""
    return "the default" if leaf.origin.layer == DEFAULTS else leaf.origin.place


def selected(config: Config, schema: SettingsSchema, wanted: Sequence[Path] | None) -> list[Path]:
    """The paths to tell of: all below the wanted ones, or all that are more than a default."""
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
    """Key -> value, origin and what it shadowed, the nearest loser first."""
    return json_text({dotted(path): told(schema, path, config.stacks[path]) for path in paths})


def explained(config: Config, schema: SettingsSchema, paths: Iterable[Path]) -> str:
    """The same for people: the value and its place, below it what it shadowed."""
    lines: list[str] = []
    for path in paths:
        stack = config.stacks[path]
        key = dotted(path)
        top = stack[-1]
        verb = f"= {shown(schema, path, top.value)}" if top.value is not None else "is forgotten"
        lines.append(printable(f"{key} {verb}  <- {_place(top)}"))
        lines += [
            printable(f"    over {shown(schema, path, leaf.value)}  <- {_place(leaf)}")
            for leaf in reversed(stack[:-1])
        ]
    return "".join(f"{line}\n" for line in lines)


def comments(config: Config, found: Mapping[str, Any]) -> dict[Path, str]:
    """The origin of each leaf of the values, for trailing comments. Relative names only."""
    return (
        {
            path: printable(_relative(stack[-1]))
            for path, stack in config.stacks.items()
            if stack[-1].value is not None
        }
        if found
        else {}
    )


def _relative(leaf: Leaf) -> str:
    place = leaf.origin.place
    return place.rsplit("/", 1)[-1] if place.startswith(("/", "..")) else place


def _place(leaf: Leaf) -> str:
    origin = leaf.origin
    if origin.layer == DEFAULTS:
        return "default"
    return f"{origin.place} ({origin.key})" if origin.key else f"{origin.place} ({origin.layer})"


def told(schema: SettingsSchema, path: Path, stack: Sequence[Leaf]) -> dict[str, Any]:
    """A value with its origin and what it shadowed, the nearest loser first, as data."""

    def one(leaf: Leaf) -> dict[str, Any]:
        value = MASK if hidden(schema, path, leaf.value) else leaf.value
        return {"value": value, "origin": {"layer": leaf.origin.layer, "place": leaf.origin.place}}

    return {**one(stack[-1]), "shadowed": [one(leaf) for leaf in reversed(stack[:-1])]}


def _inherited(config: Config, schema: SettingsSchema, path: Path) -> bool:
    """Whether an entry of an inheriting map only repeats what its section says."""
    for target, source in schema.inherits.items():
        size = len(target)
        if path[:size] == target and len(path) > size + 1:
            twin = config.stacks.get((*source, *path[size + 1 :]))
            return twin is not None and twin[-1] is config.stacks[path][-1]
    return False


def _rank(order: Mapping[Path, int], path: Path) -> int:
    return next(
        (order[path[:size]] for size in range(len(path), 0, -1) if path[:size] in order), len(order)
    )
