"""The VALUE of `config set` as typed data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mops.config.overrides import argument
from mops.model.layer import COMMAND_LINE, Leaf, Path, Value, nest
from mops.model.problems import InvalidConfig
from mops.schema.fields import SettingsSchema
from mops.schema.reading import read_statements
from mops.schema.statement import Source


def typed_value(schema: SettingsSchema, key: str, paths: Sequence[Path], text: str) -> Value:
    """The value that `text` means for the setting `key`, which sets `paths`.

    A section or mapping is nested data, null is None. Raises InvalidConfig if the schema rejects
    the value.
    """
    source = Source(COMMAND_LINE, key, in_file=False)
    reading = read_statements(schema, argument(schema, source, paths, text))
    if reading.problems:
        raise InvalidConfig(reading.problems)
    return _nested(reading.leaves.get(COMMAND_LINE, {}), paths[0])


def _nested(leaves: Mapping[Path, Leaf], path: Path) -> Value:
    if path in leaves:
        return leaves[path].value
    size = len(path)
    return nest((here[size:], leaf.value) for here, leaf in leaves.items() if here[:size] == path)
