"""A bound on the search for similar names, which takes milliseconds for each name."""

from __future__ import annotations

from mops.config.view import View

# Nobody reads more suggestions than this, and a generated file may have thousands of bad names.
MOST_SEARCHES = 50


class _Searches:
    def __init__(self, _view: View) -> None:
        self.left = MOST_SEARCHES


def may_search(view: View) -> bool:
    """Whether another search is allowed for this configuration; every call counts as one."""
    searches = view.once(_Searches)
    searches.left -= 1
    return searches.left >= 0
