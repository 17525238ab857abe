"""Entities: keys, paths, and the revision that is the same in every driver."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zenprofile.core import entity
from zenprofile.core.document import reader, writer
from zenprofile.core.entity import (
    KINDS,
    Entity,
    Key,
    in_place,
    key_of,
    key_of_path,
    normal,
    ordered,
    revision,
    revisions,
)

STACK = Key("stack", "", "prod")
USER = Key("user", "", "ada")


@pytest.mark.parametrize(
    ("key", "path", "shown"),
    [
        (Key("component", "artifact_store", "s3"), "components/artifact_store/s3.yaml", "component/artifact_store/s3"),
        (Key("flavor", "alerter", "own"), "flavors/alerter/own.yaml", "flavor/alerter/own"),
        (STACK, "stacks/prod.yaml", "stack/prod"),
        (USER, "users/ada.yaml", "user/ada"),
        (Key("team", "", "a.yaml"), "teams/a.yaml.yaml", "team/a.yaml"),
        (Key("role", "", "r"), "roles/r.yaml", "role/r"),
        (Key("project", "", "p"), "projects/p.yaml", "project/p"),
    ],
)
def test_a_key_has_a_path(key: Key, path: str, shown: str) -> None:
    assert (key.path, str(key)) == (path, shown)
    assert key_of_path(path) == key


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "zenprofile.yaml",
            "stacks",
            "stacks/",
            "stacks/a",
            "stacks/a.yml",
            "stacks/x/a.yaml",
            "components/a.yaml",
        ),
        *(
            "components/t/u/a.yaml",
            "stack/a.yaml",
            "../stacks/a.yaml",
            "/stacks/a.yaml",
            "Stacks/a.yaml",
            "stacks/a.YAML",
        ),
    ],
)
def test_other_paths_are_no_entities(path: str) -> None:
    assert key_of_path(path) is None


def test_spellings_of_a_key_fold_to_one() -> None:
    assert Key("stack", "", "Prod").folded == Key("stack", "", "pROD").folded == STACK


def test_every_kind_begins_with_its_name_and_knows_description_and_labels() -> None:
    assert set(KINDS) == {"component", "stack", "flavor", "user", "team", "role", "project"}
    assert all(kind.fields[0] == "name" and {"description", "labels"} < set(kind.fields) for kind in KINDS.values())


def sha(canonical: str) -> str:
    return hashlib.sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize(
    ("data", "canonical"),
    [
        ({"name": "ada"}, '{"name":"ada"}'),
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        ({"a": 1}, '{"a":1}'),
        ({"a": 1.0}, '{"a":1.0}'),
        ({"a": -0.0}, '{"a":-0.0}'),
        ({"a": 1e22, "b": 1e-7}, '{"a":1e+22,"b":1e-07}'),
        ({"a": 10**30}, '{"a":1000000000000000000000000000000}'),
        ({"é": "ü\u2028/\x1b"}, '{"é":"ü\u2028/\\u001b"}'),
        ({"a": {"z": {}, "b": []}}, '{"a":{"b":[],"z":{}}}'),
        ({"a": ",NaN,", "b": ["NaN"]}, '{"a":",NaN,","b":["NaN"]}'),
    ],
)
def test_a_revision_is_the_hash_of_canonical_json(data: dict[str, Any], canonical: str) -> None:
    assert revision(USER, data) == sha(canonical)
    assert Entity(USER, data).revision == sha(canonical)
    assert revisions([(USER, data), (USER, {}), (USER, data)]) == [sha(canonical), sha("{}"), sha(canonical)]
    assert revisions([]) == []


def test_one_is_not_one_point_zero_and_not_true() -> None:
    assert len({revision(USER, {"a": value}) for value in (1, 1.0, True, "1", [1])}) == 5


def test_a_single_name_equals_a_list_of_one_in_a_stack_alone() -> None:
    single: dict[str, Any] = {"name": "prod", "components": {"orchestrator": "a", "step_operator": ["b", "c"]}}
    lists: dict[str, Any] = {"name": "prod", "components": {"step_operator": ["b", "c"], "orchestrator": ["a"]}}

    assert revision(STACK, single) == revision(STACK, lists)
    assert normal(STACK, single)["components"] == lists["components"]
    assert single["components"]["orchestrator"] == "a"
    assert revision(STACK, lists) != revision(
        STACK, {**lists, "components": {"orchestrator": ["a"], "step_operator": ["c", "b"]}}
    )
    assert revision(USER, single) != revision(USER, lists)
    assert normal(STACK, {"components": "broken"}) == {"components": "broken"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=4), st.randoms(use_true_random=False))
def test_a_revision_survives_order_yaml_and_json(data: dict[str, Any], random: Any) -> None:
    keys = list(data)
    random.shuffle(keys)
    expected = revision(USER, data)

    assert revision(USER, {key: data[key] for key in keys}) == expected
    assert revision(USER, json.loads(json.dumps(data))) == expected
    document = writer.dump({key: value for key, value in data.items() if abs_small(value)})
    assert revision(USER, reader.read(document)) == revision(USER, {k: v for k, v in data.items() if abs_small(v)})


def abs_small(value: Any) -> bool:
    """Say whether no integer in it is longer than the reader takes."""
    return len(json.dumps(value)) < 64


def test_entities_are_equal_by_key_and_data() -> None:
    one = Entity(USER, {"name": "ada", "email": "a@b"})

    assert one == Entity(USER, {"email": "a@b", "name": "ada"})
    assert len({one, Entity(USER, {"email": "a@b", "name": "ada"})}) == 1
    assert one != Entity(USER, {"name": "ada"})
    assert one != Entity(Key("user", "", "eve"), one.data)
    assert one != "ada"
    assert Entity(USER, {}, "known").revision == "known"
    assert repr(one) == "Entity(user/ada, {'name': 'ada', 'email': 'a@b'})"


def test_a_document_names_its_key() -> None:
    assert key_of("component", {"name": "a", "type": "alerter"}) == Key("component", "alerter", "a")
    assert key_of("stack", {"name": "a", "type": "x"}) == Key("stack", "", "a")
    assert key_of("flavor", {}) == Key("flavor", "", "")


def test_known_fields_come_first_in_schema_order() -> None:
    data = {"x": 1, "components": {}, "name": "a", "labels": {}}

    assert list(ordered("stack", data)) == ["name", "labels", "components", "x"]
    assert ordered("stack", data) == data


def test_the_defaults_are_whole() -> None:
    keys = [key for key, _ in entity.DEFAULTS]

    assert len(set(keys)) == len(keys) == 5
    assert all(key_of(key.kind, data) == key for key, data in entity.DEFAULTS)


@pytest.mark.parametrize(
    ("kind", "before", "new", "order"),
    [
        (
            "component",
            "name type flavor configuration",
            "labels description",
            "name type flavor description labels configuration",
        ),
        ("component", "flavor name configuration", "description type", "flavor name type description configuration"),
        ("stack", "components name", "labels", "components name labels"),
        ("stack", "name components", "labels odd", "name labels components odd"),
        ("user", "name description", "email", "name email description"),
        ("role", "assignments", "name", "name assignments"),
    ],
)
def test_a_new_key_goes_behind_the_one_before_it_in_the_schema(kind: str, before: str, new: str, order: str) -> None:
    data = dict.fromkeys([*before.split(), *new.split()])

    assert list(in_place(kind, data, before.split())) == order.split()
