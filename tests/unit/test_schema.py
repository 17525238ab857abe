"""Schemas: the words, agreement with JSON Schema's own test suite, and what a stranger's schema may do."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenprofile.core import patterns
from zenprofile.core.schema import keywords, limits
from zenprofile.core.schema.catalog import Catalog, Schema
from zenprofile.core.secrets.references import only_references, parse
from zenprofile.resources import catalog, schema_bytes

SUITE = Path(__file__).parent.parent / "data" / "json-schema-test-suite"

# Cases of the suite that need documents served at http://localhost:1234: nothing is ever fetched here, so that what
# they refer to is not at hand. `test_nothing_is_fetched` shows what happens instead.
SERVED = "http://localhost:1234"
NEED_A_SERVER = {
    "dynamicRef: strict-tree schema, guards against misspelled properties",
    "dynamicRef: tests for implementation dynamic anchor and reference link",
    "dynamicRef: $ref and $dynamicAnchor are independent of order - $defs first",
    "dynamicRef: $ref and $dynamicAnchor are independent of order - $ref first",
    "dynamicRef: $ref to $dynamicRef finds detached $dynamicAnchor",
    "vocabulary: schema that uses custom metaschema with with no validation vocabulary",
}


def groups() -> dict[str, dict[str, Any]]:
    files = sorted(SUITE.glob("*.json"))
    return {f"{p.stem}: {g['description']}": g for p in files for g in json.loads(p.read_text(encoding="utf-8"))}


CASES = {name: g for name, g in groups().items() if not name.startswith("refRemote: ") and name not in NEED_A_SERVER}


@pytest.mark.parametrize("trusted", [True, False], ids=["shipped", "stranger's"])
@pytest.mark.parametrize("group", CASES.values(), ids=CASES)
def test_verdicts_are_those_of_the_json_schema_test_suite(group: dict[str, Any], trusted: bool) -> None:
    schema = Schema(group["schema"], trusted=trusted)

    for case in group["tests"]:
        assert schema.holds(case["data"]) is case["valid"], case["description"]
        assert (schema.findings(case["data"]) == []) is case["valid"], case["description"]


def test_only_what_needs_a_server_is_left_out_of_the_suite() -> None:
    left_out = groups().keys() - CASES.keys()

    assert left_out >= NEED_A_SERVER
    assert len(groups()) == sum(len(json.loads(p.read_text(encoding="utf-8"))) for p in SUITE.glob("*.json"))
    assert len(CASES) == 347
    for name in left_out:
        assert SERVED in json.dumps(groups()[name]["schema"])
        assert any(not Schema(groups()[name]["schema"]).holds(case["data"]) for case in groups()[name]["tests"])


# ---------------------------------------------------------------------------------------------------------- words

S3 = "artifact_store", "s3"


def words(schema: Schema | None, data: Any) -> list[tuple[Any, ...]]:
    assert schema is not None
    return [(f.path, f.code, f.message) for f in schema.findings(data)]


@pytest.mark.parametrize(
    ("data", "path", "code", "message"),
    [
        (
            {"path": "s3://a", "pth": "s3://b"},
            ("pth",),
            "unknown-field",
            "'pth' is no field of artifact_store flavor s3; did you mean 'path'?",
        ),
        ({"path": "s3://a", "zzz": 1}, ("zzz",), "unknown-field", "'zzz' is no field of artifact_store flavor s3"),
        ({}, (), "missing-field", "the field 'path' is missing"),
        ({"path": 3}, ("path",), "wrong-type", "path must be text, not a number"),
        ({"path": None}, ("path",), "wrong-type", "path must be text, not null"),
        (
            {"path": "s3://a", "client_kwargs": [1]},
            ("client_kwargs",),
            "wrong-type",
            "client_kwargs must be a mapping or null, not a list",
        ),
    ],
)
def test_a_finding_says_what_was_expected(data: Any, path: Any, code: str, message: str) -> None:
    assert words(catalog().flavor(*S3), data) == [(path, code, message)]


@pytest.mark.parametrize(
    ("data", "path", "code", "message"),
    [
        ({"orchestrater": "x"}, ("components", "orchestrater"), "unknown-field", "did you mean 'orchestrator'?"),
        ({"alerter": ["a", "a"]}, ("components", "alerter"), "not-unique", "lists the same twice"),
        ({"alerter": []}, ("components", "alerter"), "out-of-bounds", "must list at least 1"),
        ({"alerter": 3}, ("components", "alerter"), "wrong-form", "must be a name, or a list of different names"),
        ({"alerter": "a b"}, ("components", "alerter"), "bad-name", "components.alerter is no name"),
        ({"alerter": ["a", "/"]}, ("components", "alerter", 1), "bad-name", "components.alerter.1 is no name"),
        ({"alerter": "a\n"}, ("components", "alerter"), "bad-name", "components.alerter is no name"),
    ],
)
def test_a_stack_says_what_was_expected(data: Any, path: Any, code: str, message: str) -> None:
    [(where, what, said)] = words(catalog().kind("stack"), {"name": "prod", "components": data})

    assert (where, what) == (path, code)
    assert message in said


@pytest.mark.parametrize(
    "data", [{"orchestrator": "a"}, {"step_operator": ["gpu", "cpu"]}, {}, {"alerter": ["a"], "sandbox": "b"}]
)
def test_a_stack_holds_names_and_lists_of_names(data: Any) -> None:
    assert catalog().kind("stack").holds({"name": "prod", "components": data})


@pytest.mark.parametrize(
    ("assignment", "holds"),
    [
        ({"user": "u"}, True),
        ({"team": "t", "project": "p"}, True),
        ({"user": "u", "team": "t"}, False),
        ({"project": "p"}, False),
        ({"user": "u", "projct": "p"}, False),
        ("u", False),
    ],
)
def test_an_assignment_is_of_a_user_or_a_team(assignment: Any, holds: bool) -> None:
    assert catalog().kind("role").holds({"name": "r", "assignments": [assignment]}) is holds


def test_of_many_choices_the_nearest_is_named() -> None:
    [found] = catalog().kind("component").findings({"name": "a", "type": "orchestratr", "flavor": "local"})

    assert found.message == "type is none of its 17 choices; did you mean 'orchestrator'?"
    assert found.hint.startswith("one of 'orchestrator', ")


def test_a_slip_of_the_pen_is_named_before_what_it_leaves_missing() -> None:
    assert [code for _, code, _ in words(catalog().flavor(*S3), {"pth": "s3://a"})] == [
        "unknown-field",
        "missing-field",
    ]


def test_unknown_keys_point_at_the_key_and_wrong_values_at_the_value() -> None:
    found = catalog().kind("user").findings({"nme": "a", "name": 1, "labels": {"a": 1}})

    assert {f.path: f.at_key for f in found} == {("nme",): True, ("name",): False, ("labels", "a"): False}


@pytest.mark.parametrize(
    ("field", "value", "hint"),
    [("port", "80", "take the quotes away"), ("upgrade_migration_enabled", "true", "take the quotes away")],
)
def test_a_number_in_quotes_says_so(field: str, value: str, hint: str) -> None:
    schema = catalog().flavor("metadata_store", "mysql")
    assert schema is not None
    [found] = schema.findings({"host": "h", "database": "d", field: value})

    assert (found.code, found.hint) == ("wrong-type", hint)


def test_the_manifest_has_one_format() -> None:
    assert catalog().kind("manifest").holds({"format": 1})
    assert words(catalog().kind("manifest"), {"format": 2}) == [(("format",), "not-a-choice", "format must be 1")]
    assert not catalog().kind("manifest").holds({"format": True})


# ------------------------------------------------------------------------------------------------------ sensitive


@pytest.mark.parametrize("value", ["{{aws.key}}", "{{ aws.key }}", "{{a-b.c.d}}", "${env:AWS_KEY}", None])
def test_a_sensitive_field_takes_references(value: Any) -> None:
    schema = catalog().flavor(*S3)
    assert schema is not None
    assert schema.holds({"path": "s3://a", "secret": value})


@pytest.mark.parametrize(
    "value",
    [
        "hunter2",
        "",
        "{{aws.key}} ",
        " {{aws.key}}",
        "{{aws.key}}\n",
        "x{{aws.key}}",
        "{{aws}}",
        "{{.key}}",
        "${AWS_KEY}",
        "{{a.b}}{{c.d}}",
        "${env:}",
        "${env:1A}",
        "{{a.hunter2 }} ",
        "{{{a.b}}}",
        "{{a. b}}",
    ],
)
def test_a_sensitive_field_takes_no_plain_text_and_does_not_repeat_it(value: str) -> None:
    schema = catalog().flavor(*S3)
    assert schema is not None
    [found] = schema.findings({"path": "s3://a", "secret": value})

    assert (found.path, found.code) == (("secret",), "plain-secret")
    assert "hunter2" not in found.message + found.hint


SECRET = st.text("hunterxyz0123456789", min_size=12, max_size=20)


@given(secret=SECRET, shape=st.sampled_from(["{}", '["{}"]', '{{"a": "{}"}}', '{{"a": ["{}"]}}', '[{{"a": "{}"}}]']))
def test_no_value_below_a_sensitive_field_is_repeated(secret: str, shape: str) -> None:
    value = json.loads(shape.format(secret)) if shape != "{}" else secret
    own = {"type": ["string", "object", "array"], "enum": ["a", "b"], "maxLength": 3, "x-sensitive": True}
    schema = Catalog(schema_bytes).for_schema({"properties": {"s": own}})

    found = schema.findings({"s": value})

    assert {f.code for f in found} >= {"plain-secret", "not-a-choice"}
    assert secret not in repr([(f.message, f.hint, f.path) for f in found])


@pytest.mark.parametrize("mark", [{"x-sensitive": True}, {"sensitive": True}, {"format": "password"}])
def test_every_mark_of_a_sensitive_field_counts(mark: dict[str, Any]) -> None:
    schema = Catalog(schema_bytes).for_schema({"properties": {"s": {"type": "string", **mark}}})

    assert [f.code for f in schema.findings({"s": "plain"})] == ["plain-secret"]
    assert schema.holds({"s": "${env:S}"})


@pytest.mark.parametrize(
    ("value", "holds"),
    [(1, False), (True, False), ([], True), ({"a": None}, True), (["{{a.b}}", "x"], False), ({"a": "${env:X}"}, True)],
)
def test_references_may_stand_in_lists_and_mappings(value: Any, holds: bool) -> None:
    assert only_references(value) is holds


def test_a_reference_is_read_into_its_parts() -> None:
    assert parse("{{aws.key.id}}") == ("aws", "key.id", "")
    assert parse("${env:HOME_1}") == ("", "", "HOME_1")
    assert parse("plain") is None
    assert parse(3) is None


# ------------------------------------------------------------------------------------------------- field, catalog


def test_a_field_is_found_by_path_through_references() -> None:
    s3, stack = catalog().flavor(*S3), catalog().kind("stack")
    assert s3 is not None

    assert (s3.field(("secret",)) or {})["x-sensitive"] is True
    assert (stack.field(("components", "alerter")) or {})["x-merge"] == "set"
    assert "anyOf" in (stack.field(("components", "alerter")) or {})
    assert (stack.field(("labels", "any")) or {})["type"] == "string"
    assert s3.field(("client_kwargs", "deep")) is None
    assert s3.field(("nothing",)) is None


def test_a_circle_of_references_has_no_field() -> None:
    schema = {"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"$ref": "#/$defs/a"}}}

    assert Schema(schema).field(("a",)) is None


def test_the_catalog_knows_flavors_by_its_index_alone() -> None:
    read: list[str] = []

    def reading(name: str) -> bytes | None:
        read.append(name)
        return schema_bytes(name)

    fresh = Catalog(reading)
    assert fresh.flavor("artifact_store", "../../../etc/passwd") is None
    assert fresh.flavor("nothing", "s3") is None
    assert fresh.flavors("nothing") == []
    assert "s3" in fresh.flavors("artifact_store")
    assert fresh.flavor(*S3) is fresh.flavor(*S3)
    assert read == ["flavors/index.json", "flavors/artifact_store/s3.json"]
    with pytest.raises(KeyError):
        fresh.kind("nothing")


def test_a_registered_schema_is_judged_once_by_content() -> None:
    fresh = Catalog(schema_bytes)

    assert fresh.for_schema({"type": "object"}) is fresh.for_schema({"type": "object"})
    for number in range(600):
        assert fresh.for_schema({"maxProperties": number}).raw == {"maxProperties": number}


# --------------------------------------------------------------------------------------------- a stranger's schema


@pytest.fixture
def server() -> Iterator[tuple[str, list[bytes]]]:
    """Listen on a port of the loopback; gives its URL and what was asked of it."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            while True:
                connection, _ = listener.accept()
                with connection:
                    asked.append(connection.recv(1024))
                    if asked[-1] == b"stop":
                        return

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/schema.json", asked
        with socket.create_connection(listener.getsockname()) as connection:
            connection.sendall(b"stop")
        thread.join()


@pytest.mark.parametrize("word", ["$ref", "$dynamicRef"])
def test_nothing_is_fetched(server: tuple[str, list[bytes]], word: str) -> None:
    url, asked = server
    schema = {"type": "object", "properties": {"a": {word: url}}}

    assert [f.code for f in Schema(schema).findings({"a": 1})] == ["bad-schema"]
    assert [f.code for f in Schema(schema, trusted=False).findings({"a": 1})] == ["bad-schema"]
    assert catalog().refusals(schema)
    assert catalog().refusals({"$schema": url})
    assert not catalog().for_schema(schema).holds({"a": 1})
    assert asked == []


NESTED: dict[str, Any] = {}
for _ in range(40):
    NESTED = {"not": NESTED}
DOUBLING: dict[str, Any] = {
    "$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(30)} | {"d30": {}},
    "$ref": "#/$defs/d0",
}
CHAIN: dict[str, Any] = {
    "$defs": {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(1500)} | {"d1500": {}},
    "$ref": "#/$defs/d0",
}

REFUSED: dict[str, Any] = {
    "not a mapping": True,
    "unknown type": {"type": "objct"},
    "wrong shape": {"properties": []},
    "another dialect": {"$schema": "http://json-schema.org/draft-07/schema#"},
    "reference elsewhere": {"$ref": "https://json-schema.org/draft/2020-12/schema"},
    "reference to a file": {"$ref": "file:///etc/passwd"},
    "reference to nothing": {"$ref": "#/$defs/none"},
    "reference to itself": {"$ref": "#"},
    "reference into data": {"$ref": "#/examples/0", "examples": [{"type": 3}]},
    "dynamic reference": {"$dynamicRef": "#a"},
    "anchor": {"$defs": {"a": {"$anchor": "a"}}},
    "inner id": {"properties": {"a": {"$id": "http://x/"}}},
    "inner dialect": {"properties": {"a": {"$schema": limits.DIALECT}}},
    "vocabulary": {"$vocabulary": {}},
    "unevaluated": {"unevaluatedProperties": False},
    "unevaluated items": {"items": {"unevaluatedItems": False}},
    "format regex": {"properties": {"a": {"format": "regex"}}},
    "long enum": {"enum": list(range(1001))},
    "big": {"description": "x" * 70_000},
    "deep": NESTED,
    "circle": {"$defs": {"a": {"properties": {"b": {"$ref": "#/$defs/a"}}}}, "$ref": "#/$defs/a"},
    "doubling": DOUBLING,
    "chain": CHAIN,
    "many patterns": {"properties": {str(n): {"pattern": "a"} for n in range(65)}},
    "long pattern": {"pattern": "a" * 501},
    "look-ahead": {"pattern": "(?=a)b"},
    "back-reference": {"pattern": r"(a)\1"},
    "repeated repeats": {"pattern": "(((a{1,100}){1,100}){1,100}){1,100}"},
    "broken pattern": {"pattern": "("},
    "surrogate": {"pattern": "\ud800"},
    "pattern of a number": {"pattern": 3},
    "pattern as a key": {"patternProperties": {"(?<=a)": {}}},
    "pattern in a list": {"allOf": [{"anyOf": [{"if": {"pattern": "(?!a)"}}]}]},
}


@pytest.mark.parametrize("schema", REFUSED.values(), ids=REFUSED)
def test_a_schema_that_could_cost_too_much_is_refused(schema: Any) -> None:
    found = catalog().refusals(schema)

    assert found
    assert {f.code for f in found} == {"bad-schema"}
    assert all(f.message for f in found)
    assert [f.code for f in catalog().for_schema(schema).findings({})] == ["bad-schema"]
    assert not catalog().for_schema(schema).holds({})


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"$schema": limits.DIALECT, "$id": "https://example.com/x", "title": "Mine", "type": "object"},
        {"properties": {"pattern": {"type": "string"}, "$ref": {"type": "string"}, "enum": {"enum": ["a"]}}},
        {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"pattern": "^(a|b)+$"}}},
        {"definitions": {"a~b/c": {"type": "string"}}, "items": {"$ref": "#/definitions/a~0b~1c"}},
        {"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": False},
        {"x-anything": {"$ref": "http://nowhere/"}, "examples": [{"$ref": "http://nowhere/"}]},
        {"if": {"required": ["a"]}, "then": {"minProperties": 2}, "dependentSchemas": {"a": {"maxProperties": 3}}},
    ],
)
def test_an_ordinary_schema_may_be_registered(schema: Any) -> None:
    assert catalog().refusals(schema) == []


def test_every_schema_that_ships_could_be_registered() -> None:
    for type_ in json.loads(schema_bytes("flavors/index.json") or b""):
        for flavor in catalog().flavors(type_):
            known = catalog().flavor(type_, flavor)
            assert known is not None
            assert catalog().refusals(known.raw) == []


def test_a_refusal_points_into_the_schema() -> None:
    [found] = catalog().refusals({"properties": {"a": {"anyOf": [{}, {"pattern": "(?=a)"}]}}})

    assert found.path == ("properties", "a", "anyOf", 1, "pattern")


def test_ten_reasons_are_enough() -> None:
    assert len(catalog().refusals({"properties": {str(n): {"$anchor": "a"} for n in range(50)}})) == 10


def test_patterns_of_strangers_take_linear_time() -> None:
    # By `re` the first three would run for longer than anybody waits.
    evil = "a" * 40 + "!"
    for schema, data in (
        ({"properties": {"a": {"pattern": "^(a+)+$"}}}, {"a": evil}),
        ({"patternProperties": {"^(a+)+$": False}, "additionalProperties": {"type": "string"}}, {evil: 1}),
        ({"propertyNames": {"pattern": "^(a|a)*$"}}, {evil: 1}),
        # A class that `re` does not know.
        ({"properties": {"a": {"pattern": r"^\pN$"}}}, {"a": "x"}),
    ):
        assert catalog().refusals(schema) == []
        assert catalog().for_schema(schema).findings(data)
    assert catalog().for_schema({"properties": {"a": {"pattern": r"^\pN$"}}}).holds({"a": "٣"})


def test_a_pattern_is_cut_to_whole_characters() -> None:
    assert patterns.search("^.$", "\ud800")
    assert not patterns.search("a", "\ud800")


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ({"items": {"anyOf": [{"const": n} for n in range(3000)]}}, [-1] * 3000),
        ({"items": {"enum": list(range(1000))}}, [999] * 3000),
        ({"items": {"not": {"required": [str(n) for n in range(3000)]}}}, [{}] * 3000),
        ({"items": {"properties": {str(n): {} for n in range(3000)}, "not": {}}}, [{}] * 3000),
        ({"patternProperties": {f"{n}$": {} for n in range(60)}, "not": {}}, {f"x{n}": 1 for n in range(9000)}),
        ({"items": {"allOf": [{"pattern": f"^x|{n}"} for n in range(60)]}}, ["x" * 10_000] * 100),
    ],
    ids=["alternatives", "choices", "required", "properties", "patterns", "long texts"],
)
def test_steps_of_a_strangers_schema_are_counted(schema: Any, data: Any) -> None:
    assert catalog().refusals(schema) == []
    found = catalog().for_schema(schema).findings(data)

    assert [f.code for f in found] == ["too-costly"]
    assert not catalog().for_schema(schema).holds(data)


def test_the_count_begins_anew_with_each_document() -> None:
    schema = catalog().for_schema({"items": {"enum": list(range(100))}})
    data = [-1] * (keywords.MAX_STEPS // 300)

    for _ in range(4):
        assert {f.code for f in schema.findings(data)} == {"not-a-choice"}


def test_a_document_full_of_mistakes_gets_a_hundred_words() -> None:
    found = catalog().kind("user").findings({"name": "a", **{f"naem{n}": 1 for n in range(5000)}})

    assert len(found) == 100


def test_unique_items_are_found_in_one_pass() -> None:
    # Pair by pair these would be 50,000,000 comparisons.
    schema = catalog().for_schema({"uniqueItems": True, "contains": {"type": "null"}})

    assert [f.code for f in schema.findings([{"a": n} for n in range(10_000)])] == ["wrong-form"]


@given(
    schema=st.recursive(
        st.dictionaries(
            st.sampled_from(["type", "pattern", "enum", "$ref", "required", "minLength", "format", "const"]),
            st.sampled_from(["string", "^a", ["a"], "#/$defs/a", 3, None, {}, [], True]),
            max_size=3,
        ),
        lambda inner: st.dictionaries(
            st.sampled_from(["properties", "items", "anyOf", "not", "$defs", "if", "a", "b", "allOf"]),
            inner | st.lists(inner, max_size=2),
            max_size=3,
        ),
        max_leaves=8,
    ),
    data=st.recursive(
        st.none() | st.booleans() | st.integers(-2, 2) | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
        max_leaves=6,
    ),
)
def test_whatever_the_schema_there_is_an_answer(schema: Any, data: Any) -> None:
    fresh = Catalog(schema_bytes)

    refused = fresh.refusals(schema)
    assert fresh.for_schema(schema).holds(data) is (fresh.for_schema(schema).findings(data) == [])
    if refused:
        assert not fresh.for_schema(schema).holds(data)


def test_a_field_that_nothing_is_near_to_comes_with_what_to_do() -> None:
    schema = catalog().flavor("orchestrator", "local")
    assert schema is not None
    [found] = schema.findings({"labels": {}})
    assert (found.message, found.hint) == ("'labels' is no field of orchestrator flavor local", "take it away")
