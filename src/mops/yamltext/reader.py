"""YAML text to nodes, in one pass over libyaml's events."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

import yaml

from mops.model.layer import Origin
from mops.model.problems import ERROR, Problem
from mops.yamltext.events import Complaint, Event, Refused, decoded, events
from mops.yamltext.nodes import Items, Node, Pairs, Text, ambiguous

MAX_DEPTH = 64
MAX_ALIASED = 10_000

# A megabyte of settings has fewer. A file with more is no configuration and would only take time.
MAX_NODES = 250_000

_STRING_TAG = "tag:yaml.org,2002:str"

# Helm's own YAML writer breaks keys that contain some of these; no setting has such a name.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")


def parse(data: bytes | str, name: str, layer: str) -> tuple[Node | None, list[Problem]]:
    """The document in `data` (None where it cannot be read) and all that is wrong with it.

    `name` is the file's name in places; `layer` the layer's name in origins.
    """
    builder = _Builder()
    try:
        builder.build(events(decoded(data)))
    except Refused as refused:
        builder.complaints.append(refused.complaint)
        return None, [_problem(each, name, layer) for each in builder.complaints]
    return builder.root, [_problem(each, name, layer) for each in builder.complaints]


def _problem(complaint: Complaint, name: str, layer: str) -> Problem:
    line, col, message, hint, key = complaint
    return Problem(ERROR, key, message, Origin(layer, f"{name}:{line}:{col}", key), hint)


class _Frame:
    """A collection that is still open."""

    __slots__ = ("anchor", "key", "merges", "node", "size")

    def __init__(self, node: Items | Pairs, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        # The key whose value comes next.
        self.key: Node | None = None
        # How many nodes it holds, itself included, aliases expanded.
        self.size = 1
        # The merge keys, with what each of them merges.
        self.merges: list[tuple[Text, Node]] = []


class _Sized(NamedTuple):
    """A complete node, and how many nodes it holds, itself included."""

    node: Node
    size: int


class _Builder:
    """Nodes from events, without recursion."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.complaints: list[Complaint] = []
        self._stack: list[_Frame] = []
        # None while the anchored collection is open.
        self._anchors: dict[str, _Sized | None] = {}
        self._aliased = 0
        self._documents = 0

    def build(self, stream: Iterable[Event]) -> None:
        """Takes the events of one document; `root` stays None where there is none."""
        handlers: dict[type, Callable[[Event], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        for count, event in enumerate(stream, 1):
            if count > MAX_NODES:
                raise Refused(*_place(event), f"more than {MAX_NODES} nodes")
            handle = handlers.get(type(event))
            if handle is not None:
                handle(event)

    def _document(self, event: Event) -> None:
        self._documents += 1
        if self._documents > 1:
            message = "a second document starts here"
            raise Refused(*_place(event), message, "a file holds one document")

    def _scalar(self, event: Event) -> None:
        self._no_tag(event, "!")
        quoted = bool(event.style) or event.tag == _STRING_TAG
        node = Text(event.value, quoted, *_place(event))
        if event.anchor:
            self._anchors[event.anchor] = _Sized(node, 1)
        self._add(node, 1)

    def _open(self, event: Event) -> None:
        self._no_tag(event)
        line, col = _place(event)
        if len(self._stack) >= MAX_DEPTH:
            raise Refused(line, col, f"nested more than {MAX_DEPTH} levels deep")
        mapping = type(event) is yaml.MappingStartEvent
        node: Items | Pairs = Pairs({}, line, col) if mapping else Items([], line, col)
        if event.anchor:
            self._anchors[event.anchor] = None
        self._stack.append(_Frame(node, event.anchor))

    def _close(self, _event: Event) -> None:
        frame = self._stack.pop()
        if isinstance(frame.node, Pairs):
            for key, value in frame.merges:
                self._merge(frame.node, key, value)
        if frame.anchor:
            self._anchors[frame.anchor] = _Sized(frame.node, frame.size)
        self._add(frame.node, frame.size)

    def _alias(self, event: Event) -> None:
        place = _place(event)
        if event.anchor not in self._anchors:
            raise Refused(*place, f"alias *{event.anchor} has no anchor")
        target = self._anchors[event.anchor]
        if target is None:
            raise Refused(*place, f"alias *{event.anchor} refers to a node that contains it")
        self._aliased += target.size
        if self._aliased > MAX_ALIASED:
            raise Refused(*place, f"aliases expand to more than {MAX_ALIASED} nodes")
        self._add(*target)

    def _add(self, node: Node, size: int) -> None:
        """Puts a node into the innermost open collection; without one it is the root."""
        if not self._stack:
            self.root = node
            return
        frame = self._stack[-1]
        frame.size += size
        if isinstance(frame.node, Items):
            frame.node.items.append(node)
        elif frame.key is None:
            frame.key = node
        else:
            key, frame.key = frame.key, None
            self._pair(frame, frame.node.pairs, key, node)

    def _pair(
        self, frame: _Frame, pairs: dict[str, tuple[Text, Node]], key: Node, value: Node
    ) -> None:
        """Puts a pair into the open mapping, whose pairs are `pairs`."""
        if isinstance(key, Text) and key.text == "<<" and not key.quoted:
            frame.merges.append((key, value))
            return
        wrong = _key_complaint(key)
        if wrong is not None:
            self.complaints.append(wrong)
        elif isinstance(key, Text):
            if key.text in pairs:
                self.complaints.append(_duplicate(key, pairs[key.text][0]))
            else:
                pairs[key.text] = (key, value)

    def _merge(self, into: Pairs, key: Text, value: Node) -> None:
        """Takes the pairs of a merge key (`<<`) that `into` does not have itself."""
        for source in value.items if isinstance(value, Items) else [value]:
            if isinstance(source, Pairs):
                for name, pair in source.pairs.items():
                    into.pairs.setdefault(name, pair)
            else:
                message = "a merge key takes a mapping or a list of mappings"
                self.complaints.append(Complaint(key.line, key.col, message))

    def _no_tag(self, event: Event, *allowed: str) -> None:
        if event.tag and event.tag not in (*allowed, _STRING_TAG):
            hint = "remove the tag: the schema determines the type, and quotes mean a string"
            message = "YAML tags are not supported"
            self.complaints.append(Complaint(*_place(event), message, hint))


def _place(event: Event) -> tuple[int, int]:
    """Line and column of an event, counted from 1."""
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def _duplicate(key: Text, first: Text) -> Complaint:
    hint = f"first defined at line {first.line}, column {first.col}"
    return Complaint(key.line, key.col, "duplicate key", hint, key.text)


def _key_complaint(key: Node) -> Complaint | None:
    """What is wrong with a key; None where nothing is."""
    if not isinstance(key, Text):
        return Complaint(key.line, key.col, "a key must be a string, not a list or mapping")
    if not key.quoted and ambiguous(key.text):
        hint = f'write "{key.text}"' if key.text else "write the key"
        message = f"some YAML readers do not read the key {key.text or '(empty)'} as a string"
        return Complaint(key.line, key.col, message, hint)
    if key.text == "<<":
        message = "Helm treats the key << as a merge key, even in quotes"
        return Complaint(key.line, key.col, message, "remove it")
    if not key.text.isprintable() and _CONTROL.search(key.text):
        message = "a key must not contain control characters or line breaks"
        return Complaint(key.line, key.col, message, "remove them")
    return None
