"""How Dask reads its environment variables: which setting a name stands for.

The facts come from schemas/dask-keys.json, which scripts/dask_keys.py extracts from Dask itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict

from mops.checks.environment import DASK_PREFIX
from mops.config.view import SCHEDULER, Group
from mops.model import bundle

# Names that are not settings: Dask finds files through them, or passes its configuration on.
RESERVED = ("DASK_CONFIG", "DASK_ROOT_CONFIG", "DASK_INTERNAL_INHERIT_CONFIG")

# What a name stands for: a setting, an entry of an open mapping, a section of settings, a key below
# a setting that has no keys, nothing that Dask reads, or a setting of another package.
Kind = Literal["setting", "entry", "section", "below", "unknown", "foreign"]

# How similar an unknown name must be to a setting for a suggestion; 1 is equal.
_SIMILARITY = 0.84


if TYPE_CHECKING:

    class Accept(TypedDict, total=False):
        """One form of value that a setting accepts, if possible in the terms of JSON Schema."""

        type: str
        enum: list[Any]
        min: float
        max: float
        above: float

    # What is known about a setting. `in`: the only versions of Dask that have it; `defaults`: by
    # version, if they differ. A setting without `accept` takes any value.
    Setting = TypedDict(
        "Setting",
        {"accept": list[Accept], "default": Any, "defaults": dict[str, Any], "in": list[str]},
        total=False,
    )


class Facts(NamedTuple):
    """What Dask reads, by key such as `distributed.worker.memory.target`.

    `maps` are the mappings with keys of the user's choice, `aliases` lead from deprecated keys to
    their successors, `sections` are the mappings that contain settings, and `section_names` the
    names that occur in their keys. `sides` tells what alone reads a setting: the `scheduler`, the
    `worker`, or Python's own cluster objects (`cluster`), none of which runs in a pod.
    """

    versions: tuple[str, ...]
    keys: Mapping[str, Setting]
    maps: frozenset[str]
    aliases: Mapping[str, str]
    sections: frozenset[str]
    section_names: frozenset[str]
    sides: Mapping[str, str]


class Reading(NamedTuple):
    """How Dask interprets a variable's name; for a deprecated name, `key` is the current one."""

    kind: Kind
    key: str
    deprecated: bool = False


@lru_cache(maxsize=1)
def facts() -> Facts:
    """The facts about the supported versions of Dask."""
    import json

    data = json.loads(bundle.read("schemas", "dask-keys.json"))
    sections = {above for key in (*data["keys"], *data["maps"]) for above in sections_of(key)}
    return Facts(
        versions=tuple(data["versions"]),
        keys=data["keys"],
        maps=frozenset(data["maps"]),
        aliases={old: new.replace("_", "-") for old, new in data["aliases"].items()},
        sections=frozenset(sections),
        section_names=frozenset(".".join(sections).split(".")),
        sides=data["sides"],
    )


def key_of(name: str) -> str:
    """The key that Dask derives from a variable's name; Dask treats `-` and `_` in keys alike."""
    return name[len(DASK_PREFIX) :].lower().replace("__", ".").replace("_", "-")


def name_of(key: str) -> str:
    """The variable that sets a key."""
    return DASK_PREFIX + key.replace(".", "__").replace("-", "_").upper()


def similar(key: str) -> str:
    """The known key that is spelled most like an unknown one, "" if none is. Takes about 2 ms."""
    from difflib import get_close_matches

    known = facts().keys
    # People leave out the first section, so the keys are compared without it too.
    spellings = {key.partition(".")[2]: key for key in known if "." in key}
    spellings |= {key: key for key in known}
    close = get_close_matches(key, spellings, 1, _SIMILARITY)
    return spellings[close[0]] if close else ""


def intended(key: str, group: Group = SCHEDULER, similar: Callable[[str], str] = similar) -> str:
    """The key that the author of an unknown one probably meant; "" if there is none.

    That is a key that ends with all words of the unknown one, preferably of the process that
    `group` runs, or else a similar key.
    """
    words = ".".join(filter(None, _dotted(key).split(".")))
    endings = _endings().get(words, ())
    if not words or not endings:
        return similar(key)
    process = "scheduler" if group == SCHEDULER else "worker"
    preferred = f"distributed.{process}."
    return min(endings, key=lambda known: (not known.startswith(preferred), len(known), known))


@lru_cache(maxsize=1)
def _endings() -> dict[str, list[str]]:
    """The known keys by their last words: all of them, all but the first, and so on."""
    found: dict[str, list[str]] = {}
    for key in facts().keys:
        words = _dotted(key).split(".")
        for start in range(len(words)):
            found.setdefault(".".join(words[start:]), []).append(key)
    return found


def read(name: str, similar: Callable[[str], str] = similar) -> Reading:
    """How Dask interprets a name that starts with its prefix."""
    key = key_of(name)
    if name in RESERVED:
        return Reading("foreign", key)
    current = _current(key)
    kind = _kind(current)
    if kind is not None:
        return Reading(kind, current, deprecated=current != key)
    # An unknown section belongs to another package, unless it is misspelled.
    in_dask = "." not in key or key.split(".")[0] in facts().section_names
    if in_dask or intended(key, similar=similar):
        return Reading("unknown", key)
    return Reading("foreign", key)


def _kind(key: str) -> Kind | None:
    known = facts()
    if key in known.keys:
        return "setting"
    if key in known.maps or any(above in known.maps for above in sections_of(key)):
        return "entry"
    if key in known.sections:
        return "section"
    # Settings without facts may have keys below them.
    if any(known.keys.get(above) for above in sections_of(key)):
        return "below"
    return None


def _current(key: str) -> str:
    """The key that Dask uses instead of a deprecated one, or of one in a renamed section."""
    known = facts()
    while True:
        section, _, rest = key.partition(".")
        successor = known.aliases.get(key, "")
        if not successor and rest and section in known.aliases:
            successor = f"{known.aliases[section]}.{rest}"
            if successor not in known.keys:
                return key
        if successor in ("", key):
            return key
        key = successor


def sections_of(key: str) -> Iterator[str]:
    """The sections that a key is in, the outermost first."""
    end = key.find(".")
    while end >= 0:
        yield key[:end]
        end = key.find(".", end + 1)


def _dotted(key: str) -> str:
    return key.replace("-", ".")
