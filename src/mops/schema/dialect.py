"""Settings in hints as the source spells them that a problem is about."""

from __future__ import annotations

import re

from mops.model.layer import Origin, Path, dotted
from mops.schema.fields import SettingsSchema

# A key of a setting in a sentence. What stands in backticks or quotes is left as it is.
_KEYS = r"`[^`]*`|'[^']*'|--[\w-]+ \S+|[A-Za-z]+(?:\.[-\w]+)+(?![-\w./:(])"


def in_dialect(schema: SettingsSchema, origin: Origin, hint: str) -> str:
    """The hint with its settings spelled as in the file that `origin` is in.

    Origins outside files, and in values files, spell settings as the schema does.
    """
    home, is_flat = _home(origin.key)
    if not home or "." not in hint:
        return hint

    def spelled(found: re.Match[str]) -> str:
        path = tuple(found[0].split("."))
        if "`" in found[0] or "'" in found[0] or " " in found[0] or not _is_key(schema, path):
            return found[0]
        annotations = schema.fields[path].schema if path in schema.fields else {}
        if is_flat and "x-flat" in annotations:
            return dotted((*home, annotations["x-flat"]))
        if is_flat and path[:-1] in schema.fields and "x-flat" in schema.fields[path[:-1]].schema:
            return dotted((*home, schema.fields[path[:-1]].schema["x-flat"], path[-1]))
        return dotted((*home, *path))

    return re.sub(_KEYS, spelled, hint)


def _is_key(schema: SettingsSchema, path: Path) -> bool:
    return path[0] in schema.tree["properties"] and schema.at(path) is not None


def _home(key: str) -> tuple[Path, bool]:
    """The section of a file with the settings, of which `key` is one, and whether keys are flat.

    The section is () outside of files with such a section.
    """
    first, _, rest = key.partition(".")
    if first not in ("workspace", "spec", "metadata", "settings"):
        return (), False
    home: Path = {"metadata": ("spec",), "settings": ("workspace",)}.get(first, (first,))
    inner = re.match(r'profiles\.("[^"]*"|[^."]+)\.', rest)
    if inner:
        home = (*home, "profiles", inner[1].strip('"'))
    return home, home[0] == "workspace"
