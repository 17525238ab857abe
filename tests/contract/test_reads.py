"""Reads: what is there, as it was written, and nothing else."""

import pytest

from tests.contract.kit import (
    Place,
    apply,
    bucket,
    changed,
    document,
    everything,
    flavor,
    gone,
    new,
    now,
    put,
    stack,
    user,
)
from zenprofile.core.change import Edit
from zenprofile.core.document.writer import write
from zenprofile.core.entity import DEFAULTS, Key, revision
from zenprofile.errors import Invalid, StoreBroken
from zenprofile.store.base import Store
from zenprofile.store.registry import create_store, is_profile, open_store

S3 = bucket().key


def test_a_new_store_holds_the_defaults_and_nothing_else(store: Store) -> None:
    assert everything(store) == {key: write(key.kind, data) for key, data in DEFAULTS}
    assert store.snapshot().load().problems == []


def test_an_empty_place_is_no_profile_until_one_is_made(place: Place) -> None:
    assert not is_profile(place.url, place.options)
    with pytest.raises(StoreBroken):
        open_store(place.url, place.options)
    assert not is_profile(place.url, place.options)

    create_store(place.url, place.options).close()

    assert is_profile(place.url, place.options)


def test_making_a_store_where_one_is_changes_nothing(store: Store, place: Place) -> None:
    put(store, bucket())
    before, head = everything(store), store.head()

    again = create_store(place.url, place.options)

    assert everything(again) == before
    assert again.head() == head
    again.close()


def test_a_store_that_is_opened_again_holds_the_same(store: Store, place: Place) -> None:
    put(store, bucket())
    before, head = everything(store), store.head()
    store.close()

    again = open_store(place.url, place.options)

    assert everything(again) == before
    assert again.head() == head
    again.close()


def test_a_store_can_be_closed_twice(store: Store) -> None:
    store.close()
    store.close()


def test_two_openings_see_each_others_writes(store: Store, place: Place) -> None:
    other = open_store(place.url, place.options)
    assert other.snapshot().get(S3) is None

    first = put(store, bucket(path="s3://a"))
    assert now(other, S3) == first

    second = put(other, bucket(path="s3://b"), replaces=first)
    assert now(store, S3) == second
    other.close()


def test_keys_are_sorted_and_chosen_by_kind_and_type(store: Store) -> None:
    made = [bucket("s3-b"), bucket("s3-a"), bucket("Z"), stack("prod"), user("ada")]
    apply(store, *map(new, made))

    snapshot = store.snapshot()

    assert snapshot.keys() == sorted(snapshot.keys())
    assert {m.key for m in made} < set(snapshot.keys())
    assert [key.name for key in snapshot.keys("component", "artifact_store")] == ["Z", "default", "s3-a", "s3-b"]
    assert {key.kind for key in snapshot.keys("component")} == {"component"}
    assert [key.name for key in snapshot.keys("stack")] == ["default", "prod"]
    assert snapshot.keys("team") == []


def test_an_entity_has_its_data_and_the_revision_of_it(store: Store) -> None:
    put(store, bucket(path="s3://a", labels={"team": "ml"}))

    found = store.snapshot().get(S3)

    assert found is not None
    assert found.data == {
        "name": "s3-prod",
        "type": "artifact_store",
        "flavor": "s3",
        "labels": {"team": "ml"},
        "configuration": {"path": "s3://a"},
    }
    assert found.revision == revision(S3, found.data) == bucket(path="s3://a", labels={"team": "ml"}).revision


def test_loading_gives_the_same_entities_as_asking_for_each(store: Store) -> None:
    apply(store, *map(new, [bucket("b"), bucket("a"), stack("prod"), user("ada")]))
    snapshot = store.snapshot()

    loaded, keys = snapshot.load(), snapshot.keys()

    assert loaded.problems == []
    assert [entity.key for entity in loaded.entities] == keys
    assert loaded.entities == [snapshot.get(key) for key in keys]
    assert [(e.key, e.data) for e in snapshot.load("component", "artifact_store").entities] == [
        (e.key, e.data) for e in loaded.entities if e.key[:2] == ("component", "artifact_store")
    ]


def test_what_is_not_there_is_none(store: Store) -> None:
    snapshot = store.snapshot()

    assert snapshot.get(Key("stack", "", "other")) is None
    assert snapshot.text(Key("stack", "", "other")) is None
    assert snapshot.spelling(Key("stack", "", "other")) is None


def test_a_name_is_matched_exactly_but_its_spelling_can_be_asked_for(store: Store) -> None:
    put(store, bucket("S3-Prod"))
    snapshot = store.snapshot()

    assert snapshot.get(S3) is None
    assert snapshot.text(S3) is None
    assert snapshot.spelling(S3) == bucket("S3-Prod").key
    assert snapshot.spelling(bucket("S3-Prod").key) == bucket("S3-Prod").key


def test_the_same_name_serves_several_kinds_and_types(store: Store) -> None:
    made = [user("same"), stack("same"), bucket("same")]
    apply(store, *map(new, made))

    assert {m.key: store.snapshot().text(m.key) for m in made} == {m.key: m.text for m in made}


COMMENTED = """\
# who owns it: ada
name:   s3-prod      # not the staging one
flavor: "s3"

type: artifact_store
configuration:
    # the bucket
    path: 's3://ml-artifacts'   # two blanks follow:  
    secret: "{{aws.key}}"
description: |
  Größe: 日本 🚲 'quotes' "double" % ? : $1 \\n

  -- DROP TABLE x; --
# the end
"""  # noqa: W291 - blanks at a line's end are kept


def test_a_document_comes_back_byte_for_byte(store: Store, place: Place) -> None:
    put(store, bucket()._replace(text=COMMENTED))

    assert store.snapshot().text(S3) == COMMENTED
    again = open_store(place.url, place.options)
    assert again.snapshot().text(S3) == COMMENTED
    again.close()


def test_a_document_that_changes_in_its_comments_alone_keeps_its_revision(store: Store) -> None:
    first = put(store, bucket())
    apply(store, Edit(S3, first, "# why\n" + bucket().text))

    assert now(store, S3) == first
    assert store.snapshot().text(S3) == "# why\n" + bucket().text


def test_a_single_name_in_a_stack_equals_a_list_of_one(store: Store) -> None:
    one = put(store, stack("one", {"orchestrator": "default"}))
    text = "name: one\ncomponents:\n  orchestrator: [default]\n"
    apply(store, Edit(stack("one").key, one, text))

    assert now(store, stack("one").key) == one


@pytest.mark.parametrize("name", ["a", "A.b_c-D", "9", "x" * 128, "a..b", "s3.prod.yaml", "NULL1", "true"])
def test_every_name_that_the_rule_allows_is_kept(store: Store, name: str) -> None:
    put(store, bucket(name))

    assert store.snapshot().get(bucket(name).key) is not None
    assert bucket(name).key in store.snapshot().keys("component")


def test_a_spoiled_document_spoils_only_itself(store: Store, place: Place) -> None:
    apply(store, new(bucket("good")), new(bucket("bad")))
    place.spoil(place.url, bucket("bad").key, "name: bad\n  type: [\n")

    snapshot = store.snapshot()
    loaded = snapshot.load()

    assert bucket("good").key in [entity.key for entity in loaded.entities]
    assert bucket("bad").key not in [entity.key for entity in loaded.entities]
    assert bucket("bad").key in snapshot.keys("component")
    assert {problem.file for problem in loaded.problems} == {"components/artifact_store/bad.yaml"}
    assert all(problem.line and problem.column for problem in loaded.problems)
    assert snapshot.text(bucket("bad").key) == "name: bad\n  type: [\n"
    with pytest.raises(Invalid):
        snapshot.get(bucket("bad").key)
    assert snapshot.load("stack").problems == []


def test_a_document_that_breaks_its_schema_can_be_read_to_be_mended(store: Store, place: Place) -> None:
    put(store, bucket())
    broken = bucket().text.replace("flavor: s3", "flavor: s3\ncolour: red")
    place.spoil(place.url, S3, broken)

    found = store.snapshot().get(S3)

    assert found is not None
    assert found.data["colour"] == "red"
    assert [p.path for p in store.snapshot().load().problems] == ["colour"]


def test_a_document_that_names_another_entity_is_a_problem_of_its_own(store: Store, place: Place) -> None:
    put(store, bucket())
    place.spoil(place.url, S3, bucket("other").text)

    assert [p.code for p in store.snapshot().load().problems] == ["name-differs"]
    with pytest.raises(Invalid):
        store.snapshot().get(S3)


def test_a_document_of_another_shape_is_seen_as_it_is_now(store: Store, place: Place) -> None:
    put(store, bucket(path="s3://a"))
    place.spoil(place.url, S3, bucket(path="s3://by-hand").text)

    assert [
        e.data["configuration"] for e in store.snapshot().load("component", "artifact_store").entities if e.key == S3
    ] == [{"path": "s3://by-hand"}]
    assert now(store, S3) == bucket(path="s3://by-hand").revision
    put(store, bucket(path="s3://c"), replaces=bucket(path="s3://by-hand").revision)
    assert now(store, S3) == bucket(path="s3://c").revision


def test_a_registered_flavor_checks_the_components_that_have_it(store: Store) -> None:
    own = flavor("ours", {"type": "object", "properties": {"size": {"type": "integer"}}, "additionalProperties": False})
    good = document("component", "good", "artifact_store", flavor="ours", configuration={"size": 3})
    bad = document("component", "bad", "artifact_store", flavor="ours", configuration={"size": "three"})

    apply(store, new(good), new(own))

    assert good.key in [entity.key for entity in store.snapshot().load().entities]
    with pytest.raises(Invalid):
        apply(store, new(bad))
    apply(store, gone(store, good.key), gone(store, own.key))
    with pytest.raises(Invalid):
        apply(store, new(good))


def test_a_flavor_that_comes_to_allow_more_is_believed(store: Store) -> None:
    own = flavor("ours", {"type": "object", "properties": {"a": {}}, "additionalProperties": False})
    wide = flavor("ours", {"type": "object"})
    component = document("component", "x", "artifact_store", flavor="ours", configuration={"b": 1})
    put(store, own)
    with pytest.raises(Invalid):
        put(store, component)

    apply(store, changed(store, wide))
    put(store, component)

    assert store.snapshot().load().problems == []


def test_entities_are_loaded_in_the_order_of_their_keys(store: Store) -> None:
    apply(store, *(new(user(name)) for name in ("ada-b", "ada", "ada.b", "Ada_b", "bob")))

    loaded = [entity.key for entity in store.snapshot().load().entities]

    assert loaded == sorted(loaded)
    assert loaded == store.snapshot().keys()
