"""Environment variables: what Dask never read stays out, what is there twice counts once."""

from __future__ import annotations

import re
from typing import Any

from mops.edit.migrate.draft import CHANGED, DIFFERS, DROPPED, Draft, data, scalar_data
from mops.model.layer import Path
from mops.schema.keywords import types, violations
from mops.yamltext.outline import Map, Pair, Scalar, Seq, resolved

_SECTIONS = r"(WORKER|SCHEDULER|NANNY|COMM|ADMIN|CLIENT|DEPLOY|DIAGNOSTICS|DASHBOARD)"
# The beginnings of names that look like Dask's and are not, each with what Dask reads instead.
_DEAD = (
    (re.compile(r"DASK_SCHEDULER__DASHBOARD__ENABLED"), None),
    (re.compile(r"DASK__(.+)"), r"DASK_\1"),
    (re.compile(rf"DASK_({_SECTIONS}__.+)"), r"DASK_DISTRIBUTED__\1"),
    (
        re.compile(rf"DASK_DISTRIBUTED_({_SECTIONS})_MEMORY_([A-Z]+)"),
        r"DASK_DISTRIBUTED__\1__MEMORY__\3",
    ),
    (
        re.compile(rf"DASK_DISTRIBUTED__({_SECTIONS})_MEMORY__(.+)"),
        r"DASK_DISTRIBUTED__\1__MEMORY__\3",
    ),
    (re.compile(r"DASK_DISTRIBUTED_(?!_).+"), ""),
    (re.compile(r"(?!DASK_)(?i:dask)_(.+)"), r"DASK_\1"),
)


def dead(name: str) -> str | None:
    """Why Dask ignores a variable of this name; None where it may well read it."""
    for pattern, living in _DEAD:
        if pattern.fullmatch(name) is None:
            continue
        if living is None:
            return "Dask has no such setting"
        instead = pattern.sub(living, name)
        reads = (
            f"; the name that counts is {instead}"
            if instead and dead(instead) is None and instead != name
            else ""
        )
        return f"Dask reads no such variable, so it never had an effect and is not given one now{reads}"
    return None


def clean(draft: Draft, names: Path, pair: Pair, section: Path) -> None:
    """Leaves out of an env list what had no effect; `section` is where the variables belong today."""
    seq = resolved(pair.value)
    if isinstance(seq, Scalar) and scalar_data(seq) is None:
        draft.drop(names, pair, "nothing was written here")
        return
    if not isinstance(seq, Seq):
        return
    last = {
        name: item
        for item in seq.items
        if isinstance(item, Map) and (name := _name(item)) is not None
    }
    for item in seq.items:
        name = _name(item) if isinstance(item, Map) else None
        if not isinstance(item, Map) or name is None:
            continue
        why = dead(name)
        if why is None and last[name] is not item:
            why = "it is here again below, and the later one counted"
        if why is not None:
            draft.rewrite.comment_out_item(item)
            draft.note(DROPPED, (*names, name), why, item)
        else:
            _entry(draft, names, name, item, section)


def _entry(draft: Draft, names: Path, name: str, item: Map, section: Path) -> None:
    value = item.pair("value")
    if item.pair("valueFrom") is not None:
        draft.note(
            DIFFERS,
            (*names, name),
            "the older tool failed on valueFrom (it took value_from alone); it counts now",
            item,
        )
    if value is None:
        if item.pair("valueFrom", "value_from") is None and len(item.pairs) == 1:
            draft.rewrite.add(item, {"value": ""})
            draft.note(
                CHANGED,
                (*names, name),
                "without a value a variable is empty text, which is now written",
                item,
            )
        return
    written = resolved(value.value)
    if not isinstance(written, Scalar):
        return
    text = written.text
    if not text and not written.style:
        draft.rewrite.put(value, "")
        draft.note(
            CHANGED,
            (*names, name),
            "without a value a variable is empty text, which is now written",
            item,
        )
        return
    meant = _meant(draft.schema.at((*section, "env", name)) or {}, name, text)
    if meant is not None and meant != text:
        draft.rewrite.put(value, meant)
        draft.note(
            CHANGED,
            (*names, name),
            f"the worker runtime takes {_shown(text)} as {meant}, which is now written",
            item,
        )


def _meant(tree: Any, name: str, text: str) -> str | None:
    """What the worker runtime made of a value that is no longer accepted; None where that is not known."""
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
    return f'"{text}"' if re.fullmatch(r"[ A-Za-z0-9._-]{0,20}", text) else "other text"


def _name(item: Map) -> str | None:
    pair = item.pair("name")
    value = data(pair.value) if pair else None
    return value if isinstance(value, str) else None
