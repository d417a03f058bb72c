"""The options of `dask scheduler`, `dask worker` and `dask cuda worker`, and how they read a list.

The facts come from schemas/dask-options.json, which scripts/dask_options.py reads from the commands
themselves. The reader follows click, in which they are written: an unknown option is not refused
at once, but joins the other words, which belong to the module of --preload if there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from mops.model import bundle

# What click takes for a boolean, in any case and with spaces around it.
_BOOLEANS = ("1", "0", "true", "false", "t", "f", "yes", "no", "y", "n", "on", "off", "")


_WANTED = {"boolean": "true or false", "integer": "an integer", "float": "a number"}
_NUMBERS: Mapping[str, Callable[[str], object]] = {"integer": int, "float": float}


class Option(NamedTuple):
    """An option of a command.

    `takes` is the number of words that follow it, `type` what click makes of them. `separated`:
    several of the `choices`, with commas. `same` are its other names, `known_in` the only versions
    that have it, if not all do.
    """

    name: str
    takes: int
    type: str = "text"
    choices: tuple[str, ...] = ()
    separated: bool = False
    repeats: bool = False
    same: tuple[str, ...] = ()
    known_in: tuple[str, ...] = ()

    def wants(self, value: str) -> str:
        """What the option takes, if `value` is refused; else ""."""
        if self._accepts(value):
            return ""
        return f"one of {', '.join(self.choices)}" if self.choices else _WANTED[self.type]

    def _accepts(self, value: str) -> bool:
        if self.choices:
            given = [part.strip() for part in value.split(",")] if self.separated else [value]
            return set(given) <= set(self.choices)
        if self.type == "boolean":
            return value.strip().lower() in _BOOLEANS
        return self.type not in _NUMBERS or _is_number(value, _NUMBERS[self.type])


class Command(NamedTuple):
    """A command with its options by name, and the versions whose options are known."""

    name: str
    options: Mapping[str, Option]
    versions: tuple[str, ...]


class Given(NamedTuple):
    """An option that is given; `at` is the index of its item, `value` None for a switch."""

    at: int
    option: Option
    value: str | None


class Word(NamedTuple):
    """An item that is neither an option nor the value of one."""

    at: int
    text: str


class Fault(NamedTuple):
    """An option without the value that it takes, or (`superfluous`) a switch with one."""

    at: int
    option: Option
    superfluous: bool


Part = Given | Word | Fault


@lru_cache(maxsize=1)
def commands() -> Mapping[str, Command]:
    """The commands by name, such as `cuda worker`."""
    import json

    data = json.loads(bundle.read("schemas", "dask-options.json"))
    return {
        name: Command(name, _options(entries), tuple(data["versions"][name]))
        for name, entries in data["commands"].items()
    }


def _options(entries: Mapping[str, Mapping[str, object]]) -> dict[str, Option]:
    found = {}
    for name, entry in entries.items():
        fields = {key: tuple(of) if isinstance(of, list) else of for key, of in entry.items()}
        known_in = fields.pop("in", ())
        found[name] = Option(name=name, known_in=known_in, **fields)  # type: ignore[arg-type]
    return found


def read(items: Sequence[str], options: Mapping[str, Option]) -> list[Part]:
    """A list of arguments in parts, in the order of its items."""
    return list(_parts(items, options))


def _parts(items: Sequence[str], options: Mapping[str, Option]) -> Iterator[Part]:
    index = 0
    while index < len(items):
        item = items[index]
        if item == "--":
            yield from (Word(at, items[at]) for at in range(index + 1, len(items)))
            return
        name, equals, value = item.partition("=")
        option = options.get(name) if name.startswith("--") else None
        if option is None:
            yield from _short(index, item, options)
        elif equals:
            yield (
                Given(index, option, value)
                if option.takes
                else Fault(index, option, superfluous=True)
            )
        elif not option.takes:
            yield Given(index, option, None)
        elif index + option.takes >= len(items):
            yield Fault(index, option, superfluous=False)
            return
        else:
            yield Given(index, option, " ".join(items[index + 1 : index + 1 + option.takes]))
            index += option.takes
        index += 1


def _short(index: int, item: str, options: Mapping[str, Option]) -> Iterator[Part]:
    """An item that is no long option: switches of one letter, and the rest as a word."""
    if not item.startswith("-") or item == "-" or item.startswith("--"):
        yield Word(index, item)
        return
    known = [letter for letter in item[1:] if f"-{letter}" in options]
    yield from (Given(index, options[f"-{letter}"], None) for letter in known)
    unknown = "".join(letter for letter in item[1:] if f"-{letter}" not in options)
    if unknown:
        yield Word(index, f"-{unknown}")


def _is_number(value: str, convert: Callable[[str], object]) -> bool:
    try:
        convert(value)
    except ValueError:
        return False
    return True
