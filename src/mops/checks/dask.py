"""Environment variables that Dask ignores, misreads or trips over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mops.checks.daskconfig import (
    BELOW,
    KEY,
    MAP,
    PREFIX,
    RESERVED,
    SECTION,
    UNKNOWN,
    facts,
    interpret,
    key_of,
    meant,
    name_of,
    read,
    unfit,
)
from mops.checks.finding import Check, Finding, Sight, variable
from mops.checks.rules import disorder, told
from mops.config.view import Group
from mops.model.layer import Path
from mops.schema.keywords import shown
from mops.schema.secrets import MASK, secret_name, secret_value

# What the setting `scheduler` may say without breaking compute().
_LOCAL_SCHEDULERS = frozenset(
    {
        "sync",
        "synchronous",
        "single-threaded",
        "threads",
        "threading",
        "processes",
        "multiprocessing",
        "distributed",
        "dask.distributed",
    }
)
_LEVELS = frozenset({"critical", "fatal", "error", "warn", "warning", "info", "debug", "notset"})
# Names that people expect and that Dask has under no spelling.
_NOWHERE = {
    "scheduler.dashboard.enabled": "the dashboard is a switch of `dask scheduler`, not a setting, and the chart always turns it on"
}


def ignored(sight: Sight) -> Iterator[Finding]:
    """Names that Dask never looks up."""
    for group, name, path in _variables(sight):
        reading = read(name)
        text = sight.texts(group).get(name)
        if reading.kind == UNKNOWN:
            message, hint = _unread(sight, group, name, text)
            yield Finding((path,), message, hint)
        elif reading.kind == SECTION and not (text is None or isinstance(interpret(text), dict)):
            yield Finding(
                (path,),
                f"Dask ignores this: {reading.key} is a section, not a setting",
                f"set one of {', '.join(_inside(reading.key))}",
            )
        elif reading.kind == MAP and "environ." in reading.key:
            own = name.rsplit("__", 1)[-1]
            yield Finding(
                (path,),
                f"Dask reads the name in lower case and sets {own.lower()} for its workers",
                f"set {own} itself; the container's own variables come before Dask's",
            )


def bad_value(sight: Sight) -> Iterator[Finding]:
    """Values that Dask reads as something else than the setting takes."""
    for group, name, path in _variables(sight):
        text = sight.texts(group).get(name)
        reading = read(name)
        if reading.kind == BELOW:
            yield Finding(
                (path,),
                f"Dask would replace a value by a map: {reading.key.rpartition('.')[0]} has nothing below it",
                "remove it",
            )
        elif text is None:
            continue
        elif reading.kind == KEY and (expected := unfit(reading.key, text)):
            yield Finding(
                (path,),
                f"{reading.key} takes {expected}, and Dask reads {_seen(name, text)} as {_kind(interpret(text))}",
                _plainer(name, reading.key, text),
            )
        elif reading.kind == MAP and (problem := _level(sight, group, reading.key, text)):
            yield Finding(
                (path,),
                problem,
                "write one entry for each logger with no dot in its name: DASK_LOGGING__DISTRIBUTED=info",
            )


def conflicts(sight: Sight) -> Iterator[Finding]:
    """A value and a section at one key, or one key twice."""
    for group in sight.pods():
        names = [
            name for name in sight.names(group) if name.startswith(PREFIX) and name not in RESERVED
        ]
        texts = sight.texts(group)
        for index, low in enumerate(names):
            for high in names[index + 1 :]:
                paths = (variable(group, low), variable(group, high))
                short, long = sorted((key_of(low), key_of(high)), key=len)
                if short == long:
                    yield Finding(
                        paths,
                        f"{low} and {high} are one setting to Dask, and {high} wins",
                        "keep one of them",
                    )
                elif long.startswith(f"{short}."):
                    value = texts.get(low if key_of(low) == short else high)
                    if value is None or not isinstance(interpret(value), dict):
                        yield Finding(
                            paths,
                            f"{low} is a value and {high} wants a section there, so Dask fails when it is imported",
                            "keep one of them",
                        )


def side_effects(sight: Sight) -> Iterator[Finding]:
    """Names that do more than they seem to."""
    for group, name, path in _variables(sight):
        text = sight.texts(group).get(name)
        if name == "DASK_SCHEDULER" and text not in _LOCAL_SCHEDULERS:
            yield Finding(
                (path,),
                "Dask takes this for the setting `scheduler`, and every compute() without a client fails with an address there",
                "write DASK_SCHEDULER_ADDRESS",
            )
        elif name == "DASK_INTERNAL_INHERIT_CONFIG":
            yield Finding(
                (path,),
                "Dask leaves its whole configuration here for its own subprocesses, and fails on import with anything else",
                "remove it",
            )
        elif name in RESERVED and not (text and _mounted(sight, group, text)):
            message = "Dask reads settings from the files at this path, which no volumeMount provides, and says nothing where there are none"
            yield Finding((path,), message, "mount them, or set the variables of the settings")


def deprecated(sight: Sight) -> Iterator[Finding]:
    """Older names that Dask still reads."""
    for group, name, path in _variables(sight):
        reading = read(name)
        if reading.alias and reading.kind in (KEY, MAP):
            now = name_of(reading.key)
            both = now in sight.names(group)
            yield Finding(
                (path, variable(group, now)) if both else (path,),
                f"{name} is a deprecated name{f' and wins over {now}, which is set too' if both else ''}",
                f"write {now}",
            )


def wrong_case(sight: Sight) -> Iterator[Finding]:
    """Names whose prefix is not in capitals."""
    for group in sight.pods():
        for name in sight.names(group):
            if name.upper().startswith(PREFIX) and not name.startswith(PREFIX):
                reading = read(name.upper())
                key = reading.key if reading.kind != UNKNOWN else meant(reading.key, group)
                yield Finding(
                    (variable(group, name),),
                    "Dask ignores this name: its prefix is DASK_, in capitals",
                    f"write {name_of(key)}" if key else "",
                )


def other_version(sight: Sight) -> Iterator[Finding]:
    """Settings that the Dask of the image, as its tag says, has not."""
    for group, name, path in _variables(sight):
        having = facts().keys.get(read(name).key, {}).get("in")
        tagged = re.search(
            r":(20[0-9]{2})\.([0-9]+)\.([0-9]+)", sight.get(*group.path, "image") or ""
        )
        if not having or not tagged:
            continue
        image = tuple(map(int, tagged.groups()))
        without = [_version(version) for version in facts().versions if version not in having]
        newer = _version(having[0]) > max(without)
        if image <= max(without) if newer else image >= min(without):
            yield Finding(
                (path, (*group.path, "image")),
                f"{'.'.join(map(str, image))} in the image's tag looks like the version of Dask; {name} is known in {', '.join(having)} only",
            )


CHECKS = (
    Check(
        "dask-ignored",
        "a variable that Dask never reads: a misspelled section, a name that no setting has",
        ignored,
    ),
    Check(
        "dask-value", "a value that Dask reads as something else than the setting takes", bad_value
    ),
    Check(
        "dask-conflict",
        "two variables of which one is a section of the other, on which Dask fails when it is imported",
        conflicts,
    ),
    Check(
        "dask-side-effect",
        "a variable that does more than it seems to, such as DASK_SCHEDULER",
        side_effects,
    ),
    Check("dask-deprecated", "an older name of a Dask setting", deprecated),
    Check("dask-case", "a variable whose prefix dask_ is not in capitals", wrong_case),
    Check(
        "dask-version",
        "a setting that another version of Dask has than the one in the image's tag",
        other_version,
    ),
)


def _variables(sight: Sight) -> Iterator[tuple[Group, str, Path]]:
    """Every variable with Dask's prefix."""
    for group in sight.pods():
        for name in sight.names(group):
            if name.startswith(PREFIX):
                yield group, name, variable(group, name)


def _unread(sight: Sight, group: Group, name: str, text: str | None) -> tuple[str, str]:
    """What to say of a name that Dask ignores: the spelling that it reads, and what that would change."""
    key = key_of(name)
    # Measured with 2024.10.0 and 2026.8.0: a map is no scheduler that compute() could use.
    harm = ", and a compute() without a client fails on it" if key.startswith("scheduler.") else ""
    if key in _NOWHERE:
        return (
            f"Dask ignores this name{harm}; it has no such setting",
            f"remove it: {_NOWHERE[key]}",
        )
    right = meant(key, group)
    if not right:
        return (
            f"Dask ignores this name{harm}; no setting of Dask has it",
            "remove it, unless a package in the image reads it",
        )
    return (
        f"Dask ignores this name{harm}",
        f"Dask reads {name_of(right)}{_effect(sight, group, name, right, text)}",
    )


def _effect(sight: Sight, group: Group, name: str, key: str, text: str | None) -> str:
    """What would change if a name were written right, as that of `key`."""
    if name_of(key) in sight.names(group):
        return ", which is set too and counts"
    if text is None:
        return ""
    if expected := unfit(key, text):
        return f", and {_seen(name, text)} is no value for it, which takes {expected}"
    wrong = next(
        (
            f"{told(low)} above {told(high)}: {_consequence(high.name)}"
            for low, high in disorder(_corrected(sight, group))
            if key in (_threshold(low.name), _threshold(high.name))
        ),
        "",
    )
    if wrong:
        return f", which would put {wrong}"
    if key.endswith(".preload"):
        return f", which would import {_seen(name, text)} when the process starts and stop it where the image has no such module"
    entry = facts().keys[key]
    default = entry.get("default", entry.get("defaults", {}).get(facts().versions[-1]))
    if "default" not in entry and "defaults" not in entry:
        return f", which would set {key} to {_seen(name, text)}"
    if interpret(text) == default:
        return f", which would change nothing: {_seen(name, text)} is Dask's default"
    return f", which would change {key} from Dask's default {default} to {_seen(name, interpret(text))}"


def _corrected(sight: Sight, group: Group) -> dict[str, str]:
    """The variables of a group as they would be if all ignored names were spelled right."""
    texts = sight.texts(group)
    corrected = {
        name_of(key): text
        for name, text in texts.items()
        if name.startswith(PREFIX)
        and read(name).kind == UNKNOWN
        and (key := meant(key_of(name), group))
    }
    return {**corrected, **texts}


def _threshold(name: str) -> str:
    return f"distributed.worker.memory.{name}"


def _consequence(name: str) -> str:
    return {
        "terminate": "workers would be killed before they pause",
        "pause": "workers would pause before they spill",
        "spill": "target would have no effect",
    }[name]


def _level(sight: Sight, group: Group, key: str, text: str) -> str:
    """What is wrong with an entry of the logging section; Dask fails on import then."""
    section, found, logger = key.rpartition("logging.")
    if (
        not found
        or section not in ("", "distributed.")
        or any(key_of(name) == f"{section}logging.version" for name in sight.names(group))
    ):
        return ""
    value = interpret(text)
    if "." in logger:
        return "Dask makes a map of a logger's name with __ in it, and fails when it is imported"
    if (isinstance(value, str) and value.lower() in _LEVELS) or (
        isinstance(value, int) and not isinstance(value, bool)
    ):
        return ""
    return "this is no log level, and Dask fails when it is imported"


def _mounted(sight: Sight, group: Group, path: str) -> bool:
    mounts = [
        mount["mountPath"].rstrip("/") for mount in sight.get(*group.path, "volumeMounts") or ()
    ]
    return any(path == mount or path.startswith(f"{mount}/") for mount in mounts)


def _inside(section: str) -> list[str]:
    return [name_of(key) for key in facts().keys if key.startswith(f"{section}.")][:3]


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def _plainer(name: str, key: str, text: str) -> str:
    """The likely correction of a value."""
    value = interpret(text)
    if _seen(name, text) == MASK:
        return ""
    if isinstance(value, str):
        inner = value.strip().strip("'\"")
        words = {
            "yes": "True",
            "on": "True",
            "y": "True",
            "no": "False",
            "off": "False",
            "n": "False",
        }
        percent = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?%", inner)
        guesses = [
            words.get(inner.lower(), ""),
            inner,
            f"{float(percent[1]) / 100:g}" if percent else "",
            f"['{inner}']",
        ]
        return next(
            (
                f"write {guess}"
                for guess in guesses
                if guess and guess != text and not unfit(key, guess)
            ),
            "",
        )
    return f"write {text!r} with its quotes" if not unfit(key, repr(text)) else ""


def _seen(name: str, value: Any) -> str:
    """A variable's value for a message, unless it is a secret."""
    return MASK if secret_name(name) or secret_value(value) else shown(value)


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    for kind, word in (
        (bool, "a truth value"),
        (int, "a number"),
        (float, "a number"),
        (str, "text"),
        ((list, tuple), "a list"),
        (dict, "a map"),
    ):
        if isinstance(value, kind):
            return word
    return "something else"
