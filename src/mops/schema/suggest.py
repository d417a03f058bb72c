"""Suggestions for unknown keys: where such a key belongs, or the nearest known key."""

from __future__ import annotations

from collections.abc import Iterable

from mops.model.layer import Path, dotted
from mops.model.problems import Problem
from mops.model.spelling import near
from mops.schema.fields import SettingsSchema, snake
from mops.schema.keywords import UNKNOWN_SETTING
from mops.schema.names import find
from mops.schema.statement import Source, Spelling
from mops.schema.tree import Tree
from mops.yamltext.nodes import Text

# The most places that a suggestion names.
_MOST = 3


def unknown_key(
    schema: SettingsSchema, source: Source, key: Text, spelled: Spelling, known: Iterable[str]
) -> Problem:
    """The problem of a key that is not a setting here; `known` are the keys that are."""
    hint = ""
    if _may_search(source):
        hint = elsewhere(schema, source, key.text, spelled) or near(key.text, known)
    return source.problem(key, spelled, UNKNOWN_SETTING, hint)


def unknown_field(source: Source, key: Text, spelled: Spelling, tree: Tree) -> Problem:
    """The problem of a key that the Kubernetes type of `tree` does not have."""
    hint = near(key.text, tree["properties"]) if _may_search(source) else ""
    return source.problem(key, spelled, f"{tree['x-type']} has no field {key.text}", hint)


def managed_field(
    schema: SettingsSchema, source: Source, instead: str, path: Path, spelled: Spelling
) -> tuple[str, str]:
    """The message and the hint for a field of Kubernetes that the chart writes itself.

    `instead` is a setting, `.name` for a neighbour of the mapping around `path`, or a reason.
    """
    around = path[:-2]
    setting = (*around, instead[1:]) if instead.startswith(".") else tuple(instead.split("."))
    if schema.at(setting) is not None:
        keys = (*source.home, *setting)
        if instead.startswith(".") and spelled:
            keys = (*spelled[:-2], setting[-1])
        return "the chart writes this field itself", f"did you mean {dotted(keys)}?"
    if instead.startswith("."):
        return f"the chart decides this field for the {around[-1]}", "remove it"
    return f"the chart decides this field: {instead}", "remove it"


def _may_search(source: Source) -> bool:
    return source.searches is None or source.searches.allowed()


def elsewhere(schema: SettingsSchema, source: Source, name: str, spelled: Spelling) -> str:
    """`did you mean …?` for a key that belongs elsewhere, as the source would spell it."""
    places = _places(schema, source, name, spelled)
    if not places:
        return ""
    inside = spelled[len(source.home) :]
    ranks = {path: _rank(path, inside) for path in places}
    best = min(ranks.values())
    spellings = dict.fromkeys(
        _spelling(schema, source, path, name) for path in places if ranks[path] == best
    )
    return f"did you mean {' or '.join(list(spellings)[:_MOST])}?"


def _places(schema: SettingsSchema, source: Source, name: str, spelled: Spelling) -> list[Path]:
    """The settings that a key with this name may mean."""
    fields = dict.fromkeys(_candidates(schema, source))
    places = [path for path in fields if name in (path[-1], snake(path[-1]))]
    if not (source.flat and spelled == (*source.home, name)):
        places += schema.flat.get(name, [])
    places = places or [path for path in fields if name in _joined(path)]
    if not places:
        places = [path for match in find(schema, (name,)) for path in match.paths]
    return [path for path in places if path in fields]


def _candidates(schema: SettingsSchema, source: Source) -> list[Path]:
    """The settings that a source may set, except those of worker groups, which repeat `workers`."""
    # Helm values do not contain the facts of the release.
    excluded = ("x-rendered",) if source.home else ("x-rendered", "x-release")
    sections = {
        name
        for name, tree in schema.tree["properties"].items()
        if (name,) not in schema.inherits and not any(map(tree.get, excluded))
    }
    return [path for path in schema.fields if path[0] in sections]


def _joined(path: Path) -> tuple[str, str]:
    """The flat keys that a user might guess for a path: workers_image, worker_image."""
    return snake("_".join(path)), snake("_".join((path[0].rstrip("s"), *path[1:])))


def _rank(path: Path, inside: Spelling) -> tuple[int, bool]:
    """A sort key: the nearest settings first, and those of the workers before the scheduler's."""
    shared = sum(here == there for here, there in zip(inside, path, strict=False))
    return -shared, path[0] == "scheduler"


def _spelling(schema: SettingsSchema, source: Source, path: Path, name: str) -> str:
    """A setting's key as the source would spell it; `name` is how it spelled the last part."""
    annotations = schema.fields[path].schema
    if source.flat and "x-flat" in annotations:
        return dotted((*source.home, annotations["x-flat"]))
    if source.home == ("spec",) and "x-metadata" in annotations:
        return dotted(("metadata", annotations["x-metadata"]))
    above = schema.fields.get(path[:-1])
    if source.flat and above is not None and "x-flat" in above.schema:
        return dotted((*source.home, above.schema["x-flat"], path[-1]))
    last = name if source.snake_case and name == snake(path[-1]) else path[-1]
    return dotted((*source.home, *path[:-1], last))
