"""Comments and blank lines in a merge: three-way like values, by the entry that they stand above or behind."""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from zenprofile.core import paths
from zenprofile.core.change import same
from zenprofile.core.document import reader as texts
from zenprofile.core.document import spans
from zenprofile.core.document.nodes import Node
from zenprofile.core.document.splices import Endings, NoSimpleSplice, Splice
from zenprofile.core.entity import Data
from zenprofile.core.merge import diff3
from zenprofile.errors import Invalid

# What stands above the first entry and behind the last one belongs to the document, whichever entries these are.
_HEAD: paths.Path = ()
_END: paths.Path = ("", -1)
_REMARK = re.compile(r"[ \t]+#[^\n]*")
_BLOCK_HEAD = re.compile(r"[|>][-+0-9]*")
_SHIFT = "\0"  # between a line's indent, in blanks from its entry's, and the line


class _Gap(NamedTuple):
    """The lines between two entries, and the column of the second one."""

    start: int
    end: int
    column: int


class _Slots:
    """Where a document in block style has, or could have, comments: by the path of the entry below or in front."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.gaps: dict[paths.Path, _Gap] = {}
        self.remarks: dict[paths.Path, tuple[int, int]] = {}
        self.below_text: set[paths.Path] = set()  # gaps behind a text of several lines
        self._end = 0
        self._is_text = False  # whether the entry in front is such a text
        root = texts.tree(text) if text else None
        if root is not None and not root.flow:
            self._walk((), root)
            self._note_gap(_END, _Gap(self._end, len(text), 0))

    def _walk(self, path: paths.Path, node: Node) -> None:
        for number, (key, value) in enumerate(node.children):
            first = key.start.index if key is not None else spans.dash(self.text, value)
            if first is None:
                raise NoSimpleSplice
            self._entry((*path, number if key is None else key.value), key, value, first)

    def _entry(self, path: paths.Path, key: Node | None, value: Node, first: int) -> None:
        start = spans.line_start(self.text, first)
        if start >= self._end:
            self._note_gap(path if self.gaps else _HEAD, _Gap(self._end, start, first - start))
        inside = bool(value.children) and not value.flow
        self._is_text = not inside and value.style in ("|", ">")
        if inside or self._is_text:
            head = self.text.index(":", key.end.index) + 1 if key is not None else first + 1
            if not inside and (found := _BLOCK_HEAD.match(self.text, value.start.index)):
                head = found.end()
        else:
            head = spans.content_end(self.text, value, key)
        self._remark(path, head)
        self._end = spans.line_end(self.text, head if inside else spans.content_end(self.text, value, key))
        if inside:
            self._walk(path, value)

    def _note_gap(self, path: paths.Path, gap: _Gap) -> None:
        self.gaps[path] = gap
        if self._is_text:
            self.below_text.add(path)

    def _remark(self, path: paths.Path, at: int) -> None:
        """Record the place behind an entry's first line, where nothing but a comment may follow."""
        found = _REMARK.match(self.text, at)
        end = found.end() if found else at
        if not self.text[end : spans.line_end(self.text, end)].strip():
            self.remarks[path] = (at, end)

    def gap(self, path: paths.Path) -> list[str]:
        """Return the lines above an entry, each with its indent from the entry's."""
        start, end, column = self.gaps.get(path, (0, 0, 0))
        lines = []
        for line in self.text[start:end].splitlines():
            stripped = line.strip(" ")
            indent = len(line) - len(line.lstrip(" ")) - column if stripped else 0
            lines.append(f"{indent}{_SHIFT}{stripped}")
        return lines

    def remark(self, path: paths.Path) -> str:
        """Return the comment behind an entry's first line, with the blanks before it."""
        start, end = self.remarks.get(path, (0, 0))
        return self.text[start:end]


def merged(result: str, sides: tuple[str, str, str], data: Data) -> str:
    """Return a merged text with the comments of three sides merged into it.

    Args:
        result: our text, changed to hold the merged data.
        sides: the common ancestor's text ("" for none), ours and theirs, each changed to hold the merged data.
        data: the merged data.
    """
    endings = Endings(result)
    try:
        place, *found = (_Slots(text) for text in (endings.text, *sides))
    except (NoSimpleSplice, Invalid):
        return result
    # A comment further to the right than what is behind it can become part of a text above it.
    for flush in ((), place.below_text, place.gaps):
        try:
            text = endings.spliced(list(_splices(place, found, flush)))
            if same(texts.read(text), data):
                return text
        except (NoSimpleSplice, Invalid):
            continue
    return result


def _splices(place: _Slots, sides: list[_Slots], flush: Collection[paths.Path]) -> Iterator[Splice]:
    for path, (start, end, column) in place.gaps.items():
        lines = _lines(*(side.gap(path) for side in sides))
        text = "".join(_line(line, column, flush=path in flush) for line in lines)
        if text != place.text[start:end]:
            yield Splice(start, end, text)
    for path, (start, end) in place.remarks.items():
        remark = _remark(*(side.remark(path) for side in sides))
        if remark != place.text[start:end]:
            yield Splice(start, end, remark)


def _line(line: str, column: int, *, flush: bool) -> str:
    indent, _, rest = line.partition(_SHIFT)
    shift = 0 if flush else int(indent)
    return f"{' ' * max(0, column + shift)}{rest}\n" if rest else "\n"


def _lines(base: list[str], ours: list[str], theirs: list[str]) -> list[str]:
    lines: list[str] = []
    for piece in diff3.merge(base, ours, theirs):
        if piece.theirs is None:
            lines += piece.lines
            continue
        # Both wrote here: what each added stays, what either took away goes.
        before, here, there = set(base), set(piece.lines), set(piece.theirs)
        lines += [line for line in piece.lines if line not in before or line in there]
        lines += [line for line in piece.theirs if line not in before | here]
    return lines


def _remark(base: str, ours: str, theirs: str) -> str:
    return theirs if ours.strip() == base.strip() else ours
