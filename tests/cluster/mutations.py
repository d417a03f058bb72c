"""Changes of valid settings: most of them make Kubernetes refuse the result."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from .generator import NEVER, Generator
from .samples import DATA

WRONG_STRINGS = [
    "", "A B", "UPPER_Case!", "x" * 300, "x" * 64, "x" * 16, "../up", "a/../b", "/abs", "-dash",
    "dash-", "a..b", ".", "..", "..x", "a/b/c", "ä", "no-such", "a=b", "1.2.3.4", "01.2.3.4",
    "::ffff:1.2.3.4", "10.0.0.1/8", "10.0.0.0/8", "Nope", "0", "-1", "*", "a:b", "a,b", "_x",
    "None", "true", "kubernetes.io/x", "a.b/c", "A", "Always", "Exists", "In", "Localhost",
    "metadata.x", "status.phase", "limits.gpu", "metadata.labels['a b']", "metadata.name['x']",
    "metadata.annotations", "a\nb",
]  # fmt: skip
WRONG_NUMBERS = [
    -(2**31), -1, 0, 1, 2, 101, 255, 256, 512, 65536, 70000, 2**31 - 1, 2**31, 5 * 10**9,
]  # fmt: skip
WRONG_QUANTITIES = [
    "-1", "0", "1.5", "3", "1m", "100Ti", "1001", "5Mi", "1e3", "-0", "0.0001", "1n", "8 Gi", "",
]  # fmt: skip
Spot = tuple[Any, Any, str, str]


def spots(value: Any, expression: str, field: str = "") -> Iterator[Spot]:
    """Every part of a value: what holds it, its key there, its type, and its `Type.field`."""
    holder = [value]
    yield from _spots(holder, 0, expression, field)


def _spots(holder: Any, key: Any, expression: str, field: str) -> Iterator[Spot]:
    yield holder, key, expression, field
    value = holder[key]
    if expression.startswith("["):
        for index in range(len(value)):
            yield from _spots(value, index, expression[1:-1], f"{field}[]")
    elif expression.startswith("{"):
        for name in list(value):
            yield from _spots(value, name, expression[1:-1], f"{field}{{}}")
    elif expression in DATA.types:
        types = DATA.types[expression]
        for name in [name for name in value if name in types]:
            yield from _spots(value, name, types[name].rstrip("!"), f"{expression}.{name}")


def mutated(generator: Generator, value: Any, expression: str) -> tuple[Any, str]:
    """A copy of a value with one change somewhere, and the name of the change."""
    value = copy.deepcopy(value)
    holder: list[Any] = [value]
    all_spots = list(_spots(holder, 0, expression, ""))
    # Half of the changes are to objects: what is missing, too much, or does not fit together.
    objects = [spot for spot in all_spots if spot[2] in DATA.types]
    pool = objects if objects and generator.source.random() < 0.4 else all_spots
    where, key, kind, field = generator.pick(pool)
    how = _change(generator, where, key, kind)
    return holder[0], f"{field or kind}: {how}"


def _change(generator: Generator, where: Any, key: Any, kind: str) -> str:
    value, source = where[key], generator.source
    if isinstance(value, bool):
        where[key] = source.choice([not value, not value, "yes"])
    elif isinstance(value, int):
        where[key] = source.choice([*WRONG_NUMBERS, *WRONG_NUMBERS, "1"])
        if kind == "int-or-string":
            where[key] = source.choice(
                [0, -1, 70000, "", "a--b", "-a", "http", "123", "X", "x" * 16]
            )
    elif kind == "quantity":
        where[key] = source.choice(WRONG_QUANTITIES)
    elif isinstance(value, str):
        where[key] = source.choice(WRONG_STRINGS)
    elif isinstance(value, list):
        return _change_list(generator, where, key, kind)
    elif isinstance(value, dict):
        return _change_mapping(generator, value, kind)
    return f"{value!r} -> {where[key]!r}"[:120]


def _change_list(generator: Generator, where: Any, key: Any, kind: str) -> str:
    value = where[key]
    how = generator.pick(["empty", "twice", "more", "drop"])
    if how == "empty":
        where[key] = []
    elif how == "twice" and value:
        value.append(copy.deepcopy(generator.pick(value)))
    elif how == "more":
        value.extend(generator.value(kind[1:-1]) for _ in range(generator.pick([1, 3, 33])))
    elif value:
        value.pop(generator.source.randrange(len(value)))
    return how


def _change_mapping(generator: Generator, value: dict[str, Any], kind: str) -> str:
    how = generator.pick(["delete", "add", "add", "unknown", "empty", "twist"])
    types = DATA.types.get(kind, {})
    if how == "delete" and value:
        name = generator.pick(value)
        del value[name]
        return f"without {name}"
    missing = [name for name in types if name not in value and f"{kind}.{name}" not in BY_CHART]
    if how == "add" and missing:
        name = generator.pick(missing)
        value[name] = generator.value(types[name].rstrip("!"), f"{kind}.{name}")
        return f"with {name}"
    if how == "empty":
        value.clear()
        return "empty"
    if how == "twist" and kind.startswith("{"):
        value[generator.pick(WRONG_STRINGS)] = generator.pick(["x", "1", "a b", "-x"])
        return "another entry"
    value["bogus"] = generator.pick([1, "x", {}])
    return "with bogus"


BY_CHART = frozenset(name for name in NEVER if name.startswith("PodSpec."))
