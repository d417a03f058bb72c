"""Scalars in the type that the schema declares; nothing is guessed."""

from __future__ import annotations

import re

from mops.model.layer import Value
from mops.schema.keywords import types
from mops.schema.tree import Tree
from mops.yamltext.nodes import NULLS, Text
from mops.yamltext.plain import INTEGER, Ambiguous, plain_scalar

_MOST_DIGITS = 18
_BOOLEANS = {"true": True, "false": False}
# Other common spellings of booleans.
_MEANT = {
    **dict.fromkeys(("yes", "on", "y", "1", "true"), "true"),
    **dict.fromkeys(("no", "off", "n", "0", "false"), "false"),
}
# A file mode as people write it: octal, with a leading zero.
_FILE_MODE = "0[0-7]{3}"
# The longest text that a hint repeats.
_SHORT = 40


class Mistyped(Exception):
    """A scalar does not have the type that the schema declares."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def scalar(node: Text, tree: Tree) -> Value:
    """The value of a scalar in the type that `tree` declares. Raises Mistyped if it has none."""
    names = types(tree)
    if not names:
        return _untyped(node)
    if node.quoted:
        return _quoted(node, names)
    if node.text in NULLS:
        raise Mistyped("null is not allowed here", "remove it")
    if "integer" in names and INTEGER.fullmatch(node.text):
        return int(node.text)
    if "string" in names:
        return _untyped_string(node) if "x-quoted" in tree else node.text
    if "boolean" in names:
        return _boolean(node)
    if "integer" in names:
        raise Mistyped(f"expected an integer, found {_written(node)}", _as_integer(node.text))
    return node.text


def _quoted(node: Text, names: tuple[str, ...]) -> str:
    if "string" in names or not {"integer", "boolean"} & set(names):
        return node.text
    expected = "an integer" if "integer" in names else "true or false"
    if not node.line:
        hint = "use --set, which takes the type from the setting"
        raise Mistyped(f"expected {expected}, found a string", hint)
    raise Mistyped(f"expected {expected}, found a quoted string", "remove the quotes")


def _boolean(node: Text) -> bool:
    if node.text not in _BOOLEANS:
        meant = _MEANT.get(node.text.lower())
        hint = f"write {meant}" if meant else ""
        raise Mistyped(f"expected true or false, found {_written(node)}", hint)
    return _BOOLEANS[node.text]


def _untyped(node: Text) -> Value:
    """A scalar without a declared type. Raises Mistyped if YAML readers disagree on it."""
    try:
        value: Value = plain_scalar(node)
    except Ambiguous:
        short = len(node.text) < _SHORT
        hint = f'write "{node.text}" for a string' if short else "quote it if it is a string"
        raise Mistyped(f"YAML readers disagree on what {_written(node)} is", hint) from None
    if value is None:
        raise Mistyped("null is not allowed here", "remove it")
    return value


def _untyped_string(node: Text) -> str:
    """A string of a Kubernetes field: unquoted only where every YAML reader takes it for one.

    Such fields are copied from and to manifests, where Kubernetes refuses a number or a boolean.
    """
    value = _untyped(node)
    if isinstance(value, str):
        return value
    found = "a boolean" if isinstance(value, bool) else "a number"
    raise Mistyped(f"expected a string, found {found}", f'write "{node.text}"')


def _as_integer(text: str) -> str:
    """A hint how to write `text` as an integer; "" if it does not look like a number."""
    if re.fullmatch(_FILE_MODE, text):
        return f"write {int(text, 8)} for the file mode {text}"
    plain = text.replace("_", "")
    if re.fullmatch(r"[-+]?[0-9]+", plain):
        if len(plain) > _MOST_DIGITS + 1:
            return f"an integer has at most {_MOST_DIGITS} digits"
        return f"write {int(plain)}"
    if re.fullmatch(r"[0-9]+\.0+", text):
        return f"write {text.split('.', maxsplit=1)[0]}"
    return "use a decimal integer" if re.match(r"[-+0-9.]", text) else ""


def _written(node: Text) -> str:
    """An invalid scalar for a message: its text if that is short and harmless."""
    if not node.text:
        return "an empty value"
    return node.text if re.fullmatch(r"[-+_.:0-9A-Za-z]{1,40}", node.text) else "a string"
