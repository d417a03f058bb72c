"""Layers that change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mops.checks.finding import Check, Finding, Sight
from mops.model.layer import Layer, Path
from mops.schema.fields import MARKER


def idle(sight: Sight) -> Iterator[Finding]:
    """Layers without which every value would be the same.

    The lowest layer above the defaults may repeat them: a file that states its settings does not depend on what the defaults become.
    """
    for index, layer in enumerate(sight.config.layers):
        paths = [path for path in layer.leaves if path[0] != MARKER and path in sight.config.stacks]
        if index == 0 or not paths:
            continue
        states = {_state(sight, layer, path) for path in paths}
        if "counts" in states or (states == {"repeats"} and index == 1):
            continue
        why = {
            frozenset({"shadowed"}): "higher layers override all that it says",
            frozenset({"repeats"}): "it says what the layers below it say",
        }
        reason = why.get(
            frozenset(states), "it repeats lower layers, and higher ones override the rest"
        )
        yield Finding(
            (paths[0],),
            f"the layer {layer.name} changes nothing: {reason}",
            leaf=layer.leaves[paths[0]],
        )


def _state(sight: Sight, layer: Layer, path: Path) -> str:
    """Whether a layer's leaf `counts`, is `shadowed` by a higher one, or `repeats` what is below it."""
    stack = sight.config.stacks[path]
    mine = layer.leaves[path]
    place = next((index for index, leaf in enumerate(stack) if leaf is mine), len(stack) - 1)
    if place < len(stack) - 1:
        # Where the highest layer says the same again, it is that one which is in vain.
        return "counts" if _same(stack[-1].value, mine.value) else "shadowed"
    below = stack[place - 1].value if place else None
    return "repeats" if _same(below, mine.value) and not _replaces(sight, layer, path) else "counts"


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _replaces(sight: Sight, layer: Layer, path: Path) -> bool:
    """Whether a leaf has made another path's value give way."""
    return any(
        leaf.value is None and leaf.origin == layer.leaves[path].origin
        for other, stack in sight.config.stacks.items()
        if other != path
        for leaf in stack[-1:]
    )


CHECKS = (Check("idle-layer", "a file, profile or other layer that changes nothing", idle),)
