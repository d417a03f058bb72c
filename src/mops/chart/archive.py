"""The chart as an archive whose bytes depend only on its content."""

from __future__ import annotations

import io
import re
import struct
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

# 1980-01-01, the earliest time that every archiver supports.
_TIME = 315532800
_BLOCK = 0xFFFF


def archive(directory: str, files: Mapping[str, bytes]) -> bytes:
    """The .tgz of `files` (path below `directory`, with `/` -> content), Chart.yaml first.

    The files are stored, not compressed: compressors differ between machines, and a chart is small.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(files, key=lambda name: (name != "Chart.yaml", name)):
            entry = tarfile.TarInfo(f"{directory}/{name}")
            entry.size, entry.mtime, entry.mode = len(files[name]), _TIME, 0o644
            tar.addfile(entry, io.BytesIO(files[name]))
    return _stored(buffer.getvalue())


def _stored(data: bytes) -> bytes:
    """`data` in gzip format, without compression, name or time."""
    out = bytearray(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")
    for start in range(0, len(data) or 1, _BLOCK):
        block = data[start : start + _BLOCK]
        last = start + _BLOCK >= len(data)
        out += struct.pack("<BHH", last, len(block), len(block) ^ _BLOCK) + block
    return bytes(out + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF))


def kept(names: Iterable[str], ignore: str) -> list[str]:
    """The paths that belong in the archive: no line of .helmignore (`ignore`) matches them."""
    patterns = [
        line.strip() for line in ignore.splitlines() if line.strip() and not line.startswith("#")
    ]
    return [name for name in names if not any(_ignored(name, pattern) for pattern in patterns)]


def _ignored(name: str, pattern: str) -> bool:
    """Whether a pattern matches a file or a directory that contains it."""
    directories = list(_directories(name))
    if pattern.endswith("/"):
        return any(_matches(directory, pattern[:-1]) for directory in directories)
    return any(_matches(entry, pattern) for entry in (name, *directories))


def _matches(name: str, pattern: str) -> bool:
    if "/" in pattern:
        return fnmatchcase(name, pattern.lstrip("/"))
    return fnmatchcase(name.rpartition("/")[2], pattern)


def _directories(name: str) -> Iterator[str]:
    """The directories that contain a file, the outermost first."""
    return (name[: found.start()] for found in re.finditer("/", name))


def identity(chart: str) -> tuple[str, str]:
    """The chart's name and version, from the text of Chart.yaml."""
    found: dict[str, str] = dict(
        re.findall(r"^(name|version): *\"?([^\"\s]+)\"?$", chart, re.MULTILINE)
    )
    return found["name"], found["version"]
