"""PyYAML, imported without compiling patterns that its libyaml reader never uses.

At import, PyYAML compiles about ten regular expressions for its readers in pure Python, which costs
a fifth of the instructions of a whole `mops render`. Importing PyYAML through this module delays
the compilation of each pattern to its first use.
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
