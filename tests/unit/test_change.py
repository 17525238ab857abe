"""Changes: fields that differ, their JSON, and one line of words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenprofile.core.change import MISSING, Changed, Field, as_json, fields, same, summary
from zenprofile.core.entity import Key

STACK = Key("stack", "", "prod")
STORE = Key("component", "artifact_store", "s3")
USER = Key("user", "", "ada")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1, True),
        (1, True, False),
        (0, False, False),
        (1, 1.0, False),
        ("a", "a", True),
        (None, None, True),
        (None, False, False),
        ([1, [2]], [1, [2]], True),
        ([1, 2], [2, 1], False),
        ([1], [1, 2], False),
        ({"a": 1, "b": {"c": [1]}}, {"b": {"c": [1]}, "a": 1}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"b": 1}, False),
        ({}, [], False),
    ],
)
def test_data_is_compared_as_json_does(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is equal
    assert same(other, one) is equal


def stack(**components: Any) -> dict[str, Any]:
    return {"name": "prod", "components": components}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"name": "ada"}, {"name": "ada"}, []),
        ({"name": "ada", "email": "a"}, {"email": "b", "name": "ada"}, [(("email",), "a", "b")]),
        ({"a": 1}, {"a": True}, [(("a",), 1, True)]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [(("a",), [1, 2], [1, 3])]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "d": 2}}, [(("a", "c"), 2, MISSING), (("a", "d"), MISSING, 2)]),
        ({}, {"a": {"b": {"c": 1}}, "d": {}}, [(("a", "b", "c"), MISSING, 1), (("d",), MISSING, {})]),
        ({"a": {"b": 1}}, {}, [(("a", "b"), 1, MISSING)]),
        ({"a": {"b": 1}}, {"a": "x"}, [(("a",), {"b": 1}, "x")]),
        (None, {"name": "ada"}, [(("name",), MISSING, "ada")]),
        ({"name": "ada"}, None, [(("name",), "ada", MISSING)]),
    ],
)
def test_fields_that_differ(before: Any, after: Any, found: list[tuple[Any, ...]]) -> None:
    assert fields(Changed(USER, before, after)) == [Field(*row) for row in found]


def test_in_a_stack_a_list_of_one_is_a_name() -> None:
    changed = Changed(
        STACK, stack(orchestrator=["a"], step_operator=["x"]), stack(orchestrator="a", step_operator=["x", "y"])
    )

    assert fields(changed) == [Field(("components", "step_operator"), "x", ["x", "y"])]


def test_the_json_has_only_the_sides_that_are_there() -> None:
    assert as_json(Changed(STORE, {"a": 1, "b": 1}, {"a": 2, "c.d": None})) == {
        "kind": "component",
        "type": "artifact_store",
        "name": "s3",
        "action": "changed",
        "fields": [
            {"path": "a", "before": 1, "after": 2},
            {"path": "b", "before": 1},
            {"path": '["c.d"]', "after": None},
        ],
    }
    assert as_json(Changed(USER, None, {}))["action"] == "added"
    assert as_json(Changed(USER, {}, None))["action"] == "removed"
    assert repr(MISSING) == "MISSING"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ([], "no change"),
        ([Changed(STACK, None, stack())], "add stack prod"),
        ([Changed(STORE, {}, None)], "delete artifact_store s3"),
        (
            [Changed(STACK, stack(artifact_store="s3"), stack(artifact_store="gcs"))],
            "stack prod: artifact_store s3 -> gcs",
        ),
        ([Changed(STORE, {}, {"configuration": {"path": "s3://b"}})], "artifact_store s3: path = s3://b"),
        ([Changed(STORE, {"configuration": {"n": 1}}, {"configuration": {}})], "artifact_store s3: n removed"),
        ([Changed(STACK, stack(a=["x", "y"]), stack(a=["x"]))], "stack prod: a [x, y] -> x"),
        ([Changed(STORE, {"on": True}, {"on": False})], "artifact_store s3: on true -> false"),
        ([Changed(STORE, {"n": 1}, {"n": "1"})], 'artifact_store s3: n 1 -> "1"'),
        ([Changed(STORE, {"n": "true"}, {"n": True})], 'artifact_store s3: n "true" -> true'),
        ([Changed(USER, {"a": "x" * 61}, {"a": "y"})], "user ada: a changed"),
        ([Changed(USER, {"a": "\x1b[31m"}, {"a": "y"})], "user ada: a changed"),
        ([Changed(USER, {"a": 1}, {"a": None})], "user ada: a changed"),
        ([Changed(USER, {}, {"a": ["x" * 61]})], "user ada: a added"),
        ([Changed(USER, {"a": 1, "b": 2}, {"b": 2, "a": 1})], "user ada: comments or order"),
        ([Changed(USER, {}, dict.fromkeys("abcde", 1))], "user ada: a = 1, b = 1, c = 1, and 2 more fields"),
        ([Changed(STORE, {"configuration": "x"}, {"configuration": "z"})], "artifact_store s3: configuration x -> z"),
        ([Changed(Key("user", "", n), None, {}) for n in "abcde"], "add user a; add user b; add user c; and 2 more"),
        (
            [
                Changed(STACK, {"name": "prod", "a": 1}, None),
                Changed(Key("stack", "", "live"), None, {"name": "live", "a": 1}),
            ],
            "stack prod: renamed to live",
        ),
        (
            [
                Changed(STACK, {"name": "prod", "a": 1}, None),
                Changed(Key("stack", "", "live"), None, {"name": "live", "a": 2}),
            ],
            "delete stack prod; add stack live",
        ),
    ],
)
def test_a_change_in_words(changes: list[Changed], line: str) -> None:
    assert summary(changes) == line


LEAVES = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "x", "\x1b", "\n", "\u202e"])
DATA = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(LEAVES, lambda i: st.lists(i, max_size=2) | st.dictionaries(st.sampled_from("ab"), i, max_size=2)),
)


@given(st.none() | DATA, st.none() | DATA)
def test_fields_are_all_that_differs(before: Any, after: Any) -> None:
    found = fields(Changed(USER, before, after))

    assert (not found) == same(before or {}, after or {})
    assert len({field.path for field in found}) == len(found)
    line = summary([Changed(USER, before, after)])
    assert line.isprintable()
