"""Names of variables that Dask ignores, that are deprecated, or that exclude each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mops.checks.dask.advice import unknown_name
from mops.checks.dask.arguments import Arguments, all_arguments
from mops.checks.dask.literals import may_be_mapping
from mops.checks.dask.settings import (
    facts,
    name_of,
    sections_of,
)
from mops.checks.dask.variables import Variable, dask_variables
from mops.checks.environment import DASK_PREFIX
from mops.checks.rule import WARNING, Finding, Rule
from mops.config.view import Group, View


def ignored(view: View) -> Iterator[Finding]:
    for variable in dask_variables(view):
        if variable.reading.kind == "unknown":
            message, hint = unknown_name(view, variable)
            yield Finding((variable.path,), message, hint)
        elif variable.reading.kind == "section" and not may_be_mapping(variable.text):
            yield _section(variable)
        elif variable.reading.kind == "entry" and "environ." in variable.reading.key:
            own = variable.name.rpartition("__")[2]
            yield Finding(
                (variable.path,),
                f"Dask reads the name in lower case and sets {own.lower()} for its workers",
                f"set {own} itself; the container's own variables take precedence over Dask's",
            )


def _section(variable: Variable) -> Finding:
    section = variable.reading.key
    inside = [name_of(key) for key in facts().keys if key.startswith(f"{section}.")]
    return Finding(
        (variable.path,),
        f"Dask ignores this: {section} is a section, not a setting",
        f"set one of {', '.join(inside[:3])}",
    )


def conflicts(view: View) -> Iterator[Finding]:
    for group in view.pods:
        names = dask_variables(view).by_key(group)
        for key, spellings in names.items():
            *losers, winner = spellings
            for name in losers:
                yield Finding(
                    (group.variable(name), group.variable(winner)),
                    f"{name} and {winner} are the same setting to Dask, and {winner} wins",
                    "keep one of them",
                )
            for section in sections_of(key):
                value = names.get(section, [""])[-1]
                if value and not may_be_mapping(view.texts(group).get(value, "")):
                    yield Finding(
                        (group.variable(value), group.variable(winner)),
                        f"{value} sets a value where {winner} needs a section, "
                        "so Dask fails at import",
                        "keep one of them",
                    )


def deprecated(view: View) -> Iterator[Finding]:
    for variable in dask_variables(view):
        kind, key, is_deprecated = variable.reading
        if not is_deprecated or kind not in ("setting", "entry"):
            continue
        current = name_of(key)
        paths = (variable.path, variable.group.variable(current))
        both = view.has(paths[1])
        wins = f" and wins over {current}, which is set too" if both else ""
        yield Finding(
            paths if both else paths[:1],
            f"{variable.name} is a deprecated name{wins}",
            f"write {current}",
        )


def wrong_case(view: View) -> Iterator[Finding]:
    for group in view.pods:
        for name in view.names(group):
            if name.upper().startswith(DASK_PREFIX) and not name.startswith(DASK_PREFIX):
                yield Finding(
                    (group.variable(name),),
                    "Dask ignores this name: the prefix DASK_ must be in capitals",
                    _in_capitals(view, group, name),
                )


def _in_capitals(view: View, group: Group, name: str) -> str:
    """The advice for a name with a prefix in the wrong case; "" if no setting is meant."""
    dask = dask_variables(view)
    reading = dask.read(name.upper())
    key = dask.intended(reading.key, group) if reading.kind == "unknown" else reading.key
    return f"write {name_of(key)}" if key else ""


def other_versions(view: View) -> Iterator[Finding]:
    for variable in dask_variables(view):
        known_in = facts().keys.get(variable.reading.key, {}).get("in", ())
        image_path = variable.group.at("image")
        message = unknown_to(view.value(image_path), variable.name, known_in, facts().versions)
        if message:
            yield Finding((variable.path, image_path), message)
    for arguments in all_arguments(view):
        image_path = arguments.group.at("image")
        for at, message in unknown_options(arguments, view.value(image_path)):
            yield Finding((arguments.item(at), image_path), message)


def unknown_options(arguments: Arguments, image: str) -> Iterator[tuple[int, str]]:
    """The items that are options which the Dask in an image does not have, with a message."""
    for given in arguments.given(*arguments.command.options):
        option = given.option
        message = unknown_to(image, option.name, option.known_in, arguments.command.versions)
        if message:
            yield given.at, message


def unknown_to(image: str, name: str, known_in: Sequence[str], versions: Sequence[str]) -> str:
    """A message if `name` is known only in some of the versions, and not in that of an image."""
    version = _tag_version(image)
    if not known_in or not version or not _is_other(version, known_in, versions):
        return ""
    return (
        f"the image tag looks like Dask {'.'.join(map(str, version))}, "
        f"and {name} is known in {', '.join(known_in)} only"
    )


def _tag_version(image: str) -> tuple[int, ...]:
    """The version of Dask that an image's tag seems to name; () if it does not."""
    tagged = re.search(r":(20[0-9]{2})\.([0-9]+)\.([0-9]+)", image)
    return tuple(map(int, tagged.groups())) if tagged else ()


def _is_other(version: tuple[int, ...], known_in: Sequence[str], versions: Sequence[str]) -> bool:
    """Whether a version is not among those that have something; only some versions are recorded.

    An unrecorded version is assumed to be like the recorded versions on its side.
    """
    having = [_parse(one) for one in known_in]
    without = [_parse(one) for one in versions if one not in known_in]
    if min(having) > max(without):
        return version <= max(without)
    return version >= min(without)


def _parse(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


RULES = (
    Rule(
        "dask-ignored",
        WARNING,
        "a variable that Dask never reads: a misspelled section, a name that no setting has",
        ignored,
    ),
    Rule(
        "dask-conflict",
        WARNING,
        "two variables for one setting, or for a setting and a section in its place",
        conflicts,
    ),
    Rule("dask-deprecated", WARNING, "a deprecated name of a Dask setting", deprecated),
    Rule("dask-case", WARNING, "a variable whose prefix DASK_ is not in capitals", wrong_case),
    Rule(
        "dask-version",
        WARNING,
        "a setting or option of another version of Dask than that in the image's tag",
        other_versions,
    ),
)
