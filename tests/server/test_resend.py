"""A write through the driver that came too late: merged by meaning and sent again, where the fields differ."""

from collections.abc import Iterator

import pytest

from tests.contract import serving
from tests.contract.kit import bucket, changed, now, put
from zenprofile.core.change import Change, Edit
from zenprofile.errors import Stale
from zenprofile.store.base import Options, Store
from zenprofile.store.registry import open_store


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    """Return a store as commands open it."""
    opened = open_store(address, Options(password=serving.TOKEN, resends=True))
    yield opened
    opened.close()


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
