"""YAML text to nodes, in one pass over libyaml's events."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import yaml

from mops.model.layer import Origin
from mops.model.problems import ERROR, Problem
from mops.yamltext.events import Event, Refused, decoded, events
from mops.yamltext.nodes import Items, Node, Pairs, Text, ambiguous

MAX_DEPTH = 64
MAX_ALIASED = 10_000

# A megabyte of settings has fewer nodes; a file with more is not a configuration.
MAX_NODES = 250_000

_STRING_TAG = "tag:yaml.org,2002:str"

# Helm's YAML writer breaks keys that contain some of these, and no setting has such a name.
_CONTROL = "[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]"


def parse(data: bytes | str, name: str, layer: str) -> tuple[Node | None, list[Problem]]:
    """The document in `data` (None if it cannot be read) and its problems.

    `name` is the file's name in places, `layer` the layer's name in origins.
    """
    builder = _Builder(name, layer)
    try:
        builder.build(events(decoded(data)))
    except Refused as refused:
        builder.complain(refused.line, refused.col, str(refused), refused.hint)
        return None, builder.problems
    return builder.root, builder.problems


class _Frame:
    """A collection that has not ended yet."""

    __slots__ = ("anchor", "key", "merges", "node", "size")

    def __init__(self, node: Items | Pairs, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        # The key whose value comes next.
        self.key: Node | None = None
        # The number of nodes in it, including itself, with aliases expanded.
        self.size = 1
        # The merge keys, each with the node that it merges.
        self.merges: list[tuple[Text, Node]] = []


class _Builder:
    """Nodes from events, without recursion."""

    def __init__(self, name: str, layer: str) -> None:
        self.name = name
        self.layer = layer
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._stack: list[_Frame] = []
        # The anchored nodes with their sizes; None until the collection has ended.
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        self._aliased = 0
        self._documents = 0

    def complain(self, line: int, col: int, message: str, hint: str = "", key: str = "") -> None:
        """Records a problem at a place; `key` is the key that it is about, if any."""
        origin = Origin(self.layer, f"{self.name}:{line}:{col}", key)
        self.problems.append(Problem(ERROR, key, message, origin, hint, syntax=True))

    def build(self, stream: Iterable[Event]) -> None:
        """Builds one document from its events; `root` stays None if there is none."""
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
            raise Refused(*_place(event), message, "a file must contain one document")

    def _scalar(self, event: Event) -> None:
        if event.tag:
            self._refuse_tag(event, "!")
        quoted = bool(event.style) or event.tag == _STRING_TAG
        node = Text(event.value, quoted, *_place(event))
        if event.anchor:
            self._anchors[event.anchor] = (node, 1)
        self._add(node, 1)

    def _open(self, event: Event) -> None:
        if event.tag:
            self._refuse_tag(event)
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
            self._anchors[frame.anchor] = (frame.node, frame.size)
        self._add(frame.node, frame.size)

    def _alias(self, event: Event) -> None:
        place = _place(event)
        if event.anchor not in self._anchors:
            raise Refused(*place, f"alias *{event.anchor} has no anchor")
        target = self._anchors[event.anchor]
        if target is None:
            raise Refused(*place, f"alias *{event.anchor} refers to a node that contains it")
        node, size = target
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            raise Refused(*place, f"aliases expand to more than {MAX_ALIASED} nodes")
        self._add(node, size)

    def _add(self, node: Node, size: int) -> None:
        """Adds a node to the innermost open collection; without one, it is the root."""
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
        """Adds a pair to the open mapping, whose pairs are `pairs`."""
        if isinstance(key, Text) and key.text == "<<" and not key.quoted:
            frame.merges.append((key, value))
            return
        if not isinstance(key, Text):
            self.complain(key.line, key.col, "a key must be a string, not a list or mapping")
        elif self._accepts(key):
            if key.text in pairs:
                first, _ = pairs[key.text]
                hint = f"first defined at line {first.line}, column {first.col}"
                self.complain(key.line, key.col, "duplicate key", hint, key.text)
            else:
                pairs[key.text] = (key, value)

    def _accepts(self, key: Text) -> bool:
        """Whether Helm and all YAML readers read a key as the same string; if not, reports it."""
        message, hint = "", ""
        if not key.quoted and ambiguous(key.text):
            shown = key.text or "(empty)"
            message = f"some YAML readers do not read the key {shown} as a string"
            hint = f'write "{key.text}"' if key.text else "write the key"
        elif key.text == "<<":
            message, hint = "Helm treats the key << as a merge key, even in quotes", "remove it"
        elif not key.text.isprintable() and re.search(_CONTROL, key.text):
            message = "a key must not contain control characters or line breaks"
            hint = "remove them"
        if message:
            self.complain(key.line, key.col, message, hint)
        return not message

    def _merge(self, into: Pairs, key: Text, value: Node) -> None:
        """Adds the pairs of a merge key (`<<`) whose keys `into` does not have."""
        for source in value.items if isinstance(value, Items) else [value]:
            if isinstance(source, Pairs):
                for name, pair in source.pairs.items():
                    into.pairs.setdefault(name, pair)
            else:
                message = "a merge key takes a mapping or a list of mappings"
                self.complain(key.line, key.col, message)

    def _refuse_tag(self, event: Event, *allowed: str) -> None:
        if event.tag not in (*allowed, _STRING_TAG):
            hint = "remove the tag: the schema determines the type, and quotes mean a string"
            message = "YAML tags are not supported"
            self.complain(*_place(event), message, hint)


def _place(event: Event) -> tuple[int, int]:
    """Line and column of an event, counted from 1."""
    mark = event.start_mark
    return mark.line + 1, mark.column + 1
