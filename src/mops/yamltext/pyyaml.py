"""PyYAML, imported without compiling patterns that its libyaml reader never uses.

PyYAML compiles about ten regular expressions at import, for its readers in pure Python. They cost
a fifth of the instructions of a whole `mops render`. While PyYAML is imported here, a pattern is
therefore compiled when it is first used.
"""

from __future__ import annotations

import re
import sys
from typing import Any


class _LazyPattern:
    """A regular expression that is compiled at its first use."""

    def __init__(self, pattern: Any, flags: int = 0) -> None:
        self._arguments = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        return getattr(_COMPILE(*self._arguments), name)


_COMPILE = re.compile

if "yaml" not in sys.modules:
    re.compile = _LazyPattern  # type: ignore[assignment]
    try:
        import yaml  # noqa: F401 - imported for the modules that import it after this one
    finally:
        re.compile = _COMPILE
