"""The nodes of a YAML document as written, and the words on which YAML readers disagree."""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

# Plain scalars that mean null. Of their other spellings, such as NULL, none is accepted.
NULLS = frozenset({"null", "~"})
# Words that some YAML reader (1.1, 1.2 or Go's) takes for something other than a string.
_WORDS = frozenset({
    "y", "Y", "n", "N", "yes", "Yes", "YES", "no", "No", "NO",
    "on", "On", "ON", "off", "Off", "OFF",
    "true", "True", "TRUE", "false", "False", "FALSE",
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
    """Whether some YAML reader takes unquoted `text` for a number, boolean, date or null."""
    if text[:1] in "+-.0123456789" and text:
        return re.fullmatch(_NUMBER, text.replace("_", "")) is not None
    return text in _WORDS


class Text(NamedTuple):
    """A scalar as written, not interpreted; `quoted` if its author marked it as a string.

    Line and column count from 1; they are 0 for a scalar outside YAML documents (`word`).
    """

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

    def value(self, key: str) -> Node | None:
        """The value at a key; None if the key is missing."""
        return self.pairs[key][1] if key in self.pairs else None


Node: TypeAlias = "Text | Items | Pairs"


def word(text: str, *, quoted: bool = False) -> Text:
    """A scalar outside YAML documents: the value of a variable or a flag."""
    return Text(text, quoted, 0, 0)


def kind(node: Node) -> str:
    """The kind of a node, for messages: `a mapping`, `a list` or `a scalar`."""
    if isinstance(node, Pairs):
        return "a mapping"
    return "a list" if isinstance(node, Items) else "a scalar"


def is_null(node: Node) -> bool:
    """Whether a node is the unquoted word `null` or `~`."""
    return isinstance(node, Text) and not node.quoted and node.text in NULLS


def is_empty(node: Node) -> bool:
    """Whether a value is missing, as in `key:`."""
    return isinstance(node, Text) and not node.quoted and not node.text
