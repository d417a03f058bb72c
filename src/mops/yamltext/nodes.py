"""Nodes of a YAML document that know where they were written.

Nothing is interpreted: a scalar is the text that was written, and whether it was quoted.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

# What every YAML reader takes for null, and for an integer of 64 bits.
NULLS = frozenset({"null", "~"})
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")

# Words that some YAML reader (1.1, 1.2 or Go's) takes for something other than a string.
_WORDS = frozenset({
    "y", "Y", "n", "N", "yes", "Yes", "YES", "no", "No", "NO",
    "on", "On", "ON", "off", "Off", "OFF", "true", "True", "TRUE", "false", "False", "FALSE",
    "null", "Null", "NULL", "~", "", "=", "<<",
})  # fmt: skip
_NUMBER = (
    r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?"
    r"|[-+]?0[xXoObB][0-9a-fA-F]*"
    r"|[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?"
    r"|[-+]?\.(inf|Inf|INF|nan|NaN|NAN)"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"
)


def ambiguous(text: str) -> bool:
    """Whether some YAML reader takes unquoted `text` for a number, boolean, timestamp or null."""
    if text[:1] in "+-.0123456789" and text:
        return re.fullmatch(_NUMBER, text.replace("_", "")) is not None
    return text in _WORDS


class Text(NamedTuple):
    """A scalar as written. `quoted` means that its author marked it as a string."""

    text: str
    quoted: bool
    line: int
    col: int


class Items(NamedTuple):
    """A sequence."""

    items: list[Node]
    line: int
    col: int


class Pairs(NamedTuple):
    """A mapping: key -> (the key as written, the value)."""

    pairs: dict[str, tuple[Text, Node]]
    line: int
    col: int


Node: TypeAlias = "Text | Items | Pairs"
