"""Directories that are written to on a read-only root file system, and volumes in memory.

With readOnlyRootFilesystem a container writes to /tmp, which is a volume of the chart's, to its
other volumes, and to /dev/shm, which every container runtime mounts.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mops.checks.rule import EITHER, ERROR, WARNING, Finding, Rule
from mops.checks.runtime import READ_BY, executor_of
from mops.config.view import SCHEDULER, Group, View
from mops.model.layer import Path, dotted
from mops.model.quantities import human, memory_bytes

# The directories that the worker runtime writes to, and what it keeps there.
_RUNTIME = {
    "MODELOPS_VENVS_DIR": "virtual environments",
    "MODELOPS_STORAGE_DIR": "provenance",
    "MODELOPS_PROVENANCE_DIR": "provenance",
    "MODELOPS_BUNDLES_CACHE_DIR": "bundles",
    "VENVS_DIR": "virtual environments",
}
# The directories that programs write to if they can.
_HOMES = {
    "HOME": "caches and settings cannot be written",
    "TMPDIR": "Python writes to /tmp instead",
    "XDG_CACHE_HOME": "caches cannot be written",
}
_TEMPORARY = "DASK_TEMPORARY_DIRECTORY"
# The options that name a file which Dask writes.
_FILES = {"scheduler": ("--pid-file", "--scheduler-file"), "worker": ("--pid-file",)}
# Where the chart and the container runtime mount volumes that can be written.
_WRITABLE = ("/tmp", "/dev/shm")  # noqa: S108 - paths in the pod
# The values of variables that the chart sets unless the user does.
_DEFAULTS = {"HOME": "/tmp", "TMPDIR": "/tmp"}  # noqa: S108 - paths in the pod
# The volumes that Kubernetes mounts read-only in any case.
_READ_ONLY = ("configMap", "secret", "downwardAPI", "projected", "image")
# Longer paths are not shown in messages.
_LONGEST = 60
_COUNTS = "counts against the pod's memory limit, and not against that of Dask"
# Stands for a part of a path that only the cluster knows.
_UNKNOWN = "\0"
_REFERENCE = r"\$\$|\$\(([^)]{0,253})\)"


class _Use(NamedTuple):
    """A directory that is written to: where it is set, and what fails if it is not writable."""

    path: Path
    directory: str
    failure: str
    is_fatal: bool = True


def read_only(view: View) -> Iterator[Finding]:
    for group in view.pods:
        if not _has_read_only_root(view, group):
            continue
        mounts = _mounts(view, group)
        for use in _uses(view, group):
            directory = _resolved(view, group, use.directory)
            is_certain = use.is_fatal and directory.startswith("/")
            if directory and not _is_writable(directory, mounts):
                yield Finding(
                    (use.path, group.at("volumeMounts")),
                    f"{use.failure}: {_named(use.directory)} is on the read-only root file system",
                    _remedy(group),
                    ERROR if is_certain else WARNING,
                )


def _has_read_only_root(view: View, _group: Group) -> bool:
    return bool(view.value(("containerSecurityContext", "readOnlyRootFilesystem")))


def _remedy(group: Group) -> str:
    pods = dotted(group.path)
    return f"use a directory below /tmp, or mount a volume there ({pods}.volumes and volumeMounts)"


def _named(directory: str) -> str:
    if not directory.startswith("/"):
        return "the image's working directory"
    return directory if len(directory) <= _LONGEST else "the directory"


def _uses(view: View, group: Group) -> Iterator[_Use]:
    texts = view.texts(group)
    if group == SCHEDULER:
        if _TEMPORARY in texts:
            yield _Use(group.variable(_TEMPORARY), texts[_TEMPORARY], "Dask does not start")
    else:
        path = group.at("localDirectory")
        yield _Use(path, view.value(path), "workers do not start")
        yield from _of_runtime(view, group)
    for name, failure in _HOMES.items():
        if name in texts:
            yield _Use(group.variable(name), texts[name], failure, is_fatal=False)
    yield from _of_arguments(view, group)


def _of_runtime(view: View, group: Group) -> Iterator[_Use]:
    executor = executor_of(view, group)
    for name, what in _RUNTIME.items():
        readers = READ_BY.get(name, ())
        if name in view.texts(group) and (not readers or executor in ("", *readers)):
            failure = f"the worker runtime cannot write {what}"
            yield _Use(group.variable(name), view.texts(group)[name], failure)


def _of_arguments(view: View, group: Group) -> Iterator[_Use]:
    if not view.value(group.at("extraArgs")):
        return
    from mops.checks.dask.arguments import arguments_of

    arguments = arguments_of(view, group)
    if arguments is None:
        return
    for given in arguments.given(*_FILES.get(arguments.command.name, ())):
        if given.value:
            directory = posixpath.dirname(given.value) or "."
            failure = f"Dask does not start with {given.option.name}"
            yield _Use(arguments.item(given.at), directory, failure)


def _resolved(view: View, group: Group, text: str) -> str:
    """The directory that a string names, as Kubernetes expands it; "" if only the cluster knows."""
    texts = {**_DEFAULTS, **view.texts(group)}

    def value(found: re.Match[str]) -> str:
        return "$" if found[0] == "$$" else texts.get(found[1], _UNKNOWN)

    expanded = re.sub(_REFERENCE, value, text)
    if not text or expanded.startswith((_UNKNOWN, "~")):
        return ""
    if _UNKNOWN in expanded:
        # What follows may lead anywhere, but hardly out of the directory before it.
        expanded = f"{posixpath.dirname(expanded.partition(_UNKNOWN)[0])}/{_UNKNOWN}"
    return posixpath.normpath(f"/{expanded.lstrip('/')}" if expanded.startswith("/") else expanded)


def _is_writable(directory: str, mounts: Mapping[str, bool]) -> bool:
    """Whether the innermost volume around a directory is writable; True if it may be."""
    around = [place for place in mounts if _is_below(directory, place)]
    if around and mounts[max(around, key=len)]:
        return True
    # Which of the volumes below it, only the cluster knows.
    above = directory.partition(_UNKNOWN)[0]
    return _UNKNOWN in directory and any(
        writable and place.startswith(above) for place, writable in mounts.items()
    )


def _is_below(directory: str, place: str) -> bool:
    return directory == place or directory.startswith(f"{place.rstrip('/')}/")


def _mounts(view: View, group: Group) -> dict[str, bool]:
    """Where volumes are mounted in a group's main container, and whether they can be written."""
    volumes = {volume["name"]: volume for volume in view.value(group.at("volumes")) or ()}
    found = dict.fromkeys(_WRITABLE, True)
    for mount in view.value(group.at("volumeMounts")) or ():
        place = posixpath.normpath(str(mount.get("mountPath", "")))
        volume = volumes.get(mount.get("name"), {})
        found[place] = not mount.get("readOnly") and not _is_read_only(volume)
    return found


def _is_read_only(volume: Mapping[str, Any]) -> bool:
    if any(kind in volume for kind in _READ_ONLY):
        return True
    return any(isinstance(of, Mapping) and of.get("readOnly") is True for of in volume.values())


def in_memory(view: View) -> Iterator[Finding]:
    for group in view.groups:
        volumes = _volumes_in_memory(view, group)
        if not volumes:
            continue
        reserve_path = group.at("memoryReserve")
        reserve, total = view.value(reserve_path), sum(map(_size, volumes.values()))
        unlimited = [path for path, volume in volumes.items() if not _size(volume)]
        if unlimited:
            name = volumes[unlimited[0]]["name"]
            message = f"the volume {name} is in memory without a sizeLimit: it {_COUNTS}"
            hint = "set its sizeLimit, and raise memoryReserve by it"
            yield Finding((unlimited[0], reserve_path), message, hint)
        elif total > memory_bytes(reserve):
            message = f"volumes in memory hold up to {human(total)}, which {_COUNTS}"
            hint = f"raise memoryReserve, which is {reserve}, by {human(total)}"
            yield Finding((*volumes, reserve_path), message, hint)


def _volumes_in_memory(view: View, group: Group) -> dict[Path, Mapping[str, Any]]:
    """The volumes in memory that a group's main container mounts, by their paths."""
    mounted = {mount.get("name") for mount in view.value(group.at("volumeMounts")) or ()}
    return {
        group.at("volumes", str(index)): volume
        for index, volume in enumerate(view.value(group.at("volumes")) or ())
        if volume["name"] in mounted and _is_in_memory(volume)
    }


def _is_in_memory(volume: Mapping[str, Any]) -> bool:
    source = volume.get("emptyDir")
    return isinstance(source, Mapping) and source.get("medium") == "Memory"


def _size(volume: Mapping[str, Any]) -> int:
    """The sizeLimit of a volume in bytes; 0 if it has none, or one that is not a quantity."""
    try:
        return memory_bytes(str(volume["emptyDir"].get("sizeLimit") or 0))
    except (ValueError, KeyError):
        return 0


RULES = (
    Rule(
        "read-only-directory",
        EITHER,
        "a directory that is written to, on the read-only root file system",
        read_only,
    ),
    Rule(
        "memory-volume",
        WARNING,
        "a volume in memory that the limits of the processes leave no room for",
        in_memory,
    ),
)
