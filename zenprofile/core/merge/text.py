"""The text of merged data: our document, patched; what is new from theirs comes with its comments and its bytes."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from zenprofile.core import paths
from zenprofile.core.change import MISSING, same
from zenprofile.core.document import reader as texts
from zenprofile.core.document import spans
from zenprofile.core.document.nodes import Node
from zenprofile.core.document.splices import Endings, Splice, TooHard
from zenprofile.core.entity import Data
from zenprofile.core.merge.data import identity
from zenprofile.errors import Invalid

_FEW = 20  # grafts that are tried one by one, each with a reading of the whole


class _Entry(NamedTuple):
    """The lines of one key or list item: ``start`` is that of the comment above, ``body`` that of the entry itself."""

    start: int
    body: int
    end: int
    column: int


class _Graft(NamedTuple):
    """An entry whose lines come from theirs.

    Attributes:
        path: in the merged data.
        theirs: in theirs.
        new: whether ours lacks it; else it is a value that theirs alone changed.
    """

    path: paths.Path
    theirs: paths.Path
    new: bool


class _Document:
    """A text with its nodes, read when they are first needed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._root: Node | None = None
        self._positions: dict[int, dict[str | int, int]] = {}

    def entry(self, path: paths.Path) -> _Entry | None:
        """Find the lines of an entry; None where it is not there, shares a line with another or stands in brackets."""
        if not self.text:
            return None
        if self._root is None:
            self._root = texts.tree(self.text)
        node, floor = self._root, 0
        key: Node | None = None
        for number, step in enumerate(path):
            position = self._position(node, step)
            if position is None or node.flow:
                return None
            if position:
                before_key, before = node.children[position - 1]
                floor = spans.content_end(self.text, before, before_key)
            elif number:
                floor = key.end.index if key is not None else node.start.index
            key, node = node.children[position]
        return self._lines(key, node, floor)

    def _position(self, node: Node, step: str | int) -> int | None:
        """Return which child of a node a step leads to."""
        if node.scalar:
            return None
        found = self._positions.get(node.start.index)
        if found is None:
            found = {(n if key is None else key.value): n for n, (key, _) in enumerate(node.children)}
            self._positions[node.start.index] = found
        return found.get(step)

    def _lines(self, key: Node | None, node: Node, floor: int) -> _Entry | None:
        first = key.start.index if key is not None else spans.dash(self.text, node)
        if first is None:
            return None
        body = spans.line_start(self.text, first)
        if self.text[body:first].strip(" "):
            return None
        end = spans.line_end(self.text, spans.content_end(self.text, node, key))
        start = self._comment_start(body, first - body, spans.line_end(self.text, floor) if floor else 0)
        return _Entry(start, body, end, first - body)

    def _comment_start(self, body: int, column: int, floor: int) -> int:
        """Go up over the comment lines above an entry that do not belong to something deeper."""
        start = body
        while start > floor:
            above = spans.line_start(self.text, start - 1)
            line = self.text[above:start]
            if not line.lstrip(" ").startswith("#") or len(line) - len(line.lstrip(" ")) > column:
                break
            start = above
        return start

    def commented(self, path: paths.Path) -> str | None:
        """Return the lines of an entry with its comments."""
        entry = self.entry(path)
        return None if entry is None else self.text[entry.start : entry.end]


def plain(text: str) -> str:
    """Return a text with line feeds alone, the last line ended."""
    text = text.replace("\r\n", "\n")
    return text if text.endswith("\n") or not text else f"{text}\n"


def like(text: str, model: str) -> str:
    """Return a text with the line ends of another."""
    return text.replace("\n", "\r\n") if "\r\n" in model and "\r\n" not in text else text


def patched(base: str, ours: str, theirs: str, merged: Data) -> str:
    """Return our text changed to hold the merged data.

    Args:
        base: the common ancestor's text; "" where there is none.
        ours: our text: its comments, order and line ends stay.
        theirs: their text: an entry that is new in it, or that it alone changed, is taken with its comments.
        merged: what the result holds.

    Raises:
        Invalid: the result is larger than a document may be.
    """
    mine = texts.read(ours)
    if same(mine, merged):
        return ours
    from zenprofile.core.document.edit import edit  # not needed where a merge by line says the same

    result = edit(ours, merged)
    other = texts.read(theirs)
    grafts = list(_grafts((), (), mine, other, merged))
    if grafts:
        documents = (_Document(plain(base)), _Document(plain(ours)), _Document(plain(theirs)))
        result = _grafted(result, documents, grafts, merged)
    texts.read(result)
    return result


def _grafts(path: paths.Path, there: paths.Path, ours: Any, theirs: Any, merged: Any) -> Iterator[_Graft]:
    """Yield what merged data has of theirs and not of ours."""
    if isinstance(merged, list):
        yield from _items(path, there, ours, theirs, merged)
        return
    for name, value in merged.items():
        mine, other = ours.get(name, MISSING), theirs.get(name, MISSING)
        here = (*path, name)
        if same(mine, value):
            continue
        if type(mine) is type(other) is type(value) and isinstance(value, dict | list):
            yield from _grafts(here, (*there, name), mine, other, value)
        elif same(other, value):
            yield _Graft(here, (*there, name), mine is MISSING)


def _items(
    path: paths.Path, there: paths.Path, ours: list[Any], theirs: list[Any], merged: list[Any]
) -> Iterator[_Graft]:
    mine = set(map(identity, ours))
    other = {identity(member): position for position, member in enumerate(theirs)}
    for position, member in enumerate(map(identity, merged)):
        if member not in mine and member in other:
            yield _Graft((*path, position), (*there, other[member]), True)


def _grafted(text: str, documents: tuple[_Document, _Document, _Document], grafts: list[_Graft], merged: Data) -> str:
    result = _with(text, documents, grafts, merged)
    if result or len(grafts) > _FEW:
        return result or text
    # One of them does not fit: take those that do.
    for graft in grafts:
        text = _with(text, documents, [graft], merged) or text
    return text


def _with(text: str, documents: tuple[_Document, _Document, _Document], grafts: list[_Graft], merged: Data) -> str:
    """Put their lines in the place of those that `edit` wrote; return "" where the data is another then."""
    base, ours, theirs = documents
    whole = Endings(text)
    result = _Document(whole.text)
    splices: list[Splice] = []
    for graft in grafts:
        # What we changed as well, if only in its comment, stays as it is here.
        if not graft.new and ours.commented(graft.path) != base.commented(graft.path):
            continue
        place, source = result.entry(graft.path), theirs.entry(graft.theirs)
        if place is None or source is None:
            continue
        lines = _shifted(theirs.text[source.start : source.end], place.column - source.column)
        if lines is not None:
            splices.append(Splice(place.body if graft.new else place.start, place.end, lines))
    try:
        text = whole.spliced(splices)
        return text if same(texts.read(text), merged) else ""
    except (TooHard, Invalid):
        return ""


def _shifted(lines: str, by: int) -> str | None:
    """Move lines to the right or left; None where one has too few blanks."""
    if not by:
        return lines
    moved: list[str] = []
    for line in lines.splitlines(keepends=True):
        blanks = len(line) - len(line.lstrip(" "))
        if not line.strip():
            moved.append(line)
        elif blanks + by < 0:
            return None
        else:
            moved.append(" " * (blanks + by) + line[blanks:])
    return "".join(moved)
