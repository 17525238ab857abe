"""Renames in a merge: found on both sides, followed through chains and swaps, never mixing two entities."""

from typing import Any

import pytest
from generated import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from zenprofile.core.change import MISSING
from zenprofile.core.document import reader as texts
from zenprofile.core.document import writer
from zenprofile.core.entity import Data, Key
from zenprofile.core.merge.data import Choice
from zenprofile.core.merge.documents import Merged, Value, merge

Documents = dict[Key, str]
A, B, C, D = (Key("component", "alerter", name) for name in "abcd")
PROD = Key("stack", "", "prod")


def component(key: Key, **configuration: Any) -> str:
    data: Data = {"name": key.name, "type": key.type, "flavor": "f", "configuration": configuration}
    return writer.write("component", data)


def stack(*names: str) -> str:
    return writer.write("stack", {"name": "prod", "components": {"alerter": list(names)}})


def applied(ours: Documents, merged: Merged) -> Documents:
    assert not merged.conflicts
    result: dict[Key, str | None] = {**ours, **merged.documents}
    return {key: text for key, text in result.items() if text is not None}


def test_renamed_here_and_renamed_and_edited_there_is_one_conflict_of_names() -> None:
    base = {A: component(A, x=1, y=1, z=1), PROD: stack("a", "z")}
    ours = {B: component(B, x=1, y=1, z=1), PROD: stack("b", "z")}
    theirs = {C: component(C, x=2, y=1, z=1), PROD: stack("c", "z")}

    (conflict,) = merge(base, ours, theirs).conflicts
    assert conflict[:6] == (B, ("name",), "a", "b", "c", "name")
    ways: list[tuple[Choice, Key]] = [("ours", B), ("theirs", C), (Value("d"), D)]
    for choice, key in ways:
        result = applied(ours, merge(base, ours, theirs, {B: {("name",): choice}}))
        assert result == {key: component(key, x=2, y=1, z=1), PROD: stack(key.name, "z")}


def test_two_names_and_two_values_are_two_conflicts_from_the_start() -> None:
    base = {A: component(A, x=1, y=1, z=1)}
    found = merge(base, {B: component(B, x=2, y=1, z=1)}, {C: component(C, x=3, y=1, z=1)}).conflicts

    assert [(c.key, c.path) for c in found] == [(B, ("name",)), (B, ("configuration", "x"))]


def test_the_same_new_name_with_different_edits_merges() -> None:
    base = {A: component(A, x=1, y=1, z=1)}
    result = merge(base, {B: component(B, x=2, y=1, z=1)}, {B: component(B, x=1, y=2, z=1)})

    assert result == Merged({B: component(B, x=2, y=2, z=1)}, (), ())


SWAPPED = ({A: B, B: A}, {A: component(A, is_="b"), B: component(B, is_="a"), PROD: stack("b")})
CHAINED = ({A: B, B: C}, {B: component(B, is_="a"), C: component(C, is_="b"), PROD: stack("b")})


@pytest.mark.parametrize(("told", "renamed"), [SWAPPED, CHAINED], ids=["swap", "chain"])
def test_edits_follow_their_entity_through_swaps_and_chains(told: dict[Key, Key], renamed: Documents) -> None:
    base = {A: component(A, is_="a"), B: component(B, is_="b"), PROD: stack("a")}
    edited = {A: component(A, is_="a", x=1), B: component(B, is_="b", x=2), PROD: stack("a", "b")}
    expected = {
        told[A]: component(told[A], is_="a", x=1),
        told[B]: component(told[B], is_="b", x=2),
        PROD: stack(told[A].name, told[B].name),
    }

    there = merge(base, edited, renamed, renames=({}, told))
    here = merge(base, renamed, edited, renames=(told, {}))

    assert applied(edited, there) == expected
    assert applied(renamed, here) == expected
    assert len(there.notes) == len(here.notes) == 2
    assert all("the edit follows" in note for note in there.notes)


def test_a_chain_shows_in_the_documents_alone() -> None:
    base = {A: component(A, is_="a"), B: component(B, is_="b")}
    edited = {**base, B: component(B, is_="b", x=2)}

    assert merge(base, edited, CHAINED[1] | {PROD: stack("a")}).documents[C] == component(C, is_="b", x=2)


def test_values_that_changed_places_are_no_renames() -> None:
    base = {A: component(A, is_="a", x=1), B: component(B, is_="b", x=1)}
    ours = {A: component(A, is_="b", x=1), B: component(B, is_="a", x=1)}
    theirs = {**base, A: component(A, is_="a", x=2)}

    assert applied(ours, merge(base, ours, theirs)) == {**ours, A: component(A, is_="b", x=2)}


def test_an_entity_of_theirs_under_the_new_name_is_another_one() -> None:
    base = {A: component(A, x=1)}
    ours, theirs = {C: component(C, x=1)}, {A: component(A, x=1), C: component(C, y=7, z=8), PROD: stack("c")}

    (conflict,) = merge(base, ours, theirs).conflicts
    assert conflict[:2] == (C, ("name",))
    assert "calls the other one a again" in conflict.detail
    assert applied(ours, merge(base, ours, theirs, {C: {("name",): "theirs"}})) == theirs
    named = applied(ours, merge(base, ours, theirs, {C: {("name",): Value("d")}}))
    assert named == {D: component(D, x=1), C: theirs[C], PROD: stack("c")}
    assert "leaves out c as it is there" in conflict.detail
    assert applied(ours, merge(base, ours, theirs, {C: {("name",): "ours"}})) == {C: ours[C], PROD: stack("c")}


def test_two_entities_renamed_to_one_name_are_kept_apart() -> None:
    base = {A: component(A, is_="a"), B: component(B, is_="b"), PROD: stack("a", "b")}
    ours = {C: component(C, is_="a"), B: base[B], PROD: stack("c", "b")}
    theirs = {A: base[A], C: component(C, is_="b"), PROD: stack("a", "c")}

    (conflict,) = merge(base, ours, theirs).conflicts
    assert conflict[:6] == (C, ("name",), MISSING, "c", "c", "name")
    assert applied(ours, merge(base, ours, theirs, {C: {("name",): "ours"}})) == ours
    assert applied(ours, merge(base, ours, theirs, {C: {("name",): "theirs"}})) == theirs


def test_who_refers_to_what_a_choice_leaves_out_refers_to_the_other() -> None:
    upper = Key("component", "alerter", "A")
    ours, theirs = {A: component(A, x=1)}, {upper: component(upper, x=2), PROD: stack("A", "z")}

    (conflict,) = merge({}, ours, theirs).conflicts
    assert "ours leaves out A as it is there, theirs leaves out a as it is here" in conflict.detail
    assert applied(ours, merge({}, ours, theirs, {A: {("name",): "ours"}})) == {**ours, PROD: stack("a", "z")}
    assert applied(ours, merge({}, ours, theirs, {A: {("name",): "theirs"}})) == theirs


def test_a_name_that_is_taken_leaves_the_conflict_open() -> None:
    base = {A: component(A, x=1)}
    ours = {C: component(C, x=1), A: component(A, new=True), B: component(B, other=1)}
    theirs = {A: base[A], C: component(C, y=7)}

    for choice in ("theirs", Value("b")):
        merged = merge(base, ours, theirs, {C: {("name",): choice}}, renames=({A: C}, {}))
        assert [c.key for c in merged.conflicts] == [C]


NAMES = st.permutations(["a", "b", "c", "d", "e", "f"])


@settings(max_examples=examples(150), deadline=None)
@given(NAMES, st.lists(st.sampled_from("abc"), max_size=3, unique=True))
def test_any_renames_of_one_side_carry_the_edits_of_the_other(names: list[str], edits: list[str]) -> None:
    told = {key: key._replace(name=name) for key, name in zip((A, B, C), names, strict=False) if key.name != name}
    base = {key: component(key, is_=key.name) for key in (A, B, C)} | {PROD: stack("a", "b", "c")}
    renamed = {told.get(key, key): component(told.get(key, key), is_=key.name) for key in (A, B, C)}
    renamed[PROD] = stack(*(told.get(key, key).name for key in (A, B, C)))
    edited = {k: component(k, is_=k.name, x=1) if k.name in edits else text for k, text in base.items()}

    for ours, theirs, renames in ((edited, renamed, ({}, told)), (renamed, edited, (told, {}))):
        merged = merge(base, ours, theirs, renames=renames)
        result = applied(ours, merged)
        assert result.keys() == renamed.keys()
        for key in (A, B, C):
            now = texts.read(result[told.get(key, key)])
            assert now["configuration"] == ({"is_": key.name, "x": 1} if key.name in edits else {"is_": key.name})
        assert texts.read(result[PROD]) == texts.read(renamed[PROD])
        assert sum("the edit follows" in note for note in merged.notes) == len({k.name for k in told} & set(edits))
