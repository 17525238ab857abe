"""Undo: what this machine changed and has not taken back, and what takes it back."""

import pytest

from tests.contract.kit import DEFAULT, bucket, changed, now, put
from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import Key
from zenprofile.errors import NotFound
from zenprofile.store.base import Store
from zenprofile.store.capabilities import Undoing
from zenprofile.store.undo import ChangeWithTexts, Text

S3 = bucket().key


def undoing(store: Store) -> Undoing:
    assert isinstance(store, Undoing)
    return store


def take_back(store: Store, past: ChangeWithTexts) -> str:
    def edit(text: Text) -> Edit:
        return Edit(text.key, None if text.after is None else now(store, text.key), text.before)

    return undoing(store).apply_undo(Change(tuple(map(edit, past.texts))), past.id).rev


def test_what_this_machine_changed_can_be_taken_back(recording: Store) -> None:
    first = put(recording, bucket(path="s3://a"))
    recording.apply(Change((changed(recording, bucket(path="s3://b")),), "Move it"))

    later, earlier = undoing(recording).own_changes()
    assert (later.recorded.message, later.recorded.rev) == ("Move it", next(recording.history()).rev)
    assert [(text.key, text.before, text.after) for text in later.texts] == [
        (S3, bucket(path="s3://a").text, bucket(path="s3://b").text)
    ]
    assert [text.before for text in earlier.texts] == [None]

    rev = take_back(recording, later)

    assert now(recording, S3) == first
    assert [past.id for past in undoing(recording).own_changes()] == [earlier.id]
    assert [past.recorded.rev for past in undoing(recording).undos()] == [rev]
    take_back(recording, earlier)
    assert list(undoing(recording).own_changes()) == []
    assert recording.snapshot().get(S3) is None


def test_what_was_taken_back_twice_stands_again(recording: Store) -> None:
    put(recording, bucket())
    (mine,) = undoing(recording).own_changes()
    take_back(recording, mine)
    (undo,) = undoing(recording).undos()

    take_back(recording, undo)

    assert [past.id for past in undoing(recording).own_changes()] == [mine.id]
    assert now(recording, S3) == bucket().revision


def test_what_began_the_store_is_nobodys_to_take_back(recording: Store) -> None:
    assert list(undoing(recording).own_changes()) == list(undoing(recording).undos()) == []

    begun = undoing(recording).find_change("HEAD")

    assert Key("stack", "", DEFAULT) in {text.key for text in begun.texts}
    with pytest.raises(NotFound):
        undoing(recording).find_change("no-such-change")
