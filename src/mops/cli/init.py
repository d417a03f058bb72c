"""`mops init`: a small commented configuration to start from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from mops.cli import streams
from mops.cli.bundled import SCHEMAS
from mops.config.files import home_file
from mops.model import bundle, disk
from mops.model.problems import OK, EnvironmentFailure, UsageError
from mops.schema.fields import load_schema

_SCHEMA_FILES = {"unified": "modelops.schema.json", "workspace": "workspace.schema.json"}


class InitOptions(NamedTuple):
    """The options of `mops init`."""

    output: str = ""
    force: bool = False
    format: str = "unified"


def init(options: InitOptions) -> int:
    """Writes a new file, and the schema for editors beside it.

    Overwrites an existing file only with --force.
    """
    from mops.generate.documents import starter

    kind = options.format
    text = starter(load_schema(), kind, _SCHEMA_FILES[kind])
    if options.output == "-":
        streams.out(text)
        return OK
    name = options.output or _default_name(kind, os.environ)
    _write(text, name, force=options.force)
    streams.note(f"wrote {name}")
    beside = os.path.join(os.path.dirname(name), _SCHEMA_FILES[kind])
    _write_schema(beside, kind, force=options.force)
    streams.note(_activation(name, kind, os.environ))
    return OK


def _default_name(kind: str, environ: Mapping[str, str]) -> str:
    """The default name of the file; creates the directory of the unified file."""
    if kind == "workspace":
        return "workspace.yaml"
    home = home_file(environ)
    if not home:
        raise UsageError("HOME is not set: name a file with -o")
    directory = os.path.dirname(home)
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
    except OSError as error:
        raise EnvironmentFailure(f"{directory}: {error.strerror or error}") from None
    return home


def _write(text: str, name: str, *, force: bool) -> None:
    if force:
        disk.write(text, name)
    elif not disk.create(text, name):
        raise UsageError(f"{name} exists; --force overwrites it")


def _write_schema(name: str, kind: str, *, force: bool) -> None:
    """Writes the schema that the file's first line names, so that editors work offline."""
    text = bundle.read(*SCHEMAS[kind])
    if disk.create(text, name) or (force and disk.write(text, name)):
        streams.note(f"wrote {name}, the schema for editors")
    elif disk.read_file(name) != text.encode("utf-8"):
        streams.note(f"{name} exists; file left unchanged (`mops schema {kind}` prints the schema)")


def _activation(name: str, kind: str, environ: Mapping[str, str]) -> str:
    """How the file becomes a layer."""
    chosen = environ.get("MODELOPS_CONFIG", "")
    active = chosen or home_file(environ)
    if kind == "unified" and active and os.path.exists(active) and os.path.samefile(active, name):
        return f"{name} is the active configuration"
    if kind == "unified" and chosen:
        return f"MODELOPS_CONFIG selects {chosen}; use {name} with --config {name}"
    return f"use it with --config {name}"
