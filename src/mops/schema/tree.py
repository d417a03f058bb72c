"""The type of a schema node, which the modules that read schemas share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from mops.model.layer import Value

# A node of a schema, with everything below it: keyword -> value.
Tree: TypeAlias = Mapping[str, Value]
