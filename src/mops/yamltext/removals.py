"""Removing parts of a document, or turning them into comments, as changes of its text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mops.yamltext.offsets import indent, line_end, line_start, next_line
from mops.yamltext.outline import Map, Pair, Seq, Span, after_colon
from mops.yamltext.source import Source
from mops.yamltext.splices import Splice


class PartId(NamedTuple):
    """Identifies a part by its start; an item and the first pair in it may start together."""

    start: int
    is_item: bool


class Part(NamedTuple):
    """A part that can be removed: a pair of a mapping (`pair`), or an item of a sequence."""

    id: PartId
    end: int
    value: Span
    pair: Pair | None


def pair_id(pair: Pair) -> PartId:
    """The identity of a pair."""
    return PartId(pair.key.start, is_item=False)


def item_id(item: Span) -> PartId:
    """The identity of a sequence's item."""
    return PartId(item.start, is_item=True)


def parts_of(node: Span) -> list[Part]:
    """The pairs or items of a collection; [] for other nodes."""
    if isinstance(node, Map):
        return [Part(pair_id(pair), pair.end, pair.value, pair) for pair in node.pairs]
    if isinstance(node, Seq):
        return [Part(item_id(item), item.end, item, None) for item in node.items]
    return []


class Removals:
    """The parts of a document to remove.

    A collection that loses all its parts is removed too, unless it grows or its pair is kept.
    Comments stay.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text
        # The removed parts -> whether they stay as comments.
        self._gone: dict[PartId, bool] = {}
        self._growing: set[int] = set()
        self._kept: set[PartId] = set()

    def __contains__(self, part: PartId) -> bool:
        return part in self._gone

    def add(self, part: PartId, *, as_comment: bool) -> None:
        """Removes a part; `as_comment` turns it into a comment, except inside brackets."""
        self._gone[part] = as_comment

    def keep(self, pair: Pair) -> None:
        """Keeps a pair with `{}` when nothing is left in its mapping."""
        self._kept.add(pair_id(pair))

    def grows(self, node: Map | Seq) -> None:
        """Records that a collection gets new parts, so it does not become empty."""
        self._growing.add(node.start)

    def splices(self) -> list[Splice]:
        """The changes of the text."""
        root = self._source.root
        if root is None:
            return []
        emptied: list[Pair] = []
        found: list[Splice] = []
        if self._spread(root, emptied):
            end = len(self._text)
            found.append(Splice(end, end, "{}" + self._source.newline))
        lines = _Lines(self._source)
        found += self._inside(root, lines, in_comment=False)
        for pair in emptied:
            colon = after_colon(self._text, pair.key)
            found.append(Splice(colon, colon, " {}"))
        return found + lines.splices()

    def _spread(self, node: Span, emptied: list[Pair]) -> bool:
        """Removes the parts in a node that become empty; returns whether the node becomes empty.

        Kept pairs that lose a block collection are added to `emptied`.
        """
        parts = parts_of(node)
        for part in parts:
            if part.id not in self._gone and self._spread(part.value, emptied):
                self._becomes_empty(part, emptied)
        if not parts or node.start in self._growing:
            return False
        return all(part.id in self._gone for part in parts)

    def _becomes_empty(self, part: Part, emptied: list[Pair]) -> None:
        if part.pair is None or part.id not in self._kept:
            inner = parts_of(part.value)
            self._gone[part.id] = any(self._gone.get(each.id, False) for each in inner)
        elif isinstance(part.value, (Map, Seq)) and not part.value.flow:
            emptied.append(part.pair)

    def _inside(self, node: Span, lines: _Lines, *, in_comment: bool) -> list[Splice]:
        """The changes within lines that remove parts of a node; whole lines are added to `lines`.

        `in_comment`: the node's lines already become comments.
        """
        if isinstance(node, (Map, Seq)) and node.flow:
            return self._inside_flow(node, lines, in_comment=in_comment)
        found: list[Splice] = []
        parts = parts_of(node)
        for index, part in enumerate(parts):
            if part.id not in self._gone:
                found += self._inside(part.value, lines, in_comment=in_comment)
                continue
            start = self._source.dash(node, index) if isinstance(node, Seq) else part.id.start
            if self._shares_line(node, start):
                found.append(Splice(start, self._next_start(parts[index:]), ""))
            elif not self._gone[part.id]:
                lines.mark(start, part.end, None)
            else:
                if not in_comment:
                    lines.mark(start, part.end, indent(self._text, start))
                found += self._inside(part.value, lines, in_comment=True)
        return found

    def _shares_line(self, node: Span, start: int) -> bool:
        """Whether a pair is on the same line as the dash of the item that contains it."""
        before = self._text[line_start(self._text, start) : start]
        return isinstance(node, Map) and bool(before.strip())

    def _next_start(self, parts: Sequence[Part]) -> int:
        """The start of the next part that stays; if there is none, the end of the first part."""
        staying = (part.id.start for part in parts if part.id not in self._gone)
        return next(staying, parts[0].end)

    def _inside_flow(self, node: Map | Seq, lines: _Lines, *, in_comment: bool) -> list[Splice]:
        parts = parts_of(node)
        found: list[Splice] = []
        for part in parts:
            if part.id not in self._gone:
                found += self._inside(part.value, lines, in_comment=in_comment)
        return found if in_comment else found + self._flow_runs(parts)

    def _flow_runs(self, parts: Sequence[Part]) -> list[Splice]:
        """The changes that remove runs of parts from a flow collection, with their commas."""
        found: list[Splice] = []
        kept_end: int | None = None
        run_start: int | None = None
        for part in parts:
            if part.id in self._gone:
                run_start = part.id.start if run_start is None else run_start
                continue
            if run_start is not None:
                found.append(Splice(run_start, part.id.start, ""))
            run_start, kept_end = None, part.end
        if run_start is not None:
            found.append(Splice(run_start if kept_end is None else kept_end, parts[-1].end, ""))
        return found


class _Lines:
    """Whole lines that are removed or become comments."""

    def __init__(self, source: Source) -> None:
        self._source = source
        # Start of a line -> the column of the `# ` to insert, or None to remove the line.
        self._columns: dict[int, int | None] = {}

    def mark(self, start: int, end: int, column: int | None) -> None:
        """Marks the lines of an extent."""
        text = self._source.text
        at = line_start(text, start)
        last = max(start, end - 1)
        while at <= last:
            self._columns[at] = column
            following = next_line(text, at)
            if following == at:
                break
            at = following

    def splices(self) -> list[Splice]:
        """The changes; comments on the lines stay."""
        text = self._source.text
        comments = {comment.start for comment in self._source.comments}
        found: list[Splice] = []
        for at, column in self._columns.items():
            if column is None:
                found += self._source.only_comment(at)
                continue
            line = text[at : line_end(text, at)]
            margin = len(line) - len(line.lstrip())
            if line.strip() and at + margin not in comments:
                put = at + min(column, margin)
                found.append(Splice(put, put, "# "))
        return found
