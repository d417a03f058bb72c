"""The difference between a file as committed and as rendered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mops.schema.secrets import MASK, secret_pair, without_secrets


def compared(text: str, committed: bytes, output: str) -> str:
    """A unified diff from the `committed` bytes of the file `output` to its new `text`."""
    from difflib import unified_diff

    old = committed.decode("utf-8", "backslashreplace").splitlines(keepends=True)
    lines = unified_diff(old, text.splitlines(keepends=True), output, f"{output} (rendered)")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in _without_secrets(lines)
    )


# A line of YAML in a unified diff: a key with its value, or an item of a list.
_KEY = r"""(?P<start>[-+ ]\s*(?:- )?)["']?(?P<name>[^\s"':]+)["']?:\s+(?P<value>\S.*)"""
_ITEM = r"""(?P<start>[-+ ]\s*- )(?P<value>\S.*)"""


def _without_secrets(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a diff with the secrets in them hidden."""
    before = ""
    in_key = False
    for line in lines:
        text = line.rstrip("\n")
        end = line[len(text) :]
        if in_key:
            in_key = "-----END" not in text
            yield text[:1] + MASK + end
            continue
        in_key = "PRIVATE KEY-----" in text and "-----END" not in text
        match = re.fullmatch(_KEY, text) or re.fullmatch(_ITEM, text)
        if match is None:
            yield without_secrets(text) + end
            continue
        value = match["value"].strip("\"'")
        name = match.groupdict().get("name", before)
        if name == "value" and before:
            name = before
        yield text[: match.start("value")] + _hidden(name, match["value"], value) + end
        if match.groupdict().get("name") in (None, "name"):
            before = value


def _hidden(name: str, written: str, value: str) -> str:
    """A value as it is written, or the mask for a secret."""
    return MASK if secret_pair(name, value) else without_secrets(written)
