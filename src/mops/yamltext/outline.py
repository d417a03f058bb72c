"""YAML text to nodes with their extent in the text, for edits.

Scalars are not interpreted. Offsets count characters.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import yaml

from mops.yamltext.offsets import BREAK, line_end


class Scalar(NamedTuple):
    """A scalar; `style` is "" (plain), `'`, `"`, `|` or `>`.

    A node is `marked` if it has an anchor or a tag.
    """

    text: str
    start: int
    end: int
    style: str
    marked: bool


class Seq(NamedTuple):
    """A sequence. A block sequence starts at its first dash."""

    items: list[Span]
    start: int
    end: int
    flow: bool
    marked: bool


class Map(NamedTuple):
    """A mapping, including duplicate keys. A block mapping starts at its first key."""

    pairs: list[Pair]
    start: int
    end: int
    flow: bool
    marked: bool

    def pair(self, *keys: str) -> Pair | None:
        """The last pair with one of these keys, which is the one that YAML readers use."""
        return next((pair for pair in reversed(self.pairs) if pair.key.text in keys), None)


class Alias(NamedTuple):
    """A reference (`*name`) to a node that is written elsewhere."""

    target: Span
    start: int
    end: int


class Pair(NamedTuple):
    """A key and its value. `end` is the end of the value, or of the colon without a value."""

    key: Scalar
    value: Span
    end: int


Span: TypeAlias = "Scalar | Seq | Map | Alias"


def outline(text: str) -> Span | None:
    """The document in `text`, which must be valid YAML.

    None if it is empty, or if a key is not a scalar.
    """
    try:
        return _Outliner(text).document()
    except _KeyIsNotScalarError:
        return None


class _KeyIsNotScalarError(Exception):
    pass


class _Open(NamedTuple):
    """A collection that has not ended yet: its start event, and the nodes in it so far."""

    event: Any
    parts: list[Any]


class _Outliner:
    """Builds nodes from libyaml's events."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root: Span | None = None
        self.anchors: dict[str, Span] = {}
        self.open: list[_Open] = []

    def document(self) -> Span | None:
        events: Iterator[Any] = yaml.parse(self.text, Loader=yaml.CSafeLoader)
        for event in events:
            if isinstance(event, yaml.CollectionStartEvent):
                self.open.append(_Open(event, []))
                continue
            node = self._node(event)
            if node is None:
                continue
            if self.open:
                self.open[-1].parts.append(node)
            else:
                self.root = node
        return self.root

    def _node(self, event: Any) -> Span | None:
        """The node that ends with an event; None if no node does."""
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.ScalarEvent):
            marked = bool(event.anchor or event.tag)
            node = Scalar(event.value, start, end, event.style or "", marked)
            return self._anchored(event.anchor, node)
        if isinstance(event, yaml.AliasEvent):
            return Alias(self.anchors[str(event.anchor)], start, end)
        if isinstance(event, yaml.CollectionEndEvent):
            opened = self.open.pop()
            return self._anchored(opened.event.anchor, self._collection(opened, end))
        return None

    def _anchored(self, anchor: str | None, node: Span) -> Span:
        if anchor:
            self.anchors[anchor] = node
        return node

    def _collection(self, opened: _Open, end: int) -> Span:
        event, parts = opened
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, parts, end)
        flow = bool(event.flow_style)
        if not flow and parts:
            end = _end(self.text, parts[-1])
        return Seq(parts, event.start_mark.index, end, flow, bool(event.anchor or event.tag))

    def _mapping(self, event: Any, parts: list[Any], end: int) -> Map:
        pairs: list[Pair] = []
        for key, value in zip(parts[::2], parts[1::2], strict=True):
            if not isinstance(key, Scalar):
                raise _KeyIsNotScalarError
            pairs.append(Pair(key, value, _value_end(self.text, key, value)))
        flow, marked = bool(event.flow_style), bool(event.anchor or event.tag)
        start = event.start_mark.index
        if not flow and pairs:
            # An anchor or tag before the first key belongs to the mapping.
            start = start if marked else pairs[0].key.start
            end = pairs[-1].end
        return Map(pairs, start, end, flow, marked)


def _end(text: str, node: Span) -> int:
    """The end of a node's text, without the blank lines that a block scalar does not keep."""
    if isinstance(node, Scalar) and node.style in ("|", ">") and not _keeps_blank_lines(text, node):
        return node.start + len(text[node.start : node.end].rstrip())
    return node.end


def _keeps_blank_lines(text: str, node: Scalar) -> bool:
    header = BREAK.split(text[node.start : node.end], maxsplit=1)[0]
    return "+" in header.split("#")[0]


def _value_end(text: str, key: Scalar, value: Span) -> int:
    if is_missing(value):
        return after_colon(text, key) or key.end
    return _end(text, value)


def is_missing(value: Span) -> bool:
    """Whether a value is missing, as in `key:`."""
    return isinstance(value, Scalar) and value.start == value.end


def after_colon(text: str, key: Scalar) -> int:
    """The offset after a key's colon; 0 if it has none."""
    found = re.compile(r"\s*:").match(text, key.end)
    return found.end() if found else 0


def resolved(node: Span) -> Span:
    """The node that an alias refers to; any other node itself."""
    return node.target if isinstance(node, Alias) else node


def scalars(node: Span | None) -> Iterator[Scalar]:
    """All scalars that are written in a node, including keys, in order."""
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Seq):
        for item in node.items:
            yield from scalars(item)
    elif isinstance(node, Map):
        for pair in node.pairs:
            yield pair.key
            yield from scalars(pair.value)


class Comment(NamedTuple):
    """The extent of a comment, from its `#` to the end of its line."""

    start: int
    end: int


def comments(text: str, root: Span | None) -> list[Comment]:
    """The comments in a document, in order."""
    spans = sorted((node.start, node.end) for node in scalars(root) if node.end > node.start)
    starts = [start for start, _ in spans]
    found: list[Comment] = []
    for match in re.finditer("(?:^|(?<=[ \t\n\r\x85\u2028\u2029]))#", text):
        at = match.start()
        index = bisect_right(starts, at) - 1
        inside_scalar = index >= 0 and at < spans[index][1]
        inside_comment = bool(found) and at < found[-1].end
        if not inside_scalar and not inside_comment:
            found.append(Comment(at, line_end(text, at)))
    return found
