"""Which files are layers, and their content."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from mops.model.disk import inherited, read_file
from mops.model.problems import EnvironmentFailure, InvalidConfig, UsageError
from mops.model.spelling import with_hint
from mops.yamltext.reader import parse

# Files in the working directory that users may take for the active configuration.
AUTHORITATIVE = ("workspace.yaml", os.path.join("examples", "workspace.yaml"), "modelops.yaml")


def home_file(environ: Mapping[str, str]) -> str:
    """The unified file that is read without --config; "" if HOME is not set."""
    home = environ.get("HOME", "")
    return os.path.join(home, ".modelops", "modelops.yaml") if home else ""


def active_file(environ: Mapping[str, str]) -> str:
    """The file that is read without --config, even if it does not exist; "" if there is none."""
    return environ.get("MODELOPS_CONFIG") or home_file(environ)


def file_to_edit(file: str, environ: Mapping[str, str]) -> str:
    """The file of --file, else the active one. Raises UsageError if there is none to edit."""
    if file == "-":
        raise UsageError("--file: - is standard input, which cannot be edited")
    if inherited(file) is not None:
        raise UsageError(f"--file: {file} may be a pipe, which cannot be edited")
    if file:
        return file
    active = active_file(environ)
    if active and os.path.lexists(active):
        return active
    candidates = [name for name in AUTHORITATIVE if os.path.isfile(name)]
    if candidates:
        raise UsageError(f"no file is active; name one with --file: {' or '.join(candidates)}")
    missing = f"{active} not found" if active else "no file is active"
    raise UsageError(f"{missing}; create one with `mops init`, or name one with --file")


def layer_files(
    config: Sequence[str], environ: Mapping[str, str], *, hermetic: bool
) -> dict[str, str]:
    """The names of the files that are layers, lowest first, each with the variable that chose it.

    The variable is "" for the files of --config and for the file in the home directory.
    """
    if config:
        return dict.fromkeys(config, "")
    if hermetic:
        return {}
    if environ.get("MODELOPS_CONFIG"):
        return {environ["MODELOPS_CONFIG"]: "MODELOPS_CONFIG"}
    home = home_file(environ)
    return {home: ""} if home and os.path.lexists(home) else {}


def layer_content(name: str, chosen_by: str) -> bytes:
    """The bytes of a layer's file; error messages start with the variable that chose the file."""
    try:
        return read_file(name)
    except EnvironmentFailure as failure:
        prefix = f"{chosen_by}: " if chosen_by else ""
        raise EnvironmentFailure(with_hint(f"{prefix}{failure}", _url_hint(name))) from None


def _url_hint(name: str) -> str:
    """How to read a file from the network; "" if the name is not a URL."""
    if not name.startswith(("http://", "https://")):
        return ""
    return f"mops reads files and pipes: curl -fsSL {name} | mops … --config -"


def read_text(name: str) -> str:
    """The text of a file, read by read_file. Raises InvalidConfig if it is not UTF-8."""
    data = read_file(name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidConfig(parse(data, name, name)[1]) from None


def inactive_files(active: Iterable[str]) -> list[str]:
    """Files in the working directory that users may take for the configuration but are not read."""
    layers = {os.path.realpath(name) for name in active}
    return [
        name
        for name in AUTHORITATIVE
        if os.path.isfile(name) and os.path.realpath(name) not in layers
    ]
