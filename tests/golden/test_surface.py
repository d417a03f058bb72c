"""The public surface: names that users, scripts and files rely on, pinned in one file.

A line that disappears from `surface.txt` breaks somebody; a new one is a promise. To accept a
change, run `pytest tests/golden --update`. A section is a title and a function that returns its
lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from mops.config import dialects
from mops.model import problems
from mops.schema.fields import Field, load_schema

SURFACE = Path(__file__).parent / "surface.txt"
SETTINGS = load_schema()


def exit_codes() -> Iterable[str]:
    names = ("OK", "DIFFERENCE", "USAGE", "INVALID", "ENVIRONMENT", "BUG")
    return [f"{getattr(problems, name)} {name.lower()}" for name in names]


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


SECTIONS: dict[str, Callable[[], Iterable[str]]] = {
    "exit codes": exit_codes,
    "override variables": variables,
    "unified files": unified_keys,
    "flat keys": flat_keys,
    "workspace files": workspace_keys,
    "values": values_keys,
}


def surface() -> str:
    return "\n".join("\n".join([f"[{title}]", *lines(), ""]) for title, lines in SECTIONS.items())


def test_the_public_surface_is_as_pinned(*, update: bool) -> None:
    if update:
        SURFACE.write_text(surface())
    assert surface() == SURFACE.read_text()
