"""The fast check: what it lets pass, jsonschema lets pass."""

import json
from typing import Any

import pytest
from generated import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry

from zenprofile.core.entity import DEFAULTS, KINDS
from zenprofile.core.schema import fast_validator
from zenprofile.core.schema.catalog import Schema
from zenprofile.resources import schema_bytes

INDEX: dict[str, list[str]] = json.loads(schema_bytes("flavors/index.json") or b"")
NAMES = [f"kinds/{kind}.json" for kind in (*KINDS, "manifest")]
NAMES += [f"flavors/{type_}/{flavor}.json" for type_, flavors in INDEX.items() for flavor in flavors]
SHIPPED: dict[str, dict[str, Any]] = {name: json.loads(schema_bytes(name) or b"") for name in NAMES}

SCALARS = st.sampled_from(
    [None, True, False, 0, 1, 1.0, 2.5, -3, 10**20, "", "a", "default", "a b", "{{a.b}}", "${env:A}", "x" * 200, "none"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "user", "team", "project", "orchestrator"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def near(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return data with a schema's own fields, and now and then a strange one."""
    fields = st.sampled_from([*schema["properties"], "strange"])
    required = st.fixed_dictionaries({name: likely(schema["properties"][name]) for name in schema.get("required", ())})
    more = st.dictionaries(fields, VALUES, max_size=4)
    return (
        st.builds(lambda base, extra, keep: {**(base if keep else {}), **extra}, required, more, st.booleans()) | VALUES
    )


def likely(field: dict[str, Any]) -> st.SearchStrategy[Any]:
    choices = field.get("enum") or ([field["const"]] if "const" in field else ["default", "{{a.b}}", 3, {}])
    return st.sampled_from(choices) | VALUES


@settings(max_examples=examples(25))
@given(data=st.data())
@pytest.mark.parametrize("name", NAMES)
def test_it_agrees_with_jsonschema_near_every_schema_that_ships(name: str, data: st.DataObject) -> None:
    raw = SHIPPED[name]
    value = data.draw(near(raw))
    expected = Draft202012Validator(raw, registry=Registry()).is_valid(value)

    for trusted in (True, False):
        check = fast_validator.compile(raw, trusted)
        if check is not None and check(value):
            assert expected
        schema = Schema(raw, trusted=trusted)
        assert schema.holds(value) is expected
        assert (schema.findings(value) == []) is expected


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_that_ships_is_compiled(name: str) -> None:
    assert fast_validator.compile(SHIPPED[name]) is not None


@pytest.mark.parametrize(("key", "data"), DEFAULTS, ids=[str(key) for key, _ in DEFAULTS])
def test_what_everybody_starts_with_needs_no_jsonschema(key: Any, data: dict[str, Any]) -> None:
    check = fast_validator.compile(SHIPPED[f"kinds/{key.kind}.json"])

    assert check is not None
    assert check(data)


WORDS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", "integer", "number", "boolean", "null", ["array", "object"]]),
        "enum": st.lists(st.sampled_from([1, 1.0, True, None, "a", "b"]), min_size=1, max_size=3),
        "const": st.sampled_from([1, True, "a", 0, None]),
        "required": st.lists(st.sampled_from("ab"), max_size=2),
        "minLength": st.integers(0, 3),
        "maxLength": st.integers(0, 3),
        "minItems": st.integers(0, 2),
        "maxItems": st.integers(0, 2),
        "minProperties": st.integers(0, 2),
        "maxProperties": st.integers(0, 2),
        "minimum": st.integers(-1, 2),
        "maximum": st.integers(-1, 2),
        "uniqueItems": st.booleans(),
        "pattern": st.sampled_from(["^a", "b$", "."]),
        "title": st.just("t"),
    },
)
SCHEMAS = st.recursive(
    WORDS | st.booleans(),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
            "additionalProperties": inner,
            "propertyNames": inner,
            "items": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=3),
            "oneOf": st.lists(inner, min_size=1, max_size=3),
            "allOf": st.lists(inner, min_size=1, max_size=3),
            "not": inner,
            "required": st.lists(st.sampled_from("ab"), max_size=2),
        },
    ),
    max_leaves=6,
)
DATA = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.0, 2.5, "", "a", "ab"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=examples(400))
@given(raw=SCHEMAS, value=DATA)
def test_it_agrees_with_jsonschema_on_any_schema(raw: Any, value: Any) -> None:
    expected = Draft202012Validator(raw, registry=Registry()).is_valid(value)

    check = fast_validator.compile(raw)
    assert check is None or not check(value) or expected
    assert Schema(raw).holds(value) is expected
    assert Schema(raw, trusted=False).holds(value) is expected


@pytest.mark.parametrize(
    "raw",
    [
        {"unevaluatedProperties": False},
        {"$ref": "#"},
        {"$ref": "http://x/"},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"properties": {"a": {"$id": "http://x/"}}},
        {"oneOf": [{"type": "string"}, {"type": "null"}]},
        {"const": [1]},
        {"minLength": 1.0},
        {"type": "any"},
        {"type": []},
        {"items": 3},
    ],
)
def test_of_what_it_does_not_know_it_says_nothing(raw: Any) -> None:
    assert fast_validator.compile(raw) is None


def test_patterns_of_strangers_and_their_many_alternatives_are_left_to_others() -> None:
    many = {"anyOf": [{"type": "string"}] * 33}

    assert fast_validator.compile({"pattern": "^(a+)+$"}, trusted=False) is None
    assert fast_validator.compile(many, trusted=False) is None
    assert fast_validator.compile(many) is not None


@pytest.mark.parametrize(
    ("pattern", "expected"), [("^a$", r"^a\Z"), ("a", "a"), (r"a\$", r"a\$"), ("$", r"\Z"), ("^[a$]", "^[a$]")]
)
def test_the_end_of_a_pattern_is_the_end_of_the_text(pattern: str, expected: str) -> None:
    assert fast_validator.python_pattern(pattern) == expected


@given(one=DATA, other=DATA)
def test_frozen_values_are_equal_where_json_values_are(one: Any, other: Any) -> None:
    equal = Draft202012Validator({"const": one}).is_valid(other)

    assert (fast_validator.frozen(one) == fast_validator.frozen(other)) is equal
