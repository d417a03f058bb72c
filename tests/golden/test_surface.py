"""The public surface: names that users, scripts and files rely on, pinned in one file.

A line that disappears from `surface.txt` breaks somebody; a new one is a promise. To accept a
change, run `pytest tests/golden --update`. A section is a title and a function that returns its
lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from invoke import mops
from mops.cli.commands import ALIASES, COMMANDS
from mops.cli.options import SELECTION, Option
from mops.config import dialects
from mops.model import problems
from mops.schema.fields import Field, load_schema

SURFACE = Path(__file__).parent / "surface.txt"
SETTINGS = load_schema()


def exit_codes() -> Iterable[str]:
    names = ("OK", "DIFFERENCE", "USAGE", "INVALID", "ENVIRONMENT", "BUG")
    return [f"{getattr(problems, name)} {name.lower()}" for name in names]


def commands() -> Iterable[str]:
    """Each with its arguments; `...` after those that are a configuration's."""
    for path, command in sorted(COMMANDS.items()):
        arguments = [argument.metavar for argument in command.arguments]
        yield " ".join([*path, *arguments, *(["..."] if command.selects else [])])
    yield from sorted(f"{' '.join(alias)} = {' '.join(path)}" for alias, path in ALIASES.items())


def options() -> Iterable[str]:
    """Those of a command, and below `...` those of every command that reads a configuration."""
    for path, command in [(("...",), None), *sorted(COMMANDS.items())]:
        for option in command.options if command else SELECTION:
            yield f"{' '.join(path)} {option_line(option)}"


def option_line(option: Option) -> str:
    return " ".join([*option.names, *([option.metavar] if option.metavar else [])])


def override_flags() -> Iterable[str]:
    """Each with the settings that it sets."""
    return [
        f"{flag} = {' '.join(SETTINGS.fields[path].key for path in paths)}"
        for flag, paths in sorted(SETTINGS.flags.items())
    ]


def variables() -> Iterable[str]:
    return sorted(SETTINGS.variables)


def flat_keys() -> Iterable[str]:
    """Each with the settings that it sets."""
    return [
        f"{key} = {' '.join(SETTINGS.fields[path].key for path in paths)}"
        for key, paths in sorted(SETTINGS.flat.items())
    ]


def fields(marked: str) -> list[Field]:
    """The fields whose top-level section does not carry an annotation."""
    sections = SETTINGS.tree["properties"]
    return [field for field in SETTINGS.fields.values() if not sections[field.path[0]].get(marked)]


def values_keys() -> Iterable[str]:
    return sorted(field.key for field in fields("x-release"))


def workspace_keys() -> Iterable[str]:
    metadata = [f"metadata.{key}" for key in SETTINGS.located("x-metadata")]
    spec = [f"spec.{field.key}" for field in fields("x-rendered")]
    return ["apiVersion", "kind", *sorted(metadata), "spec.profile", "spec.profiles", *sorted(spec)]


def unified_keys() -> Iterable[str]:
    """The sections that a unified file has besides those of `spec` and the flat keys."""
    settings = [f"settings.{key}" for key in SETTINGS.located("x-settings")]
    return ["schema_version", *sorted(settings), "workspace", *sorted(dialects.FOREIGN)]


class Output(NamedTuple):
    """The JSON that a command prints; `named` are the mappings in it whose keys are names."""

    command: str
    named: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ("--processes", "3")


OUTPUTS = (
    Output("config show", ("settings", "derived.memoryPerProcess")),
    Output("config explain", ("",)),
    Output("config validate"),
    Output("config validate --list-checks", ("",), ()),
)


def json_keys() -> Iterable[str]:
    """`[]` is an entry of a list, `*` one of a mapping whose keys are names."""
    for output in OUTPUTS:
        words = [*output.command.split(), "--quiet", "--format", "json", *output.arguments]
        keys = shape(json.loads(mops(*words).out), "", output.named)
        yield from (f"{output.command}: {key}" for key in dict.fromkeys(keys))


def shape(data: Any, place: str, named: tuple[str, ...]) -> Iterator[str]:
    """The places of all scalars."""
    if isinstance(data, list):
        for entry in data:
            yield from shape(entry, f"{place}[]", named)
    elif isinstance(data, dict):
        for key, value in data.items():
            name = "*" if place in named else key
            yield from shape(value, f"{place}.{name}".lstrip("."), named)
    else:
        yield place


SECTIONS: dict[str, Callable[[], Iterable[str]]] = {
    "exit codes": exit_codes,
    "commands": commands,
    "options": options,
    "override flags": override_flags,
    "override variables": variables,
    "unified files": unified_keys,
    "flat keys": flat_keys,
    "workspace files": workspace_keys,
    "values": values_keys,
    "JSON outputs": json_keys,
}


def surface() -> str:
    return "\n".join("\n".join([f"[{title}]", *lines(), ""]) for title, lines in SECTIONS.items())


def test_the_public_surface_is_as_pinned(*, update: bool) -> None:
    if update:
        SURFACE.write_text(surface())
    assert surface() == SURFACE.read_text(), "if this is meant, run `make update`"
