"""Merging texts by line."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenprofile.core.merge import diff3
from zenprofile.core.merge.common_lines import matches

LINES = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=8)


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n"),
        ("a\nb\nc\n", "a\nb\nc\nd\n", "0\na\nb\nc\n", "0\na\nb\nc\nd\n"),
        ("a\nb\nc\n", "b\nc\n", "a\nb\n", "b\n"),
        ("a\nb\nc\n", "a\nX\nc\n", "a\nX\nc\n", "a\nX\nc\n"),
        ("a\nb\nc\nd", "A\nb\nc\nd", "a\nb\nc\nD", "A\nb\nc\nD"),
        ("a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n", None),
        ("a\nb\nc\n", "A\nb\nc\n", "a\nB\nc\n", None),  # neighbours, as in git
        ("a\nb\n", "a\nx\nb\n", "a\ny\nb\n", None),
        ("a\nb\nc\n", "a\nc\n", "a\nB\nc\n", None),
    ],
)
def test_texts_merge_by_line(base: str, ours: str, theirs: str, merged: str | None) -> None:
    assert diff3.merge_texts(base, ours, theirs) == merged
    assert diff3.merge_texts(base, theirs, ours) == merged


@given(LINES, LINES)
def test_matches_are_a_longest_common_subsequence(one: list[str], other: list[str]) -> None:
    found = matches(one, other)
    lengths = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, left in enumerate(one):
        for j, right in enumerate(other):
            best = max(lengths[i][j + 1], lengths[i + 1][j])
            lengths[i + 1][j + 1] = lengths[i][j] + 1 if left == right else best

    assert all(one[i] == other[j] for i, j in found)
    assert all(i < k and j < m for (i, j), (k, m) in itertools.pairwise(found))
    assert len(found) == lengths[len(one)][len(other)]


@given(LINES, LINES)
def test_one_sides_change_is_taken(base: list[str], side: list[str]) -> None:
    for pieces in (diff3.merge(base, side, base), diff3.merge(base, base, side), diff3.merge(base, side, side)):
        assert [line for piece in pieces for line in piece.lines] == side
        assert all(piece.theirs is None for piece in pieces)


@given(LINES, LINES, LINES)
def test_the_sides_are_alike(base: list[str], ours: list[str], theirs: list[str]) -> None:
    there = [
        piece if piece.theirs is None else diff3.Piece(piece.theirs, piece.lines)
        for piece in diff3.merge(base, theirs, ours)
    ]

    assert diff3.merge(base, ours, theirs) == there


@given(LINES, LINES, LINES)
def test_no_line_is_invented_or_lost(base: list[str], ours: list[str], theirs: list[str]) -> None:
    pieces = diff3.merge(base, ours, theirs)
    shown = [line for piece in pieces for line in (*piece.lines, *(piece.theirs or []))]

    assert set(shown) <= {*base, *ours, *theirs}
    assert {line for line in {*ours, *theirs} if line not in base} <= set(shown)


def test_texts_without_likeness_are_one_piece_and_no_wait() -> None:
    one = [str(n % 7) for n in range(100_000)]
    other = [str(n % 11) for n in range(100_000)]

    assert matches(["first", *one], ["first", *other])[:1] == [(0, 0)]


def test_texts_that_differ_in_many_places_are_matched_where_lines_are_alike() -> None:
    one = [f"{n // 3} {n % 3}" for n in range(3000)]
    other = [line if n % 3 else f"other {n}" for n, line in enumerate(one)]

    assert matches(one, other) == [(n, n) for n in range(3000) if n % 3]


def test_only_a_line_feed_ends_a_line() -> None:
    assert diff3.split("a\x0cb\r\nc\u2028d\n\ne") == ["a\x0cb\r\n", "c\u2028d\n", "\n", "e"]


def test_markers_stand_on_their_own_lines() -> None:
    pieces = diff3.two_way("a\nb", "a\nc")

    assert diff3.with_markers(pieces, ("here", "there"), 9) == ("a\n<<<<<<<<< here\nb\n=========\nc\n>>>>>>>>> there\n")
