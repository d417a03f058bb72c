"""Environment variables that refer to each other, and the order in which the chart sets them.

Kubernetes expands $(NAME) only if NAME is set before. The chart therefore sorts variables by name,
but sets each one after those that it refers to: `chart/templates/_env.tpl` uses the same order as
this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# A variable's name has at most 253 characters; without the bound, a string with many "$(" would
# take time with the square of its length.
REFERENCE = r"\$\(([^)]{0,253})\)"


def references(text: str) -> list[str]:
    """The names in $(NAME), each once, in order; `$$` stands for a literal `$`."""
    if "$(" not in text:
        return []
    return list(dict.fromkeys(re.findall(REFERENCE, text.replace("$$", ""))))


class Variables:
    """The variables of one container.

    `order` has their names as the chart writes them. `cycles` has one tuple of names for each group
    of variables that refer to each other: (A, B) if A refers to B and B to A, (A,) if A refers to
    itself. Their order is then undefined.
    """

    def __init__(self, names: Iterable[str], texts: Mapping[str, str]) -> None:
        """`texts` are the variables with a literal value, by name; only these have references."""
        self.order: list[str] = []
        self.cycles: list[tuple[str, ...]] = []
        self._names = sorted(names)
        self._texts = texts
        self._known = set(self._names)
        self._done: set[str] = set()
        for name in self._names:
            self._place(name)

    def _place(self, name: str) -> None:
        """Adds a variable after those that it refers to, without recursion."""
        open_names: list[str] = []
        waiting = [(name, iter(self._wanted(name)))] if name not in self._done else []
        while waiting:
            current, wanted = waiting[-1]
            if current not in open_names:
                open_names.append(current)
            following = next((other for other in wanted if other not in self._done), None)
            if following is None:
                waiting.pop()
                open_names.pop()
                self._done.add(current)
                self.order.append(current)
            elif following in open_names:
                self.cycles.append(tuple(open_names[open_names.index(following) :]))
            else:
                waiting.append((following, iter(self._wanted(following))))

    def _wanted(self, name: str) -> list[str]:
        return [other for other in references(self._texts.get(name, "")) if other in self._known]
