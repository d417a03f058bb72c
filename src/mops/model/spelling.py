"""Words in messages: which are allowed, and which was probably meant."""

from __future__ import annotations

from collections.abc import Iterable

_LEAST_SIMILAR = 0.6


def near(word: object, known: Iterable[object]) -> str:
    """`did you mean …?` for the known word that is nearest to `word`; "" where none is near.

    Case is ignored, and whatever is not a string.
    """
    if not isinstance(word, str):
        return ""
    # Loaded for mistakes only.
    from difflib import get_close_matches

    words = {entry.casefold(): entry for entry in known if isinstance(entry, str)}
    close = get_close_matches(word.casefold(), words, 1, _LEAST_SIMILAR)
    return f"did you mean {words[close[0]]}?" if close else ""


def one_of(words: Iterable[object]) -> str:
    """The allowed words, to follow `expected`: `one of a, b`, or the only one."""
    found = [str(word) if word != "" else '""' for word in words]
    return found[0] if len(found) == 1 else f"one of {', '.join(found)}"
