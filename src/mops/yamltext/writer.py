"""Data as YAML text that every YAML reader understands in the same way.

There are two styles. The *quoted* style is for files that mops writes as a whole (`dump`, `inline`,
`quote`): ASCII, with every string in double quotes. The *natural* style is for values in files that
people write (`natural_scalar`, `natural_inline`, `natural_lines`): quotes only where a reader could
misread the text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from mops.model.layer import Path, Value
from mops.yamltext.nodes import NULLS, ambiguous

if TYPE_CHECKING:
    from mops.yamltext.outline import Scalar

_INDENT = "  "


# Scalars that are the same in both styles.


def _number_or_constant(value: Value) -> str | None:
    """Null, a boolean or a number as YAML text; None for anything else."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    return None


def _float(value: float) -> str:
    """A float, with the decimal point without which YAML 1.1 reads a string."""
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    mantissa, exponent, power = repr(value).partition("e")
    return (mantissa if "." in mantissa else f"{mantissa}.0") + exponent + power


# The first characters that need more than two or four hexadecimal digits.
_TWO_DIGITS, _FOUR_DIGITS = 1 << 8, 1 << 16
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _escaped(char: str) -> str:
    """A character as an escape of YAML's double-quoted style."""
    if char in _ESCAPES:
        return _ESCAPES[char]
    code = ord(char)
    if code < _TWO_DIGITS:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code < _FOUR_DIGITS else f"\\U{code:08X}"


# The quoted style.

_UNSAFE = re.compile(r"[^ !#-\[\]-~]")
_BARE_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,}")
_RESERVED = frozenset({"yes", "off", "true", "false", "null", "inf", "nan"})


def quote(text: str) -> str:
    """`text` as a double-quoted scalar in ASCII."""
    return f'"{_UNSAFE.sub(lambda found: _escaped(found.group()), text)}"'


def inline(value: Value) -> str:
    """A value on one line. Raises TypeError for anything that is not JSON data."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, dict):
        return _flow_mapping(value, quote, inline)
    if isinstance(value, list):
        return _flow_sequence(value, inline)
    text = _number_or_constant(value)
    if text is None:
        raise TypeError(f"{type(value).__name__} has no YAML form")
    return text


def dump(
    found: Mapping[str, Value],
    comments: Mapping[Path, str] | None = None,
    literal: Collection[Path] = (),
) -> str:
    """A mapping as a YAML document, one key or item a line.

    `comments` are added to the lines of the keys at their paths. At the paths in `literal`, strings
    of several lines are written as literal blocks (`|`), which people can read.
    """
    document = _Document(comments or {}, literal)
    document.mapping(found, "", () if comments or literal else None)
    return "\n".join([*document.lines, ""])


class _Document:
    """The lines of a document so far."""

    def __init__(self, comments: Mapping[Path, str], literal: Collection[Path]) -> None:
        self.lines: list[str] = []
        self.comments = comments
        self.literal = literal

    def mapping(self, found: Mapping[str, Value], margin: str, path: Path | None) -> None:
        """Adds a mapping at `path`; None if it cannot have comments or literal blocks."""
        for key, value in found.items():
            here = None if path is None else (*path, key)
            name = f"{margin}{_key(key)}:"
            note = self.comments.get(here) if here else None
            comment = f"  # {note}" if note else ""
            if value and isinstance(value, (dict, list)):
                self.lines.append(name + comment)
                self.collection(value, margin + _INDENT, here)
            elif here in self.literal and _fits_literal(value):
                self.lines.append(f"{name} |{comment}")
                self.lines += [f"{margin}{_INDENT}{line}" for line in value.splitlines()]
            else:
                self.lines.append(f"{name} {inline(value)}{comment}")

    def collection(self, found: Value, margin: str, path: Path | None) -> None:
        if isinstance(found, dict):
            self.mapping(found, margin, path)
        else:
            self.sequence(found, margin)

    def sequence(self, found: Sequence[Value], margin: str) -> None:
        for item in found:
            if item and isinstance(item, dict):
                first = len(self.lines)
                self.mapping(item, margin + _INDENT, None)
                self.lines[first] = f"{margin}- {self.lines[first].lstrip()}"
            elif item and isinstance(item, list):
                self.lines.append(f"{margin}-")
                self.sequence(item, margin + _INDENT)
            else:
                self.lines.append(f"{margin}- {inline(item)}")


@lru_cache(maxsize=4096)
def _key(key: str) -> str:
    """A key, in quotes if a reader might not take it for a string."""
    return key if _BARE_KEY.fullmatch(key) and key.lower() not in _RESERVED else quote(key)


def _fits_literal(value: Value) -> bool:
    """Whether a literal block can contain this string: printable lines that end in newlines."""
    if not isinstance(value, str) or not value.endswith("\n") or value.startswith((" ", "\n")):
        return False
    return not value.endswith("\n\n") and all(map(str.isprintable, value.split("\n")))


# The natural style.

_PLAIN = re.compile(
    r"[A-Za-z0-9_/.+][A-Za-z0-9_/.:@%+=~^-]*( [A-Za-z0-9_/.:@%+=~^(-][A-Za-z0-9_/.:@%+=~^()-]*)*"
)


def natural_scalar(value: Value, like: Scalar | None = None) -> str:
    """A scalar, if possible in the quoting style of the scalar that it replaces (`like`)."""
    constant = _number_or_constant(value)
    if constant is not None:
        return constant
    text = str(value)
    style = like.style if like is not None else ""
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    if style != '"' and _plain_is_safe(text) and (not ambiguous(text) or _stays_plain(text, like)):
        return text
    return _quote_unicode(text)


def natural_inline(value: Value, like: Scalar | None = None) -> str:
    """Any value on one line."""
    if isinstance(value, Mapping):
        return _flow_mapping(value, natural_scalar, natural_inline)
    if isinstance(value, list):
        return _flow_sequence(value, natural_inline)
    return natural_scalar(value, like)


def natural_lines(entries: Mapping[str, Value], depth: int) -> list[str]:
    """The lines of a block mapping, `depth` columns in; an item of a list takes one line."""
    lines: list[str] = []
    margin = " " * depth
    for key, value in entries.items():
        name = f"{margin}{natural_scalar(key)}:"
        if isinstance(value, Mapping) and value:
            lines += [name, *natural_lines(value, depth + len(_INDENT))]
        elif isinstance(value, list) and value:
            lines += [name, *(f"{margin}{_INDENT}- {natural_inline(item)}" for item in value)]
        else:
            lines.append(f"{name} {natural_inline(value)}")
    return lines


def _quote_unicode(text: str) -> str:
    """Like `quote`, but printable characters outside ASCII stay."""
    safe = (
        char if char.isprintable() and char not in _ESCAPES else _escaped(char) for char in text
    )
    return '"' + "".join(safe) + '"'


def _stays_plain(text: str, like: Scalar | None) -> bool:
    """Whether an unquoted number or word replaces another: the schema then determines its type."""
    return (
        like is not None
        and not like.style
        and like.end > like.start
        and ambiguous(like.text)
        and like.text not in NULLS
        and text not in NULLS
    )


def _plain_is_safe(text: str) -> bool:
    """Whether the unquoted text is one scalar, even inside brackets and before a comment."""
    return (
        _PLAIN.fullmatch(text) is not None
        and ": " not in text
        and not text.endswith(":")
        and not text.startswith("...")
    )


# Collections on one line, for both styles.


def _flow_mapping(
    found: Mapping[str, Value], key: Callable[[str], str], value: Callable[[Value], str]
) -> str:
    return "{" + ", ".join(f"{key(name)}: {value(entry)}" for name, entry in found.items()) + "}"


def _flow_sequence(found: Sequence[Value], value: Callable[[Value], str]) -> str:
    return "[" + ", ".join(map(value, found)) + "]"
