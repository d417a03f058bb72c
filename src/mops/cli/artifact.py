"""What `render` writes, as text, and how it differs from what is committed."""

from __future__ import annotations

from mops import report, values
from mops.cli import run

HEADER = "# Written by mops render; edit the configuration instead.\n# +argocd:skip-file-rendering\n"


def document(outcome: run.Outcome, kind: str, *, annotate: bool) -> str:
    """The values as text."""
    if kind == "json":
        import json

        return json.dumps(outcome.values, indent=2, ensure_ascii=True) + "\n"
    return HEADER + values.dump(outcome.values, report.comments(outcome.config, outcome.values) if annotate else None)


def compared(text: str, committed: bytes, output: str) -> str:
    """The difference between what is committed and what is rendered."""
    from difflib import unified_diff

    old = committed.decode("utf-8", "backslashreplace").splitlines(keepends=True)
    lines = unified_diff(old, text.splitlines(keepends=True), output, f"{output} (rendered)")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
