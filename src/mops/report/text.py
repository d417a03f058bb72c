"""Problems, layers and origins as text and as data. Pure: nothing here prints."""

from __future__ import annotations

import json
from typing import Any

from mops.model.layer import Path
from mops.schema.fields import SettingsSchema
from mops.schema.secrets import MASK, hidden

_LONGEST = 120


def printable(text: str) -> str:
    """`text` without characters that a terminal would act on."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def shown(schema: SettingsSchema, path: Path, value: Any) -> str:
    """A value on one line, hidden where it is a secret."""
    if hidden(schema, path, value):
        return MASK
    if value is None:
        return "null"
    text = (
        value
        if isinstance(value, str) and value and value.isprintable() and value == value.strip()
        else json.dumps(value, ensure_ascii=False)
    )
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def json_text(data: Any) -> str:
    """Data as a JSON document."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
