"""YAML text to libyaml's events, with libyaml's errors explained."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeAlias

import yaml

from mops.model.disk import MAX_BYTES

# An event of libyaml. PyYAML's types allow events without marks, but libyaml's always have them.
Event: TypeAlias = Any


class Refused(Exception):
    """The document cannot be read past this point."""

    def __init__(self, line: int, col: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.col = col
        self.hint = hint


def decoded(data: bytes | str) -> str:
    """The text of `data`, without a byte order mark. Raises Refused if too large or not UTF-8."""
    if len(data) > MAX_BYTES:
        raise Refused(1, 1, f"the file is larger than {MAX_BYTES // 1024} KiB")
    if isinstance(data, str):
        return data
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused(1, 1, "the file is UTF-16, not UTF-8", "save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        col = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        raise Refused(
            line, col, f"byte {error.start + 1} is not UTF-8", "save the file as UTF-8"
        ) from None


def events(text: str) -> Iterator[Event]:
    """The events that libyaml reports for `text`. Raises Refused if it is not valid YAML."""
    yielded = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            yielded += 1
            yield event
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark and "nesting depth" in str(error.problem):
            # libyaml looks ahead for a key and reaches its own limit (1,000 levels in PyYAML
            # 6.0.4) before the reader reaches ours. The events up to there are enough for ours.
            yield from islice(events(text[: mark.index]), yielded, None)
        line, col = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Refused(line, col, *_explained(error, text, line)) from None
    except yaml.YAMLError:
        # libyaml reports only the byte of the character that it cannot read.
        found = yaml.reader.Reader.NON_PRINTABLE.search(text)
        before = text[: found.start() if found else 0]
        code = f"U+{ord(found.group()):04X}" if found else "a character"
        line, col = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise Refused(
            line,
            col,
            f"{code} is not allowed in YAML text",
            'use an escape in double quotes, such as "\\x1b"',
        ) from None


def _explained(error: yaml.MarkedYAMLError, text: str, line: int) -> tuple[str, str]:
    """A message and a hint for an error of libyaml in a line of `text`."""
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    indent = written[: len(written) - len(written.lstrip())]
    if "\t" in indent:
        return "YAML does not allow tabs for indentation", "use spaces"
    context = f"{error.context}: " if error.context else ""
    begun = error.context_mark
    hint = next((hint for part, hint in _ADVICE.items() if part in str(error.problem)), "")
    return f"invalid YAML: {context}{error.problem}", hint.format(
        f"line {begun.line + 1}, column {begun.column + 1}" if begun else ""
    )


# Parts of libyaml's messages -> what to do. {} is where the unfinished part begins.
_ADVICE = {
    "mapping values are not allowed": (
        'check the indentation, or quote the value if it contains ": "'
    ),
    "unexpected end of stream": "the quote that opens at {} is not closed",
    "expected ',' or": "the bracket that opens at {} is not closed, or a comma is missing",
    "cannot start any token": "quote values that start with %, @ or `",
    "could not find expected ':'": "the key at {} has no colon, or no space after its colon",
    "did not find expected key": "check the indentation, and brackets and quotes before it",
    "did not find expected <document start>": "check the indentation",
    "expected '-' indicator": "list items start with - in the same column; check the indentation",
    "expected node content": "a key or value is missing here",
    "sequence entries are not allowed": "start the list on a new line",
}
