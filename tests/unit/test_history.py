"""The history's use cases, over a store in memory.

That every kind of store keeps the same history is told in tests/contract, what is git's own in
tests/drivers/test_history_of_git.py; here only what is made at random runs over all kinds.
"""

import contextlib
import itertools

import pytest
from generated import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.kit import (
    USES_DEFAULTS,
    apply,
    bucket,
    changed,
    document,
    everything,
    gone,
    new,
    now,
    put,
    stack,
    user,
)
from zenprofile.core import change, paths
from zenprofile.core.change import Edit
from zenprofile.errors import Ambiguous, ConflictError, InUse, Invalid, NotFound, UsageError
from zenprofile.store.base import Options
from zenprofile.store.registry import create_store, open_store
from zenprofile.usecases import blame as blames
from zenprofile.usecases import entities, history, undo

OPTIONS = Options(user="ada", mode="commit", machine=lambda: "this machine's secret")
URLS = {"memory": "memory:{folder}", "sql": "sqlite:///{folder}/store.db", "git": "{folder}/store"}
S3 = bucket().key
STACK = stack().key
NUMBERS = itertools.count()


@pytest.fixture
def store(tmp_path):
    with contextlib.closing(create_store(URLS["memory"].format(folder=tmp_path), OPTIONS)) as made:
        yield made


@pytest.fixture
def others(store, tmp_path):
    """The same store as another machine sees it."""
    options = OPTIONS._replace(machine=lambda: "another's secret")
    with contextlib.closing(open_store(URLS["memory"].format(folder=tmp_path), options)) as opened:
        yield opened


def revs(store):
    return [record.rev for record in store.history()]


def told(changes):
    return [(str(c.key), c.action) for c in changes]


def blamed(store, key):
    return {paths.show(line.path): line.rev for line in blames.blame(store, key)}


def test_show_tells_what_log_tells(store):
    put(store, bucket())
    apply(store, changed(store, bucket(path="s3://b")), new(user("eve")), message="Two\n\nand why")

    records = history.log(store)

    assert [history.show(store, record.rev) for record in records] == records
    assert history.show(store, "HEAD") == records[0]
    assert history.show(store, "2999-01-01") == records[0]


@pytest.mark.parametrize("rev", ["no-such-thing", "99", "1999-01-01", "--all", "HEAD~99"])
def test_what_names_no_change_is_not_found(store, rev):
    for ask in (
        lambda: history.show(store, rev),
        lambda: undo.revert(store, rev),
        lambda: undo.restore(store, "stack/default", rev),
    ):
        with pytest.raises(NotFound):
            ask()


def test_log_gives_at_most_so_many(store):
    put(store, bucket())
    put(store, user("eve"))

    assert len(history.log(store, None, history.LogFilter(1))) == 1
    assert history.log(store, None, history.LogFilter(0)) == []
    assert len(history.log(store, S3, history.LogFilter(5))) == 1


def test_diff_of_a_revision_is_against_now(store):
    put(store, bucket(path="s3://a"))
    put(store, user("eve"))
    then = store.head()
    apply(store, changed(store, bucket(path="s3://b")), gone(store, user("eve").key), new(stack()))

    assert told(history.diff(store, then)) == [
        ("component/artifact_store/s3-prod", "changed"),
        ("stack/prod", "added"),
        ("user/eve", "removed"),
    ]
    (path,) = change.fields(history.diff(store, then)[0])
    assert (path.path, path.before, path.after) == (("configuration", "path"), "s3://a", "s3://b")
    assert history.diff(store, store.head()) == []
    assert history.diff(store) == []


def test_diff_of_two_revisions_goes_either_way(store):
    put(store, bucket(path="s3://a"))
    one = store.head()
    apply(store, changed(store, bucket(path="s3://b")))
    two = store.head()
    put(store, user("eve"))

    (there,), (back,) = history.diff(store, f"{one}..{two}"), history.diff(store, f"{two}..{one}")

    assert (there.before, there.after) == (back.after, back.before)
    assert told(history.diff(store, f"{two}..")) == [("user/eve", "added")]
    assert told(history.diff(store, f"..{two}")) == [("user/eve", "removed")]
    with pytest.raises(NotFound):
        history.diff(store, f"{two}..nothing")


def test_diff_names_what_changed_in_comments_alone(store):
    put(store, bucket())
    then = store.head()
    apply(store, changed(store, bucket()._replace(text="# why\n" + bucket().text)))

    (one,) = history.diff(store, then)

    assert change.as_json(one)["fields"] == []


def test_blame_names_the_change_that_gave_each_field(store):
    put(store, bucket(path="s3://a", labels={"team": "ml", "env": "dev"}))
    apply(store, changed(store, bucket(path="s3://b", labels={"team": "ml", "env": "dev"})))
    apply(store, changed(store, bucket(path="s3://b", labels={"team": "ml", "env": "prod"})))
    apply(store, changed(store, bucket(path="s3://a", labels={"team": "ml", "env": "prod"})))
    again, labelled, _, made = revs(store)[:4]

    assert blamed(store, S3) == {
        "name": made, "type": made, "flavor": made,
        "configuration.path": again, "labels.team": made, "labels.env": labelled,
    }  # fmt: skip
    assert list(blamed(store, S3)) == [paths.show(f.path) for f in _fields(store, S3)]
    assert blames.blame(store, S3)[0].as_json() == {
        "path": "name", "value": "s3-prod", "rev": made, "who": history.show(store, made).who,
        "when": history.show(store, made).when,
    }  # fmt: skip


def _fields(store, key):
    return change.fields(change.Changed(key, None, store.snapshot().get(key).data))


def test_blame_goes_on_under_earlier_names(store):
    put(store, bucket("one", path="s3://a"))
    entities.rename(store, bucket("one").key, "two")
    apply(store, changed(store, bucket("two", path="s3://b")))
    entities.rename(store, bucket("two").key, "three")
    second, edited, _, made = revs(store)[:4]

    assert blamed(store, bucket("three").key) == {
        "name": second, "type": made, "flavor": made, "configuration.path": edited
    }  # fmt: skip


def test_blame_counts_a_single_name_as_a_list_of_one(store):
    put(store, stack("prod", USES_DEFAULTS))
    made = store.head()
    apply(store, changed(store, stack("prod", {**USES_DEFAULTS, "orchestrator": ["default"]})))

    assert set(blamed(store, STACK).values()) == {made}


def test_blame_starts_anew_where_an_entity_was_deleted_between(store):
    put(store, bucket())
    apply(store, gone(store, S3))
    put(store, bucket())

    assert set(blamed(store, S3).values()) == {store.head()}


def test_blame_of_what_is_not_there(store):
    with pytest.raises(NotFound):
        blames.blame(store, S3)


def test_one_that_came_where_another_went_is_no_rename_unless_half_of_it_is_the_same(store):
    put(store, bucket("one", path="s3://a"))
    apply(store, gone(store, bucket("one").key), new(bucket("two", path="s3://a", description="edited")))
    apply(store, gone(store, bucket("two").key), new(document("component", "gcs", "artifact_store", flavor="local")))

    assert [len(r.changes) for r in history.log(store, bucket("two").key)] == [1, 2, 1]
    assert [len(r.changes) for r in history.log(store, bucket("gcs").key)] == [1]


def test_restore_gives_the_very_text_of_then(store):
    text = "# mine\nname: s3-prod   # the one\nflavor: s3\ntype: artifact_store\nconfiguration: {path: 's3://a'}\n"
    apply(store, new(bucket()._replace(text=text)))
    then = store.head()
    apply(store, changed(store, bucket(path="s3://b")))
    before = len(revs(store))

    key, recorded = undo.restore(store, "s3-prod", then)

    assert key == S3
    assert store.snapshot().text(S3) == text
    assert told(recorded.changes) == [(str(S3), "changed")]
    assert len(revs(store)) == before + 1
    assert undo.restore(store, "s3-prod", then)[1].changes == ()
    assert len(revs(store)) == before + 1


@pytest.mark.parametrize("name", ["component/artifact_store/s3-prod", "s3-prod"])
def test_restore_brings_a_deleted_entity_back(store, name):
    put(store, bucket())
    then = store.head()
    apply(store, gone(store, S3))

    undo.restore(store, name, then)

    assert store.snapshot().text(S3) == bucket().text


def test_restore_finds_what_has_another_name_since(store):
    put(store, bucket("one", path="s3://a"))
    then = store.head()
    entities.rename(store, bucket("one").key, "two")
    apply(store, changed(store, bucket("two", path="s3://b")))
    put(store, bucket("one", path="s3://unrelated"))
    entities.rename(store, bucket("two").key, "three")

    key, _ = undo.restore(store, "three", then)

    assert key == bucket("three").key
    assert store.snapshot().text(key) == bucket("three", path="s3://a").text
    assert store.snapshot().text(bucket("one").key) == bucket("one", path="s3://unrelated").text


def test_restore_to_a_time_before_the_entity(store):
    then = store.head()
    put(store, bucket())

    with pytest.raises(NotFound):
        undo.restore(store, "s3-prod", then)
    with pytest.raises(NotFound):
        undo.restore(store, "never", then)
    with pytest.raises(UsageError):
        undo.restore(store, "what/ever/it/is", then)


def test_restore_of_a_name_that_several_had(store):
    then = store.head()
    apply(store, new(user("same")), new(stack("same")))
    apply(store, gone(store, user("same").key), gone(store, stack("same").key))

    with pytest.raises(Ambiguous):
        undo.restore(store, "same", then)


def test_restore_does_not_break_references(store):
    put(store, bucket())
    apply(store, new(stack("prod", {**USES_DEFAULTS, "artifact_store": "s3-prod"})))
    then = store.head()
    apply(store, gone(store, STACK))
    apply(store, gone(store, S3))

    with pytest.raises(Invalid):
        undo.restore(store, "stack/prod", then)


def test_revert_takes_one_change_back_and_keeps_later_ones(store):
    put(store, bucket(path="s3://a", description="one"))
    apply(store, changed(store, bucket(path="s3://b", description="one")))
    rev = store.head()
    apply(store, changed(store, bucket(path="s3://b", description="two")))

    recorded = undo.revert(store, rev)

    assert store.snapshot().get(S3).data == {
        "name": "s3-prod", "type": "artifact_store", "flavor": "s3", "description": "two", "configuration": {"path": "s3://a"}
    }  # fmt: skip
    assert recorded.message.startswith("Revert ")
    assert undo.revert(store, rev).changes == ()


def test_revert_of_a_field_that_was_changed_since_is_a_persons_choice(store):
    put(store, bucket(path="s3://a"))
    apply(store, changed(store, bucket(path="s3://b")))
    rev = store.head()
    apply(store, changed(store, bucket(path="s3://c")))
    before, head = everything(store), store.head()

    with pytest.raises(ConflictError) as caught:
        undo.revert(store, rev)

    assert "component/artifact_store/s3-prod configuration.path" in caught.value.message
    assert caught.value.exit_status == 3
    assert (everything(store), store.head()) == (before, head)


@pytest.mark.parametrize("edited", [True, False])
def test_revert_of_what_was_added_or_edited_and_then_edited_or_deleted(store, edited):
    put(store, bucket(path="s3://a"))
    added = store.head()
    apply(store, changed(store, bucket(path="s3://b")))
    changed_ = store.head()
    if not edited:
        apply(store, gone(store, S3))
    before = everything(store)

    with pytest.raises(ConflictError):
        undo.revert(store, added if edited else changed_)

    assert everything(store) == before


def test_revert_of_a_deletion_and_of_a_rename(store):
    put(store, bucket("one", path="s3://a"))
    apply(store, new(stack("prod", {**USES_DEFAULTS, "artifact_store": "one"})))
    entities.rename(store, bucket("one").key, "two")
    rename = store.head()
    apply(store, changed(store, bucket("two", path="s3://b")))
    apply(store, new(stack("dev", {**USES_DEFAULTS, "artifact_store": "two"})))
    apply(store, gone(store, STACK))
    deletion = store.head()

    undo.revert(store, deletion)
    undo.revert(store, rename)

    assert store.snapshot().get(bucket("one").key).data["configuration"] == {"path": "s3://b"}
    assert store.snapshot().get(bucket("two").key) is None
    for name in ("prod", "dev"):
        assert store.snapshot().get(stack(name).key).data["components"]["artifact_store"] == "one"


def test_revert_refuses_what_delete_refuses(store):
    first = revs(store)[-1]
    put(store, stack("prod"))
    made = store.head()

    with pytest.raises(InUse):
        undo.revert(store, made, {"prod"})
    with pytest.raises(InUse):
        undo.revert(store, first)


def test_revert_of_what_others_refer_to_by_now(store):
    put(store, bucket())
    made = store.head()
    apply(store, new(stack("prod", {**USES_DEFAULTS, "artifact_store": "s3-prod"})))

    with pytest.raises(InUse) as caught:
        undo.revert(store, made)
    assert "prod" in caught.value.message


def test_undo_goes_further_back_each_time_and_never_forward(store):
    states = [everything(store)]
    for made in (new(bucket(path="s3://a")), None, new(stack("prod"))):
        apply(store, made if made is not None else changed(store, bucket(path="s3://b")))
        states.append(everything(store))

    for count, state in enumerate(reversed(states[:-1])):
        recorded = undo.undo(store)
        assert everything(store) == state
        assert len(revs(store)) == 1 + 3 + count + 1
        assert recorded.message.startswith("Undo: ")
    with pytest.raises(NotFound) as caught:
        undo.undo(store)
    assert caught.value.exit_status == 1
    assert "nothing" in caught.value.message


def test_a_write_after_an_undo_is_the_next_to_be_undone(store):
    start = everything(store)
    put(store, bucket())
    put(store, user("eve"))
    undo.undo(store)
    put(store, user("eve"))
    undo.undo(store)
    assert user("eve").key not in everything(store)
    undo.undo(store)
    assert everything(store) == start


def test_undo_keeps_what_others_changed(store, others):
    put(store, bucket(path="s3://a", description="one"))
    apply(store, changed(store, bucket(path="s3://b", description="one")))
    apply(others, changed(others, bucket(path="s3://b", description="two")), new(user("eve")))

    undo.undo(store)

    assert store.snapshot().get(S3).data["configuration"] == {"path": "s3://a"}
    assert store.snapshot().get(S3).data["description"] == "two"
    assert user("eve").key in everything(store)


def test_undo_of_a_field_that_others_changed_is_a_conflict(store, others):
    put(store, bucket(path="s3://a"))
    apply(store, changed(store, bucket(path="s3://b")))
    apply(others, changed(others, bucket(path="s3://c")))
    before = everything(store)

    for _ in range(2):
        with pytest.raises(ConflictError):
            undo.undo(store)
    assert everything(store) == before


def test_undo_of_a_new_field_that_others_changed_is_a_conflict(store, others):
    put(store, bucket(path="s3://a"))
    apply(store, changed(store, bucket(path="s3://a", description="one")))
    apply(others, changed(others, bucket(path="s3://a", description="two")))
    before = everything(store)

    with pytest.raises(ConflictError, match="description"):
        undo.undo(store)
    assert everything(store) == before


def test_undo_passes_over_what_others_took_back(store, others):
    start = everything(store)
    put(store, bucket(path="s3://a"))
    apply(store, changed(store, bucket(path="s3://b")))
    apply(others, changed(others, bucket(path="s3://a")))

    undo.undo(store)

    assert everything(store) == start


def test_undo_takes_back_nothing_of_others(store, others):
    put(others, bucket())

    with pytest.raises(NotFound):
        undo.undo(store)
    assert S3 in everything(store)


def test_redo_keeps_what_others_changed(store, others):
    put(store, bucket(path="s3://a", description="one"))
    apply(store, changed(store, bucket(path="s3://b", description="one")))
    undo.undo(store)
    apply(others, changed(others, bucket(path="s3://a", description="two")), new(user("eve")))

    undo.redo(store)

    assert everything(store)[S3] == bucket(path="s3://b", description="two").text
    assert user("eve").key in everything(store)


def test_redo_of_a_field_that_others_changed_is_a_conflict(store, others):
    put(store, bucket(path="s3://a"))
    apply(store, changed(store, bucket(path="s3://b")))
    undo.undo(store)
    apply(others, changed(others, bucket(path="s3://c")))

    with pytest.raises(ConflictError):
        undo.redo(store)


def test_undo_takes_back_a_revert_and_a_restore(store):
    put(store, bucket(path="s3://a"))
    then = store.head()
    apply(store, changed(store, bucket(path="s3://b")))
    undo.revert(store, store.head())
    undo.undo(store)
    assert store.snapshot().get(S3).data["configuration"] == {"path": "s3://b"}
    undo.restore(store, "s3-prod", then)
    undo.undo(store)
    assert store.snapshot().get(S3).data["configuration"] == {"path": "s3://b"}


def test_undo_where_it_would_delete_the_active_stack(store):
    put(store, stack("prod"))

    with pytest.raises(InUse):
        undo.undo(store, {"prod"})
    entities.rename(store, STACK, "live")
    undo.undo(store, {"live"})
    assert STACK in everything(store)


# One write of a random sequence: (what, which of a few names, a value).
WRITES = st.lists(
    st.tuples(st.sampled_from(["put", "put", "delete", "rename", "comment"]), st.integers(0, 2), st.integers(0, 3)),
    max_size=12,
)


def _write(store, what, which, value):
    name, other = f"s{which}", f"s{value}"
    key = bucket(name).key
    there = store.snapshot().text(key)
    if what == "put":
        apply(store, Edit(key, None if there is None else now(store, key), bucket(name, path=f"s3://{value}").text))
    elif there is not None and what == "delete":
        apply(store, gone(store, key))
    elif there is not None and what == "comment":
        apply(store, Edit(key, now(store, key), f"# {value}\n{there}"))
    elif there is not None and store.snapshot().text(bucket(other).key) is None:
        entities.rename(store, key, other)


@pytest.mark.parametrize("kind", ["memory", "sql", "git", "git-by-hand"])
@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=WRITES)
def test_undoing_every_write_gives_the_state_of_the_start(tmp_path, kind, writes):
    folder = tmp_path / str(next(NUMBERS))
    folder.mkdir()
    options = OPTIONS._replace(mode="manual" if kind == "git-by-hand" else "commit")
    with contextlib.closing(create_store(URLS[kind.partition("-")[0]].format(folder=folder), options)) as store:
        states = [everything(store)]
        for what, which, value in writes:
            _write(store, what, which, value)
            if everything(store) != states[-1]:
                states.append(everything(store))

        for state in reversed(states[:-1]):
            undo.undo(store)
            assert everything(store) == state

        with pytest.raises(NotFound):
            undo.undo(store)
