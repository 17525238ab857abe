"""Three-way merge of texts by line."""

from collections.abc import Sequence
from typing import NamedTuple

from zenprofile.core.merge.common_lines import matches


class Piece(NamedTuple):
    """A run of lines of a three-way merge.

    Attributes:
        lines: merged; of a conflict, ours.
        theirs: of a conflict, their lines; None where there is none.
    """

    lines: list[str]
    theirs: list[str] | None = None


class _Hunk(NamedTuple):
    """Lines ``start`` to ``end`` of the base that one side replaced by its lines ``low`` to ``high``."""

    start: int
    end: int
    low: int
    high: int


def _hunks(base: Sequence[str], side: Sequence[str]) -> list[_Hunk]:
    found: list[_Hunk] = []
    i = j = 0
    for at, there in [*matches(base, side), (len(base), len(side))]:
        if (i, j) != (at, there):
            found.append(_Hunk(i, at, j, there))
        i, j = at + 1, there + 1
    return found


def merge(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[Piece]:
    """Merge lines three-way; hunks of the two sides that overlap or touch and differ are conflicts."""
    left, right = _hunks(base, ours), _hunks(base, theirs)
    pieces: list[Piece] = []
    at = 0
    while left or right:
        group = _next_group(left, right)
        start = min(hunk.start for side in group for hunk in side)
        end = max(hunk.end for side in group for hunk in side)
        pieces.append(Piece(list(base[at:start])))
        mine = _of_side(base, ours, group[0], start, end)
        other = _of_side(base, theirs, group[1], start, end)
        if not group[1] or mine == other:
            pieces.append(Piece(mine))
        else:
            pieces.append(Piece(mine, other) if group[0] else Piece(other))
        at = end
    pieces.append(Piece(list(base[at:])))
    return [piece for piece in pieces if piece.lines or piece.theirs]


def _next_group(left: list[_Hunk], right: list[_Hunk]) -> tuple[list[_Hunk], list[_Hunk]]:
    """Return the first group of overlapping hunks of both sides, removed from the lists."""
    group: tuple[list[_Hunk], list[_Hunk]] = ([], [])
    sides = (left, right)
    first = 0 if left and (not right or left[0].start <= right[0].start) else 1
    end = sides[first][0].start
    while True:
        side = next((n for n in (0, 1) if sides[n] and sides[n][0].start <= end), None)
        if side is None:
            return group
        hunk = sides[side].pop(0)
        group[side].append(hunk)
        end = max(end, hunk.end)


def _of_side(base: Sequence[str], side: Sequence[str], hunks: list[_Hunk], start: int, end: int) -> list[str]:
    """Return what a side has in place of the base's lines from ``start`` to ``end``."""
    lines: list[str] = []
    at = start
    for hunk in hunks:
        lines += [*base[at : hunk.start], *side[hunk.low : hunk.high]]
        at = hunk.end
    return [*lines, *base[at:end]]


def split(text: str) -> list[str]:
    """Return a text's lines with their ends; only a line feed ends a line, as in git."""
    *lines, last = text.split("\n")
    return [*(f"{line}\n" for line in lines), *([last] if last else [])]


def merge_texts(base: str, ours: str, theirs: str) -> str | None:
    """Merge texts by line; None where both changed the same lines or neighbours."""
    pieces = merge(*map(split, (base, ours, theirs)))
    if any(piece.theirs is not None for piece in pieces):
        return None
    return "".join(line for piece in pieces for line in piece.lines)


def with_markers(pieces: Sequence[Piece], labels: tuple[str, str], size: int) -> str:
    """Write pieces as text, git's conflict markers of a size around what differs."""
    lines: list[str] = []
    for piece in pieces:
        if piece.theirs is None:
            lines += piece.lines
            continue
        lines += [f"{'<' * size} {labels[0]}\n", *_ended(piece.lines), "=" * size + "\n"]
        lines += [*_ended(piece.theirs), f"{'>' * size} {labels[1]}\n"]
    return "".join(lines)


def _ended(lines: list[str]) -> list[str]:
    return [line if line.endswith("\n") else f"{line}\n" for line in lines]


def two_way(ours: str, theirs: str) -> list[Piece]:
    """Return the lines of two texts, each run that differs as a conflict."""
    one, other = split(ours), split(theirs)
    pieces: list[Piece] = []
    at = 0
    for hunk in _hunks(one, other):
        pieces += [Piece(one[at : hunk.start]), Piece(one[hunk.start : hunk.end], other[hunk.low : hunk.high])]
        at = hunk.end
    return [piece for piece in [*pieces, Piece(one[at:])] if piece.lines or piece.theirs]
