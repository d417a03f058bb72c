"""The end of a migration: unknown keys become comments, and the result is validated."""

from __future__ import annotations

import os
from collections.abc import Iterator

from mops.chart.values import chart_values
from mops.checks.registry import check
from mops.config.dialects import FOREIGN, File, read
from mops.config.resolve import Config, resolve
from mops.edit.migrate import older_tool, pods
from mops.edit.migrate.changes import ADDED, DIFFERS, DROPPED, KEPT, UNCHANGED, Change, Migrated
from mops.edit.migrate.draft import Draft, OlderMemory
from mops.edit.migrate.formats import CONFIG, INFRASTRUCTURE
from mops.model.layer import Path, dotted
from mops.model.problems import ERROR, InvalidConfig, Problem
from mops.model.quantities import human, process_share
from mops.model.spelling import with_hint
from mops.schema.keywords import UNKNOWN_SETTING
from mops.yamltext.offsets import offset_of, position
from mops.yamltext.outline import Map, Pair, Seq, Span, outline

# Unknown keys are found only after the keys around them have become comments.
_ROUNDS = 3


def finish(draft: Draft) -> Migrated:
    """The result.

    Raises InvalidConfig, with places in the old file, if the current reader rejects the result.
    """
    if not draft.format.is_current:
        _comment_out_unknown(draft)
    file = read(draft.text, draft.name, draft.schema)
    config = resolve([draft.schema.defaults(), file.layer], draft.schema)
    errors = _errors(draft, file, config)
    if errors:
        raise InvalidConfig([_at_old_place(draft, problem) for problem in errors])
    if draft.memory is not None:
        draft.note(DIFFERS, draft.memory.key, _memory_line(config, draft.memory))
    unchanged = [] if draft.format.is_current else list(_unchanged(draft))
    if draft.makes_pods:
        pods.note_differences(draft)
    is_moved = draft.format in (CONFIG, INFRASTRUCTURE)
    target = draft.name
    if is_moved:
        target = os.path.join(os.path.dirname(draft.name), "modelops.yaml")
    return Migrated(
        sources=[draft.name],
        target=target,
        format=file.dialect,
        text=draft.mark + draft.text,
        before=None if is_moved else draft.original,
        changes=[*draft.changes, *unchanged],
    )


def _errors(draft: Draft, file: File, config: Config) -> list[Problem]:
    """The errors in the result: in the file, else in its values, else those of the rules."""
    problems = [problem for problem in file.problems if problem.severity == ERROR]
    problems = problems or chart_values(config, draft.schema)[1]
    if problems:
        return problems
    found = check(config, draft.schema, file.refused)
    return [problem for problem in found if problem.severity == ERROR]


def _memory_line(config: Config, was: OlderMemory) -> str:
    """How the memory limit of a Dask process differs."""
    reserve = config.value("workers", "memoryReserve")
    pod = config.value("workers", "resources", "limits", "memory")
    share = process_share(pod, reserve, config.value("workers", "processes"))
    limit = older_tool.memory_limit(was.limit_from, was.processes)
    before = older_tool.memory_limit_line(limit, was.processes)
    return (
        f"{before}, in a pod with {was.pod}; now it is {share} bytes ({human(share)}) each,"
        f" in a pod with {pod}, of which {reserve} are reserved (workers.memoryReserve)"
    )


def _comment_out_unknown(draft: Draft) -> None:
    """Turns unknown keys, which the older tool accepted and ignored, into comments."""
    for _ in range(_ROUNDS):
        unknown: dict[int, Problem] = {}
        for problem in read(draft.text, draft.name, draft.schema).problems:
            if problem.message == UNKNOWN_SETTING:
                unknown[_offset(draft, problem.origin.place)] = problem
        found = [pair for pair in _pairs(draft.root) if pair.key.start in unknown]
        if not found:
            return
        for pair in found:
            _comment_out(draft, pair, unknown[pair.key.start])
        draft.apply()


def _comment_out(draft: Draft, pair: Pair, problem: Problem) -> None:
    draft.rewrite.comment_out(pair)
    why = f"the older tool accepted and ignored it; {with_hint(UNKNOWN_SETTING, problem.hint)}"
    draft.changes.append(Change(problem.key, DROPPED, why, draft.place(pair.key.start)))


def _pairs(node: Span) -> Iterator[Pair]:
    """All pairs in a node, the outer ones first."""
    if isinstance(node, Map):
        for pair in node.pairs:
            yield pair
            yield from _pairs(pair.value)
    elif isinstance(node, Seq):
        for item in node.items:
            yield from _pairs(item)


def _offset(draft: Draft, place: str) -> int:
    """The offset in the current text of file:line:col."""
    _, line, col = place.rsplit(":", 2)
    return offset_of(draft.text, int(line), int(col))


def old_place(draft: Draft, place: str) -> str:
    """The place in the old file of a place (file:line:col) in the current text."""
    return draft.place(_offset(draft, place))


def _at_old_place(draft: Draft, problem: Problem) -> Problem:
    """A problem of the result at its place in the old file."""
    place = problem.origin.place
    if not place.startswith(f"{draft.name}:"):
        return problem
    return problem._replace(origin=problem.origin._replace(place=old_place(draft, place)))


def _unchanged(draft: Draft) -> Iterator[Change]:
    """The old file's unchanged keys; a section of another tool counts as one key."""
    changed = {change.key for change in draft.changes if change.action != ADDED}
    text = draft.original[len(draft.mark) :]
    root = outline(text)
    # Of duplicate keys, the last one took effect.
    places = dict(_leaves(root, ())) if root is not None else {}
    seen: set[str] = set()
    for path, offset in places.items():
        is_foreign = path[0] in FOREIGN
        name = path[0] if is_foreign else dotted(path)
        if name in seen or _is_touched(path, changed):
            continue
        seen.add(name)
        line, col = position(text, offset)
        why = "section of another tool" if is_foreign else UNCHANGED
        yield Change(name, KEPT, why, f"{draft.name}:{line}:{col}")


def _is_touched(path: Path, changed: set[str]) -> bool:
    """Whether a key, a key around it or a key in it has changed."""
    above = {dotted(path[:size]) for size in range(1, len(path) + 1)}
    inside = f"{dotted(path)}."
    return bool(above & changed) or any(key.startswith(inside) for key in changed)


def _leaves(node: Span, path: Path) -> Iterator[tuple[Path, int]]:
    """Path and offset of each key without further keys below it."""
    for pair in node.pairs if isinstance(node, Map) else ():
        here = (*path, pair.key.text)
        inner = list(_leaves(pair.value, here))
        yield from inner or [(here, pair.key.start)]
