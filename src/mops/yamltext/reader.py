"""YAML text to nodes, in one pass over libyaml's events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import yaml

from mops.model.disk import MAX_BYTES
from mops.model.layer import Origin
from mops.model.problems import ERROR, Problem
from mops.yamltext.nodes import Items, Node, Pairs, Text, ambiguous

MAX_DEPTH = 64

MAX_ALIASED = 10_000

# A megabyte of settings has fewer; a file that has more is not a configuration, and would only take time.
MAX_NODES = 250_000

# Helm's own YAML writer breaks keys that hold some of these, and no setting has a name with any.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")


class _Refused(Exception):
    """The document cannot be read past this point."""

    def __init__(self, line: int, col: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.args = (line, col, message, hint)


def parse(data: bytes | str, name: str, layer: str) -> tuple[Node | None, list[Problem]]:
    """The document in `data` (None where it cannot be read) and all that is wrong with it.

    `name` is the file's name in places; `layer` the layer's name in origins.
    """
    builder = _Builder()
    root: Node | None = None
    try:
        root = builder.document(_events(_decoded(data)))
    except _Refused as refused:
        builder.complaints.append(refused.args)
    problems = [
        Problem(ERROR, key, message, Origin(layer, f"{name}:{line}:{col}", key), hint)
        for line, col, message, hint, *rest in builder.complaints
        for key in (rest[0] if rest else "",)
    ]
    return root, problems


def _decoded(data: bytes | str) -> str:
    """The text of `data` without a byte order mark."""
    if len(data) > MAX_BYTES:
        raise _Refused(1, 1, f"the file is larger than {MAX_BYTES // 1024} KiB")
    if isinstance(data, str):
        return data
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _Refused(1, 1, "the file is UTF-16, not UTF-8", "save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        col = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        raise _Refused(
            line, col, f"byte {error.start + 1} is not UTF-8", "save the file as UTF-8"
        ) from None


def _events(text: str) -> Iterator[Any]:
    """Libyaml's events of `text`, its errors as refusals."""
    yielded = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            yielded += 1
            yield event
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark and "nesting depth" in str(error.problem):
            # libyaml looks ahead for a key, and meets its own limit (of 1,000 levels, in PyYAML 6.0.4) before ours.
            yield from islice(_events(text[: mark.index]), yielded, None)
        line, col = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _Refused(line, col, *_explained(error, text, line)) from None
    except yaml.YAMLError:
        # libyaml names the character that it cannot read by its byte alone.
        found = yaml.reader.Reader.NON_PRINTABLE.search(text)
        before = text[: found.start() if found else 0]
        code = f"U+{ord(found.group()):04X}" if found else "a character"
        line, col = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise _Refused(
            line,
            col,
            f"{code} is not allowed in YAML text",
            'write it in double quotes as an escape such as "\\x1b"',
        ) from None


def _explained(error: yaml.MarkedYAMLError, text: str, line: int) -> tuple[str, str]:
    """What is wrong with the YAML, and the hint."""
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    indent = written[: len(written) - len(written.lstrip())]
    if "\t" in indent:
        return "a tab cannot indent YAML", "use spaces"
    context = f"{error.context}: " if error.context else ""
    begun = error.context_mark
    hint = next((hint for part, hint in _ADVICE.items() if part in str(error.problem)), "")
    return f"not valid YAML: {context}{error.problem}", hint.format(
        f"line {begun.line + 1}, column {begun.column + 1}" if begun else ""
    )


# What libyaml says, in part, and what to do about it. {} is where the thing begins that it could not finish.
_ADVICE = {
    "mapping values are not allowed": 'check the indentation, or quote the text if it holds ": "',
    "unexpected end of stream": "the quote that opens at {} is not closed",
    "expected ',' or": "the bracket that opens at {} is not closed, or a comma is missing",
    "cannot start any token": "quote text that begins with %, @ or `",
    "could not find expected ':'": "what begins at {} has no key, or no space behind its colon",
    "did not find expected key": "check the indentation, and the brackets and quotes of the line before",
    "did not find expected <document start>": "check the indentation",
    "expected '-' indicator": "an item of a list begins with - below the one before; check the indentation",
    "expected node content": "a key or a value is missing here",
    "sequence entries are not allowed": "a list begins on a line of its own",
}


class _Builder:
    """Nodes from events, without recursion."""

    def __init__(self) -> None:
        self.complaints: list[tuple[Any, ...]] = []
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        self._aliased = 0

    def document(self, events: Iterator[Any]) -> Node | None:
        """The one document's root; None where there is no document."""
        root: Node | None = None
        documents = 0
        nodes = 0
        # One frame per open collection: the node, its anchor, the pending key, its size in nodes, its merges.
        stack: list[list[Any]] = []
        for event in events:
            kind = type(event)
            nodes += 1
            if nodes > MAX_NODES:
                raise _Refused(
                    event.start_mark.line + 1,
                    event.start_mark.column + 1,
                    f"more than {MAX_NODES} nodes",
                )
            if kind is yaml.ScalarEvent:
                self._no_tag(event, "!")
                mark = event.start_mark
                node: Node = Text(
                    event.value,
                    bool(event.style) or event.tag == "tag:yaml.org,2002:str",
                    mark.line + 1,
                    mark.column + 1,
                )
                size = 1
                if event.anchor:
                    self._anchors[event.anchor] = (node, 1)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._no_tag(event)
                mark = event.start_mark
                if len(stack) >= MAX_DEPTH:
                    raise _Refused(
                        mark.line + 1, mark.column + 1, f"nested more than {MAX_DEPTH} levels deep"
                    )
                node = (
                    Pairs({}, mark.line + 1, mark.column + 1)
                    if kind is yaml.MappingStartEvent
                    else Items([], mark.line + 1, mark.column + 1)
                )
                if event.anchor:
                    self._anchors[event.anchor] = None
                stack.append([node, event.anchor, None, 1, []])
                continue
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                node, anchor, _, size, merges = stack.pop()
                if isinstance(node, Pairs):
                    for merged in merges:
                        self._merge(node, merged)
                if anchor:
                    self._anchors[anchor] = (node, size)
            elif kind is yaml.AliasEvent:
                node, size = self._alias(event)
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    mark = event.start_mark
                    raise _Refused(
                        mark.line + 1,
                        mark.column + 1,
                        "a second document starts here",
                        "one file holds one document",
                    )
                continue
            else:
                continue
            if not stack:
                root = node
                continue
            self._add(stack[-1], node, size)
        return root

    def _add(self, frame: list[Any], node: Node, size: int) -> None:
        """Puts `node` into the open collection of `frame`."""
        frame[3] += size
        parent = frame[0]
        if isinstance(parent, Items):
            parent.items.append(node)
        elif frame[2] is None:
            frame[2] = node
        else:
            key, frame[2] = frame[2], None
            if isinstance(key, Text) and key.text == "<<" and not key.quoted:
                frame[4].append((key, node))
            elif self._is_text(key):
                self._put(parent.pairs, key, node)

    def _put(self, pairs: dict[str, tuple[Text, Node]], key: Text, node: Node) -> None:
        if key.text in pairs:
            first = pairs[key.text][0]
            self.complaints.append(
                (
                    key.line,
                    key.col,
                    "this key is here twice",
                    f"it is first at line {first.line}, column {first.col}",
                    key.text,
                )
            )
        else:
            pairs[key.text] = (key, node)

    def _is_text(self, key: Node) -> bool:
        if not isinstance(key, Text):
            self.complaints.append((key.line, key.col, "a key must be text, not a collection", ""))
            return False
        if not key.quoted and ambiguous(key.text):
            shown = key.text or "(empty)"
            hint = f'write "{key.text}"' if key.text else "write the key"
            self.complaints.append(
                (key.line, key.col, f"the key {shown} is not plain text to every YAML reader", hint)
            )
            return False
        if key.text == "<<":
            self.complaints.append(
                (key.line, key.col, "helm takes the key << for a merge, in quotes too", "remove it")
            )
            return False
        if not key.text.isprintable() and _CONTROL.search(key.text):
            self.complaints.append(
                (
                    key.line,
                    key.col,
                    "a key cannot hold control characters or line breaks",
                    "remove them",
                )
            )
            return False
        return True

    def _alias(self, event: Any) -> tuple[Node, int]:
        line, col = event.start_mark.line + 1, event.start_mark.column + 1
        if event.anchor not in self._anchors:
            raise _Refused(line, col, f"the alias *{event.anchor} has no anchor")
        target = self._anchors[event.anchor]
        if target is None:
            raise _Refused(line, col, f"the alias *{event.anchor} stands inside its own anchor")
        self._aliased += target[1]
        if self._aliased > MAX_ALIASED:
            raise _Refused(line, col, f"aliases expand to more than {MAX_ALIASED} nodes")
        return target

    def _merge(self, into: Pairs, merged: tuple[Text, Node]) -> None:
        """Takes the pairs of a merge key (`<<`) that `into` does not have itself."""
        key, value = merged
        for source in value.items if isinstance(value, Items) else [value]:
            if not isinstance(source, Pairs):
                self.complaints.append(
                    (key.line, key.col, "a merge key takes a map or a list of maps", "")
                )
                continue
            for name, pair in source.pairs.items():
                into.pairs.setdefault(name, pair)

    def _no_tag(self, event: Any, *allowed: str) -> None:
        if event.tag and event.tag not in (*allowed, "tag:yaml.org,2002:str"):
            mark = event.start_mark
            self.complaints.append(
                (
                    mark.line + 1,
                    mark.column + 1,
                    "YAML tags are not supported",
                    "the schema decides the type; quotes mean text",
                )
            )
