"""Environment variables whose value Kubernetes reads elsewhere, as arguments of options."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mops.config.keys import key_path, resolved
from mops.model.layer import Path
from mops.model.problems import UsageError
from mops.model.spelling import with_hint
from mops.schema.fields import SettingsSchema
from mops.schema.tree import Tree
from mops.yamltext.nodes import Node, Pairs, word

_FLAG = "--set-secret"
_FORM = "NAME=SECRET/KEY"
# A mapping that refers to a Secret or the like, or is probably meant to.
_REFERENCE = r"""(?x) \s* \{? \s* ["']?
    (value_?[fF]rom | secretKeyRef | configMapKeyRef | fieldRef | resourceFieldRef) ["']? \s* :"""
# The name of a Secret, and one of its keys. What is wrong with them, the schema says.
_NAME_AND_KEY = r"([^/\s]+)/([^/\s]+)"


def is_reference(tree: Tree, text: str) -> bool:
    """Whether the text of an argument is a reference, for a setting that may be one."""
    return "x-atomic" in tree and re.match(_REFERENCE, text) is not None


def variable_paths(schema: SettingsSchema, key: str) -> list[Path]:
    """The environment variables that the key of --set-secret means.

    A bare NAME is the variable of both scheduler and workers, or of the workers alone if only they
    have it. Raises UsageError if the key is not that of an environment variable.
    """
    path = key_path(key, _FLAG)
    if len(path) == 1:
        workers = ("workers", "env", path[0])
        scheduler = ("scheduler", "env", path[0])
        both = _is_declared(schema, scheduler) or not _is_declared(schema, workers)
        return [scheduler, workers] if both else [workers]
    paths, failure = resolved(schema, path)
    if failure is not None:
        raise UsageError(with_hint(f"{_FLAG}: {failure.reason} {key}", failure.hint))
    if not all("x-list-key" in (schema.at(found[:-1]) or {}) for found in paths):
        hint = f"write {_FORM}, or workers.env.{_FORM}"
        raise UsageError(f"{_FLAG}: {key} is not an environment variable ({hint})")
    return paths


def _is_declared(schema: SettingsSchema, path: Path) -> bool:
    return path[-1] in (schema.at(path[:-1]) or {}).get("properties", ())


def secret_reference(key: str, text: str) -> Node:
    """`{valueFrom: {secretKeyRef: {name, key}}}` for SECRET/KEY. Raises UsageError."""
    found = re.fullmatch(_NAME_AND_KEY, text)
    if found is None:
        message = "expected the name of a Secret and one of its keys"
        raise UsageError(f"{_FLAG} {key}: {message} (write {key}=SECRET/KEY)")
    name, entry = found.groups()
    reference = _pairs([("name", word(name, quoted=True)), ("key", word(entry, quoted=True))])
    return _pairs([("valueFrom", _pairs([("secretKeyRef", reference)]))])


def _pairs(pairs: Sequence[tuple[str, Node]]) -> Pairs:
    return Pairs({key: (word(key), node) for key, node in pairs}, 0, 0)
