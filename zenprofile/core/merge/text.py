"""The text of merged data: our document, patched; new entries of theirs are copied with their comments."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from zenprofile.core import paths
from zenprofile.core.change import MISSING, same
from zenprofile.core.document import reader as texts
from zenprofile.core.document import spans
from zenprofile.core.document.nodes import Node
from zenprofile.core.document.splices import Endings, NoSimpleSplice, Splice
from zenprofile.core.entity import Data
from zenprofile.core.merge.data import identity
from zenprofile.errors import Invalid

_FEW = 20  # grafts that are tried one by one, each with a reading of the whole


class _Item(NamedTuple):
    """The lines of one key or list item, without the comment above."""

    start: int
    end: int
    column: int


class _TheirEntry(NamedTuple):
    """An entry whose lines come from theirs.

    Attributes:
        path: in the merged data.
        theirs: in theirs.
    """

    path: paths.Path
    theirs: paths.Path


class _Document:
    """A text with its nodes, read when they are first needed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._root: Node | None = None
        self._positions: dict[int, dict[str | int, int]] = {}

    def entry(self, path: paths.Path) -> _Item | None:
        """Find the lines of an entry; None where it is not there, shares a line with another or stands in brackets."""
        if not self.text:
            return None
        if self._root is None:
            self._root = texts.tree(self.text)
        node = self._root
        key: Node | None = None
        for step in path:
            position = self._position(node, step)
            if position is None or node.flow:
                return None
            key, node = node.children[position]
        return self._lines(key, node)

    def _position(self, node: Node, step: str | int) -> int | None:
        """Return which child of a node a step leads to."""
        if node.scalar:
            return None
        found = self._positions.get(node.start.index)
        if found is None:
            found = {(n if key is None else key.value): n for n, (key, _) in enumerate(node.children)}
            self._positions[node.start.index] = found
        return found.get(step)

    def _lines(self, key: Node | None, node: Node) -> _Item | None:
        first = key.start.index if key is not None else spans.dash(self.text, node)
        if first is None:
            return None
        start = spans.line_start(self.text, first)
        if self.text[start:first].strip(" "):
            return None
        end = spans.line_end(self.text, spans.content_end(self.text, node, key))
        return _Item(start, end, first - start)


def plain(text: str) -> str:
    """Return a text with line feeds alone, the last line ended."""
    text = text.replace("\r\n", "\n")
    return text if text.endswith("\n") or not text else f"{text}\n"


def with_line_ends_of(text: str, model: str) -> str:
    """Return a text with the line ends of another."""
    return text.replace("\n", "\r\n") if "\r\n" in model and "\r\n" not in text else text


def patched(base: str, ours: str, theirs: str, merged: Data) -> str:
    """Return our text changed to hold the merged data.

    Args:
        base: the common ancestor's text; "" where there is none.
        ours: our text: its order and line ends stay.
        theirs: their text: an entry that is new in it, or that it alone changed, is taken with its bytes.
        merged: what the result holds. Comments and blank lines of the three texts are merged as it was.

    Raises:
        Invalid: the result is larger than a document may be.
    """
    # Not needed where a merge by line says the same.
    from zenprofile.core.document.edit import edit
    from zenprofile.core.merge import comments

    sides = [plain(text and edit(text, merged)) for text in (base, ours, theirs)]
    result = edit(ours, merged)
    grafts = list(_their_entries((), (), texts.read(ours), texts.read(theirs), merged))
    if grafts:
        result = _insert_entries(result, _Document(plain(theirs)), grafts, merged)
    result = comments.merged(result, (sides[0], sides[1], sides[2]), merged)
    texts.read(result)
    return result


def _their_entries(path: paths.Path, there: paths.Path, ours: Any, theirs: Any, merged: Any) -> Iterator[_TheirEntry]:
    """Yield what merged data has of theirs and not of ours."""
    if isinstance(merged, list):
        yield from _their_items(path, there, ours, theirs, merged)
        return
    for name, value in merged.items():
        mine, other = ours.get(name, MISSING), theirs.get(name, MISSING)
        here = (*path, name)
        if same(mine, value):
            continue
        if type(mine) is type(other) is type(value) and isinstance(value, dict | list):
            yield from _their_entries(here, (*there, name), mine, other, value)
        elif same(other, value):
            yield _TheirEntry(here, (*there, name))


def _their_items(
    path: paths.Path, there: paths.Path, ours: list[Any], theirs: list[Any], merged: list[Any]
) -> Iterator[_TheirEntry]:
    mine = set(map(identity, ours))
    other = {identity(member): position for position, member in enumerate(theirs)}
    for position, member in enumerate(map(identity, merged)):
        if member not in mine and member in other:
            yield _TheirEntry((*path, position), (*there, other[member]))


def _insert_entries(text: str, theirs: _Document, grafts: list[_TheirEntry], merged: Data) -> str:
    result = _try_insert(text, theirs, grafts, merged)
    if result or len(grafts) > _FEW:
        return result or text
    # One of them does not fit: take those that do.
    for graft in grafts:
        text = _try_insert(text, theirs, [graft], merged) or text
    return text


def _try_insert(text: str, theirs: _Document, grafts: list[_TheirEntry], merged: Data) -> str:
    """Replace the lines that `edit` wrote by theirs; return "" where that changes the data."""
    whole = Endings(text)
    result = _Document(whole.text)
    splices: list[Splice] = []
    for graft in grafts:
        place, source = result.entry(graft.path), theirs.entry(graft.theirs)
        if place is None or source is None:
            continue
        lines = _shifted(theirs.text[source.start : source.end], place.column - source.column)
        if lines is not None:
            splices.append(Splice(place.start, place.end, lines))
    try:
        text = whole.spliced(splices)
        return text if same(texts.read(text), merged) else ""
    except (NoSimpleSplice, Invalid):
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
