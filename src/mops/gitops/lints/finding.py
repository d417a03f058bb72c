"""Lints and their findings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mops.model.layer import Path, Value

Manifest = Mapping[str, Value]

# Helm limits the length of release names, Kubernetes the characters of object names.
_RELEASE = re.compile(r"[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?")


class Finding(NamedTuple):
    """One thing wrong with an object, at a path in it."""

    path: Path
    message: str
    hint: str = ""


# Takes an object and all objects that are linted together; yields the findings about the former.
Find = Callable[[Manifest, Sequence[Manifest]], Iterator[Finding]]


class Lint(NamedTuple):
    """A lint for objects of some `kinds`: its name and its function."""

    name: str
    kinds: tuple[str, ...]
    find: Find


def mapping(value: object) -> Manifest:
    """A value that should be a mapping; an empty one if it is not."""
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> Sequence[Value]:
    """A value that should be a list; an empty one if it is not."""
    return value if isinstance(value, list) else ()


def metadata(entry: Manifest) -> Manifest:
    """An object's metadata."""
    return mapping(entry.get("metadata"))


def spec(entry: Manifest) -> Manifest:
    """An object's spec."""
    return mapping(entry.get("spec"))


def release_name(name: str, path: Path) -> Iterator[Finding]:
    """A finding if the name of a release is invalid."""
    if not _RELEASE.fullmatch(name):
        yield Finding(
            path,
            f"{name} is not a valid release name",
            "lower-case letters, digits and -, at most 53 characters",
        )
