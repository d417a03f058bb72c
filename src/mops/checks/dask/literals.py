"""How Dask reads the values of its environment variables, and which values a setting takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mops.checks.dask.settings import facts

if TYPE_CHECKING:
    from mops.checks.dask.settings import Accept

# Python's parser may be slow, or fail in other ways, on longer strings; no setting needs them.
_LONGEST = 10_000

_WORDS: dict[str, Any] = {"none": None, "null": None, "true": True, "false": False}
# Most values have one of these forms and need no parser. Importing `ast` is what costs most here.
_DECIMAL = r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?"
_NO_LITERAL = r"[A-Za-z_/][-A-Za-z0-9_./:]*|[0-9]+(\.[0-9]+)? ?(us|ms|s|m|h|[kMGT]i?B)"

# What dask.utils.parse_timedelta and parse_bytes accept, in lower case and without spaces.
_AMOUNT = r"([0-9]+\.?[0-9]*(e[+-]?[0-9]+)?)?"
_UNITS = {
    "time": r"(ns|us|ms|s|m|h|d|w|(nano|micro|milli)?seconds?|minutes?|hours?|days?|weeks?)?",
    "bytes": r"([kmgtp](i?b|i)?|b)?",
}

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "array": (list, tuple),
    "object": dict,
    "null": type(None),
}
_DESCRIPTIONS = {
    "string": "a string",
    "boolean": "True or False",
    "null": "None",
    "array": "a list such as ['a', 'b']",
    "object": "a mapping such as {'a': 1}",
    "time": "a time such as 30s",
    "bytes": "a size such as 64MiB",
}


def interpret(text: str) -> Any:
    """The value that Dask reads: a Python literal, a word for a boolean or None, or the string."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if re.fullmatch(_DECIMAL, text):
        return float(text) if "." in text else int(text)
    if len(text) > _LONGEST or re.fullmatch(_NO_LITERAL, text):
        return text
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return text


def may_be_mapping(text: str | None) -> bool:
    """Whether a value is a mapping to Dask. None, the value of a `valueFrom`, may be anything."""
    return text is None or isinstance(interpret(text), dict)


def expected(key: str, text: str) -> str:
    """What a setting accepts, if `text` is not a valid value for it; else ""."""
    accepted = facts().keys.get(key, {}).get("accept", [])
    value = interpret(text)
    if key in facts().maps:
        return "" if isinstance(value, dict) else _DESCRIPTIONS["object"]
    if not accepted or any(_accepts(accept, value) for accept in accepted):
        return ""
    return " or ".join(dict.fromkeys(map(_described, accepted)))


def type_name(value: Any) -> str:
    """The type of a value, with its article."""
    if value is None:
        return "None"
    names: tuple[tuple[Any, str], ...] = (
        (bool, "a boolean"),
        ((int, float), "a number"),
        (str, "a string"),
        ((list, tuple), "a list"),
        (dict, "a mapping"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "something else")


def _accepts(accept: Accept, value: Any) -> bool:
    if "enum" in accept:
        is_string = isinstance(value, str)
        return any(value == one and isinstance(one, str) == is_string for one in accept["enum"])
    kind = accept["type"]
    if kind in ("integer", "number"):
        return _in_range(accept, value) and (kind == "number" or isinstance(value, int))
    if kind == "boolean":
        # Dask only tests whether these are true, so 0 and 1 work as well.
        return value in (0, 1) and not isinstance(value, str)
    if kind in _UNITS:
        return is_measure(value, kind)
    return isinstance(value, _TYPES[kind])


def is_number(value: Any) -> bool:
    """Whether a value is a number to Dask, which a boolean is not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _in_range(accept: Accept, value: Any) -> bool:
    if not is_number(value):
        return False
    above_minimum = accept.get("min", value) <= value
    below_maximum = value <= accept.get("max", value)
    return above_minimum and below_maximum and ("above" not in accept or value > accept["above"])


def is_measure(value: Any, kind: str) -> bool:
    """Whether a value is a "time" or "bytes": a number, or a string with an amount and a unit."""
    if isinstance(value, str):
        compact = value.replace(" ", "").lower()
        return compact != "" and re.fullmatch(_AMOUNT + _UNITS[kind], compact) is not None
    return is_number(value) and bool(value >= 0)


def _described(accept: Accept) -> str:
    """What is accepted, for people who write Python literals into variables."""
    if "enum" in accept:
        return " or ".join(map(str, accept["enum"]))
    kind = accept["type"]
    if kind in _DESCRIPTIONS:
        return _DESCRIPTIONS[kind]
    limits = []
    if "above" in accept:
        limits.append(f"above {accept['above']}")
    if "min" in accept:
        limits.append(f"at least {accept['min']}")
    if "max" in accept:
        limits.append(f"at most {accept['max']}")
    number = "an integer" if kind == "integer" else "a number"
    return f"{number} {' and '.join(limits)}".rstrip()
