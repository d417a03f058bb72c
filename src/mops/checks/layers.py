"""Layers that change nothing.

The rule is about how files are written, not about what runs, so only `mops config validate` runs
it; elsewhere it would be noise. A base file in which a profile overrides every setting, or an
override that repeats a value, is not a mistake of the command that happens to select it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from mops.checks.rule import WARNING, Finding, Rule
from mops.config.view import View
from mops.model.layer import Layer, Leaf, Origin, Path
from mops.schema.fields import MARKER

# Whether a leaf determines the value, a higher layer overrides it, or it repeats a lower value.
_State = Literal["effective", "overridden", "repeated"]


def idle_layers(view: View) -> Iterator[Finding]:
    """Layers without which all values would be the same.

    The lowest layer above the defaults may repeat them: a file that states all its settings does
    not depend on future defaults.
    """
    cleared = _cleared(view)
    for index, layer in enumerate(view.config.layers[1:]):
        leaves = _leaves(view, layer)
        states = {_state(view, path, leaf, cleared) for path, leaf in leaves.items()}
        states_defaults = index == 0 and states == {"repeated"}
        if not states or "effective" in states or states_defaults:
            continue
        path, leaf = next(iter(leaves.items()))
        message = f"the layer {layer.name} changes nothing: {_reason(states)}"
        yield Finding((path,), message, leaf=leaf)


def _leaves(view: View, layer: Layer) -> dict[Path, Leaf]:
    """The leaves of a layer, without the section that only `render` writes."""
    return {
        path: leaf
        for path, leaf in layer.leaves.items()
        if path[0] != MARKER and path in view.config.stacks
    }


def _reason(states: set[_State]) -> str:
    if states == {"overridden"}:
        return "higher layers override everything in it"
    if states == {"repeated"}:
        return "it repeats what lower layers say"
    return "it repeats lower layers, and higher layers override the rest"


def _state(view: View, path: Path, leaf: Leaf, cleared: Mapping[Origin, set[Path]]) -> _State:
    stack = view.config.stacks[path]
    place = next((index for index, other in enumerate(stack) if other is leaf), len(stack) - 1)
    if place < len(stack) - 1:
        # If the highest layer repeats this value, the repetition is there and not here.
        return "effective" if _same(stack[-1].value, leaf.value) else "overridden"
    below = stack[place - 1].value if place else None
    clears_others = cleared.get(leaf.origin, set()) - {path}
    return "repeated" if _same(below, leaf.value) and not clears_others else "effective"


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _cleared(view: View) -> dict[Origin, set[Path]]:
    """The paths without a value, by the origin that cleared them.

    That may be a leaf at another path: a value in place of a mapping clears everything in it.
    """
    found: dict[Origin, set[Path]] = {}
    for path, stack in view.config.stacks.items():
        if stack[-1].value is None:
            found.setdefault(stack[-1].origin, set()).add(path)
    return found


RULES = (
    Rule(
        "idle-layer",
        WARNING,
        "a file, profile or other layer that changes nothing",
        idle_layers,
    ),
)
