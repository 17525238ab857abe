"""Lines around the nodes of a document: where an entry with its comment begins, and where it ends."""

import re

from zenprofile.core.document.nodes import Node


def line_start(text: str, offset: int) -> int:
    """Return the offset of the first character of the line that holds an offset."""
    return text.rfind("\n", 0, offset) + 1


def line_end(text: str, offset: int) -> int:
    """Return the offset behind the line end that follows an offset; every line of the text has one."""
    return text.index("\n", offset) + 1


def content_end(text: str, node: Node, key: Node | None = None) -> int:
    """Return the offset behind a value's last character; of an absent one, behind its key's colon."""
    while node.children and not node.flow:
        key, node = node.children[-1]
    if node.start.index == node.end.index:
        return text.index(":", key.end.index) + 1 if key is not None else node.end.index
    if node.style not in ("|", ">"):
        return node.end.index
    span = text[node.start.index : node.end.index]
    if "+" in span.partition("\n")[0].partition("#")[0]:  # the blank lines behind it are part of it
        return node.end.index - span.endswith("\n")
    return node.start.index + len(span.rstrip("\n "))


_DASH = re.compile(r"[ -]*-(?=[ \t]*(?:#.*)?\Z)")


def dash(text: str, item: Node) -> int | None:
    """Return the offset of the dash in front of a list's item, or None where more than comments stands between."""
    end = item.start.index
    while True:
        start = line_start(text, end)
        found = _DASH.match(text[start:end])
        if found:
            return start + found.end() - 1
        if start == 0 or (text[start:end].strip() and not text[start:end].lstrip().startswith("#")):
            return None
        end = start - 1
