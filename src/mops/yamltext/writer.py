"""Data as YAML text that every YAML reader understands in the same way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from mops.model.layer import Path

# The text form: ASCII, block style, every string in double quotes but the keys that the schema declares.
_UNSAFE = re.compile(r"[^ !#-\[\]-~]")

_BARE_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,}")


def quote(text: str) -> str:
    """`text` as a YAML double-quoted scalar in ASCII."""
    return f'"{_UNSAFE.sub(lambda found: escaped(found.group()), text)}"'


def dump(found: Mapping[str, Any], comments: Mapping[Path, str] | None = None) -> str:
    """Values as YAML text; `comments` are put behind the lines of the leaves at those paths."""
    lines: list[str] = []
    _map(lines, found, "", (), comments)
    lines.append("")
    return "\n".join(lines)


def _map(
    lines: list[str],
    value: Mapping[str, Any],
    indent: str,
    path: Path,
    comments: Mapping[Path, str] | None,
) -> None:
    """Appends the lines of a map."""
    for key, entry in value.items():
        here = (*path, key) if comments else ()
        comment = f"  # {comments[here]}" if comments and here in comments else ""
        if entry and isinstance(entry, dict):
            lines.append(f"{indent}{_name(key)}:{comment}")
            _map(lines, entry, f"{indent}  ", here, comments)
        elif entry and isinstance(entry, list):
            lines.append(f"{indent}{_name(key)}:{comment}")
            _list(lines, entry, f"{indent}  ")
        else:
            lines.append(f"{indent}{_name(key)}: {_inline(entry)}{comment}")


_WORDS = frozenset({"yes", "off", "true", "false", "null", "inf", "nan"})


@lru_cache(maxsize=4096)
def _name(key: str) -> str:
    """A key, in quotes where a reader might take it for something else."""
    return key if _BARE_KEY.fullmatch(key) and key.lower() not in _WORDS else quote(key)


def _list(lines: list[str], items: list[Any], indent: str) -> None:
    """Appends the lines of a list."""
    for item in items:
        if item and isinstance(item, dict):
            first = len(lines)
            _map(lines, item, f"{indent}  ", (), None)
            lines[first] = f"{indent}- {lines[first].lstrip()}"
        elif item and isinstance(item, list):
            lines.append(f"{indent}-")
            _list(lines, item, f"{indent}  ")
        else:
            lines.append(f"{indent}- {_inline(item)}")


def _inline(value: Any) -> str:
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return "{}" if isinstance(value, dict) else "[]"


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def escaped(char: str) -> str:
    """A character as it stands in YAML's double quotes when it cannot stand there itself."""
    if char in _ESCAPES:
        return _ESCAPES[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
