"""What became of every key, as a table for people and as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mops.edit.migrate.changes import DROPPED, KEPT, UNCHANGED, Change
from mops.edit.migrate.plan import Step
from mops.model.layer import Value
from mops.model.spelling import counted
from mops.report.text import json_text, printable

# Columns are as wide as their widest cell, but no wider than this.
_KEY_WIDTH, _ACTION_WIDTH = 56, 9
_DROPPED_NOTE = "  (a dropped key stays as a comment if it has lines of its own and a value)"


class _Row(NamedTuple):
    key: str
    action: str
    why: str
    place: str


def text_table(steps: Sequence[Step]) -> str:
    """One table for each step."""
    lines: list[str] = []
    for step in steps:
        lines += _lines(step)
    return "".join(f"{printable(line)}\n" for line in lines)


def _lines(step: Step) -> list[str]:
    result = step.result
    outcome = f"to {result.target} ({result.format})" if step.is_needed else "nothing to do"
    rows = _rows(result.changes)
    key_width = min(max((len(row.key) for row in rows), default=0), _KEY_WIDTH)
    action_width = min(max((len(row.action) for row in rows), default=0), _ACTION_WIDTH)
    lines = [f"{', '.join(result.sources)}: {outcome}"]
    for row in rows:
        place = f"  [{row.place}]" if row.place.rpartition(":")[0] else ""
        lines.append(f"  {row.key:<{key_width}}  {row.action:<{action_width}}  {row.why}{place}")
    if any(row.action == DROPPED for row in rows):
        lines.append(_DROPPED_NOTE)
    return lines


def _rows(changes: Sequence[Change]) -> list[_Row]:
    """A row for each change, and one row for all unchanged keys."""
    rows: list[_Row] = []
    unchanged: list[str] = []
    for change in changes:
        if change.why == UNCHANGED:
            unchanged.append(change.key)
        else:
            key = f"{change.key} -> {change.to}" if change.to else change.key
            rows.append(_Row(key, change.action, change.why, change.place))
    if unchanged:
        why = f"{UNCHANGED}: {', '.join(unchanged)}"
        rows.append(_Row(counted(len(unchanged), "key"), KEPT, why, ""))
    return rows


def json_table(steps: Sequence[Step], *, with_text: bool) -> str:
    """The same as a JSON document; `with_text` adds the content of the new files."""
    return json_text([_data(step, with_text=with_text) for step in steps])


def _data(step: Step, *, with_text: bool) -> dict[str, Value]:
    result = step.result
    found: dict[str, Value] = {
        "sources": result.sources,
        "target": result.target,
        "format": result.format,
        "changed": step.is_needed,
        "changes": [change._asdict() for change in result.changes],
    }
    if with_text:
        found["text"] = result.text
    return found
