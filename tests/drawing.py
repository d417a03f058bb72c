"""Generated configurations, drawn from the schema itself: a new setting is drawn at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st

from mops.schema.fields import load_schema
from mops.schema.keywords import types, violations
from mops.yamltext.writer import quote

SETTINGS = load_schema()

# What some reader or template is known to bend.
HOSTILE = (
    "", " ", " a ", "y", "Y", "n", "no", "yes", "on", "off", "true", "False", "null", "~", "0",
    "1", "-1", "08", "010", "0o17", "0O7", "0b1", "0x1F", "1e3", "1E3", "1.e3", ".5", "5.", "+.5",
    "1_000", "09_", "12e5678", "1530e65",
    "12:30:00", "1:30", "2024-01-01", "2024-01-01T00:00:00Z", ".inf", "-.INF", ".nan", "=", "<<",
    "{{ .Values.x }}", "{{", "}}", "$(POD_IP)", "$$(X)", "${X}", "%", "%d", "@x", "`x`", "#",
    "a #b", "a: b", "- a", "? a", "[a", "{a", "&a", "*a", "!a", "|", ">", "'",
    '"', "\\", "\\n", "a\nb", "\n", "a\n\n", "\t", "\r\n", "\u0085", "\u2028", "\ufeff", "\xa0",
    "é", "日本語", "😀", "\u200d", "\u202e", "\x01", "\x1b[31m", "---\nkind: Secret\n", "...",
    "x" * 300, '{"a": [1, null]}',
)  # fmt: skip
# Samples for patterns where drawing at random finds little; the rest is drawn from the pattern.
SAMPLES = {
    "image": ("a", "team/worker:1.0", "ghcr.io/o/n:1e3", "localhost:5000/x@sha256:" + "0" * 64),
    "memory": ("512Mi", "4Gi", "12G", "4294967296", "1e9", "1.5Gi"),
    "memory-or-empty": ("", "1Gi"),
    "cpu": ("1", "0.5", "500m", "64"),
    "cpu-or-empty": ("", "2"),
}


def texts() -> st.SearchStrategy[str]:
    """Text as an environment variable may hold it."""
    legal = st.characters(
        blacklist_categories=("Cs",),
        blacklist_characters=[chr(code) for code in (0, *range(0x7F, 0x85), *range(0x86, 0xA0))],
    )
    return st.one_of(st.sampled_from(HOSTILE), st.text(legal, max_size=12))


@cache
def _pool(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern, fullmatch=True).filter(lambda text: "\n" not in text)


def valid(tree: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a setting accepts. Free objects stay small."""
    if "anyOf" in tree:
        return st.one_of(*map(valid, tree["anyOf"]))
    if "enum" in tree:
        return st.sampled_from(tree["enum"])
    names = types(tree)
    kinds = [_of(name, tree) for name in names] or [st.sampled_from(["text", "yes", 3, True])]
    return st.one_of(*kinds).filter(lambda value: not any(violations(tree, value)))


def _of(name: str, tree: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if name == "integer":
        low = tree.get("minimum", 0)
        return st.integers(low, min(tree.get("maximum", 10**6), low + 5000))
    if name == "boolean":
        return st.booleans()
    if name == "array":
        return st.lists(valid(tree.get("items", {})), max_size=2)
    return _map(tree) if name == "object" else _string(tree)


def _string(tree: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    sample = next(
        (SAMPLES[kind] for kind, wanted in _EXPECTED.items() if tree.get("pattern") == wanted), None
    )
    if sample:
        return st.sampled_from(sample)
    if "pattern" not in tree or tree["pattern"].startswith("^[^\\x00"):
        return texts()
    return _pool(tree["pattern"])


def _map(tree: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    needed = {key: valid(tree["properties"][key]) for key in tree.get("required", ())}
    known = {
        key: valid(sub) for key, sub in tree.get("properties", {}).items() if key not in needed
    }
    more = tree.get("additionalProperties", tree.get("x-free", False))
    if tree.get("minProperties") == tree.get("maxProperties") == 1:
        return st.sampled_from(sorted(known)).flatmap(
            lambda key: st.fixed_dictionaries({key: known[key]})
        )
    found = st.fixed_dictionaries(needed, optional={key: known[key] for key in list(known)[:4]})
    if more is False:
        return found
    names = valid(
        {"type": "string", **tree.get("propertyNames", {"pattern": "^[a-z]{3,8}$"})}
    ).filter(lambda name: name.isprintable() and name != "<<")
    extra = st.dictionaries(
        names,
        valid(more) if isinstance(more, Mapping) else st.sampled_from(["text", "1e3", 3, True]),
        max_size=2,
    )
    return st.tuples(extra, found).map(
        lambda pair: {
            **{
                key: value
                for key, value in pair[0].items()
                if key not in tree.get("properties", {})
            },
            **pair[1],
        }
    )


# The settings that have the patterns of SAMPLES.
_SAMPLED = {
    "image": ("workers", "image"),
    "memory": ("workers", "resources", "limits", "memory"),
    "memory-or-empty": ("workers", "temporaryStorage"),
    "cpu": ("workers", "resources", "requests", "cpu"),
    "cpu-or-empty": ("workers", "resources", "limits", "cpu"),
}
_EXPECTED = {kind: SETTINGS.fields[path].schema["pattern"] for kind, path in _SAMPLED.items()}

# Paths that a values file may set, without what only render writes.
WRITABLE = tuple(
    path
    for path in SETTINGS.fields
    if not any(
        SETTINGS.tree["properties"][path[0]].get(mark) for mark in ("x-release", "x-rendered")
    )
    and not any(path[:size] in SETTINGS.fields for size in range(1, len(path)))
)


@cache
def _setting(path: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Values of one setting; a strategy that is built again for every draw is slow."""
    return valid(SETTINGS.fields[path].schema)


@st.composite
def trees(
    draw: st.DrawFn, *, groups: bool = True, nulls: bool = False, most: int = 8
) -> dict[str, Any]:
    """A nested map of valid settings, as a values file may hold it."""
    found: dict[str, Any] = {}
    for path in draw(
        st.lists(
            st.sampled_from([path for path in WRITABLE if groups or path != ("workerGroups",)]),
            max_size=most,
            unique=True,
        )
    ):
        node = found
        for part in path[:-1]:
            node = node.setdefault(part, {})
        node[path[-1]] = None if nulls and draw(st.integers(0, 5)) == 0 else draw(_setting(path))
    return found


def written(value: Any) -> str:
    """Data as one flow-style YAML text that every reader reads alike."""
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{quote(key)}: {written(entry)}" for key, entry in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return quote(value) if isinstance(value, str) else str(value)


def block(value: Mapping[str, Any]) -> str:
    """Settings as a file: one top key a line."""
    return "".join(f"{key}: {written(entry)}\n" for key, entry in value.items()) or "{}\n"
