"""A document's text together with its outline and its comments."""

from __future__ import annotations

from mops.yamltext.offsets import line_end, newline, next_line, position
from mops.yamltext.outline import Seq, comments, outline
from mops.yamltext.splices import Splice


class Source:
    """A YAML document as text: its nodes, its comments, its line break."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = outline(text)
        self.newline = newline(text)
        self.comments = comments(text, self.root)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, from 1."""
        return position(self.text, offset)

    def dash(self, seq: Seq, index: int) -> int:
        """The offset of the dash of a block sequence's item."""
        at = seq.start if index == 0 else next_line(self.text, seq.items[index - 1].end)
        ends = dict(self.comments)
        while self.text[at] != "-":
            at = ends.get(at, at + 1)
        return at

    def only_comment(self, at: int) -> list[Splice]:
        """The changes that reduce the line that starts at `at` to its comment, or remove it."""
        end = line_end(self.text, at)
        line = self.text[at:end]
        content = at + len(line) - len(line.lstrip())
        comment = next((found for found in self.comments if at <= found.start <= end), None)
        if comment is None:
            return [Splice(at, next_line(self.text, at), "")]
        return [Splice(content, comment.start, "")] if comment.start > content else []
