"""Recognizing secrets, which are never printed."""

from __future__ import annotations

import re

from mops.model.layer import Path, Value
from mops.schema.fields import SettingsSchema

MASK = "(hidden)"

# Strings, because not every run looks for secrets: they are compiled at their first use.
_NAME = r"""(?ix) passw | passphrase | secret | token(?!iz) | credential | connection_?string
    | (api | access | account | private)_?key
    | (^|_)(sas | pwd | auth)($|_)"""
# Names that contain such a word but mean a reference, a file or a switch.
_HARMLESS = r"""(?ix) secretname | secretref | secretkeyref | tlssecret | imagepullsecrets
    | _(file | path | dir | name | ttl | timeout | enabled | url)$"""
_VALUE = r"""(?ix) ://[^/\s:@]*:[^/\s@]+@                # a password in a URL
    | AccountKey= | SharedAccessSignature= | [?&;]sig=  # Azure storage
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY
    | \bAKIA[0-9A-Z]{16}\b                            # AWS
    | \bgh[pousr]_[A-Za-z0-9]{30,} | \bgithub_pat_ | \bglpat-
    | \bxox[abpr]-                                    # Slack
    | \beyJ[A-Za-z0-9_-]{10,400}\.eyJ                 # a JSON web token
    | \bsk-[A-Za-z0-9]{20,}"""


def secret_name(name: str) -> bool:
    """Whether the name of a variable or key suggests that its value is a secret."""
    return re.search(_NAME, name) is not None and re.search(_HARMLESS, name) is None


def secret_value(value: Value) -> bool:
    """Whether a value has the shape of a credential, at any depth."""
    if isinstance(value, dict):
        return any(map(secret_value, value.values()))
    if isinstance(value, list):
        return any(map(secret_value, value))
    return isinstance(value, str) and re.search(_VALUE, value) is not None


def hidden(schema: SettingsSchema, path: Path, value: Value) -> bool:
    """Whether the value at a path must not be printed. References to Secrets may be printed."""
    if value is None or "valueFrom" in path:
        return False
    named = "env" in path and isinstance(value, str) and value != "" and secret_name(path[-1])
    return named or bool((schema.at(path) or {}).get("x-secret")) or secret_value(value)
