"""Merging data three-way: by key, by member, by line, or whole."""

from typing import Any

import pytest
from generated import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from zenprofile import resources
from zenprofile.core.change import MISSING, same
from zenprofile.core.entity import COMPONENT_TYPES, KINDS, Data, Key
from zenprofile.core.merge.data import Choices, Conflict, Value, merge_data

COMPONENT = Key("component", "step_operator", "a")
STACK = Key("stack", "", "s")
TEAM = Key("team", "", "t")
ROLE = Key("role", "", "r")


def merged(key: Key, base: Data, ours: Data, theirs: Data) -> Data:
    data, conflicts = merge_data(key, base, ours, theirs)
    assert conflicts == []
    return data


def stack(components: Any) -> Data:
    return {"name": "s", "components": components}


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "result"),
    [
        pytest.param({"a": 1}, {"a": 2}, {"a": 1, "b": 3}, {"a": 2, "b": 3}, id="two fields"),
        pytest.param({"a": 1, "b": 1}, {"a": 1}, {"b": 1}, {}, id="two removals"),
        pytest.param({}, {"a": 1}, {"b": 1}, {"a": 1, "b": 1}, id="two additions"),
        pytest.param({"a": 1}, {"a": 2}, {"a": 2}, {"a": 2}, id="the same on both sides"),
        pytest.param({"a": {"x": 1, "y": 1}}, {"a": {"x": 2, "y": 1}}, {"a": {"x": 1}}, {"a": {"x": 2}}, id="deeper"),
        pytest.param({}, {"a": {"x": 1}}, {"a": {"y": 1}}, {"a": {"x": 1, "y": 1}}, id="two new mappings"),
        pytest.param({"a": None}, {"a": None}, {}, {}, id="null is a value"),
        pytest.param({"t": "a\nb\nc\n"}, {"t": "A\nb\nc\n"}, {"t": "a\nb\nC\n"}, {"t": "A\nb\nC\n"}, id="lines"),
    ],
)
def test_mappings_merge_by_key(base: Data, ours: Data, theirs: Data, result: Data) -> None:
    assert same(merged(COMPONENT, base, ours, theirs), result)
    assert same(merged(COMPONENT, base, theirs, ours), result)


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "path"),
    [
        pytest.param({"a": 1}, {"a": 2}, {"a": 3}, ("a",), id="two values"),
        pytest.param({}, {"a": 1}, {"a": True}, ("a",), id="true is not one"),
        pytest.param({"a": 1}, {"a": 2}, {}, ("a",), id="changed and gone"),
        pytest.param({"a": 1}, {"a": {"x": 1}}, {"a": 2}, ("a",), id="a mapping and a number"),
        pytest.param({"a": [1]}, {"a": [1, 2]}, {"a": [1, 3]}, ("a",), id="ordered lists are whole"),
        pytest.param({"a": {"x": 1}}, {"a": {"x": 2}}, {}, ("a",), id="member changed, mapping gone"),
        pytest.param({"a": {"x": 1}}, {"a": {"x": 1, "y": 2}}, {}, ("a",), id="member come, mapping gone"),
        pytest.param({"t": "a\nb\n"}, {"t": "A\nb\n"}, {"t": "x\nb\n"}, ("t",), id="the same line"),
        pytest.param({"a": "x"}, {"a": "y"}, {"a": None}, ("a",), id="null is a new value"),
    ],
)
def test_two_new_values_conflict(base: Data, ours: Data, theirs: Data, path: tuple[str, ...]) -> None:
    data, conflicts = merge_data(COMPONENT, base, ours, theirs)

    assert [(c.key, c.path, c.class_) for c in conflicts] == [(COMPONENT, path, "field")]
    assert same(data, ours)


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "result"),
    [
        (["a", "b"], ["a", "b", "o"], ["t", "a", "b"], ["a", "b", "o", "t"]),
        (["a", "b", "c"], ["b", "c"], ["a", "c", "t"], ["c", "t"]),
        (["a", "b"], ["b", "a", "x"], ["a", "b", "x"], ["b", "a", "x"]),
        (["a"], [], ["a", "b"], ["b"]),
        (["a", "b"], ["a"], ["b"], []),
    ],
)
def test_members_are_a_set(base: list[str], ours: list[str], theirs: list[str], result: list[str]) -> None:
    sides = ({"name": "t", "members": members} for members in (base, ours, theirs))

    assert merged(TEAM, *sides)["members"] == result


def test_assignments_are_a_set_of_mappings() -> None:
    ann, bob, cat = {"user": "ann"}, {"team": "bob", "project": "p"}, {"user": "cat"}
    result = merged(ROLE, {"assignments": [ann]}, {"assignments": [ann, bob]}, {"assignments": [cat]})

    assert result == {"assignments": [bob, cat]}


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "result"),
    [
        pytest.param(["a", "b"], ["a", "b", "o"], ["b", "t"], ["b", "o", "t"], id="several"),
        pytest.param("a", ["a", "o"], ["a", "t"], ["a", "o", "t"], id="a name becomes several twice"),
        pytest.param("a", "b", ["a", "c"], ["b", "c"], id="several on one side"),
        pytest.param(["a", "b"], ["a", "b", "c"], "a", ["a", "c"], id="one left there"),
        pytest.param(["a", "b"], None, ["a", "b", "c"], "c", id="type gone here, one added there"),
        pytest.param("a", ["a"], "b", "b", id="a name equals a list of one"),
        pytest.param("a", "a", ["b"], ["b"], id="their form"),
    ],
)
def test_several_components_of_a_type_are_a_set(base: Any, ours: Any, theirs: Any, result: Any) -> None:
    sides = (stack({} if value is None else {"alerter": value}) for value in (base, ours, theirs))

    assert merged(STACK, *sides)["components"].get("alerter") == result


@pytest.mark.parametrize(("ours", "theirs"), [("b", "c"), (["b"], "c"), ("b", ["c"])])
def test_one_component_on_every_side_is_a_plain_field(ours: Any, theirs: Any) -> None:
    _, conflicts = merge_data(STACK, stack({"alerter": "a"}), stack({"alerter": ours}), stack({"alerter": theirs}))

    assert conflicts == [Conflict(STACK, ("components", "alerter"), "a", ours, theirs, "field", "")]


def test_new_keys_stand_behind_what_they_follow() -> None:
    ours = {"a": 1, "o": 1, "b": 1, "z": 1}
    theirs = {"first": 1, "a": 1, "t": 1, "b": 1, "last": 1}

    assert list(merged(COMPONENT, {"a": 1, "b": 1}, ours, theirs)) == ["first", "a", "o", "t", "b", "z", "last"]


@pytest.mark.parametrize("choice", [None, "ours", "theirs"])
def test_flavor_and_configuration_that_both_sides_added_are_one_choice(choice: Any) -> None:
    ours = {"name": "a", "flavor": "s3", "configuration": {"path": "s3://a", "key": "k"}, "description": "o"}
    theirs = {"name": "a", "flavor": "gcp", "configuration": {"path": "gs://a"}, "labels": {"t": "t"}}
    choices: Choices = {("flavor",): choice} if choice else {}

    data, conflicts = merge_data(COMPONENT, {}, ours, theirs, choices)

    assert [c.path for c in conflicts] == ([] if choice else [("flavor",)])
    side = theirs if choice == "theirs" else ours
    assert data == {**ours, **theirs, "flavor": side["flavor"], "configuration": side["configuration"]}


def test_choices_settle_conflicts_nearest_first() -> None:
    base = {"a": 1, "m": {"x": 1, "y": 1, "z": 1}}
    ours = {"a": 2, "m": {"x": 2, "y": 2, "z": 2}}
    theirs = {"a": 3, "m": {"x": 3, "y": 3}}
    choices: Choices = {(): "ours", ("m",): "theirs", ("m", "x"): Value(9)}

    assert merge_data(COMPONENT, base, ours, theirs, choices) == ({"a": 2, "m": {"x": 9, "y": 3}}, [])
    assert merge_data(COMPONENT, base, ours, theirs, {("m",): Value(9)})[1] != []
    assert merge_data(COMPONENT, {}, {"a": 1}, {"a": 2}, {("a",): Value(MISSING)}) == ({}, [])


LEAVES = st.sampled_from([None, True, 1, "x", "y", "", "a\nb\n", "a\nb\nc\nd\n", "a\nB\nc\nd\n", "a\nb\nc\nd\ne\n"])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
)
DATA = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)
NAMES = st.lists(st.sampled_from("pqrs"), max_size=3, unique=True)
STACKS = st.dictionaries(st.sampled_from(["alerter", "sandbox"]), NAMES.filter(bool) | st.sampled_from("pqr")).map(
    stack
)
TEAMS = NAMES.map(lambda names: {"name": "t", "members": names})
TRIPLES = (
    st.tuples(st.just(COMPONENT), DATA, DATA, DATA)
    | st.tuples(st.just(STACK), STACKS, STACKS, STACKS)
    | st.tuples(st.just(TEAM), TEAMS, TEAMS, TEAMS)
)


def unordered(key: Key, data: Any) -> Any:
    """Return data in which the order of sets says nothing."""
    if isinstance(data, dict):
        return {name: unordered(key, value) for name, value in data.items()}
    if isinstance(data, list) and key.kind != "component":
        return data[0] if len(data) == 1 and key.kind == "stack" else sorted(data)
    return data


def leaves(data: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if isinstance(data, dict) and data:
        return {p: v for name, value in data.items() for p, v in leaves(value, (*path, name)).items()}
    return {path: data}


@given(TRIPLES)
def test_what_one_side_changed_is_the_result(triple: tuple[Key, Data, Data, Data]) -> None:
    key, base, side, _ = triple

    for merge in (merged(key, base, side, base), merged(key, base, base, side), merged(key, base, side, side)):
        assert same(unordered(key, merge), unordered(key, side))


@settings(max_examples=examples(200))
@given(TRIPLES)
def test_the_sides_are_alike(triple: tuple[Key, Data, Data, Data]) -> None:
    key, base, ours, theirs = triple
    here, conflicts = merge_data(key, base, ours, theirs)
    there, mirrored = merge_data(key, base, theirs, ours)

    def ordered(found: list[Conflict]) -> list[Conflict]:
        return sorted(found, key=lambda c: c.path)

    swapped = [c._replace(ours=c.theirs, theirs=c.ours) for c in mirrored]
    assert [(c.path, repr(c)) for c in ordered(conflicts)] == [(c.path, repr(c)) for c in ordered(swapped)]
    if not conflicts:
        assert same(unordered(key, here), unordered(key, there))


@settings(max_examples=examples(200))
@given(TRIPLES)
def test_no_value_vanishes(triple: tuple[Key, Data, Data, Data]) -> None:
    key, base, ours, theirs = triple
    data, conflicts = merge_data(key, base, ours, theirs)
    told = {conflict.path for conflict in conflicts}
    before, result = leaves(base), leaves(data)
    for path, value in {**leaves(theirs), **leaves(ours)}.items():
        new = path not in before or not same(before[path], value)
        if not new or any(path[:length] in told for length in range(len(path) + 1)):
            continue
        if isinstance(value, list) and key.kind != "component":
            old = before.get(path, [])
            kept = result.get(path, [])
            assert all(member in kept for member in value if member not in old)
        elif isinstance(value, str) and "\n" in value:
            assert set(value.split("\n")) - set(str(before.get(path)).split("\n")) <= set(result[path].split("\n"))
        elif value != {}:
            one_of_both = [side[path] for side in (leaves(ours), leaves(theirs)) if path in side]
            assert any(path in result and same(result[path], side) for side in one_of_both) or key.kind == "stack"


@settings(max_examples=examples(200))
@given(TRIPLES)
def test_a_second_merge_changes_nothing(triple: tuple[Key, Data, Data, Data]) -> None:
    key, base, ours, theirs = triple
    data, conflicts = merge_data(key, base, ours, theirs)
    if not conflicts:
        assert same(merged(key, ours, data, ours), data)
        assert same(unordered(key, merged(key, theirs, theirs, data)), unordered(key, data))
        assert same(merged(key, theirs, data, theirs), data)


@settings(max_examples=examples(200))
@given(DATA, DATA, DATA, st.booleans())
def test_disjoint_edits_never_conflict(base: Data, ours: Data, theirs: Data, nested: bool) -> None:
    mine = {**{k: v for k, v in base.items() if k in "cd"}, **{k: v for k, v in ours.items() if k in "ab"}}
    other = {**{k: v for k, v in base.items() if k in "ab"}, **{k: v for k, v in theirs.items() if k in "cd"}}
    expected = {k: v for k, v in {**ours, **theirs}.items() if (k in "ab" and k in ours) or (k in "cd" and k in theirs)}
    expected = {k: (ours if k in "ab" else theirs)[k] for k in expected}
    if nested:
        base, mine, other, expected = ({"m": side, "k": 1} for side in (base, mine, other, expected))

    assert same(merged(COMPONENT, base, mine, other), expected)


@settings(max_examples=examples(150))
@given(TRIPLES, st.sampled_from(["ours", "theirs"]))
def test_one_choice_for_all_settles_all(triple: tuple[Key, Data, Data, Data], side: Any) -> None:
    key, base, ours, theirs = triple
    data, conflicts = merge_data(key, base, ours, theirs, {(): side})
    _, found = merge_data(key, base, ours, theirs)

    assert conflicts == []
    for conflict in found:
        value: Any = data
        for step in conflict.path:
            value = value.get(step, MISSING) if isinstance(value, dict) else MISSING
        assert same(value, getattr(conflict, side))


def sets(schema: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found = {path} if schema.get("x-merge") == "set" else set()
    for name, inner in schema.get("properties", {}).items():
        found |= sets(inner, (*path, name))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_schemas_name_the_same_sets(kind: str) -> None:
    for path in sets(resources.catalog().kind(kind).raw):
        sides: list[Any] = [["a"], ["a", "o"], ["a", "t"]]
        for step in reversed(path):
            sides = [{step: side} for side in sides]
        value: Any = merged(Key(kind, "", "x"), sides[0], sides[1], sides[2])
        for step in path:
            value = value[step]
        assert value == ["a", "o", "t"]
    expected = {"stack": len(COMPONENT_TYPES), "team": 1, "role": 1}
    assert len(sets(resources.catalog().kind(kind).raw)) == expected.get(kind, 0)
