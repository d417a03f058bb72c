"""Values as text on one line, and data as JSON."""

from __future__ import annotations

import json

from mops.model.layer import Path, Value
from mops.schema.fields import SettingsSchema
from mops.schema.secrets import masked

_LONGEST = 120


def printable(text: str) -> str:
    """`text` with control characters, which a terminal would act on, written as escapes."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def shown(schema: SettingsSchema, path: Path, value: Value) -> str:
    """A setting's value on one line, shortened if it is long, with the secrets in it hidden."""
    return one_line(masked(schema, path, value))


def one_line(value: Value) -> str:
    """A value on one line, shortened if it is long; anything but a plain string is JSON."""
    text = value if _is_plain(value) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def _is_plain(value: Value) -> bool:
    """Whether a value is a string that needs no quotes to be recognized."""
    return isinstance(value, str) and value == value.strip() != "" and value.isprintable()


def json_text(data: Value) -> str:
    """Data as an indented JSON document."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
