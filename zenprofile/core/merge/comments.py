"""Comments and blank lines merge as values do: what one side alone has touched survives, whoever's value stands."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from zenprofile.core.change import same
from zenprofile.core.document import reader as texts
from zenprofile.core.document import spans
from zenprofile.core.document.nodes import Node
from zenprofile.core.document.splices import Endings, Splice, TooHard
from zenprofile.core.entity import Data
from zenprofile.core.merge import diff3
from zenprofile.core.merge.data import identity
from zenprofile.errors import Invalid

_FEW = 40  # comments that are tried one by one, each with a reading of the whole
_REST = re.compile(r"[ \t]*(?:#[^\n]*)?\Z")
Way = tuple[str, ...]  # to an entry: names of keys, and of a list's items what they hold
_TAIL: Way = ("", "tail")


class _Place(NamedTuple):
    """What stands around an entry.

    Attributes:
        start: where the lines above it begin: comments and blank lines, behind the entry before it.
        body: where they end.
        column: of the entry.
        rest: where the rest of its own line begins and ends; None where that may be a part of its value.
        before: the entry before it.
    """

    start: int
    body: int
    column: int
    rest: tuple[int, int] | None
    before: Way


class _Document:
    def __init__(self, text: str) -> None:
        self.text = text
        self.places: dict[Way, _Place] = {}
        if text:
            root = texts.tree(text)
            if not root.flow:
                end = self._visit(root, (), 0)
                self.places[_TAIL] = _Place(spans.line_end(text, end), len(text), 0, None, ())

    def _visit(self, node: Node, way: Way, floor: int) -> int:
        """Note the places of a collection's entries; ``floor`` is where what stands in front of them ends."""
        seen: Counter[str] = Counter()
        before: Way = ()
        for key, child in node.children:
            step = f".{key.value}" if key is not None else identity(child.data())
            seen[step] += 1
            here = (*way, f"{step}#{seen[step]}")
            first = key.start.index if key is not None else spans.dash(self.text, child)
            if first is not None:
                self._note(here, before, (key, child), first, floor)
            if child.children and not child.flow:
                self._visit(child, here, key.end.index if key is not None else first or child.start.index)
            floor, before = spans.content_end(self.text, child, key), here
        return floor

    def _note(self, way: Way, before: Way, entry: tuple[Node | None, Node], first: int, floor: int) -> None:
        body = spans.line_start(self.text, first)
        start = spans.line_end(self.text, floor) if floor else 0
        if start <= body and not self.text[body:first].strip(" "):
            self.places[way] = _Place(start, body, first - body, self._rest(*entry), before)

    def _rest(self, key: Node | None, node: Node) -> tuple[int, int] | None:
        """Return where the rest of an entry's line is."""
        if node.style in ("|", ">"):
            return None
        if node.scalar or node.flow:
            start = spans.content_end(self.text, node, key)
        elif key is not None and node.start.line > key.start.line:
            start = self.text.index(":", key.end.index) + 1
        else:
            return None
        end = spans.line_end(self.text, start) - 1
        return (start, end) if _REST.match(self.text, start, end) else None

    def above(self, way: Way) -> list[str]:
        """Return the lines above an entry, moved to the margin as far as they are indented like it."""
        place = self.places.get(way)
        if place is None:
            return []
        indent = " " * place.column
        lines = self.text[place.start : place.body].splitlines(keepends=True)
        return [line.removeprefix(indent) for line in lines]

    def beside(self, way: Way) -> str | None:
        """Return the rest of an entry's line."""
        place = self.places.get(way)
        return None if place is None or place.rest is None else self.text[slice(*place.rest)]


def merged(base: str, ours: str, theirs: str, text: str, data: Data) -> str:
    """Return a merged document with the comments and blank lines that theirs alone has touched.

    Args:
        base: the common ancestor's text, with line feeds alone; "" for none.
        ours: ours, likewise.
        theirs: theirs, likewise.
        text: the merged document, whose comments are ours.
        data: what it holds.
    """
    whole = Endings(text)
    sides = (_Document(base), _Document(ours), _Document(theirs), _Document(whole.text))
    splices = [splice for way in sides[3].places if way in sides[2].places for splice in _splices(way, *sides)]
    if not splices:
        return text
    at_once = _with(text, splices, data)
    if at_once or len(splices) > _FEW:
        return at_once or text
    fitting: list[Splice] = []
    for splice in splices:
        if _with(text, [*fitting, splice], data):
            fitting.append(splice)
    return _with(text, fitting, data) or text


def _splices(way: Way, base: _Document, ours: _Document, theirs: _Document, result: _Document) -> "list[Splice]":
    found = []
    place = result.places[way]
    above = [side.above(way) for side in (base, ours, theirs, result)]
    if _is_touched(way, base, theirs) and above[3] == above[1]:
        lines = _joined(*above[:3])
        if lines != above[3]:
            indent = " " * place.column
            new = "".join(line if not line.strip() else indent + line for line in lines)
            found.append(Splice(place.start, place.body, new))
    before, mine, other, now = (side.beside(way) for side in (base, ours, theirs, result))
    if place.rest is not None and other is not None and now == mine and mine == (before or "") != other:
        found.append(Splice(*place.rest, other))
    return found


def _is_touched(way: Way, base: _Document, theirs: _Document) -> bool:
    """Say whether they have touched the lines above an entry; blank lines alone may belong to one that is new."""
    before, after = base.above(way), theirs.above(way)
    if [line for line in before if line.strip()] != [line for line in after if line.strip()]:
        return True
    there = base.places.get(way)
    return before != after and there is not None and there.before == theirs.places[way].before


def _joined(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """Merge lines three-way; where both sides touched the same ones, ours stand first."""
    lines: list[str] = []
    for piece in diff3.merge(base, ours, theirs):
        lines += piece.lines
        lines += [line for line in piece.theirs or () if line not in piece.lines and line not in base]
    return lines


def _with(text: str, splices: list[Splice], data: Data) -> str:
    """Return the text with splices made; "" where it does not hold the data then."""
    try:
        new = Endings(text).spliced(splices)
        return new if same(texts.read(new), data) else ""
    except (TooHard, Invalid):
        return ""
