"""Scalars as the schema types them: nothing is guessed."""

from __future__ import annotations

import re
from typing import Any

from mops.schema.fields import Tree
from mops.schema.keywords import types
from mops.yamltext.nodes import NULLS, Text
from mops.yamltext.plain import INTEGER, Ambiguous, plain_scalar


class _Bad(Exception):
    """A scalar is not of the type that the schema wants."""


def scalar(node: Text, tree: Tree) -> Any:
    """The typed value of a scalar; _Bad(message, hint) where it has none."""
    names = types(tree)
    if not names:
        return _unguessed(node)
    if node.quoted:
        if "string" in names or not set(names) & {"integer", "boolean"}:
            return node.text
        kind = "an integer" if "integer" in names else "true or false"
        raise _Bad(f"expected {kind}, found quoted text", _UNQUOTE)
    if node.text in NULLS:
        raise _Bad("null cannot stand inside a list or one value", "remove it")
    if "integer" in names and INTEGER.fullmatch(node.text):
        return int(node.text)
    if "string" in names:
        return node.text
    if "boolean" in names:
        if node.text in ("true", "false"):
            return node.text == "true"
        raise _Bad(f"expected true or false, found {_written(node)}", _truth(node.text))
    if "integer" in names:
        raise _Bad(f"expected an integer, found {_written(node)}", _decimal(node.text))
    return node.text


def _unguessed(node: Text) -> Any:
    """A scalar where the schema declares no type: only what every YAML reader agrees on."""
    try:
        value = plain_scalar(node)
    except Ambiguous:
        raise _Bad(
            f"YAML readers disagree on what {_written(node)} is",
            f'write "{node.text}" if it is text'
            if len(node.text) < _SHORT
            else "quote it if it is text",
        ) from None
    if value is None:
        raise _Bad("null cannot stand inside a list or one value", "remove it")
    return value


_SHORT = 40

_LONGEST_INTEGER = 20

_UNQUOTE = "remove the quotes"


def _truth(text: str) -> str:
    meant = {
        "yes": "true",
        "on": "true",
        "y": "true",
        "1": "true",
        "true": "true",
        "no": "false",
        "off": "false",
        "n": "false",
        "0": "false",
        "false": "false",
    }
    return f"write {meant[text.lower()]}" if text.lower() in meant else ""


def _decimal(text: str) -> str:
    plain = text.replace("_", "")
    if re.fullmatch(r"[-+]?[0-9]+", plain) and plain != "":
        return (
            f"write {int(plain)}"
            if len(plain) < _LONGEST_INTEGER
            else "an integer has at most 18 digits"
        )
    if re.fullmatch(r"[0-9]+\.0+", text):
        return f"write {text.split('.', maxsplit=1)[0]}"
    return "only decimal integers are integers" if re.match(r"[-+0-9.]", text) else ""


def _written(node: Text) -> str:
    if not node.text:
        return "nothing"
    return node.text if re.fullmatch(r"[-+_.:0-9A-Za-z]{1,40}", node.text) else "other text"
