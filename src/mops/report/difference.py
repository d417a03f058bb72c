"""The difference between a file as committed and as rendered."""

from __future__ import annotations


def compared(text: str, committed: bytes, output: str) -> str:
    """A unified diff from the `committed` bytes of the file `output` to its new `text`."""
    from difflib import unified_diff

    old = committed.decode("utf-8", "backslashreplace").splitlines(keepends=True)
    lines = unified_diff(old, text.splitlines(keepends=True), output, f"{output} (rendered)")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
