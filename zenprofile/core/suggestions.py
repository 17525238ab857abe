"""The nearest known word to one that is not known."""

from collections.abc import Iterable
from typing import Any

_LONGEST = 60  # characters; a longer word is no typing error, and comparing costs the product of the lengths


def nearest(word: Any, known: Iterable[Any]) -> str:
    """Return ``did you mean 'prod'?``, or "" where nothing known is near. What is no text is near to nothing."""
    import difflib

    if not isinstance(word, str) or len(word) > _LONGEST:
        return ""
    by_fold = {name.casefold(): name for name in known if isinstance(name, str)}
    found = difflib.get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    return f"did you mean {by_fold[found[0]]!r}?" if found else ""


def suffix(word: Any, known: Iterable[Any]) -> str:
    """Return what `nearest` says as the end of a message, ``; did you mean 'prod'?``, or ""."""
    near = nearest(word, known)
    return f"; {near}" if near else ""
