"""The variables of a configuration that start with DASK_, as Dask reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mops.checks.dask.settings import (
    RESERVED,
    Reading,
    intended,
    key_of,
    name_of,
    read,
    similar,
)
from mops.checks.environment import DASK_PREFIX
from mops.checks.similar import may_search
from mops.config.view import Group, View
from mops.model.layer import Path


class Variable(NamedTuple):
    """A variable with Dask's prefix. `text` is None for `valueFrom`, known only to the cluster."""

    group: Group
    name: str
    text: str | None
    reading: Reading

    @property
    def path(self) -> Path:
        """Where it is set."""
        return self.group.variable(self.name)


def dask_variables(view: View) -> DaskVariables:
    """The variables with Dask's prefix in a configuration; they are read only once."""
    return view.once(DaskVariables)


class DaskVariables:
    """The variables with Dask's prefix in a configuration."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._similar: dict[str, str] = {}
        self._readings: dict[str, Reading] = {}
        self._by_key: dict[Group, dict[str, list[str]]] = {}
        self._corrected: dict[Group, dict[str, str]] = {}
        self.by_group = {group: list(self._read_group(group)) for group in view.pods}

    def __iter__(self) -> Iterator[Variable]:
        for variables in self.by_group.values():
            yield from variables

    def _read_group(self, group: Group) -> Iterator[Variable]:
        texts = self._view.texts(group)
        for name in self._view.names(group):
            if name.startswith(DASK_PREFIX):
                yield Variable(group, name, texts.get(name), self.read(name))

    def by_key(self, group: Group) -> Mapping[str, list[str]]:
        """The names of a group's variables by the key that Dask derives; the last one wins."""
        if group not in self._by_key:
            found: dict[str, list[str]] = {}
            for variable in self.by_group[group]:
                if variable.name not in RESERVED:
                    found.setdefault(key_of(variable.name), []).append(variable.name)
            self._by_key[group] = found
        return self._by_key[group]

    def read(self, name: str) -> Reading:
        """Like the function `read`, with a bounded search for similar names."""
        if name not in self._readings:
            self._readings[name] = read(name, self.similar)
        return self._readings[name]

    def intended(self, key: str, group: Group) -> str:
        """Like the function `intended`, with a bounded search for similar names."""
        return intended(key, group, self.similar)

    def similar(self, key: str) -> str:
        """Like the function `similar`, but "" after a number of searches."""
        if key not in self._similar:
            self._similar[key] = similar(key) if may_search(self._view) else ""
        return self._similar[key]

    def corrected(self, group: Group) -> Mapping[str, str]:
        """The values of a group's variables if all unknown names were spelled as intended."""
        if group not in self._corrected:
            found: dict[str, str] = {}
            for variable in self.by_group[group]:
                if variable.text is not None and variable.reading.kind == "unknown":
                    key = self.intended(variable.reading.key, group)
                    if key:
                        found[name_of(key)] = variable.text
            self._corrected[group] = {**found, **self._view.texts(group)}
        return self._corrected[group]
