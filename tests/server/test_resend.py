"""Writes through the driver: larger than a body; too late, merged by meaning and sent again where fields differ."""

from collections.abc import Iterator

import pytest

from tests.contract import serving
from tests.contract.kit import bucket, changed, now, put
from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import Key
from zenprofile.errors import Stale
from zenprofile.store.base import Options, Store
from zenprofile.store.registry import open_store


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    """Return a store as commands open it."""
    opened = open_store(address, Options(password=serving.TOKEN, resends=True))
    yield opened
    opened.close()


def test_a_change_larger_than_a_body_is_one_change(store: Store) -> None:
    keys = [Key("user", "", f"u{number}") for number in range(3)]
    edits = tuple(Edit(key, None, f"name: {key.name}\n# {'x' * 500_000}\n") for key in keys)

    done = store.apply(Change(edits))

    assert [changed.key for changed in done.changes] == keys
    assert next(store.history()).rev == done.rev
    assert store.snapshot().text(keys[2]) == edits[2].text


def test_another_field_is_merged_and_the_same_one_is_for_a_person(store: Store) -> None:
    first = put(store, bucket(path="s3://a", description="one"))
    store.apply(Change((changed(store, bucket(path="s3://theirs", description="one")),)))

    done = store.apply(Change((Edit(bucket().key, first, bucket(path="s3://a", description="mine").text),)))

    both = bucket(path="s3://theirs", description="mine")
    assert now(store, both.key) == both.revision
    assert done.changes[0].after == {**(done.changes[0].before or {}), "description": "mine"}
    with pytest.raises(Stale):
        store.apply(Change((Edit(bucket().key, first, bucket(path="s3://mine").text),)))
    assert now(store, both.key) == both.revision
