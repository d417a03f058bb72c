"""Dask's memory thresholds: the fractions of its memory at which a worker takes action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from mops.checks.rule import ERROR, WARNING, Finding
from mops.config.view import View

# The thresholds in order, with Dask's own defaults (the same from 2024.10 to 2026.8).
_DEFAULTS = {"target": 0.6, "spill": 0.7, "pause": 0.8, "terminate": 0.95}
# Each has a deprecated name too, which wins if both are set.
_PREFIXES = ("DASK_WORKER_MEMORY_", "DASK_DISTRIBUTED__WORKER__MEMORY__")


class Threshold(NamedTuple):
    """An effective threshold; `variable` is the variable that sets it, "" for Dask's default."""

    name: str
    value: float
    variable: str

    def __str__(self) -> str:
        """The threshold for a message."""
        return f"{self.name} {self.value:g}{'' if self.variable else ' (Dask default)'}"


def out_of_order(view: View) -> Iterator[Finding]:
    """Findings of the rule memory-thresholds."""
    for group in view.pods:
        for low, high in disorder(view.texts(group)):
            variables = filter(None, (low.variable, high.variable))
            yield Finding(
                tuple(map(group.variable, variables)),
                f"the memory thresholds are out of order: {low} is above {high}",
                "target <= spill <= pause <= terminate",
                ERROR if low.variable and high.variable else WARNING,
            )


def disorder(texts: Mapping[str, str]) -> Iterator[tuple[Threshold, Threshold]]:
    """Neighbouring thresholds of which the first is above the second, and at least one is set.

    `texts` are the environment variables by name. Thresholds that are switched off are skipped.
    """
    steps = [step for name in _DEFAULTS if (step := _threshold(name, texts)) is not None]
    for low, high in pairwise(steps):
        if low.value > high.value and (low.variable or high.variable):
            yield low, high


def _threshold(name: str, texts: Mapping[str, str]) -> Threshold | None:
    """A threshold; None if its variable is False, which switches it off, or not a number."""
    for prefix in _PREFIXES:
        variable = prefix + name.upper()
        if variable in texts:
            try:
                return Threshold(name, float(texts[variable]), variable)
            except ValueError:
                return None
    return Threshold(name, _DEFAULTS[name], "")
