"""Environment variables: those that Dask never read, and duplicates, become comments."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from mops.edit.migrate.changes import CHANGED, DIFFERS, DROPPED
from mops.edit.migrate.draft import Draft
from mops.edit.migrate.older_yaml import data
from mops.model.layer import Path
from mops.schema.keywords import types, violations
from mops.yamltext.outline import Map, Pair, Scalar, Seq, resolved


class _Lookalike(NamedTuple):
    """Names that look like Dask's but are not.

    `instead` is the template of the name that Dask reads: "" if none is known, None if Dask has no
    such setting.
    """

    pattern: re.Pattern[str]
    instead: str | None


_SECTIONS = r"(WORKER|SCHEDULER|NANNY|COMM|ADMIN|CLIENT|DEPLOY|DIAGNOSTICS|DASHBOARD)"
_LOOKALIKES = (
    _Lookalike(re.compile(r"DASK_SCHEDULER__DASHBOARD__ENABLED"), None),
    _Lookalike(re.compile(r"DASK__(.+)"), r"DASK_\1"),
    _Lookalike(re.compile(rf"DASK_({_SECTIONS}__.+)"), r"DASK_DISTRIBUTED__\1"),
    _Lookalike(
        re.compile(rf"DASK_DISTRIBUTED_({_SECTIONS})_MEMORY_([A-Z]+)"),
        r"DASK_DISTRIBUTED__\1__MEMORY__\3",
    ),
    _Lookalike(
        re.compile(rf"DASK_DISTRIBUTED__({_SECTIONS})_MEMORY__(.+)"),
        r"DASK_DISTRIBUTED__\1__MEMORY__\3",
    ),
    _Lookalike(re.compile(r"DASK_DISTRIBUTED_(?!_).+"), ""),
    _Lookalike(re.compile(r"(?!DASK_)(?i:dask)_(.+)"), r"DASK_\1"),
)


def why_ignored(name: str) -> str | None:
    """Why Dask ignores a variable with this name; None if it may read it."""
    for pattern, template in _LOOKALIKES:
        if pattern.fullmatch(name) is None:
            continue
        if template is None:
            return "Dask has no such setting"
        instead = pattern.sub(template, name)
        is_read = instead and instead != name and why_ignored(instead) is None
        reads = f"; Dask reads {instead}" if is_read else ""
        return f"Dask does not read this variable, so it had no effect and still has none{reads}"
    return None


def clean(draft: Draft, keys: Path, pair: Pair, section: str) -> None:
    """Turns variables without effect in a list into comments.

    `section` is the current section of the variables.
    """
    seq = resolved(pair.value)
    if not isinstance(seq, Seq):
        return
    named = [(name, item) for item in seq.items if (name := _name(item)) is not None]
    last = dict(named)
    for name, item in named:
        why = why_ignored(name)
        if why is None and last[name] is not item:
            why = "duplicate name; the last one took effect"
        if why is not None:
            draft.rewrite.comment_out_item(item)
            draft.note(DROPPED, (*keys, name), why, item)
        elif isinstance(item, Map):
            _clean_entry(draft, (*keys, name), item, section)


def _clean_entry(draft: Draft, keys: Path, item: Map, section: str) -> None:
    """Changes the value of a variable to what the current reader accepts."""
    if item.pair("valueFrom") is not None:
        why = (
            "the older tool failed on valueFrom (it accepted only value_from); it takes effect now"
        )
        draft.note(DIFFERS, keys, why, item)
    value = item.pair("value")
    if value is None:
        if item.pair("valueFrom", "value_from") is None and len(item.pairs) == 1:
            draft.rewrite.add(item, {"value": ""})
            draft.note(CHANGED, keys, _EMPTY, item)
        return
    _clean_value(draft, keys, item, value, section)


_EMPTY = "a variable without a value was an empty string, which is now written out"


def _clean_value(draft: Draft, keys: Path, item: Map, pair: Pair, section: str) -> None:
    written = resolved(pair.value)
    if not isinstance(written, Scalar):
        return
    text = written.text
    if not text and not written.style:
        draft.rewrite.put(pair, "")
        draft.note(CHANGED, keys, _EMPTY, item)
        return
    name = keys[-1]
    meant = _meant(draft.schema.at((section, "env", name)) or {}, name, text)
    if meant is not None and meant != text:
        draft.rewrite.put(pair, meant)
        why = f"the worker runtime reads {_shown(text)} as {meant}, which is now written out"
        draft.note(CHANGED, keys, why, item)


def _meant(tree: Any, name: str, text: str) -> str | None:
    """How the worker runtime read a value that is no longer accepted; None if unknown."""
    if not any(violations(tree, text)) or "string" not in types(tree):
        return None
    if name == "MODELOPS_DISABLE_PROVENANCE":
        return "false"
    choices: list[str] = next(
        (branch["enum"] for branch in tree.get("anyOf", ()) if "enum" in branch), []
    )
    if choices == ["true", "false"]:
        return "true" if text.lower() == "true" else "false"
    if "INFO" in choices:
        return text.upper() if text.upper() in choices else "INFO"
    return None


def _shown(text: str) -> str:
    return f'"{text}"' if re.fullmatch(r"[ A-Za-z0-9._-]{0,20}", text) else "another string"


def _name(item: Any) -> str | None:
    """The name of an entry that is a mapping with a name."""
    pair = item.pair("name") if isinstance(item, Map) else None
    value = data(pair.value) if pair is not None else None
    return value if isinstance(value, str) else None
