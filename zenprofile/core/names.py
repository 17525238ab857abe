"""The one name rule: entities and profiles (docs/contract.md)."""

import re

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}\Z")
# Device names of Windows, reserved with any extension.
_RESERVED = frozenset(["con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))])
RULE = "letters, digits, '.', '_' and '-', starting with a letter or digit, at most 128 characters"


def why_not(name: object) -> str:
    """Return why a name breaks the rule, as the end of a sentence, or "" where it keeps it."""
    if not isinstance(name, str) or not _NAME.match(name):
        return f"a name has {RULE}"
    if name.endswith("."):
        return "a name does not end with a dot"
    if name.split(".", 1)[0].lower() in _RESERVED:
        return "file systems reserve this name"
    return ""


def fold(name: str) -> str:
    """Return what two names share when they are the same without regard to case."""
    return name.casefold()
