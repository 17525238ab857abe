"""The writer: one form for everything, read alike by our reader, by YAML 1.1 (PyYAML) and by YAML 1.2 (ruamel.yaml)."""

import io
from typing import Any

import pytest
import yaml
from generated import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from zenprofile.core.change import same
from zenprofile.core.document import reader as text
from zenprofile.core.document import writer
from zenprofile.errors import Invalid


def by_ruamel(document: str) -> Any:
    return YAML(typ="safe", pure=True).load(io.StringIO(document))


def by_pyyaml(document: str) -> Any:
    return yaml.load(document, yaml.SafeLoader)


def everybody_reads(data: dict[str, Any]) -> str:
    """Write data, see that each of the readers gives the same back, and return the document."""
    document = writer.dump(data)
    for reader in (text.read, by_pyyaml, by_ruamel):
        assert same(reader(document), data), reader
    assert document.endswith("\n")
    assert "\r" not in document
    return document


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-7, "-7"),
        (10**20, "100000000000000000000"),
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (1e3, "1000.0"),
        (1e22, "1.0e+22"),
        (1e-7, "1.0e-07"),
        (1.5e300, "1.5e+300"),
        ("", '""'),
        ("no", '"no"'),
        ("NULL", '"NULL"'),
        ("010", '"010"'),
        ("1e3", '"1e3"'),
        ("12:30:45", '"12:30:45"'),
        ("2024-01-01", '"2024-01-01"'),
        (".inf", '".inf"'),
        ("~", '"~"'),
        ("<<", '"<<"'),
        ("=", '"="'),
        ("s3://bucket/a", "s3://bucket/a"),
        ("two words", "two words"),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        (" a", '" a"'),
        ("{{aws.key}}", '"{{aws.key}}"'),
        ("${env:KEY}", '"${env:KEY}"'),
        ("- a", '"- a"'),
        ("é", '"é"'),
        ("a\tb", '"a\\tb"'),
        ("\x1b[31m", '"\\x1B[31m"'),
        ("\u202ea", '"\\u202Ea"'),
        ("\ufeff", '"\\uFEFF"'),
        ("\x85\u2028", '"\\x85\\u2028"'),
        ("\U000e0001", '"\U000e0001"'),
        ("a\nb", "|-\n    a\n    b"),
        ("a\n\nb\n", "|\n    a\n\n    b"),
        ("a\n\n", '"a\\n\\n"'),
        ("\na", '"\\na"'),
        (" a\nb", '" a\\nb"'),
        ("a \nb", '"a \\nb"'),
        ([], "[]"),
        ({}, "{}"),
        (["a", "no", 1], '[a, "no", 1]'),
    ],
)
def test_a_value_has_one_form(value: Any, written: str) -> None:
    assert everybody_reads({"k": {"v": value}}) == f"k:\n  v: {written}\n"


def test_nested_collections_are_blocks() -> None:
    data = {"a": [{"b": 1, "c": [1, 2]}, ["x", {}], []], "long": ["word" * 10] * 3, "d": {"e": {}}}

    assert everybody_reads(data) == (
        "a:\n  - b: 1\n    c: [1, 2]\n  -\n    - x\n    - {}\n  - []\n"
        f"long:\n  - {'word' * 10}\n  - {'word' * 10}\n  - {'word' * 10}\n"
        "d:\n  e: {}\n"
    )


def test_a_new_document_has_its_keys_in_schema_order() -> None:
    data = {"configuration": {}, "extra": 1, "flavor": "s3", "name": "a", "type": "artifact_store"}

    assert list(text.read(writer.write("component", data))) == ["name", "type", "flavor", "configuration", "extra"]


@pytest.mark.parametrize(
    "data",
    [
        {"a": float("nan")},
        {"a": [float("inf")]},
        {"a": {"b": -float("inf")}},
        {"a": "\ud800"},
        {"\udfff": 1},
        {"k" * 257: 1},
        {"\x1b" * 256: 1},
        {"a": {1, 2}},
        {"a": b"b"},
        {"a": (1,)},
        {"a": object()},
    ],
)
def test_what_a_document_cannot_hold_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        writer.dump(data)

    assert caught.value.code == "unwritable"


TEXTS = st.text() | st.text(
    alphabet="aenoyNY0159.:-+_ #'\"[]{},|>&*!%@`?~<=\\\n\t\r\x00\x1b\x85\xa0\u2028\u202e\ufeff\U0001f600"
)
NUMBERS = st.integers(-(10**60), 10**60) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(200), deadline=None)
@given(TEXTS)
@example("no")
@example("0x1F")
@example("1_000")
@example("0o7")
@example("1:30")
@example("---")
@example("...")
@example("a\n---\nb")
@example("a\n# b\n")
@example("\ta\nb")
@example("a:\nb: c\n")
@example("%a\nb")
@example("x" * 2000)
def test_any_text_is_a_value_and_a_key_for_every_reader(value: str) -> None:
    everybody_reads({"a": value, "b": [value], "c": {"d": [[value, {"e": value}]]}})
    if len(value) <= 256:
        everybody_reads({value: 1, "b": [{value: value}]})


@settings(max_examples=examples(150), deadline=None)
@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_any_data_is_read_back_by_every_reader(data: dict[str, Any]) -> None:
    document = everybody_reads(data)

    assert writer.dump(text.read(document)) == document


def test_a_very_long_line_is_read_back() -> None:
    everybody_reads({"a": "x y" * 35_000, "b": "é" * 100_000})
