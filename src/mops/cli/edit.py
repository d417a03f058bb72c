"""`mops config set` and `unset`: change one setting in its file, and say what counts afterwards."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence

from mops.chart.values import chart_values
from mops.checks import rules
from mops.cli import streams
from mops.config import resolve, sources
from mops.config.dialects import File, read
from mops.config.files import AUTHORITATIVE, home_file, read_text
from mops.config.keys import canonical, key_path, suggestion
from mops.edit import setting as edit
from mops.model import disk
from mops.model.layer import Layer, Path, dotted
from mops.model.problems import ERROR, OK, EnvironmentFailure, InvalidConfig, Problem, UsageError
from mops.model.spelling import near
from mops.report.origins import written_at
from mops.report.text import printable, shown
from mops.schema.fields import SettingsSchema


def assign(schema: SettingsSchema, key: str, value: str, file: str, profile: str) -> int:
    """Gives a setting a value in its file."""
    paths = _paths(schema, key)
    name = _target(file, os.environ)
    wanted = edit.typed(schema, key, paths, value)
    with _alone(name):
        text = read_text(name)
        edited = edit.assign(text, name, schema, paths, wanted, profile=profile)
        _across(text, edited, name, schema, profile)
        changed = disk.write(edited.text, name)
    _say(schema, edited, name, profile, "is" if changed else "already is")
    _effect(schema, edited, name, profile)
    return OK


def forget(schema: SettingsSchema, keys: Sequence[str], file: str, profile: str) -> int:
    """Takes settings out of their file."""
    name = _target(file, os.environ)
    wanted = [(key, _paths(schema, key)) for key in keys]
    done: list[tuple[str, edit.Edited | None]] = []
    with _alone(name):
        before = text = read_text(name)
        for key, paths in wanted:
            edited = edit.forget(text, name, schema, paths, profile=profile)
            done.append((key, edited))
            text = edited.text if edited else text
        last = next((edited for _, edited in reversed(done) if edited), None)
        if last is not None:
            _across(before, last, name, schema, profile)
            disk.write(text, name)
    for key, edited in done:
        where = f"{name}, profile {profile}" if profile else name
        streams.note(
            printable(f"{where}: {key} is {'gone' if edited else 'not set here, nothing to do'}")
        )
        if edited:
            _effect(
                schema,
                last._replace(paths=edited.paths) if last else edited,
                name,
                profile,
                gone=True,
            )
    return OK


def _paths(schema: SettingsSchema, key: str) -> list[Path]:
    path = key_path(key, "KEY")
    found = canonical(schema, path)
    if not found:
        hint = suggestion(schema, dotted(path)) or near(key, schema.tree["properties"])
        raise UsageError(f"there is no setting {key}" + (f" ({hint})" if hint else ""))
    return found


def _target(file: str, environ: Mapping[str, str]) -> str:
    """The file to edit: the one named, or else the one that is active."""
    if file == "-":
        raise UsageError("--file: - is no file that could be edited")
    if file:
        return file
    active = environ.get("MODELOPS_CONFIG") or home_file(environ)
    if active and os.path.lexists(active):
        return active
    candidates = [name for name in AUTHORITATIVE if os.path.isfile(name)]
    if candidates:
        raise UsageError(f"no file is active; name one with --file: {' or '.join(candidates)}")
    raise UsageError(
        f"there is no {active or 'active file'}: write one with `mops init`, or name one with --file"
    )


def _across(
    before: str, edited: edit.Edited, name: str, schema: SettingsSchema, profile: str
) -> None:
    """Refuses an edit after which the file contradicts itself where it did not before."""
    old = {
        (problem.key, problem.message)
        for problem in _judged(read(before.lstrip("\ufeff"), name, schema), schema, profile)
    }
    new = [
        problem
        for problem in _judged(edited.file, schema, profile)
        if (problem.key, problem.message) not in old
    ]
    if new:
        raise InvalidConfig(new)


def _judged(file: File, schema: SettingsSchema, profile: str) -> list[Problem]:
    layers = [
        schema.defaults(),
        file.layer,
        *([file.profiles[profile]] if profile in file.profiles else []),
    ]
    config = resolve.resolve(layers, schema)
    missing = chart_values(config, schema)[1]
    return [
        problem
        for problem in (missing or rules.check(config, file.refused))
        if problem.severity == ERROR
    ]


def _say(schema: SettingsSchema, edited: edit.Edited, name: str, profile: str, verb: str) -> None:
    layer = _layer(edited, profile)
    for place in dict.fromkeys(
        leaf.origin for path, leaf in layer.leaves.items() if _inside(path, edited.paths)
    ):
        told = next((path, leaf) for path, leaf in layer.leaves.items() if leaf.origin == place)
        streams.note(
            printable(f"{place.place}: {place.key} {verb} {shown(schema, told[0], told[1].value)}")
        )
    if not any(_inside(path, edited.paths) for path in layer.leaves):
        streams.note(printable(f"{name}: {dotted(edited.paths[0])} {verb} empty"))


def _effect(
    schema: SettingsSchema, edited: edit.Edited, name: str, profile: str, *, gone: bool = False
) -> None:
    """Says which layer wins where the edit decides nothing."""
    request = sources.Request()
    active = os.environ.get("MODELOPS_CONFIG") or home_file(os.environ)
    if not (active and os.path.exists(active) and os.path.samefile(active, name)):
        request = sources.Request(config=(name,))
    try:
        gathered = sources.gather(request, os.environ, schema)
    except (EnvironmentFailure, UsageError):
        return
    config = resolve.resolve(gathered.layers, schema)
    if profile and not any(
        layer.name.startswith(f"profile {profile} ") for layer in gathered.layers
    ):
        streams.note(f"the profile {profile} is not selected: it counts with --profile {profile}")
        return
    mine = _layer(edited, profile).leaves
    for path in edited.paths:
        stack = config.stacks.get(path)
        if stack is None or (path not in mine and not gone):
            continue
        top = stack[-1]
        wins = (
            f"{written_at(top)} ({top.origin.layer})"
            if top.origin.layer not in (top.origin.place, "defaults")
            else written_at(top)
        )
        if gone:
            state = (
                "is forgotten" if top.value is None else f"is now {shown(schema, path, top.value)}"
            )
            streams.note(printable(f"{dotted(path)} {state}, from {wins}"))
        elif top.origin != mine[path].origin:
            streams.note(
                printable(
                    f"this has no effect: {dotted(path)} is {shown(schema, path, top.value)}, from {wins}"
                )
            )


def _layer(edited: edit.Edited, profile: str) -> Layer:
    return edited.file.profiles.get(profile, Layer("", {})) if profile else edited.file.layer


def _inside(path: Path, wanted: Sequence[Path]) -> bool:
    return any(path[: len(want)] == want for want in wanted)


@contextlib.contextmanager
def _alone(name: str) -> Iterator[None]:
    """Keeps other edits of the same file away, so that none is lost."""
    import fcntl

    while True:
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            yield  # Reading it will say what is wrong.
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_still(descriptor, name):
                yield
                return
        finally:
            os.close(descriptor)


def _is_still(descriptor: int, name: str) -> bool:
    """Whether the open file is still the one of that name, and not one that was replaced."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(name))
    except OSError:
        return True
