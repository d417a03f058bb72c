"""Lists of named entries instead of a mapping, as Kubernetes writes environment variables.

- name: A
  value: x
- name: B
  valueFrom: {secretKeyRef: {name: s, key: k}}
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from mops.model.problems import Problem
from mops.model.spelling import near
from mops.schema.keywords import UNKNOWN_SETTING
from mops.schema.statement import Source, Spelling
from mops.yamltext.nodes import Items, Node, Pairs, Text, kind

_VALUE, _REFERENCE = "value", "valueFrom"


# A pair of the mapping: its key, and its value, or the problem with it.
Entry: TypeAlias = "tuple[Text, Node | Problem]"


def entries(items: Items, by: str, source: Source, spelled: Spelling) -> Iterator[Entry | Problem]:
    """The entries of a list in order; `by` is the property with the name."""
    first: dict[str, Text] = {}
    for index, item in enumerate(items.items):
        here = (*spelled, f"[{index}]")
        name = item.value(by) if isinstance(item, Pairs) else None
        if not isinstance(item, Pairs) or name is None:
            expected = f"an entry with {by} and either value or valueFrom"
            yield source.problem(item, here, f"expected {expected}, found {kind(item)}")
        elif not isinstance(name, Text):
            yield source.problem(item, here, f"{by} must be a string")
        elif name.text in first:
            other = first[name.text]
            hint = f"first defined at line {other.line}, column {other.col}"
            yield source.problem(name, (*here, by), f"duplicate {by} {name.text}", hint)
        else:
            first[name.text] = name
            yield name, _value(item, by, source, (*spelled, name.text))


def _value(item: Pairs, by: str, source: Source, spelled: Spelling) -> Node | Problem:
    """The value of an entry: its `value`, or a mapping with its `valueFrom`."""
    rest = {_declared(key, source): pair for key, pair in item.pairs.items() if key != by}
    for name, (key, _) in rest.items():
        if name not in (_VALUE, _REFERENCE):
            hint = near(name, (_VALUE, _REFERENCE))
            return source.problem(key, (*spelled, key.text), UNKNOWN_SETTING, hint)
    if len(rest) != 1:
        found = "both" if rest else "neither"
        message = f"expected either value or valueFrom, found {found}"
        return source.problem(item, spelled, message)
    return rest[_VALUE][1] if _VALUE in rest else Pairs(rest, item.line, item.col)


def _declared(key: str, source: Source) -> str:
    return _REFERENCE if key == "value_from" and source.snake_case else key
