"""How a file spells settings: the keys of a setting in the file's dialect.

A setting may have several spellings. In a unified file, `workers.processes` is
`workspace.worker_processes` (flat) or `workspace.workers.processes` (nested); in a workspace file,
the namespace is `metadata.namespace` (a header key) or `spec.release.namespace`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mops.config.dialects import UNIFIED, VALUES, WORKSPACE
from mops.model.layer import Path
from mops.schema.fields import SettingsSchema, snake
from mops.schema.tree import Tree

# A spelling: the keys from the document's root to a setting, as the file writes them.
Keys = tuple[str, ...]

_SECTION: Mapping[str, Keys] = {UNIFIED: ("workspace",), WORKSPACE: ("spec",), VALUES: ()}
# Dialect -> the section of the header keys, and the schema's annotation for them.
_HEADER = {UNIFIED: ("settings", "x-settings"), WORKSPACE: ("metadata", "x-metadata")}


class Speller:
    """The spellings of one dialect; with a profile, those of the settings in that profile."""

    def __init__(self, schema: SettingsSchema, dialect: str, profile: str) -> None:
        self._schema = schema
        self._dialect = dialect
        self._profile = profile
        section = _SECTION[dialect]
        # The keys that lead to the nested settings.
        self.base: Keys = (*section, "profiles", profile) if profile else section

    def nested(self, paths: Sequence[Path]) -> list[Keys]:
        """The nested spelling of each path."""
        return [(*self.base, *path) for path in paths]

    def short(self, paths: Sequence[Path]) -> list[Keys]:
        """The spellings that set all these paths with one key, the preferred one first."""
        found = [] if self._profile else list(self._header(paths))
        flat = self._flat(paths)
        return [*found, flat] if flat else found

    def _header(self, paths: Sequence[Path]) -> Iterator[Keys]:
        if self._dialect not in _HEADER:
            return
        section, keyword = _HEADER[self._dialect]
        for key, base in self._schema.located(keyword).items():
            for path in paths:
                if _is_below(path, base):
                    yield (section, key, *path[len(base) :])

    def _flat(self, paths: Sequence[Path]) -> Keys | None:
        """The flat key that sets exactly these paths."""
        if self._dialect != UNIFIED:
            return None
        for key, bases in self._schema.flat.items():
            rest = paths[0][len(bases[0]) :]
            if set(paths) == {(*base, *rest) for base in bases}:
                return (*self.base, key, *rest)
        return None

    def shared(self, paths: Sequence[Path]) -> Iterator[Keys]:
        """The flat keys that set one of these paths, perhaps among others."""
        if self._dialect != UNIFIED:
            return
        for key, bases in self._schema.flat.items():
            if any(_is_below(path, base) for path in paths for base in bases):
                yield (*self.base, key)

    def schema_at(self, keys: Keys) -> Tree:
        """The schema node at a spelling; {} for keys that are not settings."""
        size = len(self.base)
        if keys[:size] != self.base:
            return self._header_schema(keys)
        path = keys[size:]
        if self._dialect == UNIFIED and path and path[0] in self._schema.flat:
            path = (*self._schema.flat[path[0]][0], *path[1:])
        return self._schema.at(path) or {}

    def _header_schema(self, keys: Keys) -> Tree:
        section, keyword = _HEADER.get(self._dialect, ("", ""))
        if keys[:1] != (section,) or not keys[1:]:
            return {}
        base = self._schema.located(keyword).get(keys[1])
        if base is None:
            return {}
        return self._schema.at((*base, *keys[2:])) or {}

    def variants(self, keys: Keys, name: str) -> Keys:
        """The spellings of the key `name` in the mapping at `keys`."""
        declared = name in self.schema_at(keys).get("properties", {}) or name == "valueFrom"
        return (name, snake(name)) if declared and self._dialect != VALUES else (name,)


def _is_below(path: Path, base: Path) -> bool:
    """Whether a path is `base`, or is below it."""
    return path[: len(base)] == base
