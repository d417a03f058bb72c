"""YAML text to nodes that know where they were written: one pass over libyaml's events.

Nothing is interpreted: a scalar stays the text that was written, and whether it was quoted.
Hostile input is stopped by counting, before anything is expanded.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

# Words that some YAML reader (1.1, 1.2 or Go's) takes for something other than text.
NULLS = frozenset({"null", "~"})
_WORDS = frozenset({
    "y", "Y", "n", "N", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF",
    "true", "True", "TRUE", "false", "False", "FALSE", "null", "Null", "NULL", "~", "", "=", "<<",
})  # fmt: skip
_NUMBER = (
    r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?0[xXoObB][0-9a-fA-F]*|[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?"
    r"|[-+]?\.(inf|Inf|INF|nan|NaN|NAN)|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"
)


def ambiguous(text: str) -> bool:
    """Whether some YAML reader takes the unquoted `text` for a number, a truth value, a time or nothing."""
    if text[:1] in "+-.0123456789" and text:
        return re.fullmatch(_NUMBER, text.replace("_", "")) is not None
    return text in _WORDS


class Text(NamedTuple):
    """A scalar as written. `quoted` means that its author marked it as text."""

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
