"""Pieces of a text replaced by others, its own line ends kept; and what two lists have in common."""

import bisect
import re
from typing import Any, NamedTuple

from zenprofile.core.change import same

_LONG = 40_000  # comparisons; two lists of 200


class Splice(NamedTuple):
    """New text for the characters from start to end."""

    start: int
    end: int
    new: str


class NoSimpleSplice(Exception):
    """The layout has no simple splice; the caller rewrites a larger piece."""


class Endings:
    """A text with LF for every line end and one at its end, and the way back to its own line ends.

    Attributes:
        text: the text to work on.
        new: the line end of new lines: that of the first line.
    """

    def __init__(self, own: str) -> None:
        self.own = own
        self.text = own.replace("\r\n", "\n")
        # Where in `text` a line ends with CR LF in `own`.
        self.wide = [found.start() - number for number, found in enumerate(re.finditer("\r\n", own))]
        self.new = "\r\n" if self.wide and self.wide[0] == self.text.index("\n") else "\n"
        if not self.text.endswith("\n"):
            self.text += "\n"

    def spliced(self, splices: list[Splice]) -> str:
        """Return the own text with splices of `text` made in it."""
        pieces: list[str] = []
        done = 0
        for splice in sorted(splices, key=lambda s: (s.start, s.end)):
            start, end = self._own(splice.start), self._own(splice.end)
            if start < done:
                raise NoSimpleSplice
            pieces.append(self.own[done:start])
            if splice.start == len(self.text) and not "".join(pieces[-2:]).endswith("\n"):
                pieces.append(self.new)
            pieces.append(splice.new.replace("\n", self.new))
            done = end
        return "".join([*pieces, self.own[done:]])

    def _own(self, index: int) -> int:
        return min(index + bisect.bisect_left(self.wide, index), len(self.own))


def common_items(before: list[Any], after: list[Any]) -> dict[int, int]:
    """Return positions in ``before`` that stay, and where: a longest common subsequence.

    Of what is too long for that, only the same beginning and end.
    """
    head = 0
    while head < min(len(before), len(after)) and same(before[head], after[head]):
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and same(before[-1 - tail], after[-1 - tail]):
        tail += 1
    kept = {position: position for position in range(head)}
    rows, columns = len(before) - head - tail, len(after) - head - tail
    if rows * columns <= _LONG:
        middle = _subsequence(before[head : head + rows], after[head : head + columns])
        kept |= {head + old: head + new for old, new in middle.items()}
    return kept | {len(before) - n: len(after) - n for n in range(tail, 0, -1)}


def _subsequence(before: list[Any], after: list[Any]) -> dict[int, int]:
    rows, columns = len(before), len(after)
    lengths = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            equal = same(before[i], after[j])
            lengths[i][j] = lengths[i + 1][j + 1] + 1 if equal else max(lengths[i + 1][j], lengths[i][j + 1])
    kept: dict[int, int] = {}
    i = j = 0
    while i < rows and j < columns:
        if same(before[i], after[j]):
            kept[i] = j
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
    return kept
