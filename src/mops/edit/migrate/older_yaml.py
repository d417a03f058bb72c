"""Nodes as the older tool's YAML 1.1 reader read them."""

from __future__ import annotations

import yaml

from mops.model.layer import Value
from mops.yamltext.outline import Alias, Map, Pair, Scalar, Seq, Span


def data(node: Span) -> Value:
    """A node as plain data; merge keys are merged, timestamps and the like stay strings."""
    if isinstance(node, Alias):
        return data(node.target)
    if isinstance(node, Map):
        return _mapping(node)
    if isinstance(node, Seq):
        return [data(item) for item in node.items]
    return scalar_data(node)


def scalar_data(node: Scalar) -> Value:
    """A scalar as plain data."""
    if node.style or node.marked:
        return node.text
    if not node.text:
        return None
    try:
        found = yaml.load(node.text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):
        return node.text
    is_plain = found is None or isinstance(found, (bool, int, float, str))
    return found if is_plain else node.text


def _mapping(node: Map) -> dict[str, Value]:
    merged: dict[str, Value] = {}
    own: dict[str, Value] = {}
    for pair in node.pairs:
        if not _is_merge(pair):
            own[pair.key.text] = data(pair.value)
            continue
        for source in pair.value.items if isinstance(pair.value, Seq) else [pair.value]:
            found = data(source)
            if isinstance(found, dict):
                merged = {**found, **merged}
    return merged | own


def _is_merge(pair: Pair) -> bool:
    return pair.key.text == "<<" and not pair.key.style
