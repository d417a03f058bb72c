"""Commands on what mops is shipped with: schemas, the chart, generated files."""

from __future__ import annotations

import os

from mops.cli import streams
from mops.model import bundle, disk
from mops.model.problems import DIFFERENCE, OK, EnvironmentFailure, UsageError
from mops.model.spelling import near

SCHEMAS = {
    "unified": ("schemas", "unified.schema.json"),
    "workspace": ("schemas", "workspace.schema.json"),
    "values": ("chart", "values.schema.json"),
}


def print_schema(which: str) -> int:
    """Prints a schema file."""
    if which not in SCHEMAS:
        hint = near(which, SCHEMAS)
        raise UsageError(
            f"there is no schema {which}"
            + (f" ({hint})" if hint else f": expected one of {', '.join(SCHEMAS)}")
        )
    streams.out(bundle.read(*SCHEMAS[which]))
    return OK


def chart_path() -> int:
    """Prints the chart's folder."""
    streams.out(f"{bundle.chart()}\n")
    return OK


def chart_export(folder: str) -> int:
    """Copies the chart; never into a folder that holds something."""
    import shutil

    if os.path.lexists(folder) and not (os.path.isdir(folder) and not os.listdir(folder)):
        raise UsageError(f"{folder} exists and is not an empty folder")
    try:
        shutil.copytree(bundle.chart(), folder, dirs_exist_ok=True)
    except OSError as error:
        raise EnvironmentFailure(f"{folder}: {error}") from None
    streams.note(f"the chart is in {folder}")
    return OK


def chart_package(folder: str) -> int:
    """Writes the chart's archive and prints its path; its digest is on stderr."""
    import hashlib

    from mops.chart import archive as package

    files = bundle.chart_files()
    name, version = package.identity(str(files["Chart.yaml"], "utf-8"))
    kept = package.kept(files, str(files.get(".helmignore", b""), "utf-8"))
    data = package.archive(name, {path: files[path] for path in kept})
    path = os.path.join(folder, f"{name}-{version}.tgz")
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise EnvironmentFailure(f"{folder}: {error.strerror or error}") from None
    disk.write(data, path)
    streams.note(f"sha256:{hashlib.sha256(data).hexdigest()}")
    streams.out(f"{path}\n")
    return OK


def generate(*, check: bool) -> int:
    """Writes the generated files of a checkout, or says which are stale."""
    from mops.generate.outputs import everything

    stale = {path: text for path, text in everything().items() if _current(path) != text}
    for path, text in stale.items():
        streams.note(f"{path} is stale" if check else f"{path} is written")
        if not check:
            bundle.write(text, *path.split("/"))
    return DIFFERENCE if check and stale else OK


def _current(path: str) -> str:
    try:
        return bundle.read(*path.split("/"))
    except FileNotFoundError:
        return ""
