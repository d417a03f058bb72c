"""Reading an edited file back: it must be valid, and only the requested settings may differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mops.chart.values import chart_values
from mops.checks.registry import check
from mops.config.dialects import File, read
from mops.config.resolve import resolve
from mops.edit.document import Document
from mops.model.layer import Layer, Origin, Path, Value, dotted
from mops.model.problems import ERROR, InvalidConfig, Problem
from mops.schema.fields import SettingsSchema

_ABSENT = object()


class Edited(NamedTuple):
    """A file's text after an edit, the paths that were edited, and the file as read back."""

    text: str
    paths: tuple[Path, ...]
    file: File
    profile: str

    @property
    def layer(self) -> Layer:
        """The edited layer: the file's, or its profile's."""
        if self.profile:
            return self.file.profiles.get(self.profile, Layer("", {}))
        return self.file.layer


class _Setting(NamedTuple):
    """A setting in the file itself (profile "") or in one of its profiles."""

    profile: str
    path: Path

    def overlaps(self, other: _Setting) -> bool:
        """Whether both are the same setting, or one is inside the other."""
        size = min(len(self.path), len(other.path))
        return self.profile == other.profile and self.path[:size] == other.path[:size]


def read_back(
    document: Document, schema: SettingsSchema, paths: Sequence[Path], *, expects_value: bool
) -> Edited:
    """The result of an edit.

    Raises InvalidConfig if it is invalid, or differs from what was requested.
    """
    text = document.text
    file = read(text.removeprefix("\ufeff"), document.name, schema)
    errors = [problem for problem in file.problems if problem.severity == ERROR]
    if errors:
        raise InvalidConfig(errors)
    after = _settings(file)
    asked = [_Setting(document.profile, path) for path in paths]
    # A file with problems is only partly read, so a correction may reveal further settings.
    if not document.file.problems:
        _refuse_side_effects(document.name, _settings(document.file), after, asked)
    if expects_value and not any(_overlaps_any(setting, asked) for setting in after):
        raise _refused(document.name, paths[0], "this edit would have no effect")
    return Edited(text, tuple(paths), file, document.profile)


def _refuse_side_effects(
    name: str,
    before: Mapping[_Setting, Value],
    after: Mapping[_Setting, Value],
    asked: Sequence[_Setting],
) -> None:
    for setting in dict.fromkeys([*before, *after]):
        unchanged = before.get(setting, _ABSENT) == after.get(setting, _ABSENT)
        if unchanged or _overlaps_any(setting, asked):
            continue
        owner = f"profile {setting.profile}" if setting.profile else "the file"
        message = f"this edit would also change {owner}'s {dotted(setting.path)}"
        raise _refused(name, setting.path, message)


def refuse_new_errors(before: str, edited: Edited, name: str, schema: SettingsSchema) -> None:
    """Raises InvalidConfig if the edited file breaks a rule that the text `before` did not."""
    file = read(before.removeprefix("\ufeff"), name, schema)
    known = {(problem.key, problem.message) for problem in _errors(file, schema, edited.profile)}
    new = [
        problem
        for problem in _errors(edited.file, schema, edited.profile)
        if (problem.key, problem.message) not in known
    ]
    if new:
        raise InvalidConfig(new)


def _errors(file: File, schema: SettingsSchema, profile: str) -> list[Problem]:
    """The errors of a file's settings, with only the defaults below them."""
    layers = [schema.defaults(), file.layer]
    if profile in file.profiles:
        layers.append(file.profiles[profile])
    config = resolve(layers, schema)
    missing = chart_values(config, schema)[1]
    problems = missing or check(config, schema, file.refused)
    return [problem for problem in problems if problem.severity == ERROR]


def _overlaps_any(setting: _Setting, others: Sequence[_Setting]) -> bool:
    return any(setting.overlaps(other) for other in others)


def _refused(name: str, path: Path, message: str) -> InvalidConfig:
    origin = Origin(name, name)
    return InvalidConfig([Problem(ERROR, dotted(path), message, origin, "edit the file manually")])


def _settings(file: File) -> dict[_Setting, Value]:
    """All settings in a file and its profiles, and the selected profile."""
    found: dict[_Setting, Value] = {
        _Setting("", path): leaf.value for path, leaf in file.layer.leaves.items()
    }
    for name, layer in file.profiles.items():
        for path, leaf in layer.leaves.items():
            found[_Setting(name, path)] = leaf.value
    if file.selected:
        found[_Setting("", ("profile",))] = [selected.name for selected in file.selected]
    return found
