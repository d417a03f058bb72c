"""How Dask reads its environment variables: which setting a name is, and what value a text.

The facts are in schemas/dask-keys.json, which scripts/dask_keys.py takes from Dask itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from mops.config.view import SCHEDULER, Group
from mops.model import bundle

PREFIX = "DASK_"
# Names that are no settings: Dask looks for files there, or finds what a parent process has left.
RESERVED = ("DASK_CONFIG", "DASK_ROOT_CONFIG", "DASK_INTERNAL_INHERIT_CONFIG")
# What a name can be: a setting, an entry of a map, a section, something below a setting, nothing, or another package's.
KEY, MAP, SECTION, BELOW, UNKNOWN, FOREIGN = "key", "map", "section", "below", "unknown", "foreign"

_LONGEST = 10_000

_TRUTHS = {"none": None, "null": None, "true": True, "false": False}
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?")
_NO_LITERAL = re.compile(r"[A-Za-z_/][-A-Za-z0-9_./:]*|[0-9]+(\.[0-9]+)? ?(us|ms|s|m|h|[kMGT]i?B)")
# The types of accepted values besides numbers: Python's type, and the word for it.
_TYPES: dict[str, Any] = {"string": str, "array": (list, tuple), "object": dict, "null": type(None)}
_WORDS = {
    "string": "text", "boolean": "True or False", "null": "None", "array": "a list such as ['a', 'b']", "object": "a map such as {'a': 1}",
    "time": "a time such as 30s", "bytes": "a size such as 64MiB",
}  # fmt: skip
_TIMES = r"(ns|us|ms|s|m|h|d|w|(nano|micro|milli)?seconds?|minutes?|hours?|days?|weeks?)?"
_SIZES = r"([kmgtp](i?b|i)?|b)?"
_AMOUNT = r"([0-9]+\.?[0-9]*(e[+-]?[0-9]+)?)?"


class Facts(NamedTuple):
    """The settings that Dask reads, by key."""

    versions: tuple[str, ...]
    keys: Mapping[str, Mapping[str, Any]]
    maps: tuple[str, ...]
    aliases: Mapping[str, str]
    sections: frozenset[str]


class Reading(NamedTuple):
    """What Dask makes of a variable's name: a kind of place, the key there, and whether by a deprecated name."""

    kind: str
    key: str
    alias: bool = False


@lru_cache(maxsize=1)
def facts() -> Facts:
    """The facts that mops is shipped with."""
    import json

    data = json.loads(bundle.read("schemas", "dask-keys.json"))
    places = [*data["keys"], *data["maps"]]
    sections = frozenset(
        key[:index]
        for key in places
        for index in (found.start() for found in re.finditer(r"\.", key))
    )
    aliases = {old: new.replace("_", "-") for old, new in data["aliases"].items()}
    return Facts(tuple(data["versions"]), data["keys"], tuple(data["maps"]), aliases, sections)


def key_of(name: str) -> str:
    """The key that Dask derives from a variable's name; - and _ are one to it."""
    return name[len(PREFIX) :].lower().replace("__", ".").replace("_", "-")


def name_of(key: str) -> str:
    """The variable that sets a key."""
    return PREFIX + key.replace(".", "__").replace("-", "_").upper()


@lru_cache(maxsize=1024)
def read(name: str) -> Reading:
    """What Dask makes of a name that begins with its prefix."""
    known = facts()
    asked = key_of(name)
    if name in RESERVED:
        return Reading(FOREIGN, asked)
    key, alias = asked, False
    while (target := _alias(known, key)) and target != key:
        key, alias = target, True
    if key in known.keys:
        return Reading(KEY, key, alias)
    if any(key == place or key.startswith(f"{place}.") for place in known.maps):
        return Reading(MAP, key, alias)
    if key in known.sections:
        return Reading(SECTION, key, alias)
    if any(key.startswith(f"{place}.") for place, entry in known.keys.items() if entry):
        return Reading(BELOW, key)
    top = asked.split(".")[0]
    ours = "." not in asked or any(top in section.split(".") for section in known.sections)
    return Reading(UNKNOWN if ours or meant(asked) else FOREIGN, asked)


def meant(key: str, group: Group = SCHEDULER) -> str:
    """The key that the author of an unknown one was probably after; "" where there is none."""
    known = facts().keys
    words = _words(key)
    ends = [one for one in known if _words(one)[-len(words) :] == words] if words else []
    if ends:
        side = "distributed.scheduler." if group == SCHEDULER else "distributed.worker."
        return min(ends, key=lambda one: (not one.startswith(side), len(one), one))
    from difflib import get_close_matches

    # People leave out the first section, so the keys are compared without it too.
    spellings = {
        **{one.partition(".")[2]: one for one in known if "." in one},
        **{one: one for one in known},
    }
    close = get_close_matches(key, spellings, 1, 0.84)
    return spellings[close[0]] if close else ""


def interpret(text: str) -> Any:
    """The value that Dask reads: a Python literal, or a word for true, false and nothing, or else the text."""
    if text.lower() in _TRUTHS:
        return _TRUTHS[text.lower()]
    if _DECIMAL.fullmatch(text):
        return float(text) if "." in text else int(text)
    if len(text) > _LONGEST or _NO_LITERAL.fullmatch(text):
        return text
    # Loading ast costs more than all that most values need.
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return text


def unfit(key: str, text: str) -> str:
    """What a key expects where `text` is no value for it, else ""."""
    accept = facts().keys[key].get("accept", ())
    value = interpret(text)
    return (
        ""
        if not accept or any(_fits(one, value) for one in accept)
        else " or ".join(dict.fromkeys(map(_described, accept)))
    )


def _alias(known: Facts, key: str) -> str:
    """The newer key of a deprecated one, or of the section that it is in."""
    if key in known.aliases:
        return known.aliases[key]
    section, dot, rest = key.partition(".")
    return (
        f"{known.aliases[section]}.{rest}"
        if dot and section in known.aliases and f"{known.aliases[section]}.{rest}" in known.keys
        else ""
    )


@lru_cache(maxsize=1024)
def _words(key: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[.-]", key) if word)


def _measure(value: Any, units: str) -> bool:
    """Whether a value is a number, or text that is an amount with one of the units."""
    if isinstance(value, (int, float)):
        return not isinstance(value, bool) and value >= 0
    return (
        isinstance(value, str)
        and bool(value.strip())
        and re.fullmatch(_AMOUNT + units, value.replace(" ", "").lower()) is not None
    )


def _fits(accept: Mapping[str, Any], value: Any) -> bool:
    """Whether Dask can work with a value where it accepts that."""
    if "enum" in accept:
        return any(
            value == choice and isinstance(value, str) == isinstance(choice, str)
            for choice in accept["enum"]
        )
    kind = accept["type"]
    if kind in ("integer", "number"):
        whole = kind == "number" or isinstance(value, int)
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and whole
        return (
            number
            and value >= accept.get("min", value)
            and value <= accept.get("max", value)
            and ("above" not in accept or value > accept["above"])
        )
    if kind == "boolean":
        return value in (0, 1) and not isinstance(value, str)
    if kind in ("time", "bytes"):
        return _measure(value, _TIMES if kind == "time" else _SIZES)
    return isinstance(value, _TYPES[kind])


def _described(accept: Mapping[str, Any]) -> str:
    """What a schema accepts, for people who write Python literals into variables."""
    if "enum" in accept:
        return " or ".join(str(choice) for choice in accept["enum"])
    kind = accept["type"]
    if kind in _WORDS:
        return _WORDS[kind]
    limits = [
        f"above {accept['above']}" if "above" in accept else "",
        f"at least {accept['min']}" if "min" in accept else "",
        f"at most {accept['max']}" if "max" in accept else "",
    ]
    return " ".join(
        filter(
            None,
            [
                "a whole number" if kind == "integer" else "a number",
                " and ".join(filter(None, limits)),
            ],
        )
    )
