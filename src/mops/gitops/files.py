"""Files that mops writes for other tools: all into one file, or each into a directory."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mops.chart.manifests import stream
from mops.model import disk
from mops.model.problems import EnvironmentFailure

# The start of files that mops may remove from a directory.
_MARK = b"# Written by mops "


class Change(NamedTuple):
    """A file that differs from what it should be.

    `text` is None for an obsolete file; `committed` is its content, b"" if it is missing.
    """

    path: str
    text: str | None
    committed: bytes


def changes(texts: Mapping[str, str], output: str) -> list[Change]:
    """The changes after which `output` contains the texts, which are given by file name.

    `output` is a file for all of them, or a directory: one that exists, or a name that ends in /.
    In a directory, files that mops wrote and that are not among the texts are obsolete.
    """
    if not _is_directory(output):
        wanted: dict[str, str | None] = {output: stream(texts.values())}
    else:
        wanted = {os.path.join(output, name): text for name, text in texts.items()}
        wanted.update(dict.fromkeys(_obsolete(output, texts)))
    found: list[Change] = []
    for path, text in wanted.items():
        exists = os.path.lexists(path)
        committed = disk.read_file(path) if exists else b""
        if text is None or not exists or committed != text.encode("utf-8"):
            found.append(Change(path, text, committed))
    return found


def apply(found: Sequence[Change], output: str) -> None:
    """Makes the changes, and creates the directory. Raises EnvironmentFailure if that fails."""
    try:
        if _is_directory(output):
            os.makedirs(output, exist_ok=True)
        for change in found:
            if change.text is None:
                os.unlink(change.path)
            else:
                disk.write(change.text, change.path)
    except OSError as error:
        raise EnvironmentFailure(f"{error.filename}: {error.strerror or error}") from None


def _is_directory(output: str) -> bool:
    return output.endswith("/") or os.path.isdir(output)


def _obsolete(directory: str, texts: Mapping[str, str]) -> list[str]:
    """The files in a directory that mops wrote earlier and does not write any more."""
    if not os.path.isdir(directory):
        return []
    found: list[str] = []
    for name in sorted(os.listdir(directory)):
        path = os.path.join(directory, name)
        if not name.endswith(".yaml") or name in texts or os.path.islink(path):
            continue
        if os.path.isfile(path) and disk.read_file(path).startswith(_MARK):
            found.append(path)
    return found
