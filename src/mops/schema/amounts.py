"""Amounts with a unit that Kubernetes does not know, and their nearest legal spellings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

# Units as people write them, in lower case, with the legal units that they may mean.
_UNITS: dict[str, tuple[str, ...]] = {
    **{f"{letter}b": (letter.upper(), f"{letter.upper()}i") for letter in "mgt"},
    **{f"{letter}ib": (f"{letter.upper()}i",) for letter in "kmgt"},
    **{f"{letter}i": (f"{letter.upper()}i",) for letter in "kmgt"},
    "kb": ("k", "Ki"),
    "k": ("k",),
    "m": ("m", "M", "Mi"),
    "g": ("G", "Gi"),
    "t": ("T", "Ti"),
    **dict.fromkeys(("core", "cores", "cpu", "cpus", "vcpu", "vcpus"), ("",)),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), ("s",)),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), ("m",)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), ("h",)),
    **dict.fromkeys(("d", "day", "days"), ("d",)),
    "": ("", "%", "Gi"),
}
_SECONDS = {"h": 3600, "m": 60, "s": 1}
_WORDS = {"one": "1", "two": "2", "three": "3", "four": "4", "six": "6", "eight": "8"}


def respelled(text: str, is_legal: Callable[[str], bool]) -> str:
    """A hint with the legal spellings that are near to an amount; "" if none is.

    `is_legal` is the verdict of the setting's schema on a spelling.
    """
    takes_memory, takes_cpu = is_legal("4Gi"), is_legal("500m") and is_legal("0.5")
    found = [
        spelling
        for spelling in dict.fromkeys(_spellings(text, takes_cpu=takes_cpu))
        if is_legal(spelling) and not (takes_memory and spelling[-1].isdigit())
    ]
    return f"write {' or '.join(found)}" if found else ""


def _spellings(text: str, *, takes_cpu: bool) -> Iterator[str]:
    compact = "".join(text.split()).replace(",", ".").lower()
    compact = _WORDS.get(compact, compact)
    amount = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([a-z]{0,7}|%)", compact)
    if amount is None:
        yield from _duration(compact)
        return
    number, unit = amount.groups()
    if takes_cpu and unit in ("%", "k"):
        yield f"{float(number) * (1000 if unit == 'k' else 0.01):g}"
        return
    for legal in _UNITS.get(unit, ()):
        yield number + legal


def _duration(text: str) -> Iterator[str]:
    """A duration in several units, such as 1h30m, in one."""
    parts = re.fullmatch(r"(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?", text)
    if parts is None or not text:
        return
    hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    total = hours * _SECONDS["h"] + minutes * _SECONDS["m"] + seconds
    unit = next(unit for unit, size in _SECONDS.items() if total % size == 0)
    yield f"{total // _SECONDS[unit]}{unit}"
