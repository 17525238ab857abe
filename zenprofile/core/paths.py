"""Positions inside a document: a tuple of keys and list positions, and its text (``components.step_operator.1``)."""

import re

Path = tuple[str | int, ...]

_PLAIN = re.compile(r"[^.\[\]\"\s]+\Z")
_PART = r'(?:\A|(?<!\A)\.)([^.\[\]"\s]+)|(?:\A|(?<!\A)\.)?\["((?:[^"\\]|\\.)*)"\]'


def show(path: Path) -> str:
    """Write a path; a key that holds a dot, a blank or a quote stands as ``["a.b"]``."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int) or _PLAIN.match(step):
            parts.append(f".{step}" if parts else str(step))
        else:
            quoted = step.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'["{quoted}"]')
    return "".join(parts)


def parse(text: str) -> tuple[str, ...]:
    """Read what `show` writes; list positions come back as text.

    Raises:
        ValueError: it is not a path.
    """
    steps: list[str] = []
    part = re.compile(_PART)
    position = 0
    while position < len(text) or not steps:
        found = part.match(text, position)
        if not found:
            raise ValueError(f"{text!r} is not a path such as configuration.path")
        plain, quoted = found.groups()
        steps.append(plain if plain is not None else re.sub(r"\\(.)", r"\1", quoted))
        position = found.end()
    return tuple(steps)
