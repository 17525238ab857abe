"""Undo and redo: each a change of its own, in every store."""

from collections.abc import Iterator

import pytest

from tests.contract.kit import Place, apply, bucket, everything, gone, new, put, stack, user
from zenprofile.errors import NotFound
from zenprofile.store.base import Store
from zenprofile.store.registry import create_store
from zenprofile.usecases import undo

S3 = bucket().key


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    made = create_store(place.url, place.options)
    yield made
    made.close()


def test_undo_undo_redo_redo(store: Store) -> None:
    states = [everything(store)]
    for edits in ([new(bucket(path="s3://a")), new(user("eve"))], [new(stack("prod"))]):
        apply(store, *edits)
        states.append(everything(store))

    undo.undo(store)
    undo.undo(store)
    assert everything(store) == states[0]
    undo.redo(store)
    assert everything(store) == states[1]
    undo.redo(store)
    assert everything(store) == states[2]
    with pytest.raises(NotFound, match="redo"):
        undo.redo(store)


def test_what_was_done_again_can_be_undone_and_done_again(store: Store) -> None:
    before = everything(store)
    put(store, bucket())
    after = everything(store)

    for _ in range(3):
        undo.undo(store)
        assert everything(store) == before
        undo.redo(store)
        assert everything(store) == after
    undo.undo(store)
    with pytest.raises(NotFound):
        undo.undo(store)
    undo.redo(store)
    assert everything(store) == after


def test_a_new_change_ends_what_can_be_done_again(store: Store) -> None:
    put(store, bucket())
    put(store, user("eve"))
    undo.undo(store)
    undo.undo(store)
    undo.redo(store)
    put(store, user("bob"))

    with pytest.raises(NotFound):
        undo.redo(store)
    undo.undo(store)
    undo.redo(store)
    assert user("bob").key in everything(store)
    assert user("eve").key not in everything(store)
    with pytest.raises(NotFound):
        undo.redo(store)


def test_without_an_undo_there_is_nothing_to_do_again(store: Store) -> None:
    put(store, bucket())

    with pytest.raises(NotFound):
        undo.redo(store)


def test_a_deletion_is_done_again(store: Store) -> None:
    put(store, bucket())
    apply(store, gone(store, S3))
    undo.undo(store)
    assert S3 in everything(store)

    recorded = undo.redo(store)

    assert S3 not in everything(store)
    assert recorded.message == "Redo: delete artifact_store s3-prod"
