"""Nodes as plain data, as far as all YAML readers agree on the types of their scalars."""

from __future__ import annotations

import re

from mops.model.layer import Value
from mops.yamltext.nodes import NULLS, Items, Node, Pairs, Text, ambiguous

# Integers that every reader accepts and that fit into 64 bits.
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")


class Ambiguous(Exception):
    """YAML readers disagree on what the unquoted scalar `node` is."""

    def __init__(self, node: Text) -> None:
        super().__init__(f"YAML readers disagree on what {node.text} is")
        self.node = node


def plain_data(node: Node, *, lenient: bool = False) -> Value:
    """A node as nested dicts and lists of strings, integers, booleans and None.

    Raises Ambiguous for a scalar that readers interpret differently; with `lenient`, such a scalar
    becomes the string that was written.
    """
    if isinstance(node, Items):
        return [plain_data(item, lenient=lenient) for item in node.items]
    if isinstance(node, Pairs):
        return {key: plain_data(value, lenient=lenient) for key, (_, value) in node.pairs.items()}
    try:
        return plain_scalar(node)
    except Ambiguous:
        if lenient:
            return node.text
        raise


def plain_scalar(node: Text) -> Value:
    """A scalar as a string, integer, boolean or None. Raises Ambiguous."""
    if node.quoted:
        return node.text
    if INTEGER.fullmatch(node.text):
        return int(node.text)
    if node.text in ("true", "false"):
        return node.text == "true"
    if node.text in NULLS or not node.text:
        return None
    if ambiguous(node.text):
        raise Ambiguous(node)
    return node.text
