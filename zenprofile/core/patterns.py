"""Patterns of strangers, and ours on their texts: run by an engine whose time is linear in the text."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

MAX_LENGTH = 500
_MEMORY = 1 << 20  # bytes of a compiled pattern: repeats of repeats stay small


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return re2.compile(pattern, options)


def why_not(pattern: object) -> str:
    """Return why a pattern is not taken, as the end of a sentence, or "" where it is."""
    import re2

    if not isinstance(pattern, str):
        return "a pattern is text"
    if len(pattern) > MAX_LENGTH:
        return f"a pattern has at most {MAX_LENGTH} characters"
    try:
        _compiled(pattern)
    except (re2.error, UnicodeEncodeError):
        return "only patterns that take linear time are taken: no look-around, no back-references, no large repeats"
    return ""


def search(pattern: str, text: str) -> bool:
    """Return whether a pattern that `why_not` takes is found in a text."""
    found: Any = _compiled(pattern).search(_clean(text))
    return found is not None


def search_own(pattern: str, text: str) -> bool:
    """Return whether a pattern of our own is found in a text."""
    found: Any = _compile_own(pattern).search(_clean(text))
    return found is not None


def is_ready(pattern: str) -> bool:
    """Return whether a pattern of our own is compiled already: then searching with it is the cheapest test."""
    return pattern in _ready


def places(pattern: str, text: str, most: int) -> Iterator[tuple[int, int]]:
    """Yield where a pattern of our own is found in a text, start and end, so many times at most."""
    for found, _ in zip(_compile_own(pattern).finditer(_clean(text)), range(most), strict=False):
        yield found.span()


_ready: dict[str, Any] = {}


def _compile_own(pattern: str) -> Any:
    if pattern not in _ready:
        import re2

        _ready[pattern] = re2.compile(pattern)
    return _ready[pattern]


def _clean(text: str) -> str:
    # A lone surrogate is no character to the engine.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
