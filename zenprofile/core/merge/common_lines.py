"""Which lines two texts have in common, in time that a hostile text cannot make grow: a text may come from anybody."""

import bisect
from collections import Counter
from collections.abc import Sequence

Matches = list[tuple[int, int]]

# The search costs the square of the lines that differ. Where more do, the texts are cut first at lines that stand once
# in each.
MAX_DIFFERENCES = 100


def matches(one: Sequence[str], other: Sequence[str]) -> Matches:
    """Return positions of equal lines, in order in both: a longest common subsequence, where few lines differ.

    Where many do, lines that stand once in each are matched first, as in ``git diff --patience``; what lies between two
    of them and differs in more than a hundred lines is one piece without likeness, its equal ends aside.
    """
    low, tail = _ends(one, other)
    first, second = one[low : len(one) - tail], other[low : len(other) - tail]
    middle = _shortest(first, second)
    return _joined(one, other, low, tail, _cut(first, second) if middle is None else middle)


def _ends(one: Sequence[str], other: Sequence[str]) -> tuple[int, int]:
    """Return how many lines are equal at the beginning, and at the end of what follows."""
    low, limit = 0, min(len(one), len(other))
    while low < limit and one[low] == other[low]:
        low += 1
    tail = 0
    while tail < limit - low and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    return low, tail


def _joined(one: Sequence[str], other: Sequence[str], low: int, tail: int, middle: Matches) -> Matches:
    return [
        *((i, i) for i in range(low)),
        *((low + i, low + j) for i, j in middle),
        *((len(one) - k, len(other) - k) for k in range(tail, 0, -1)),
    ]


def _cut(one: Sequence[str], other: Sequence[str]) -> Matches:
    """Match the lines that stand once in each text, and search between them."""
    found: Matches = []
    i = j = 0
    for at, there in [*_anchors(one, other), (len(one), len(other))]:
        first, second = one[i:at], other[j:there]
        low, tail = _ends(first, second)
        middle = _shortest(first[low : len(first) - tail], second[low : len(second) - tail])
        found += [(i + k, j + m) for k, m in _joined(first, second, low, tail, middle or [])]
        if at < len(one):
            found.append((at, there))
        i, j = at + 1, there + 1
    return found


def _anchors(one: Sequence[str], other: Sequence[str]) -> Matches:
    """Return the longest series, rising in both, of lines that stand once in each: found by sorting into piles."""
    once, place = Counter(one), {line: j for j, line in enumerate(other)}
    single = Counter(other)
    tops: list[int] = []  # the lowest end, in `other`, of a series of each length
    ends: list[int] = []  # and where in `pairs` it stands
    pairs: list[tuple[int, int, int]] = []
    for i, line in enumerate(one):
        if once[line] == single[line] == 1:
            j = place[line]
            pile = bisect.bisect(tops, j)
            pairs.append((i, j, ends[pile - 1] if pile else -1))
            tops[pile : pile + 1] = [j]
            ends[pile : pile + 1] = [len(pairs) - 1]
    found: Matches = []
    at = ends[-1] if ends else -1
    while at >= 0:
        i, j, at = pairs[at]
        found.append((i, j))
    return found[::-1]


def _shortest(one: Sequence[str], other: Sequence[str]) -> Matches | None:
    """Search as Myers does: per number of differences, how far each diagonal (position in one less in other) gets.

    None where more lines differ than are searched for.
    """
    reach = {1: 0}
    trace: list[dict[int, int]] = []
    for cost in range(min(len(one) + len(other), MAX_DIFFERENCES) + 1):
        trace.append(dict(reach))
        for diagonal in range(-cost, cost + 1, 2):
            i = _step(reach, diagonal, cost)
            while i < len(one) and i - diagonal < len(other) and one[i] == other[i - diagonal]:
                i += 1
            reach[diagonal] = i
            if i >= len(one) and i - diagonal >= len(other):
                return _walk_back(trace, len(one), len(other))
    return None


def _step(reach: dict[int, int], diagonal: int, cost: int) -> int:
    down = diagonal == -cost or (diagonal != cost and reach[diagonal - 1] < reach[diagonal + 1])
    return reach[diagonal + 1] if down else reach[diagonal - 1] + 1


def _walk_back(trace: list[dict[int, int]], i: int, j: int) -> Matches:
    found: Matches = []
    for cost in range(len(trace) - 1, -1, -1):
        reach, diagonal = trace[cost], i - j
        start = _step(reach, diagonal, cost)
        while i > start:
            i, j = i - 1, j - 1
            found.append((i, j))
        if cost:
            down = diagonal == -cost or (diagonal != cost and reach[diagonal - 1] < reach[diagonal + 1])
            i, j = (i, j - 1) if down else (i - 1, j)
    return found[::-1]
