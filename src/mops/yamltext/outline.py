"""YAML text to nodes with their extent in the text, and changes of the text at those extents.

A change replaces exactly the characters that it is about: comments, order, quotes and line ends of all else stay.
Offsets count characters. What a node means is not decided here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import yaml

BREAKS = "\n\r\x85\u2028\u2029"
BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class Scalar(NamedTuple):
    """A scalar; `style` is "" (plain), `'`, `"`, `|` or `>`. `marked`: it carries an anchor or a tag."""

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
    """A mapping, keys that are there twice included. A block mapping starts at its first key."""

    pairs: list[Pair]
    start: int
    end: int
    flow: bool
    marked: bool

    def pair(self, *names: str) -> Pair | None:
        """The last pair with one of these keys, which is the one that counts."""
        return next((pair for pair in reversed(self.pairs) if pair.key.text in names), None)


class Alias(NamedTuple):
    """A reference to a node that is written elsewhere."""

    target: Span
    start: int
    end: int


class Pair(NamedTuple):
    """A key and its value. `end` is where the value's text ends, or the key's colon where there is none."""

    key: Scalar
    value: Span
    end: int


Span: TypeAlias = "Scalar | Seq | Map | Alias"


class Splice(NamedTuple):
    """Characters from `start` to `end` become `text`."""

    start: int
    end: int
    text: str


def outline(text: str) -> Span | None:
    """The document in `text`, which is valid YAML; None where there is none, or where a key is no scalar."""
    anchors: dict[str, Span] = {}
    root: Span | None = None
    stack: list[tuple[Any, list[Any]]] = []
    events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
    for event in events:
        name = getattr(event, "anchor", None)
        kind = type(event)
        if kind in (yaml.MappingStartEvent, yaml.SequenceStartEvent):
            stack.append((event, []))
            continue
        if kind is yaml.ScalarEvent:
            node: Span = Scalar(
                event.value,
                event.start_mark.index,
                event.end_mark.index,
                event.style or "",
                bool(event.anchor or event.tag),
            )
        elif kind is yaml.AliasEvent:
            node, name = (
                Alias(anchors[str(name)], event.start_mark.index, event.end_mark.index),
                None,
            )
        elif kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
            opened, parts = stack.pop()
            if kind is yaml.MappingEndEvent and not all(
                isinstance(part, Scalar) for part in parts[::2]
            ):
                return None
            node, name = _collection(text, opened, parts, event.end_mark.index), opened.anchor
        else:
            continue
        if name:
            anchors[name] = node
        if stack:
            stack[-1][1].append(node)
        else:
            root = node
    return root


def _collection(text: str, opened: Any, parts: list[Any], end: int) -> Span:
    flow, marked = bool(opened.flow_style), bool(opened.anchor or opened.tag)
    start = opened.start_mark.index
    if isinstance(opened, yaml.SequenceStartEvent):
        return Seq(parts, start, end if flow or not parts else _end(text, parts[-1]), flow, marked)
    pairs = [
        Pair(key, value, _value_end(text, key, value))
        for key, value in zip(parts[::2], parts[1::2], strict=True)
    ]
    if not flow and pairs and not marked:
        start = pairs[0].key.start
    return Map(pairs, start, end if flow or not pairs else pairs[-1].end, flow, marked)


def _end(text: str, node: Span) -> int:
    """Where the text of a node ends, without the blank lines after a block scalar that mean nothing."""
    if isinstance(node, Scalar) and node.style in ("|", ">") and not _keeps(text, node):
        return node.start + len(text[node.start : node.end].rstrip())
    return node.end


def _keeps(text: str, node: Scalar) -> bool:
    """Whether the blank lines after a block scalar belong to it."""
    return "+" in BREAK.split(text[node.start : node.end], maxsplit=1)[0].split("#")[0]


def _value_end(text: str, key: Scalar, value: Span) -> int:
    if isinstance(value, Scalar) and value.start == value.end:
        return colon(text, key) or key.end
    return _end(text, value)


def colon(text: str, key: Scalar) -> int:
    """The offset behind a key's colon; 0 where it has none."""
    found = re.compile(r"\s*:").match(text, key.end)
    return found.end() if found else 0


def plain(node: Span) -> Span:
    """The node itself, an alias resolved."""
    return node.target if isinstance(node, Alias) else node


def line_start(text: str, offset: int) -> int:
    """The offset at which the line of `offset` starts."""
    last = 0
    for found in BREAK.finditer(text, 0, offset):
        last = found.end()
    return last


def line_end(text: str, offset: int) -> int:
    """The offset of the line break that ends the line of `offset`, or of the text's end."""
    found = BREAK.search(text, offset)
    return found.start() if found else len(text)


def next_line(text: str, offset: int) -> int:
    """The offset behind the line of `offset`, its line break included."""
    found = BREAK.search(text, offset)
    return found.end() if found else len(text)


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, from 1."""
    breaks = [found.end() for found in BREAK.finditer(text, 0, offset)]
    return len(breaks) + 1, offset - (breaks[-1] if breaks else 0) + 1


def offset_of(text: str, line: int, col: int) -> int:
    """The offset of a line and column, from 1."""
    starts = [0, *(found.end() for found in BREAK.finditer(text))]
    return min(starts[min(line, len(starts)) - 1] + col - 1, len(text))


def newline(text: str) -> str:
    """The line break of a text: its first one."""
    found = BREAK.search(text)
    return found.group() if found else "\n"


def indent(text: str, offset: int) -> int:
    """The column of an offset, from 0."""
    return offset - line_start(text, offset)


def scalars(node: Span | None) -> Iterator[Scalar]:
    """All scalars that are written in a node, keys included, in their order."""
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Seq):
        for item in node.items:
            yield from scalars(item)
    elif isinstance(node, Map):
        for pair in node.pairs:
            yield pair.key
            yield from scalars(pair.value)


def comments(text: str, root: Span | None) -> list[tuple[int, int]]:
    """Start and end of every comment, without its line break."""
    spans = sorted((node.start, node.end) for node in scalars(root) if node.end > node.start)
    starts = [start for start, _ in spans]
    found: list[tuple[int, int]] = []
    for match in re.finditer("(?:^|(?<=[ \t\n\r\x85\u2028\u2029]))#", text):
        index = bisect_right(starts, match.start()) - 1
        if index >= 0 and match.start() < spans[index][1]:
            continue
        if not found or match.start() >= found[-1][1]:
            found.append((match.start(), line_end(text, match.start())))
    return found


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """The text with all changes made; they must not overlap."""
    parts: list[str] = []
    last = 0
    for start, end, new in _ordered(splices):
        parts += [text[last:start], new]
        last = end
    return "".join([*parts, text[last:]])


def before(splices: Iterable[Splice], offset: int) -> int:
    """Where a character of the changed text was; for new text, where it was put."""
    shift = 0
    for start, end, new in _ordered(splices):
        if offset < start + shift:
            break
        if offset < start + shift + len(new):
            return start
        shift += len(new) - (end - start)
    return offset - shift


def _ordered(splices: Iterable[Splice]) -> list[Splice]:
    found = sorted(splices, key=lambda splice: splice[:2])
    for low, high in pairwise(found):
        if high.start < low.end:
            raise ValueError(f"changes overlap: {low} and {high}")
    return found
