"""Objects for Argo CD and Flux as YAML files. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mops.yamltext.writer import dump

HEADER = "# Written by mops gitops; edit the configuration instead.\n"


def text(entry: Mapping[str, Any], header: str = HEADER) -> str:
    """An object as text; a last text of several lines as a block, which is read line by line."""
    *_, last = entry
    *_, key = entry[last]
    value = entry[last][key]
    if not isinstance(value, str) or "\n" not in value:
        return header + dump(entry)
    rest = {name: inner for name, inner in entry[last].items() if name != key}
    above = (
        dump({**entry, last: rest})
        if rest
        else dump({name: inner for name, inner in entry.items() if name != last}) + f"{last}:\n"
    )
    return (
        header + above + f"  {key}: |\n" + "".join(f"    {line}\n" for line in value.splitlines())
    )


def stream(entries: Sequence[Mapping[str, Any]]) -> str:
    """Objects as one file."""
    return HEADER + "---\n".join(text(entry, "") for entry in entries)
