"""Recognizing secrets, which are never printed.

A value is a secret if it has the shape of a well-known credential, wherever it stands; or if its
variable, key, option or parameter has the name of a secret and the value may be one. The words and
shapes are in `secret_shapes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from mops.model.layer import Path, Value
from mops.schema import secret_shapes as shapes
from mops.schema.fields import SettingsSchema
from mops.schema.tree import Tree

MASK = "(hidden)"

# No credential that has neither "=" nor "@" is shorter.
_SHORTEST = 10
# Redacting a shorter string would mangle a message, and could not hide it.
_SHORTEST_REDACTED = 3
# The name of an object, such as a label or an annotation about a Secret may have as its value.
_OBJECT_NAME = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
# Fields of Kubernetes whose names have the marks of a secret's name, and whose values are names.
_FIELDS = frozenset(
    {"topologyKey", "matchLabelKeys", "mismatchLabelKeys", "tokenExpirationSeconds"}
)
# A bare "key" is a field of tolerations, selectors and references, unless its value is as long.
_SHORTEST_KEY = 20
# Mappings that refer to Secrets, or whose keys are names of something else.
_REFERENCES = frozenset({"valueFrom", "secretRef", "secretKeyRef", "configMapRef"})


class Secret(NamedTuple):
    """A string that is a secret, and its path inside a value.

    `kind` says what its shape is that of, as in "a GitHub token"; "" if only its name tells.
    """

    path: Path
    text: str
    kind: str


class _Judgment(NamedTuple):
    """What a name promises: a secret for `strong` ones, perhaps one for `weak` ones."""

    words: str
    strong: bool = False
    weak: bool = False
    password: bool = False


@lru_cache(maxsize=4096)
def _judged(name: str) -> _Judgment:
    lower = name.lower()
    if not any(mark in lower for mark in shapes.NAME_MARKS):
        return _Judgment("")
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    words = f"_{'_'.join(parts).lower()}_"
    if re.search(shapes.HARMLESS_NAME, words):
        return _Judgment(words)
    return _Judgment(
        words,
        strong=re.search(shapes.STRONG_NAME, words) is not None,
        weak=re.search(shapes.WEAK_NAME, words) is not None,
        password=re.search(shapes.NUMERIC_NAME, words) is not None,
    )


def secret_pair(name: str, text: str) -> bool:
    """Whether the text is a secret because of the name of its variable, key or option."""
    judged = _Judgment("") if _is_field(name, text) else _judged(name)
    if not (judged.strong or judged.weak):
        return False
    text = _without_references(text).strip()
    if not text or _is_harmless(text, judged):
        return False
    if judged.strong:
        return True
    if judged.words.endswith("_key_"):
        return re.fullmatch(shapes.GENERATED_KEY, text) is not None
    if re.fullmatch(shapes.ACCOUNT_VALUE, text):
        return True
    return "_dsn_" not in judged.words and re.fullmatch(shapes.WEAK_VALUE, text) is not None


def _is_field(name: str, text: str) -> bool:
    """Whether a field of Kubernetes is known to be harmless without any pattern: they are slow."""
    return name in _FIELDS or (name == "key" and len(text) < _SHORTEST_KEY)


def _is_harmless(text: str, judged: _Judgment) -> bool:
    if text.isdigit() and judged.password:
        return len(text) <= shapes.FEW_DIGITS
    if re.fullmatch(shapes.HARMLESS_VALUE, text):
        return True
    is_database = "conn" in judged.words and "_storage_" not in judged.words
    if is_database and re.fullmatch(r"([\w ]+=[^;=]*[; ]?)+", text):
        # A connection string; its password, if it has one, has been found already.
        return True
    if not re.fullmatch(shapes.PATH_VALUE, text):
        return False
    has_extension = re.search(r"\.[a-z0-9]{1,8}\Z", text) is not None and "/" in text
    return has_extension or not any(
        re.fullmatch(shapes.GENERATED, part) for part in re.split(r"[/.]", text)
    )


def _without_references(text: str) -> str:
    return re.sub(shapes.REFERENCES, "", text) if "$" in text else text


def secret_kind(text: str) -> str:
    """What the text contains, as in "a GitHub token"; "" if nothing in it looks like a secret."""
    return next((kind for kind, _ in _found(text)), "")


def _found(text: str) -> Iterator[tuple[str, str]]:
    """The secrets inside a string, each as its kind and the characters to hide."""
    if len(text) < _SHORTEST and "=" not in text and "@" not in text:
        return
    text = _without_references(text)
    lower = text.lower()
    for shape in shapes.SHAPES:
        for mark in shape.marks:
            if mark in lower:
                yield from _matches(shape, text)
                break
    yield from _assigned(text, lower)


def _matches(shape: shapes.Shape, text: str) -> Iterator[tuple[str, str]]:
    for match in re.finditer(shape.pattern, text):
        secret = match.group("secret") if "secret" in match.re.groupindex else match[0]
        yield shape.kind, secret


def _assigned(text: str, lower: str) -> Iterator[tuple[str, str]]:
    """The secrets that a string assigns: `password=…`, `"token": "…"`, `--api-key …`."""
    if "=" not in text and "-" not in text and ":" not in text:
        return
    if not any(mark in lower for mark in shapes.NAME_MARKS):
        return
    for match in re.finditer(shapes.ASSIGNED, text):
        name = match["name"] or match["key"] or match["option"]
        value = match["value"] or match["text"] or match["word"] or ""
        if secret_pair(name, value):
            yield f"the value of {name}", value


def secret_value(value: Value) -> bool:
    """Whether a value contains a secret, at any depth."""
    return any(_secrets("", value, ()))


def _secrets(name: str, value: Value, path: Path) -> Iterator[Secret]:
    """The secrets in a value that stands at `name`; `path` leads to the value."""
    if isinstance(value, str):
        kind = secret_kind(value)
        if kind or (name and secret_pair(name, value)):
            yield Secret(path, value, kind)
    elif isinstance(value, list):
        yield from _in_list(value, path)
    elif isinstance(value, dict):
        yield from _in_mapping(value, path)


def _in_list(items: list[Value], path: Path) -> Iterator[Secret]:
    """The secrets in a list, in which a word may follow the option that it belongs to."""
    option = ""
    for index, item in enumerate(items):
        is_option = isinstance(item, str) and item.startswith("-")
        yield from _secrets("" if is_option else option, item, (*path, str(index)))
        option = item if is_option else ""


def _in_mapping(mapping: dict[str, Value], path: Path) -> Iterator[Secret]:
    """The secrets in a mapping; the value of `{name: …, value: …}` has that name."""
    name = mapping.get("name")
    for key, value in mapping.items():
        if key not in _REFERENCES:
            known = name if key == "value" and isinstance(name, str) else key
            yield from _secrets(known, value, (*path, key))


def secrets_in(schema: SettingsSchema, path: Path, value: Value) -> Iterator[Secret]:
    """The secrets in the value at the path of a setting. References to Secrets are none."""
    if not value or isinstance(value, (bool, int)) or "valueFrom" in path:
        return
    declared = _declared(schema, path)
    if declared is not None and declared.get("x-secret") and isinstance(value, str):
        yield Secret((), value, "")
        return
    # The schema's own settings hold no secrets; their names may sound otherwise.
    name = "" if declared is not None else path[-1]
    for secret in _secrets(name, value, ()):
        if secret.path or secret.kind or not _names_object(name, secret.text):
            yield secret


def _declared(schema: SettingsSchema, path: Path) -> Tree | None:
    """The schema of a setting that it declares by name; None if the name was freely chosen."""
    around = schema.at(path[:-1]) or {}
    found: Tree | None = around.get("properties", {}).get(path[-1])
    return found


def _names_object(name: str, text: str) -> bool:
    """Whether a label or annotation about a Secret has the name of that as its value."""
    return "/" in name and "secret" in name and re.fullmatch(_OBJECT_NAME, text) is not None


def hidden(schema: SettingsSchema, path: Path, value: Value) -> bool:
    """Whether something in the value at a path must not be printed."""
    return any(secrets_in(schema, path, value))


def masked(schema: SettingsSchema, path: Path, value: Value) -> Value:
    """The value of a setting with every secret in it hidden."""
    return _replaced(value, [secret.path for secret in secrets_in(schema, path, value)])


def masked_value(name: str, value: Value) -> Value:
    """A value that is not a setting's, with every secret in it hidden; `name` may be ""."""
    return _replaced(value, [secret.path for secret in _secrets(name, value, ())])


def _replaced(value: Value, paths: list[Path]) -> Value:
    """A copy of a value with the mask at these paths."""
    for path in paths:
        value = _replaced_at(value, path)
    return value


def _replaced_at(value: Value, path: Path) -> Value:
    if not path:
        return MASK
    first, *rest = path
    if isinstance(value, list):
        index = int(first)
        return [*value[:index], _replaced_at(value[index], tuple(rest)), *value[index + 1 :]]
    return {**value, first: _replaced_at(value[first], tuple(rest))}


def secret_texts(schema: SettingsSchema, path: Path, value: Value) -> set[str]:
    """The strings that no message about the setting at the path may contain."""
    found = {secret.text for secret in secrets_in(schema, path, value)}
    return found.union(part for text in found for _, part in _found(text))


def named_texts(name: str, text: str) -> set[str]:
    """The strings that no message about a text with this name may contain."""
    parts = {part for _, part in _found(text)}
    return parts | {text} if secret_pair(name, text) else parts


def secret_words(words: Sequence[str]) -> set[str]:
    """The secrets among the words of a command line: `KEY=VALUE`, or a word after its key."""
    found = set()
    before = ""
    for word in words:
        key, _, value = word.partition("=")
        if secret_pair(key, value):
            found.add(value)
        if word == "=":
            continue
        if secret_pair(before, word):
            found.add(word)
        before = word
    return found


def without_secrets(text: str, known: Iterable[str] = ()) -> str:
    """A message with what looks like a secret in it hidden, and with the `known` secrets hidden."""
    for secret in sorted({*known, *(found for _, found in _found(text))}, key=len, reverse=True):
        if len(secret) >= _SHORTEST_REDACTED:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
    return text
