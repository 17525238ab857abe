import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenprofile import resources
from zenprofile.core import paths
from zenprofile.errors import NotFound, UsageError
from zenprofile.usecases import assignments
from zenprofile.usecases.assignments import Setting

TYPED = [
    ("3", {"type": "integer"}, 3),
    ("-3", {"type": ["integer", "null"]}, -3),
    ("null", {"type": ["integer", "null"]}, None),
    ("3.5", {"type": "number"}, 3.5),
    ("3", {"type": "number"}, 3),
    ("true", {"type": "boolean"}, True),
    ("False", {"type": "boolean"}, False),
    ("010", {"type": "string"}, "010"),
    ("010", None, "010"),
    ("010", {}, "010"),
    ("true", {"type": ["boolean", "string"]}, "true"),
    ("null", {"type": ["null", "string"]}, "null"),
    ('["a", 1]', {"type": "array"}, ["a", 1]),
    ('{"a": 1}', {"anyOf": [{"type": "object"}, {"type": "null"}]}, {"a": 1}),
    ("2", {"enum": [1, 2]}, 2),
    ("b", {"enum": ["a", "b"]}, "b"),
    ("true", {"const": True}, True),
    # What does not fit stays text: the schema's check says what was expected.
    ("three", {"type": "integer"}, "three"),
    ("010", {"type": "integer"}, "010"),
    ("3.5", {"type": "integer"}, "3.5"),
    ("yes", {"type": "boolean"}, "yes"),
    ("NaN", {"type": "number"}, "NaN"),
    ("[1", {"type": "array"}, "[1"),
]


@pytest.mark.parametrize(("text", "schema", "value"), TYPED)
def test_a_value_takes_the_type_of_its_field(text, schema, value):
    found = assignments.convert(text, schema)

    assert found == value
    assert type(found) is type(value)


def test_the_types_come_from_the_flavors_that_ship():
    schema = resources.catalog().flavor("annotator", "label_studio")
    assert schema is not None

    data = assignments.apply_settings(
        {}, [assignments.parse("port=8093"), assignments.parse("authentication_secret=010")], (), schema.field
    )

    assert data == {"port": 8093, "authentication_secret": "010"}


def test_json_is_taken_as_it_stands():
    assert assignments.parse('a:=[1, {"b": null}]') == Setting(("a",), [1, {"b": None}], exact=True)
    assert assignments.parse("a:=3").value == 3
    assert assignments.parse("a=:=3") == Setting(("a",), ":=3")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
def test_any_json_goes_through(value):
    assert assignments.parse(f"key:={json.dumps(value)}").value == value


@given(st.text(), st.text(min_size=1))
def test_any_text_goes_through_under_any_key(value, key):
    setting = assignments.parse(f"{paths.show((key,))}={value}") if "=" not in key and not key.endswith(":") else None

    if setting is not None:
        assert setting == Setting((key,), value)


@pytest.mark.parametrize("text", ["path", "=x", ":=1", "", "a..b=1", "a b=1", 'a["b=1'])
def test_what_is_no_setting_is_wrong_usage(text):
    with pytest.raises(UsageError):
        assignments.parse(text)


@pytest.mark.parametrize("text", ["a:=hunter2", "a:=NaN", "a:=Infinity", "a:="])
def test_what_is_no_json_is_wrong_usage_and_not_repeated(text):
    with pytest.raises(UsageError) as caught:
        assignments.parse(text)

    assert "hunter2" not in caught.value.message + caught.value.hint


def test_dots_reach_into_objects_and_make_them():
    old = {"a": {"x": 1}, "z": None}

    data = assignments.apply_settings(
        old, map(assignments.parse, ["a.b=1", "c.d.e:=2", "z.y=3"]), (), assignments.no_schema
    )

    assert data == {"a": {"x": 1, "b": "1"}, "c": {"d": {"e": 2}}, "z": {"y": "3"}}
    assert old == {"a": {"x": 1}, "z": None}


def test_dots_do_not_reach_into_text():
    with pytest.raises(UsageError, match="a holds no object"):
        assignments.apply_settings({"a": "text"}, [assignments.parse("a.b=1")], (), assignments.no_schema)


def test_a_key_with_a_dot_stands_in_brackets():
    assert assignments.parse('node["a.b/c"].x=1').path == ("node", "a.b/c", "x")


def test_unset_removes_a_key_before_others_are_set():
    old = {"a": {"b": 1, "c": 2}, "d": "text"}

    data = assignments.apply_settings(old, [assignments.parse("d.e=1")], [("a", "b"), ("d",)], assignments.no_schema)

    assert data == {"a": {"c": 2}, "d": {"e": "1"}}


def test_unset_of_what_is_not_set_says_what_is_near():
    with pytest.raises(NotFound) as caught:
        assignments.apply_settings({"region": 1}, (), [("regoin",)], assignments.no_schema)

    assert "did you mean 'region'?" in caught.value.hint


@pytest.mark.parametrize("path", [("a", "b", "c"), ("x",), ("a", "x")])
def test_unset_of_a_path_that_is_not_there_is_refused(path):
    with pytest.raises(NotFound):
        assignments.apply_settings({"a": {"b": "text"}}, (), [path], assignments.no_schema)


def test_json_too_deep_to_be_read_is_wrong_usage() -> None:
    for levels in (65, 300, 100_000):
        text = "a:=" + "[" * levels + "1" + "]" * levels
        with pytest.raises(UsageError, match="a:= is not JSON"):
            assignments.parse(text)


@pytest.mark.parametrize("type_", ["array", "object"])
def test_text_too_deep_to_be_read_stays_text(type_: str) -> None:
    levels = 300
    text = "[" * levels + "]" * levels if type_ == "array" else '{"a":' * levels + "1" + "}" * levels
    assert assignments.convert(text, {"type": type_}) == text
