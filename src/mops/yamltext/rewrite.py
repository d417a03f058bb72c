"""Changes of a YAML document as changes of its text: put, add, rename, remove or comment out keys.

All other bytes stay the same. Comments stay even if the key beside them is removed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from mops.model.layer import Value
from mops.yamltext.offsets import BREAKS, indent, line_end, line_start, next_line
from mops.yamltext.outline import Map, Pair, Scalar, Seq, Span, after_colon, is_missing
from mops.yamltext.removals import Removals, item_id, pair_id
from mops.yamltext.source import Source
from mops.yamltext.splices import Splice, spliced
from mops.yamltext.writer import natural_inline, natural_lines, natural_scalar

_STEP = 2


class NotEditable(Exception):
    """A part of the text cannot be changed on its own."""


class _Insertion(NamedTuple):
    """New lines at the start of a line; `depth` is their first column, from 0."""

    at: int
    depth: int
    lines: list[str]


class Rewrite:
    """A document and the changes to it. `result` is the changed text, `splices` the changes."""

    def __init__(self, text: str) -> None:
        self.source = Source(text)
        self.text = text
        self.root = self.source.root
        self._splices: list[Splice] = []
        self._removals = Removals(self.source)
        self._insertions: list[_Insertion] = []

    @property
    def splices(self) -> list[Splice]:
        """All changes so far."""
        return [*self._splices, *self._removals.splices(), *self._inserted()]

    @property
    def result(self) -> str:
        """The text with all changes."""
        return spliced(self.text, self.splices)

    # One pair.

    def put(self, pair: Pair, value: Value) -> None:
        """Gives a pair another value, on one line.

        Raises NotEditable for a value that has an anchor or a tag.
        """
        old = pair.value
        if getattr(old, "marked", False):
            raise NotEditable("it has an anchor or a tag")
        colon = after_colon(self.text, pair.key)
        if is_missing(old):
            at = colon or pair.key.end
            self.replace(at, at, f"{'' if colon else ':'} {natural_inline(value)}")
        elif isinstance(old, (Map, Seq)) and not old.flow:
            self.replace(colon, colon, f" {natural_inline(value)}")
            self._remove_lines(next_line(self.text, colon), next_line(self.text, pair.end))
        else:
            like = old if isinstance(old, Scalar) else None
            self.replace(old.start, pair.end, natural_inline(value, like))

    def rename(self, pair: Pair, key: str) -> None:
        """Gives a pair another key."""
        self.replace(pair.key.start, pair.key.end, natural_scalar(key, pair.key))

    def remove(self, pair: Pair) -> None:
        """Removes a pair; comments inside it stay."""
        self._removals.add(pair_id(pair), as_comment=False)

    def comment_out(self, pair: Pair) -> None:
        """Turns a pair into a comment; inside brackets, where comments cannot be, removes it."""
        self._removals.add(pair_id(pair), as_comment=True)

    def removes(self, pair: Pair) -> bool:
        """Whether a pair is removed or commented out."""
        return pair_id(pair) in self._removals

    def keep(self, pair: Pair) -> None:
        """Keeps a pair with `{}` when its mapping becomes empty."""
        self._removals.keep(pair)

    def lift(self, holder: Map, pair: Pair) -> None:
        """Replaces a pair of `holder` by the pairs of the mapping in it, one level up."""
        value = pair.value
        if not isinstance(value, Map):
            raise NotEditable("it is not a mapping")
        margin = indent(self.text, pair.key.start)
        if value.flow:
            between = ", " if holder.flow else self.source.newline + " " * margin
            pairs = [self.text[inner.key.start : inner.end] for inner in value.pairs]
            self.replace(pair.key.start, pair.end, between.join(pairs))
            return
        start = line_start(self.text, pair.key.start)
        self._splices += self.source.only_comment(start)
        depth = indent(self.text, value.pairs[0].key.start) - margin
        self._outdent(next_line(self.text, start), pair.end, depth)

    # Parts of collections.

    def remove_item(self, item: Span) -> None:
        """Removes an item of a list."""
        self._removals.add(item_id(item), as_comment=False)

    def comment_out_item(self, item: Span) -> None:
        """Turns an item of a list into a comment."""
        self._removals.add(item_id(item), as_comment=True)

    def add(self, into: Map, entries: Mapping[str, Value]) -> None:
        """Adds pairs at the end of a mapping."""
        if not entries:
            return
        self._removals.grows(into)
        if into.flow or not into.pairs:
            self._add_inline(into, entries)
        else:
            depth = indent(self.text, into.pairs[0].key.start)
            self._insert_lines(into.pairs[-1].end, natural_lines(entries, depth))

    def _add_inline(self, into: Map, entries: Mapping[str, Value]) -> None:
        text = natural_inline(entries)[1:-1]
        staying = [pair for pair in into.pairs if not self.removes(pair)]
        if staying:
            at, text = staying[-1].end, f", {text}"
        else:
            at = self.text.index("{", into.start) + 1
            text = f"{text}, " if into.pairs else text
        self.replace(at, at, text)

    def add_below(self, pair: Pair, entries: Mapping[str, Value]) -> None:
        """Adds pairs to the mapping in a pair; a value that is not a mapping is replaced by one."""
        if isinstance(pair.value, Map):
            self.add(pair.value, entries)
        elif not entries:
            self.put(pair, {})
        elif is_missing(pair.value):
            depth = indent(self.text, pair.key.start) + _STEP
            self._insert_lines(pair.end, natural_lines(entries, depth))
        else:
            self.put(pair, dict(entries))

    def append(self, into: Seq, lines: Callable[[int], list[str]], inline: str) -> None:
        """Adds an item to a list: `inline` in a flow list, else `lines(column of the dash)`."""
        self._removals.grows(into)
        if into.flow:
            at = into.items[-1].end if into.items else self.text.index("[", into.start) + 1
            self.replace(at, at, f", {inline}" if into.items else inline)
        else:
            dash = self.source.dash(into, len(into.items) - 1)
            self._insert_lines(into.items[-1].end, lines(indent(self.text, dash)))

    # Text.

    def replace(self, start: int, end: int, text: str) -> None:
        """Replaces the text of an extent."""
        self._splices.append(Splice(start, end, text))

    def _remove_lines(self, start: int, end: int) -> None:
        """Removes whole lines except their comments."""
        at = start
        while at < end:
            self._splices += self.source.only_comment(at)
            at = next_line(self.text, at)

    def _outdent(self, start: int, end: int, depth: int) -> None:
        """Moves lines to the left by `depth` columns, or as far as their indentation allows."""
        at = start
        while at < end:
            line = self.text[at : line_end(self.text, at)]
            blanks = min(depth, len(line) - len(line.lstrip(" ")))
            if blanks:
                self.replace(at, at + blanks, "")
            at = next_line(self.text, at)

    def _insert_lines(self, after: int, lines: list[str]) -> None:
        """Inserts lines after the line on which a node ends, at the offset `after`.

        A block scalar that keeps its blank lines ends at the start of the line after them.
        """
        at_start = after > 0 and self.text[after - 1] in BREAKS
        at = after if at_start else next_line(self.text, after)
        depth = len(lines[0]) - len(lines[0].lstrip())
        self._insertions.append(_Insertion(at, depth, lines))

    def _inserted(self) -> list[Splice]:
        """The inserted lines; if several nodes end at one place, the deepest come first."""
        found: dict[int, list[str]] = {}
        for insertion in sorted(self._insertions, key=lambda each: -each.depth):
            found.setdefault(insertion.at, []).extend(insertion.lines)
        return [Splice(at, at, self._as_lines(at, lines)) for at, lines in found.items()]

    def _as_lines(self, at: int, lines: Sequence[str]) -> str:
        newline = self.source.newline
        text = newline.join(lines)
        at_start = at == 0 or self.text[at - 1] in BREAKS
        return text + newline if at_start else newline + text
