"""`mops init`: a small commented configuration to start from."""

from __future__ import annotations

import os
from collections.abc import Mapping

from mops.cli import streams
from mops.cli.files import SCHEMAS
from mops.config.files import home_file
from mops.generate.documents import starter
from mops.model import bundle, disk
from mops.model.problems import OK, EnvironmentFailure, UsageError
from mops.schema.fields import SettingsSchema
from mops.schema.keywords import near

FORMATS = ("unified", "workspace")


def init(schema: SettingsSchema, output: str, kind: str, *, force: bool) -> int:
    """Writes a new file, and the editors' schema beside it; never over an existing one without `force`."""
    if kind not in FORMATS:
        raise UsageError(
            f"--format: expected one of {', '.join(FORMATS)}"
            + (f" ({hint})" if (hint := near(kind, FORMATS)) else "")
        )
    schema_file = {"unified": "modelops.schema.json", "workspace": "workspace.schema.json"}[kind]
    text = starter(schema, kind, schema_file)
    if output == "-":
        streams.out(text)
        return OK
    name = output or _default(kind, os.environ)
    _write(text, name, force=force)
    streams.note(f"{name} is written")
    _beside(os.path.join(os.path.dirname(name), schema_file), kind, force=force)
    _inactive(name, kind, os.environ)
    return OK


def _default(kind: str, environ: Mapping[str, str]) -> str:
    if kind == "workspace":
        return "workspace.yaml"
    home = home_file(environ)
    if not home:
        raise UsageError("HOME is not set: name a file with -o")
    folder = os.path.dirname(home)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        raise EnvironmentFailure(f"{folder}: {error.strerror or error}") from None
    return home


def _write(text: str, name: str, *, force: bool) -> None:
    if force:
        disk.write(text, name)
    elif not disk.create(text, name):
        raise UsageError(f"{name} exists; --force overwrites it")


def _beside(name: str, kind: str, *, force: bool) -> None:
    """The schema that the file's first line names, for editors that are offline."""
    text = bundle.read(*SCHEMAS[kind])
    if disk.create(text, name) or (force and disk.write(text, name)):
        streams.note(f"{name} is written, the schema for editors")
    elif disk.read_file(name) != text.encode("utf-8"):
        streams.note(
            f"{name} exists and is left as it is (`mops schema {kind}` prints the current schema)"
        )


def _inactive(name: str, kind: str, environ: Mapping[str, str]) -> None:
    """Says how to have the file read where it is not read by itself."""
    active = environ.get("MODELOPS_CONFIG") or home_file(environ)
    if kind == "unified" and active and os.path.exists(active) and os.path.samefile(active, name):
        return
    if kind == "unified" and environ.get("MODELOPS_CONFIG"):
        streams.note(
            f"MODELOPS_CONFIG names {environ['MODELOPS_CONFIG']}, so that {name} is not read by itself: use --config {name}"
        )
    else:
        streams.note(f"{name} is read with --config {name}")
