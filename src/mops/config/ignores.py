"""Comments that ignore warnings where they stand: `# mops: ignore[CHECK] REASON`.

A comment after a key or a list item, or on the line above it, covers all that is in its value.
This module only reads them; `mops.checks.ignores` holds them against the problems.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from mops.model.layer import Origin
from mops.model.spelling import near
from mops.yamltext.events import decoded
from mops.yamltext.nodes import Items, Node, Pairs, Text
from mops.yamltext.offsets import BREAK
from mops.yamltext.outline import comments, outline

FORM = "# mops: ignore[CHECK] REASON"

_DIRECTIVE = re.compile(r"#+[ \t]*mops:[ \t]*([\w-]+)[ \t]*(?:(\[)([^\]]*)(\]?))?(.*)")
_IGNORE = "ignore"
# What may stand between the brackets and the reason.
_SEPARATORS = " \t:,;-\N{EN DASH}\N{EM DASH}"


class Ignore(NamedTuple):
    """A comment that ignores warnings of checks.

    `covered` are the places of all keys and values that it is about, as origins have them.
    `mistake` and `hint` are about a comment that ignores nothing because it is not written right.
    """

    origin: Origin
    checks: tuple[str, ...]
    reason: str
    covered: frozenset[str]
    mistake: str = ""
    hint: str = ""


def ignores(data: bytes | str, name: str, root: Node) -> list[Ignore]:
    """The comments in the file `name` whose content is `data` and whose document is `root`."""
    text = decoded(data)
    if not re.search(r"#[ \t]*mops:", text):
        return []
    spans = outline(text)
    if spans is None:
        return []
    lines = _Lines(text, name, root)
    found: list[Ignore] = []
    for start, end in comments(text, spans):
        directive = _DIRECTIVE.fullmatch(text[start:end])
        if directive is not None:
            ignore = _ignore(directive, lines, start)
            found += [ignore] if ignore is not None else []
    return found


def _ignore(directive: re.Match[str], lines: _Lines, start: int) -> Ignore | None:
    """The comment that starts at an offset; None if it is prose that happens to name mops."""
    word, opened, listed, closed, rest = directive.groups()
    origin = Origin(lines.name, lines.place(start))
    if word != _IGNORE:
        hint = near(word, [_IGNORE])
        if not opened or not hint:
            return None
        return Ignore(origin, (), "", frozenset(), f"unknown comment mops: {word}[...]", hint)
    checks = tuple(dict.fromkeys(re.findall(r"[^\s,]+", listed or "")))
    reason = rest.strip(_SEPARATORS)
    covered = lines.covered(start)
    mistake, hint = _mistake(checks, reason, covered, closed=bool(closed))
    return Ignore(origin, checks, reason, covered, mistake, hint)


def _mistake(
    checks: tuple[str, ...], reason: str, covered: frozenset[str], *, closed: bool
) -> tuple[str, str]:
    """What is wrong with a comment, and what to do about it; both "" if nothing is."""
    if not checks or not closed:
        return "this comment names no check in brackets", f"write {FORM}"
    if not reason:
        return "this comment gives no reason", f"write {FORM}"
    if not covered:
        hint = "write it after a key or list item, or on the line above"
        return "this comment is at no setting", hint
    return "", ""


class _Lines:
    """The keys, items and values of a document by the line that they start in."""

    def __init__(self, text: str, name: str, root: Node) -> None:
        self.name = name
        self._text = text
        self._starts = [0, *(found.end() for found in BREAK.finditer(text))]
        self._nodes: dict[int, list[Node]] = {}
        self._index(root)
        self._lines = sorted(self._nodes)

    def _index(self, root: Node) -> None:
        pending, seen = [root], set()
        while pending:
            node = pending.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, Items):
                for item in node.items:
                    self._nodes.setdefault(item.line, []).append(item)
                pending += node.items
            elif isinstance(node, Pairs):
                for key, value in node.pairs.values():
                    self._nodes.setdefault(key.line, []).extend((key, value))
                    if isinstance(value, Text):
                        self._nodes.setdefault(value.line, []).append(value)
                    pending.append(value)

    def place(self, offset: int) -> str:
        """The place of an offset, as origins have it."""
        line = bisect_right(self._starts, offset)
        return f"{self.name}:{line}:{offset - self._starts[line - 1] + 1}"

    def covered(self, start: int) -> frozenset[str]:
        """The places that the comment at an offset covers."""
        line = bisect_right(self._starts, start)
        before = self._text[self._starts[line - 1] : start]
        if not before.strip(" \t-"):
            # It stands above its setting, perhaps with other comments in between.
            following = bisect_left(self._lines, line + 1)
            line = self._lines[following] if following < len(self._lines) else 0
        places: set[str] = set()
        for node in self._nodes.get(line, ()):
            places.update(f"{self.name}:{each.line}:{each.col}" for each in _within(node))
        return frozenset(places)


def _within(root: Node) -> Iterator[Node]:
    """A node and all keys and values in it."""
    pending: list[Node] = [root]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Items):
            pending += node.items
        elif isinstance(node, Pairs):
            for pair in node.pairs.values():
                pending += pair
