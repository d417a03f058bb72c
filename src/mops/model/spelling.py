"""Parts of messages: allowed words, the word that was probably meant, counts and hints."""

from __future__ import annotations

from collections.abc import Iterable

_LEAST_SIMILAR = 0.6


def near(word: object, known: Iterable[object]) -> str:
    """`did you mean …?` for the known word that is nearest to `word`; "" if none is near.

    Case is ignored, and so are known words that are not strings.
    """
    found = nearest(word, known)
    return f"did you mean {found}?" if found else ""


def nearest(word: object, known: Iterable[object]) -> str:
    """The known word that is nearest to `word`; "" if none is near."""
    if not isinstance(word, str):
        return ""
    # Imported here because only mistakes need it.
    from difflib import get_close_matches

    words = {entry.casefold(): entry for entry in known if isinstance(entry, str)}
    close = get_close_matches(word.casefold(), words, 1, _LEAST_SIMILAR)
    return words[close[0]] if close else ""


def one_of(words: Iterable[object]) -> str:
    """The allowed words, to follow `expected`: `one of a, b`, or the only one."""
    found = [str(word) if word != "" else '""' for word in words]
    return found[0] if len(found) == 1 else f"one of {', '.join(found)}"


def counted(number: int, noun: str) -> str:
    """A number with its noun, which is given in the singular: `1 pod`, `3 processes`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun}{'es' if noun.endswith('s') else 's'}"


def with_hint(message: str, hint: str) -> str:
    """`message (hint)`; without a hint, the message."""
    return f"{message} ({hint})" if hint else message
