"""Changes of a YAML document as changes of its text: put a value, add keys, take keys away, leave them as comments.

All else keeps its bytes. Comments survive even where what they stand beside is taken away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mops.yamltext.nodes import NULLS, ambiguous
from mops.yamltext.outline import (
    BREAKS,
    Map,
    Pair,
    Scalar,
    Seq,
    Span,
    Splice,
    colon,
    comments,
    indent,
    line_end,
    line_start,
    newline,
    next_line,
    outline,
    position,
    spliced,
)
from mops.yamltext.writer import escaped

_PLAIN = re.compile(
    r"[A-Za-z0-9_/.+][A-Za-z0-9_/.:@%+=~^-]*( [A-Za-z0-9_/.:@%+=~^(-][A-Za-z0-9_/.:@%+=~^()-]*)*"
)
_STEP = 2
# What can go: the pair of a key, or the entry of a list.
_PAIR, _ITEM = "pair", "item"


class Fixed(Exception):
    """A part of the text cannot be changed by itself."""


def scalar(value: Any, like: Scalar | None = None) -> str:
    """A scalar as YAML text, in the style of what it replaces where that can hold it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    style = like.style if like is not None else ""
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    # An unquoted number or word stays unquoted where another takes its place: the reader's schema decides what it is.
    bare = (
        like is not None
        and not style
        and like.end > like.start
        and ambiguous(like.text)
        and like.text not in NULLS
    )
    if style != '"' and _plain_safe(text) and (not ambiguous(text) or (bare and text not in NULLS)):
        return text
    return (
        '"'
        + "".join(
            char if char.isprintable() and char not in '"\\' else escaped(char) for char in text
        )
        + '"'
    )


def _plain_safe(text: str) -> bool:
    return (
        _PLAIN.fullmatch(text) is not None
        and ": " not in text
        and not text.endswith(":")
        and not text.startswith("...")
    )


def flow(value: Any, like: Scalar | None = None) -> str:
    """Any value on one line."""
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{scalar(key)}: {flow(entry)}" for key, entry in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value, like)


def block(entries: Mapping[str, Any], depth: int) -> list[str]:
    """Keys and values as lines, `depth` columns in; lists of maps have one line for each."""
    lines: list[str] = []
    margin = " " * depth
    for key, value in entries.items():
        if isinstance(value, Mapping) and value:
            lines += [f"{margin}{scalar(key)}:", *block(value, depth + _STEP)]
        elif isinstance(value, list) and value:
            lines += [f"{margin}{scalar(key)}:", *(f"{margin}  - {flow(item)}" for item in value)]
        else:
            lines.append(f"{margin}{scalar(key)}: {flow(value)}")
    return lines


class Rewrite:
    """A document under change. `result` is the changed text, `splices` the changes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = outline(text)
        self.newline = newline(text)
        self._comments = comments(text, self.root)
        self._splices: list[Splice] = []
        self._gone: dict[tuple[str, int], bool] = {}
        self._added: list[tuple[int, int, list[str]]] = []
        self._grown: set[int] = set()
        self._kept: set[int] = set()
        self._emptied: dict[int, Pair] = {}
        self._lines: dict[int, int | None] = {}

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        return position(self.text, offset)

    def put(self, pair: Pair, value: Any) -> None:
        """Gives a pair another value, on one line."""
        old = pair.value
        if getattr(old, "marked", False):
            raise Fixed("it carries an anchor or a tag")
        if isinstance(old, Scalar) and old.start == old.end:
            behind = colon(self.text, pair.key)
            self._change(
                behind or pair.key.end,
                behind or pair.key.end,
                f"{'' if behind else ':'} {flow(value)}",
            )
        elif isinstance(old, (Map, Seq)) and not old.flow:
            behind = colon(self.text, pair.key)
            self._change(behind, behind, f" {flow(value)}")
            self._drop(next_line(self.text, behind), next_line(self.text, pair.end))
        else:
            like = old if isinstance(old, Scalar) else None
            self._change(old.start, pair.end, flow(value, like))

    def rename(self, pair: Pair, name: str) -> None:
        """Gives a pair another key."""
        self._change(pair.key.start, pair.key.end, scalar(name, pair.key))

    def replace(self, start: int, end: int, text: str) -> None:
        """Puts other text at an extent."""
        self._change(start, end, text)

    def remove(self, pair: Pair) -> None:
        """Takes a pair away; comments inside it stay."""
        self._gone[_PAIR, pair.key.start] = False

    def comment(self, pair: Pair) -> None:
        """Leaves a pair as a comment; inside braces, where none can be, it goes away."""
        self._gone[_PAIR, pair.key.start] = True

    def leaves(self, pair: Pair) -> bool:
        """Whether a pair goes away, or becomes a comment."""
        return (_PAIR, pair.key.start) in self._gone

    def lift(self, holder: Map, pair: Pair) -> None:
        """Has the pairs of a pair's map stand in its place, one level up in `holder`."""
        value = pair.value
        margin = " " * indent(self.text, pair.key.start)
        if not isinstance(value, Map):
            raise Fixed("it is not a map")
        if value.flow:
            lines = [self.text[inner.key.start : inner.end] for inner in value.pairs]
            self._change(
                pair.key.start,
                pair.end,
                (", " if holder.flow else self.newline + margin).join(lines),
            )
            return
        at = line_start(self.text, pair.key.start)
        self._splices += self._without(at)
        depth = indent(self.text, value.pairs[0].key.start) - len(margin)
        at = next_line(self.text, at)
        while at < pair.end:
            line = self.text[at : line_end(self.text, at)]
            blanks = min(depth, len(line) - len(line.lstrip(" ")))
            if blanks:
                self._change(at, at + blanks, "")
            at = next_line(self.text, at)

    def keep(self, pair: Pair) -> None:
        """Has a pair stay, with {}, where nothing is left in its map."""
        self._kept.add(pair.key.start)

    def drop_item(self, item: Span, *, comment: bool) -> None:
        """Takes an entry of a list away, or leaves it as a comment."""
        self._gone[_ITEM, item.start] = comment

    def add(self, into: Map, entries: Mapping[str, Any]) -> None:
        """Adds pairs behind those of a map."""
        if not entries:
            return
        self._grown.add(into.start)
        if into.flow or not into.pairs:
            text = ", ".join(f"{scalar(key)}: {flow(value)}" for key, value in entries.items())
            alive = [pair for pair in into.pairs if (_PAIR, pair.key.start) not in self._gone]
            at = alive[-1].end if alive else self.text.index("{", into.start) + 1
            self._change(
                at, at, f", {text}" if alive else text + (", " if into.pairs and not alive else "")
            )
        else:
            self._insert(
                into.pairs[-1].end, block(entries, indent(self.text, into.pairs[0].key.start))
            )

    def add_below(self, pair: Pair, entries: Mapping[str, Any]) -> None:
        """Adds pairs to the map that a pair holds, or is to hold where it is empty."""
        value = pair.value
        if isinstance(value, Map):
            self.add(value, entries)
        elif not entries:
            self.put(pair, {})
        elif isinstance(value, Scalar) and value.start == value.end:
            margin = indent(self.text, pair.key.start)
            self._insert(pair.end, block(entries, margin + _STEP))
        else:
            self.put(pair, dict(entries))

    def append(self, into: Seq, lines: Callable[[int], list[str]], inline: str) -> None:
        """Adds an entry to a list: `lines` gives a block list's lines for the dash's column, `inline` a flow list's text."""
        self._grown.add(into.start)
        if into.flow:
            at = into.items[-1].end if into.items else self.text.index("[", into.start) + 1
            self._change(at, at, f", {inline}" if into.items else inline)
        else:
            last = into.items[-1]
            self._insert(last.end, lines(indent(self.text, self.dash(into, len(into.items) - 1))))

    def dash(self, seq: Seq, index: int) -> int:
        """The offset of the dash of a block list's entry."""
        at = seq.start if index == 0 else next_line(self.text, seq.items[index - 1].end)
        covered = dict(self._comments)
        while self.text[at] != "-":
            at = covered.get(at, at + 1)
        return at

    @property
    def splices(self) -> list[Splice]:
        """All changes so far."""
        found = list(self._splices)
        self._lines = {}
        if self.root is not None:
            if self._settle(self.root):
                found.append(Splice(len(self.text), len(self.text), "{}" + self.newline))
            found += self._vanish(self.root, inside=False)
        for pair in self._emptied.values():
            behind = colon(self.text, pair.key)
            found.append(Splice(behind, behind, " {}"))
        found += self._line_splices()
        found += self._insertions()
        return found

    @property
    def result(self) -> str:
        """The text with all changes."""
        return spliced(self.text, self.splices)

    def _change(self, start: int, end: int, text: str) -> None:
        self._splices.append(Splice(start, end, text))

    def _drop(self, start: int, end: int) -> None:
        """Takes whole lines away but their comments."""
        at = start
        while at < end:
            self._splices += self._without(at)
            at = next_line(self.text, at)

    def _insert(self, behind: int, lines: list[str]) -> None:
        """Puts lines behind the line on which a node ends; a block scalar that keeps its blank lines ends with the last of them."""
        at = behind if behind and self.text[behind - 1] in BREAKS else next_line(self.text, behind)
        depth = len(lines[0]) - len(lines[0].lstrip())
        self._added.append((at, depth, lines))

    def _insertions(self) -> list[Splice]:
        """The added lines, what lies deeper first where several end at one place."""
        found: dict[int, list[str]] = {}
        for at, _, lines in sorted(self._added, key=lambda added: -added[1]):
            found.setdefault(at, []).extend(lines)
        return [Splice(at, at, self._as_lines(at, lines)) for at, lines in found.items()]

    def _as_lines(self, at: int, lines: Sequence[str]) -> str:
        whole = self.newline.join(lines)
        fresh = at == 0 or self.text[at - 1] in BREAKS
        return whole + self.newline if fresh else self.newline + whole

    def _settle(self, node: Span) -> bool:
        """Whether nothing is left of a collection; what holds such a one goes with it."""
        parts = _parts(node)
        for index, (name, _, value) in enumerate(parts):
            if name in self._gone or not self._settle(value):
                continue
            if isinstance(node, Map) and name[1] in self._kept:
                if isinstance(value, (Map, Seq)) and not value.flow:
                    self._emptied[name[1]] = node.pairs[index]
            else:
                self._gone[name] = any(self._gone.get(inner[0], False) for inner in _parts(value))
        return (
            bool(parts)
            and node.start not in self._grown
            and all(part[0] in self._gone for part in parts)
        )

    def _vanish(self, node: Span, *, inside: bool) -> list[Splice]:
        """The changes that take away what is gone; those of whole lines are noted for later."""
        parts = _parts(node)
        if not parts:
            return []
        if isinstance(node, (Map, Seq)) and node.flow:
            kept = [
                splice
                for name, _, value in parts
                if name not in self._gone
                for splice in self._vanish(value, inside=inside)
            ]
            return kept if inside else [*kept, *self._runs(parts)]
        found: list[Splice] = []
        for index, (name, end, value) in enumerate(parts):
            if name not in self._gone:
                found += self._vanish(value, inside=inside)
                continue
            comment, at = self._gone[name], name[1]
            if isinstance(node, Seq):
                at = self.dash(node, index)
            elif self.text[line_start(self.text, at) : at].strip():
                follows = next(
                    (part[0][1] for part in parts[index + 1 :] if part[0] not in self._gone), end
                )
                found.append(Splice(at, follows, ""))
                continue
            self._note(at, end, indent(self.text, at) if comment else None, inside=inside)
            if comment:
                found += self._vanish(value, inside=True)
        return found

    def _note(self, start: int, end: int, col: int | None, *, inside: bool) -> None:
        """Marks the lines of an extent as comments from a column on, or (None) as gone."""
        at = line_start(self.text, start)
        last = max(start, end - 1)
        while at <= last:
            if col is None or not inside:
                self._lines[at] = col
            following = next_line(self.text, at)
            if following == at:
                break
            at = following

    def _line_splices(self) -> list[Splice]:
        found: list[Splice] = []
        starts = {start for start, _ in self._comments}
        for at, col in self._lines.items():
            line = self.text[at : line_end(self.text, at)]
            margin = len(line) - len(line.lstrip())
            if col is None:
                found += self._without(at)
            elif line.strip() and at + margin not in starts:
                found.append(Splice(at + min(col, margin), at + min(col, margin), "# "))
        return found

    def _without(self, at: int) -> list[Splice]:
        """The changes that leave of a line its comment alone, or nothing."""
        end = line_end(self.text, at)
        line = self.text[at:end]
        margin = len(line) - len(line.lstrip())
        comment = next((start for start, _ in self._comments if at <= start <= end), None)
        if comment is None:
            return [Splice(at, next_line(self.text, at), "")]
        return [Splice(at + margin, comment, "")] if comment > at + margin else []

    def _runs(self, parts: Sequence[_Part]) -> list[Splice]:
        """The changes that take the parts of a flow collection away that are gone, with their commas."""
        found: list[Splice] = []
        kept: int | None = None
        run: int | None = None
        for name, end, _ in parts:
            if name in self._gone:
                run = name[1] if run is None else run
                continue
            if run is not None:
                found.append(Splice(run, name[1], ""))
            run, kept = None, end
        if run is not None:
            found.append(Splice(run if kept is None else kept, parts[-1][1], ""))
        return found


_Part = tuple[tuple[str, int], int, Span]


def _parts(node: Span) -> list[_Part]:
    """What a collection holds: the name of the part, its end, and the node in it."""
    if isinstance(node, Map):
        return [((_PAIR, pair.key.start), pair.end, pair.value) for pair in node.pairs]
    if isinstance(node, Seq):
        return [((_ITEM, item.start), item.end, item) for item in node.items]
    return []
