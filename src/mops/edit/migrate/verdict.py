"""The end of a migration: what is still unknown becomes a comment, and today's reader judges the result."""

from __future__ import annotations

import os
from typing import Any

from mops.chart.values import chart_values
from mops.checks import rules
from mops.config.dialects import FOREIGN, read
from mops.config.resolve import Config, resolve
from mops.edit.migrate import old, pods
from mops.edit.migrate.draft import (
    ADDED,
    CONFLICT,
    DIFFERS,
    DROPPED,
    KEPT,
    Change,
    Draft,
    Memory,
    Migrated,
)
from mops.edit.migrate.formats import CONFIG, INFRASTRUCTURE
from mops.model.layer import Path, dotted
from mops.model.problems import ERROR, InvalidConfig, Problem
from mops.model.quantities import human, process_share
from mops.schema.keywords import UNKNOWN_SETTING
from mops.schema.secrets import MASK, hidden, secret_name, secret_value
from mops.yamltext.outline import Map, Pair, Seq, Span, offset_of, position
from mops.yamltext.rewrite import Rewrite, flow


def finish(draft: Draft) -> Migrated:
    """The result. Raises InvalidConfig, with places in the old file, where today's reader would refuse it."""
    if not draft.format.startswith("today"):
        _comment_unknown(draft)
    file = read(draft.text, draft.name, draft.schema)
    problems = [problem for problem in file.problems if problem.severity == ERROR]
    config = resolve([draft.schema.defaults(), file.layer], draft.schema)
    if not problems:
        problems = chart_values(config, draft.schema)[1] or [
            problem for problem in rules.check(config, file.refused) if problem.severity == ERROR
        ]
    if problems:
        raise InvalidConfig([_as_given(draft, problem) for problem in problems])
    if draft.memory is not None:
        draft.note(DIFFERS, draft.memory.key, _memory(config, draft.memory))
    kept = _kept(draft)
    if draft.makes_pods:
        pods.always(draft)
    moves = draft.format in (CONFIG, INFRASTRUCTURE)
    target = os.path.join(os.path.dirname(draft.name), "modelops.yaml") if moves else draft.name
    return Migrated(
        [draft.name],
        target,
        file.dialect,
        draft.mark + draft.text,
        None if moves else draft.original,
        [*draft.changes, *kept],
    )


def _memory(config: Config, was: Memory) -> str:
    """How the memory limit of a Dask process differs."""
    reserve, pod, processes = (
        config.value("workers", *names)
        for names in (("memoryReserve",), ("resources", "limits", "memory"), ("processes",))
    )
    share = process_share(pod, reserve, processes)
    limit = old.memory_limit(was.limit_from, was.processes)
    return f"{old.memory_words(limit, was.processes)}, in a pod of {was.pod}; it is {share} bytes ({human(share)}) each, in a pod of {pod} of which {reserve} are kept for what no limit covers"


def conflicts(first: Draft, other: Draft) -> list[Change]:
    """What a file says that was not read because of another one, where they differ."""
    found = [
        Change(
            other.name,
            CONFLICT,
            f"it was not read, because {first.name} is there; it is left as it is",
            other.name,
        )
    ]
    if other.format == CONFIG:
        pairs = [
            (("defaults", key), ("settings", key))
            for key in ("environment", "provider", "username")
        ] + [(("pulumi", key), ("pulumi", key)) for key in ("backend_url", "organization")]
        for theirs, ours in pairs:
            said, counts = other.value(*theirs), first.value(*ours)
            if said is not None and said != counts:
                found.append(
                    Change(
                        dotted(theirs),
                        CONFLICT,
                        f"{_shown(theirs, said)} was not read; {first.name} says {_shown(ours, counts)}",
                        _at(other, theirs),
                    )
                )
        return found
    mine, theirs_read = (
        read(draft.text, draft.name, draft.schema).layer.leaves for draft in (first, other)
    )
    for path, leaf in theirs_read.items():
        counts = mine[path].value if path in mine else (_default(first, path))
        if counts != leaf.value and not _made(path):
            secret = hidden(first.schema, path, leaf.value)
            shown = [
                MASK if secret else "nothing" if value is None else flow(value)
                for value in (leaf.value, counts)
            ]
            found.append(
                Change(
                    dotted(path),
                    CONFLICT,
                    f"{shown[0]} was not read; {first.name} says {shown[1]}",
                    _back(other, leaf.origin.place),
                )
            )
    return found


def _default(draft: Draft, path: Path) -> Any:
    """Today's default at a path; None where there is none."""
    field = draft.schema.fields.get(path)
    return field.schema.get("default") if field else None


def _made(path: Path) -> bool:
    return path[0] == "podSecurityContext" or path[-1] in ("envFrom", "tolerations")


def _comment_unknown(draft: Draft) -> None:
    """Leaves as comments the keys that neither tool knows: the older one accepted and ignored them."""
    for _ in range(3):
        unknown = [
            problem
            for problem in read(draft.text, draft.name, draft.schema).problems
            if problem.message == UNKNOWN_SETTING
        ]
        by_place = {
            offset_of(draft.text, *_line_col(problem.origin.place)): problem for problem in unknown
        }
        found = [
            (pair, by_place[pair.key.start])
            for pair in _pairs(draft.root)
            if pair.key.start in by_place
        ]
        if not found:
            return
        for pair, problem in found:
            draft.rewrite.comment(pair)
            hint = f" ({problem.hint})" if problem.hint else ""
            draft.changes.append(
                Change(
                    problem.key,
                    DROPPED,
                    f"the older tool accepted and ignored it; today's reader knows no such key{hint}",
                    draft.place(pair.key.start),
                )
            )
        draft.settle()


def _pairs(node: Span) -> list[Pair]:
    if isinstance(node, Map):
        return [found for pair in node.pairs for found in (pair, *_pairs(pair.value))]
    return [found for item in node.items for found in _pairs(item)] if isinstance(node, Seq) else []


def _line_col(place: str) -> tuple[int, int]:
    _, line, col = place.rsplit(":", 2)
    return int(line), int(col)


def _as_given(draft: Draft, problem: Problem) -> Problem:
    """A problem of the result at its place in the old file."""
    if not problem.origin.place.startswith(f"{draft.name}:"):
        return problem
    return problem._replace(
        origin=problem.origin._replace(place=_back(draft, problem.origin.place))
    )


def _back(draft: Draft, place: str) -> str:
    return draft.place(offset_of(draft.text, *_line_col(place)))


def _at(draft: Draft, names: Path) -> str:
    found = draft.pair(*names)
    return draft.place(found.key.start) if found else draft.name


def _shown(names: Path, value: Any) -> str:
    return (
        MASK
        if secret_name(names[-1]) or secret_value(value)
        else "nothing"
        if value is None
        else str(value)
    )


def _kept(draft: Draft) -> list[Change]:
    """The keys that stay as they are."""
    if draft.format.startswith("today"):
        return []
    told = {change.key for change in draft.changes if change.action != ADDED}
    given = Rewrite(draft.original[len(draft.mark) :]).root
    places = _places(given, ()) if given is not None else {}
    rows: dict[str, Change] = {}
    for path, offset in places.items():
        key = dotted(path)
        if any(dotted(path[:size]) in told for size in range(1, len(path) + 1)) or any(
            known.startswith(f"{key}.") for known in told
        ):
            continue
        foreign = path[0] in FOREIGN
        name = path[0] if foreign else key
        rows.setdefault(
            name,
            Change(
                name,
                KEPT,
                "the section of another tool" if foreign else "as it is",
                f"{draft.name}:{':'.join(map(str, position(draft.original, offset)))}",
            ),
        )
    return list(rows.values())


def _places(node: Span, path: Path) -> dict[Path, int]:
    """Where each key stands that holds no further keys."""
    found: dict[Path, int] = {}
    for pair in node.pairs if isinstance(node, Map) else ():
        here = (*path, pair.key.text)
        found |= _places(pair.value, here) or {here: pair.key.start}
    return found
