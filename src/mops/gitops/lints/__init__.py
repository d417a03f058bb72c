"""Lints for objects that Argo CD or Flux misread or reject although their CRDs accept them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mops.gitops.lints import applications, releases, sources
from mops.gitops.lints.finding import Finding, Lint, Manifest, metadata

LINTS: tuple[Lint, ...] = (*sources.LINTS, *applications.LINTS, *releases.LINTS)


class Found(NamedTuple):
    """A finding, with the name of the lint and the position of the object in the list."""

    position: int
    lint: str
    finding: Finding


def lint(objects: Sequence[Manifest]) -> list[Found]:
    """All findings about the objects, some of which refer to each other."""
    found: list[Found] = []
    for index, entry in enumerate(objects):
        for one in LINTS:
            if entry.get("kind") in one.kinds:
                found += [Found(index, one.name, finding) for finding in one.find(entry, objects)]
    return [*found, *_duplicates(objects)]


def _duplicates(objects: Sequence[Manifest]) -> Iterator[Found]:
    """Objects with the kind, namespace and name of an earlier one."""
    seen: set[tuple[str, str, str]] = set()
    for index, entry in enumerate(objects):
        kind, name = str(entry.get("kind")), str(metadata(entry).get("name"))
        key = (kind, str(metadata(entry).get("namespace", "")), name)
        if key in seen:
            message = f"{kind} {name} is defined twice"
            finding = Finding(("metadata", "name"), message, "the second would replace the first")
            yield Found(index, "duplicate", finding)
        seen.add(key)
