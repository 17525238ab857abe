"""Writes: the whole change or nothing, and only against what was read."""

from collections.abc import Callable

import pytest

from tests.contract.kit import (
    USES_DEFAULTS,
    Document,
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
    renamed,
    role,
    stack,
    team,
    user,
)
from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import DEFAULTS, Key
from zenprofile.errors import Exists, InUse, Invalid, NotFound, Stale, ZenprofileError
from zenprofile.store.base import Store
from zenprofile.store.prepare import revision_of

S3 = bucket().key
PROD = stack().key
USES_S3 = {**USES_DEFAULTS, "artifact_store": "s3-prod"}
FREE = {"type": "object"}


def refused(store: Store, error: type[ZenprofileError], *edits: Edit) -> ZenprofileError:
    """Apply a change that is to be refused, and see that nothing of it was done."""
    before, head = everything(store), store.head()
    with pytest.raises(error) as caught:
        store.apply(Change(edits))
    assert everything(store) == before
    assert store.head() == head
    return caught.value


def test_a_write_says_what_it_did(store: Store) -> None:
    added = apply(store, new(bucket(path="s3://a")))
    edited = apply(store, changed(store, bucket(path="s3://b")))
    removed = apply(store, gone(store, S3))

    assert [c.action for r in (added, edited, removed) for c in r.changes] == ["added", "changed", "removed"]
    assert edited.changes[0].key == S3
    assert edited.changes[0].before is not None
    assert edited.changes[0].before["configuration"] == {"path": "s3://a"}
    assert edited.changes[0].after is not None
    assert edited.changes[0].after["configuration"] == {"path": "s3://b"}
    assert store.snapshot().get(S3) is None


def test_a_recorded_write_moves_the_head(recording: Store) -> None:
    heads = [recording.head()]
    for path in ("s3://a", "s3://b"):
        apply(recording, changed(recording, bucket(path=path)) if len(heads) > 1 else new(bucket(path=path)))
        heads.append(recording.head())

    assert len(set(heads)) == 3


@pytest.mark.parametrize(
    "made",
    [bucket(), stack(), user("u"), team("t"), role("r"), document("project", "p"), flavor("f", FREE)],
    ids=lambda made: made.key.kind,
)
def test_what_exists_is_not_registered_again(store: Store, made: Document) -> None:
    put(store, made)

    error = refused(store, Exists, new(made))

    assert made.key.name in error.message


def test_a_default_is_not_registered_again(store: Store) -> None:
    for key, _ in DEFAULTS:
        refused(store, Exists, Edit(key, None, store.snapshot().text(key)))


def test_names_differ_by_more_than_case(store: Store) -> None:
    put(store, bucket("s3-prod"))

    error = refused(store, Exists, new(bucket("S3-Prod")))

    assert "s3-prod" in error.message


def test_two_spellings_of_a_name_do_not_come_together(store: Store) -> None:
    refused(store, Invalid, new(bucket("S3-Prod")), new(bucket("s3-prod")))


def test_a_name_can_change_its_case(store: Store) -> None:
    put(store, bucket("s3-prod"))

    apply(store, *renamed(store, S3, bucket("S3-Prod")))

    assert bucket("S3-Prod").key in store.snapshot().keys("component")
    assert S3 not in store.snapshot().keys("component")
    assert store.snapshot().text(bucket("S3-Prod").key) == bucket("S3-Prod").text


@pytest.mark.parametrize("text", [None, bucket().text], ids=["delete", "update"])
def test_what_is_not_there_is_not_found(store: Store, text: str | None) -> None:
    error = refused(store, NotFound, Edit(S3, bucket().revision, text))

    assert "s3-prod" in error.message


def test_a_write_on_an_old_revision_changes_nothing(store: Store) -> None:
    first = put(store, bucket(path="s3://a"))
    second = put(store, bucket(path="s3://b"), replaces=first)

    refused(store, Stale, Edit(S3, first, bucket(path="s3://c").text))
    refused(store, Stale, Edit(S3, first, None))

    assert now(store, S3) == second


def test_a_write_on_a_revision_that_was_there_before_and_is_again_holds(store: Store) -> None:
    first = put(store, bucket(path="s3://a"))
    second = put(store, bucket(path="s3://b"), replaces=first)
    put(store, bucket(path="s3://a"), replaces=second)

    put(store, bucket(path="s3://c"), replaces=first)

    assert now(store, S3) == bucket(path="s3://c").revision


def test_a_change_that_changes_no_byte_records_nothing(store: Store) -> None:
    put(store, bucket())
    head = store.head()

    done = apply(store, changed(store, bucket()))

    assert done.changes == ()
    assert done.rev == ""
    assert store.head() == head
    assert apply(store).changes == ()
    assert store.head() == head


def test_a_change_of_several_is_one_change(recording: Store) -> None:
    before = len(list(recording.history()))

    apply(recording, new(bucket()), new(stack("prod", USES_S3)), new(user("ada")))

    assert len(list(recording.history())) == before + 1


def test_the_order_of_edits_does_not_matter(store: Store) -> None:
    last_first = [stack("prod", USES_S3), bucket(), role("r", {"team": "t"}), team("t", "u"), user("u")]
    apply(store, *map(new, last_first))

    refused(store, InUse, gone(store, Key("user", "", "u")))


@pytest.mark.parametrize(
    ("error", "last"),
    [
        (Exists, lambda store: new(bucket("taken"))),
        (NotFound, lambda store: Edit(bucket("none").key, bucket("none").revision, None)),
        (Stale, lambda store: Edit(bucket("taken").key, bucket("none").revision, None)),
        (Invalid, lambda store: new(stack("bad", {"orchestrator": "none"}))),
        (InUse, lambda store: gone(store, Key("component", "orchestrator", "default"))),
    ],
    ids=["exists", "not-found", "stale", "invalid", "in-use"],
)
def test_one_edit_that_does_not_hold_refuses_them_all(
    store: Store, error: type[ZenprofileError], last: Callable[[Store], Edit]
) -> None:
    put(store, bucket("taken"))
    put(store, bucket("edited", path="s3://a"))
    put(store, bucket("deleted"))

    refused(
        store,
        error,
        new(bucket("new")),
        changed(store, bucket("edited", path="s3://b")),
        gone(store, bucket("deleted").key),
        last(store),
    )


IN_USE = {
    "component": (bucket(), stack("prod", USES_S3)),
    "second of its type": (
        document("component", "gpu", "step_operator", flavor="kubernetes", configuration={}),
        stack("prod", {**USES_DEFAULTS, "step_operator": ["cpu", "gpu"]}),
    ),
    "flavor": (flavor("ours", FREE), document("component", "x", "artifact_store", flavor="ours", configuration={})),
    "user of a team": (user("u"), team("t", "u")),
    "user of a role": (user("u"), role("r", {"user": "u"})),
    "team": (team("t"), role("r", {"team": "t"})),
    "project": (document("project", "p"), role("r", {"user": "default", "project": "p"})),
}
CPU = document("component", "cpu", "step_operator", flavor="kubernetes", configuration={})


@pytest.mark.parametrize(("used", "by"), IN_USE.values(), ids=IN_USE)
def test_what_is_in_use_is_not_deleted_and_the_error_names_by_whom(store: Store, used: Document, by: Document) -> None:
    apply(store, new(CPU), new(used), new(by))

    error = refused(store, InUse, gone(store, used.key))

    assert f"{by.key.kind} {by.key.name}" in error.message
    assert used.key.name in error.message


@pytest.mark.parametrize(("used", "by"), IN_USE.values(), ids=IN_USE)
def test_what_is_in_use_goes_together_with_what_uses_it(store: Store, used: Document, by: Document) -> None:
    apply(store, new(CPU), new(used), new(by))

    apply(store, gone(store, used.key), gone(store, by.key))

    assert {used.key, by.key}.isdisjoint(store.snapshot().keys())


@pytest.mark.parametrize(("used", "by"), IN_USE.values(), ids=IN_USE)
def test_what_refers_to_nothing_is_refused(store: Store, used: Document, by: Document) -> None:
    put(store, CPU)

    error = refused(store, Invalid, new(by))

    assert used.key.name in error.message
    assert all(problem.line and problem.column for problem in error.problems)


def test_every_stack_that_uses_a_component_is_named(store: Store) -> None:
    apply(store, new(bucket()), *(new(stack(name, USES_S3)) for name in ("one", "two")))

    error = refused(store, InUse, gone(store, S3))

    assert "one" in error.message
    assert "two" in error.message


def test_a_rename_carries_the_references_in_one_change(store: Store) -> None:
    apply(store, new(bucket()), new(stack("prod", USES_S3)))

    done = apply(
        store,
        *renamed(store, S3, bucket("s3-new")),
        changed(store, stack("prod", {**USES_DEFAULTS, "artifact_store": "s3-new"})),
    )

    assert {(c.key.name, c.action) for c in done.changes} == {
        ("s3-prod", "removed"),
        ("s3-new", "added"),
        ("prod", "changed"),
    }
    assert store.snapshot().load().problems == []
    assert store.snapshot().get(S3) is None


def test_a_rename_that_leaves_references_behind_is_refused(store: Store) -> None:
    apply(store, new(bucket()), new(stack("prod", USES_S3)))

    refused(store, InUse, *renamed(store, S3, bucket("s3-new")))


def test_a_user_goes_with_memberships_and_assignments_in_one_change(store: Store) -> None:
    apply(
        store,
        *map(new, [user("u"), user("v"), team("t", "u", "v"), role("r", {"user": "u"}, {"team": "t"})]),
    )

    refused(store, InUse, gone(store, user("u").key), changed(store, team("t", "v")))
    apply(
        store,
        gone(store, user("u").key),
        changed(store, team("t", "v")),
        changed(store, role("r", {"team": "t"})),
    )

    assert store.snapshot().load().problems == []
    assert store.snapshot().get(user("u").key) is None


INVALID = {
    "unknown flavor": document("component", "x", "artifact_store", flavor="nope", configuration={}),
    "unknown field": document("component", "x", "artifact_store", flavor="local", colour="red"),
    "unknown setting": bucket("x", colour="red"),
    "wrong type of a setting": document("component", "x", "artifact_store", flavor="s3", configuration={"path": 3}),
    "missing setting": document("component", "x", "artifact_store", flavor="s3", configuration={}),
    "no mapping": Document(bucket("x").key, "- a\n- b\n"),
    "no YAML": Document(bucket("x").key, "name: [\n"),
    "a key twice": Document(user("x").key, "name: x\nname: x\n"),
    "another name": Document(bucket("x").key, bucket("y").text),
    "another type": Document(Key("component", "orchestrator", "x"), bucket("x").text),
    "a name against the rule": user("../x"),
    "a reserved name": user("con"),
    "an unknown component type": document("component", "x", "database", flavor="local", configuration={}),
    "a plain secret": document(
        "component", "x", "artifact_store", flavor="s3", configuration={"path": "s3://a", "secret": "wJalrXUtnFEMI"}
    ),
}


@pytest.mark.parametrize("made", INVALID.values(), ids=INVALID)
def test_a_document_that_does_not_hold_is_refused(store: Store, made: Document) -> None:
    error = refused(store, Invalid, new(made))

    assert error.problems
    assert "\n" not in error.message
    assert "wJalrXUtnFEMI" not in f"{error.message} {error.problems}"


def test_an_update_that_does_not_hold_is_refused(store: Store) -> None:
    apply(store, new(bucket()), new(stack("prod", USES_S3)))

    refused(store, Invalid, changed(store, stack("prod", {"artifact_store": "s3-other"})))
    refused(store, Invalid, changed(store, bucket()._replace(text=bucket().text.replace("flavor: s3", "flavor: s4"))))


def test_every_problem_is_told(store: Store) -> None:
    error = refused(store, Invalid, new(stack("a", {"orchestrator": "x", "artifact_store": "y"})), new(team("t", "z")))

    assert {(p.file, p.path) for p in error.problems} == {
        ("stacks/a.yaml", "components.orchestrator"),
        ("stacks/a.yaml", "components.artifact_store"),
        ("teams/t.yaml", "members"),
    }


def test_a_flavors_new_schema_does_not_leave_components_invalid(store: Store) -> None:
    component = document("component", "x", "artifact_store", flavor="ours", configuration={"a": 1})
    apply(store, new(flavor("ours", FREE)), new(component))
    narrow = flavor("ours", {"type": "object", "properties": {"b": {}}, "additionalProperties": False})

    refused(store, Invalid, changed(store, narrow))
    fits = document("component", "x", "artifact_store", flavor="ours", configuration={"b": 1})
    apply(store, changed(store, narrow), changed(store, fits))

    assert store.snapshot().load().problems == []


def test_problems_that_are_there_do_not_refuse_another_change(store: Store, place: Place) -> None:
    apply(store, new(bucket()), new(bucket("other")), new(stack("prod", USES_S3)))
    place.spoil(place.url, bucket("other").key, "name: [\n")
    place.spoil(place.url, PROD, stack("prod", {"artifact_store": "vanished"}).text)

    put(store, user("ada"))
    apply(store, changed(store, bucket(path="s3://b")))

    assert now(store, S3) == bucket(path="s3://b").revision
    assert store.snapshot().text(bucket("other").key) == "name: [\n"


def test_a_document_with_a_problem_takes_a_change_that_adds_none(store: Store, place: Place) -> None:
    put(store, stack("prod"))
    place.spoil(place.url, PROD, stack("prod", {**USES_DEFAULTS, "artifact_store": "vanished"}).text)

    described = stack("prod", {**USES_DEFAULTS, "artifact_store": "vanished"}, description="ours")
    apply(store, changed(store, described))
    refused(store, Invalid, changed(store, stack("prod", {"orchestrator": "gone", "artifact_store": "vanished"})))
    apply(store, changed(store, stack("prod", description="ours")))

    assert store.snapshot().load().problems == []


@pytest.mark.parametrize("fixed", [True, False], ids=["fixed", "deleted"])
def test_a_spoiled_document_can_be_mended_or_deleted(store: Store, place: Place, fixed: bool) -> None:
    put(store, bucket())
    place.spoil(place.url, S3, "name: [\n")

    apply(store, Edit(S3, revision_of(S3, "name: [\n"), bucket().text if fixed else None))

    assert store.snapshot().text(S3) == (bucket().text if fixed else None)
    assert store.snapshot().load().problems == []


def test_a_spoiled_document_is_not_written_over_unseen(store: Store, place: Place) -> None:
    first = put(store, bucket())
    place.spoil(place.url, S3, "name: [\n")

    refused(store, Stale, Edit(S3, first, bucket(path="s3://b").text))
    refused(store, Exists, new(bucket()))


def test_a_thousand_edits_are_one_change(store: Store) -> None:
    made = [bucket(f"b-{number}") for number in range(1000)]

    apply(store, *map(new, made))

    assert {m.key for m in made} < set(store.snapshot().keys("component"))
    apply(store, *(gone(store, m.key) for m in made))
    assert {m.key for m in made}.isdisjoint(store.snapshot().keys("component"))


def test_a_large_document_is_kept(store: Store) -> None:
    large = bucket(description="ä" * 300_000)
    put(store, large)

    assert store.snapshot().text(S3) == large.text
    error = refused(store, Invalid, new(bucket("larger", description="x" * (1024 * 1024 + 1))))
    assert error.code == "too-large"


def test_a_change_that_is_repeated_with_its_key_is_written_once(store: Store, place: Place) -> None:
    change = Change((new(bucket()), new(user("ada"))), "Two of them", "an-attempt")
    first = store.apply(change)
    head = store.head()

    again = store.apply(change)

    assert store.head() == head
    assert (again.rev, again.message, again.changes) == (first.rev, first.message, first.changes)
    assert [changed.action for changed in again.changes] == ["added", "added"]
    # Another attempt at the same is refused as ever.
    refused(store, Exists, *change.edits)
    apply(store, changed(store, bucket(path="s3://other")))
    assert store.apply(change).changes == first.changes


def test_what_is_read_together_is_what_is_read_one_by_one(store: Store) -> None:
    apply(store, new(bucket()), new(user("ada")), new(stack("prod", USES_S3)))
    wanted = everything(store)
    for keys in (None, [S3, PROD, user("nobody").key, Key("user", "", "ADA")], []):
        snapshot = store.snapshot()
        snapshot.prefetch(keys)
        assert {key: snapshot.text(key) for key in wanted} == wanted
        assert snapshot.text(user("nobody").key) is None
        assert snapshot.get(Key("user", "", "ADA")) is None
        assert snapshot.spelling(Key("user", "", "ADA")) == user("ada").key
