"""Tabs that some readers refuse: PyYAML's own loaders take no tab between two tokens, nor inside plain text.

The parser used here does, as YAML 1.2 says. These files are read by others too, so `fmt` takes such tabs out.
"""

import json
import re

from zenprofile.core.change import same
from zenprofile.core.document import reader
from zenprofile.core.document.events import scanned

_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#.*", re.MULTILINE)


def find_first(text: str) -> tuple[int, int] | None:
    """Return line and column of the first such tab in a document that can be read, from 1; None for none."""
    at = min((start for start, _, _ in _pieces(text)), default=-1) if "\t" in text else -1
    return None if at < 0 else (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))


def replace_tabs(text: str) -> str:
    """Return a document without such tabs; as it is where it would read otherwise then."""
    parts, last = [], 0
    for start, end, instead in _pieces(text) if "\t" in text else ():
        parts += [text[last:start], instead]
        last = end
    result = "".join([*parts, text[last:]])
    return result if same(reader.read(result), reader.read(text)) else text


def _pieces(text: str) -> list[tuple[int, int, str]]:
    """List what holds such tabs: start, end, and what may stand there instead, in the text's order."""
    pieces: list[tuple[int, int, str]] = []
    last = 0
    for start, end, value in [*scanned(text), (len(text), len(text), None)]:
        between = _COMMENT.sub(lambda comment: "#" * len(comment.group()), text[last:start])
        pieces += [(last + at.start(), last + at.end(), " ") for at in re.finditer("\t+", between)]
        if value is not None and "\t" in text[start:end]:
            pieces.append((start, end, json.dumps(value, ensure_ascii=False)))
        last = max(last, end)
    return pieces
