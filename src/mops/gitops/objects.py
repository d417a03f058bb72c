"""Objects for Argo CD and Flux as YAML files. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mops.model.layer import Value
from mops.yamltext.writer import dump

HEADER = "# Written by mops gitops; edit the configuration instead.\n"


# Strings that are written as literal blocks, for people.
_LITERAL = frozenset({("data", "values.yaml"), ("spec", "templatePatch")})


def text(entry: Mapping[str, Value], header: str = HEADER) -> str:
    """An object as YAML text."""
    return header + dump(entry, literal=_LITERAL)


def stream(entries: Sequence[Mapping[str, Value]]) -> str:
    """Objects as one file."""
    return HEADER + "---\n".join(text(entry, "") for entry in entries)
