"""History: every recorded change, whole, in order, and the store as it was at any of them."""

import pytest

from tests.contract.kit import (
    USES_DEFAULTS,
    apply,
    bucket,
    changed,
    everything,
    gone,
    new,
    put,
    renamed,
    stack,
    user,
)
from zenprofile.core.change import Recorded
from zenprofile.core.entity import DEFAULTS, Key
from zenprofile.errors import NotFound
from zenprofile.store import dates
from zenprofile.store.base import Store

S3 = bucket().key


def said(record: Recorded) -> list[tuple[str, str]]:
    return sorted((changed.key.name, changed.action) for changed in record.changes)


def test_a_new_store_has_one_change(recording: Store) -> None:
    (first,) = recording.history()

    assert {changed.key: changed.after for changed in first.changes} == dict(DEFAULTS)
    assert {changed.before for changed in first.changes} == {None}


def test_changes_come_newest_first_with_what_was_before_and_after(recording: Store) -> None:
    apply(recording, new(bucket(path="s3://a")))
    apply(recording, changed(recording, bucket(path="s3://b")))
    apply(recording, gone(recording, S3))

    removed, edited, added, _ = recording.history()

    assert [said(record) for record in (removed, edited, added)] == [
        [("s3-prod", "removed")],
        [("s3-prod", "changed")],
        [("s3-prod", "added")],
    ]
    a, b = (
        {"name": "s3-prod", "type": "artifact_store", "flavor": "s3", "configuration": {"path": path}}
        for path in ("s3://a", "s3://b")
    )
    assert [(r.changes[0].before, r.changes[0].after) for r in (added, edited, removed)] == [
        (None, a),
        (a, b),
        (b, None),
    ]


def test_a_write_returns_what_history_tells(recording: Store) -> None:
    done = apply(recording, new(bucket()), new(user("ada")))

    told = next(recording.history())

    assert told == done
    assert done.rev
    assert done.who
    assert dates.parse(done.when) is not None


def test_a_message_is_kept_and_says_what_changed_where_there_is_none(recording: Store) -> None:
    apply(recording, new(bucket()))
    apply(recording, changed(recording, bucket(path="s3://b")), message="Move to b\n\nBecause a is full: 100 % 'x'.")

    own, ours = list(recording.history())[:2]

    assert own.message == "Move to b\n\nBecause a is full: 100 % 'x'."
    assert ours.message == "add artifact_store s3-prod"


def test_a_change_of_comments_alone_is_a_change_without_fields(recording: Store) -> None:
    put(recording, bucket())
    apply(recording, changed(recording, bucket()._replace(text="# why\n" + bucket().text)))

    assert said(next(recording.history())) == [("s3-prod", "changed")]


def test_the_history_of_one_entity_leaves_out_the_others(recording: Store) -> None:
    apply(recording, new(bucket()), new(user("ada")))
    put(recording, user("eve"))
    apply(recording, changed(recording, bucket(path="s3://b")))

    assert [said(record) for record in recording.history(S3)] == [[("s3-prod", "changed")], [("s3-prod", "added")]]
    assert list(recording.history(Key("stack", "", "none"))) == []


def test_the_history_of_one_entity_goes_on_under_its_earlier_names(recording: Store) -> None:
    put(recording, bucket("one", path="s3://a"))
    apply(recording, changed(recording, bucket("one", path="s3://b")))
    apply(recording, *renamed(recording, bucket("one").key, bucket("two", path="s3://b")))
    put(recording, bucket("one", path="s3://unrelated"))
    apply(recording, *renamed(recording, bucket("two").key, bucket("three", path="s3://b")))

    assert [said(record) for record in recording.history(bucket("three").key)] == [
        [("three", "added"), ("two", "removed")],
        [("one", "removed"), ("two", "added")],
        [("one", "changed")],
        [("one", "added")],
    ]


def test_a_renames_references_are_in_the_same_change(recording: Store) -> None:
    apply(recording, new(bucket()), new(stack("prod", {**USES_DEFAULTS, "artifact_store": "s3-prod"})))
    moved = stack("prod", {**USES_DEFAULTS, "artifact_store": "s3-new"})
    apply(recording, *renamed(recording, S3, bucket("s3-new")), changed(recording, moved))

    assert said(next(recording.history())) == [("prod", "changed"), ("s3-new", "added"), ("s3-prod", "removed")]


def test_the_store_can_be_read_as_it_was_at_each_change(recording: Store) -> None:
    states = [everything(recording)]
    for edits in (
        [new(bucket(path="s3://a")), new(user("ada"))],
        [new(stack("prod"))],
    ):
        apply(recording, *edits)
        states.append(everything(recording))
    apply(recording, changed(recording, bucket(path="s3://b")), gone(recording, user("ada").key))
    states.append(everything(recording))

    revs = [record.rev for record in recording.history()][::-1]

    assert len(revs) == len(states)
    for rev, state in zip(revs, states, strict=True):
        assert everything(recording, rev) == state
        assert recording.snapshot(rev).load().problems == []
        assert [e.key for e in recording.snapshot(rev).load().entities] == sorted(state)
        for kind, type_ in (("stack", ""), ("component", ""), ("component", "artifact_store")):
            asked = sorted(key for key in state if key.kind == kind and type_ in {"", key.type})
            assert recording.snapshot(rev).keys(kind, type_) == asked


def test_a_snapshot_of_then_does_not_move(recording: Store) -> None:
    put(recording, bucket(path="s3://a"))
    then = recording.snapshot(recording.head())
    keys = then.keys()

    apply(recording, changed(recording, bucket(path="s3://b")), new(user("ada")))

    assert then.keys() == keys
    assert then.text(S3) == bucket(path="s3://a").text
    found = then.get(S3)
    assert found is not None
    assert found.revision == bucket(path="s3://a").revision


def test_head_names_the_last_change(recording: Store) -> None:
    put(recording, bucket())

    assert everything(recording, "HEAD") == everything(recording)
    assert everything(recording, recording.head()) == everything(recording)
    assert next(recording.history()).rev == recording.head()


def test_a_date_names_the_last_change_until_then(recording: Store) -> None:
    (first,) = recording.history()
    put(recording, bucket())
    last = next(recording.history())

    assert everything(recording, last.when) == everything(recording)
    assert everything(recording, last.when[:10]) == everything(recording)
    assert everything(recording, "2999-12-31") == everything(recording)
    assert everything(recording, "2999-12-31T23:59:59+05:30") == everything(recording)
    assert set(everything(recording, first.when)) >= {key for key, _ in DEFAULTS}


@pytest.mark.parametrize(
    "rev", ["nonsense", "0", "999999", "-1", "", "1970-01-01", "2026-02-31", "HEAD; DROP TABLE x", "'", "\0", "9" * 400]
)
def test_a_rev_that_names_no_change_is_not_found(recording: Store, rev: str) -> None:
    with pytest.raises(NotFound):
        recording.snapshot(rev)


def test_long_histories_are_whole(recording: Store) -> None:
    put(recording, bucket(path="s3://0"))
    for number in range(1, 120):
        apply(recording, changed(recording, bucket(path=f"s3://{number}")))

    found = list(recording.history(S3))

    assert [r.changes[0].after["configuration"]["path"] for r in found if r.changes[0].after] == [
        f"s3://{number}" for number in reversed(range(120))
    ]
    assert [r.rev for r in recording.history()][:-1] == [r.rev for r in found]
