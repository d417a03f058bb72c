"""What looks like a secret, and is therefore never printed."""

from __future__ import annotations

import re
from typing import Any

from mops.model.layer import Path
from mops.schema.fields import SettingsSchema

MASK = "(hidden)"

_NAME = re.compile(
    r"(?i)(passw|passphrase|secret|token(?!iz)|credential|connection_?string|api_?key|access_?key|account_?key|private_?key|(^|_)sas($|_)|(^|_)pwd($|_)|(^|_)auth($|_))"
)
# Names that hold such a word but name a place or a switch.
_HARMLESS = re.compile(
    r"(?i)(secretname|secretref|secretkeyref|tlssecret|imagepullsecrets|_(file|path|dir|name|ttl|timeout|enabled|url)$)"
)
_VALUE = re.compile(
    r"(?i)://[^/\s:@]*:[^/\s@]+@|AccountKey=|SharedAccessSignature=|[?&;]sig=|-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\bgithub_pat_|\bglpat-|\bxox[abpr]-|\beyJ[A-Za-z0-9_-]{10,400}\.eyJ|\bsk-[A-Za-z0-9]{20,}"
)


def secret_name(name: str) -> bool:
    """Whether a variable's or key's name says that its value is a secret."""
    return _NAME.search(name) is not None and _HARMLESS.search(name) is None


def secret_value(value: Any) -> bool:
    """Whether a value has the shape of a credential, at any depth."""
    if isinstance(value, dict):
        return any(map(secret_value, value.values()))
    if isinstance(value, list):
        return any(map(secret_value, value))
    return isinstance(value, str) and _VALUE.search(value) is not None


def hidden(schema: SettingsSchema, path: Path, value: Any) -> bool:
    """Whether the value at a path must not be printed. What refers to a secret is not one."""
    if value is None or "valueFrom" in path:
        return False
    named = "env" in path and isinstance(value, str) and value != "" and secret_name(path[-1])
    return named or bool((schema.at(path) or {}).get("x-secret")) or secret_value(value)
