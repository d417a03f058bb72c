"""Commands for what mops ships: schemas, the chart, generated files."""

from __future__ import annotations

import os
from typing import NamedTuple

from mops.cli import streams
from mops.model import bundle, disk
from mops.model.problems import DIFFERENCE, OK, EnvironmentFailure, UsageError

SCHEMAS = {
    "unified": ("schemas", "unified.schema.json"),
    "workspace": ("schemas", "workspace.schema.json"),
    "values": ("chart", "values.schema.json"),
}


class SchemaOptions(NamedTuple):
    """The options of `mops schema`."""

    kind: str = "unified"


class ExportOptions(NamedTuple):
    """The options of `mops chart export`."""

    directory: str


class PackageOptions(NamedTuple):
    """The options of `mops chart package`; `output` is a directory."""

    output: str = "."


class GenerateOptions(NamedTuple):
    """The options of `mops generate`."""

    check: bool = False


def print_schema(options: SchemaOptions) -> int:
    """Prints a schema file."""
    streams.out(bundle.read(*SCHEMAS[options.kind]))
    return OK


def chart_path() -> int:
    """Prints the chart's directory."""
    streams.out(f"{bundle.chart()}\n")
    return OK


def chart_export(options: ExportOptions) -> int:
    """Copies the chart into a directory, which must be empty or new."""
    import shutil

    directory = options.directory
    if os.path.lexists(directory) and not _is_empty(directory):
        raise UsageError(f"{directory} exists and is not an empty directory")
    try:
        shutil.copytree(bundle.chart(), directory, dirs_exist_ok=True)
    except OSError as error:
        raise EnvironmentFailure(f"{directory}: {error}") from None
    streams.note(f"copied the chart to {directory}")
    return OK


def _is_empty(directory: str) -> bool:
    return os.path.isdir(directory) and not os.listdir(directory)


def chart_package(options: PackageOptions) -> int:
    """Writes the chart's archive; prints its path, and its digest on stderr."""
    import hashlib

    from mops.chart import archive

    files = bundle.chart_files()
    name, version = archive.identity(str(files["Chart.yaml"], "utf-8"))
    kept = archive.kept(files, str(files.get(".helmignore", b""), "utf-8"))
    data = archive.archive(name, {path: files[path] for path in kept})
    path = os.path.join(options.output, f"{name}-{version}.tgz")
    try:
        os.makedirs(options.output, exist_ok=True)
    except OSError as error:
        raise EnvironmentFailure(f"{options.output}: {error.strerror or error}") from None
    disk.write(data, path)
    streams.note(f"sha256:{hashlib.sha256(data).hexdigest()}")
    streams.out(f"{path}\n")
    return OK


def generate(options: GenerateOptions) -> int:
    """Writes the generated files of a checkout, or with --check reports those that are stale."""
    from mops.generate.outputs import everything

    stale = {path: text for path, text in everything().items() if _current(path) != text}
    for path, text in stale.items():
        streams.note(f"{path} is stale" if options.check else f"wrote {path}")
        if not options.check:
            bundle.write(text, *path.split("/"))
    return DIFFERENCE if options.check and stale else OK


def _current(path: str) -> str:
    try:
        return bundle.read(*path.split("/"))
    except FileNotFoundError:
        return ""
