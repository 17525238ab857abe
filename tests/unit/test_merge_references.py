"""References in a merge: broken by both sides together, settled by a choice, never broken by renames."""

import copy
from typing import Any

import pytest
from generated import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from zenprofile.core.change import MISSING
from zenprofile.core.document import reader as texts
from zenprofile.core.document import writer
from zenprofile.core.entity import Data, Key
from zenprofile.core.merge.data import Choice, Conflict
from zenprofile.core.merge.documents import Value, merge
from zenprofile.core.merge.references import broken_references, settle, with_new_names
from zenprofile.core.profile_check import refers_to

A = Key("component", "alerter", "a")
F = Key("flavor", "alerter", "f")
PROD, TEAM, ROLE = Key("stack", "", "prod"), Key("team", "", "ml"), Key("role", "", "admin")
ANN = Key("user", "", "ann")
PROJECT = Key("project", "", "p")

DOCUMENTS: dict[Key, Data] = {
    A: {"name": "a", "type": "alerter", "flavor": "f"},
    F: {"name": "f", "type": "alerter"},
    PROD: {"name": "prod", "components": {"alerter": "a"}},
    TEAM: {"name": "ml", "members": ["ann"]},
    ROLE: {"name": "admin", "assignments": [{"team": "ml", "project": "p"}]},
    ANN: {"name": "ann"},
    PROJECT: {"name": "p"},
}


def without(key: Key) -> Any:
    return {k: data for k, data in DOCUMENTS.items() if k != key}.get


def test_a_whole_profile_breaks_nothing() -> None:
    assert broken_references(DOCUMENTS.get, set(DOCUMENTS), set(DOCUMENTS)) == []


@pytest.mark.parametrize(
    ("gone", "refers", "path"),
    [
        (A, PROD, ("components", "alerter")),
        (F, A, ("flavor",)),
        (ANN, TEAM, ("members", 0)),
        (TEAM, ROLE, ("assignments", 0, "team")),
        (PROJECT, ROLE, ("assignments", 0, "project")),
    ],
)
def test_one_side_deletes_what_the_other_uses(gone: Key, refers: Key, path: tuple[Any, ...]) -> None:
    (here,) = broken_references(without(gone), {gone}, {refers})
    (there,) = broken_references(without(gone), {refers}, {gone})

    assert here[:6] == (refers, path, MISSING, MISSING, gone.name, "reference")
    assert there[:6] == (refers, path, MISSING, gone.name, MISSING, "reference")
    assert "there" in here.detail
    assert here.detail.endswith("which was deleted here")


def test_what_one_side_broke_by_itself_is_no_conflict() -> None:
    assert broken_references(without(A), {A, PROD}, set()) == []
    assert broken_references(without(A), {PROD}, {TEAM}) == []


def test_flavors_that_ship_need_nobody_to_register_them() -> None:
    assert broken_references(without(F), {F}, {A}, lambda type_, name: (type_, name) == ("alerter", "f")) == []


@pytest.mark.parametrize(
    ("gone", "refers", "choice", "result"),
    [
        (A, PROD, "theirs", {A: "base"}),
        (A, PROD, Value("b"), {PROD: "name: prod\ncomponents:\n  alerter: b\n"}),
        (A, PROD, "ours", {PROD: "name: prod\ncomponents: {}\n"}),
        (F, A, "ours", {A: None}),
        (ANN, TEAM, "ours", {TEAM: "name: ml\nmembers: []\n"}),
        (PROJECT, ROLE, "ours", {ROLE: "name: admin\nassignments: []\n"}),
    ],
)
def test_a_choice_settles_it(gone: Key, refers: Key, choice: Choice, result: dict[Key, str | None]) -> None:
    (conflict,) = broken_references(without(gone), {gone}, {refers})

    def merged(key: Key) -> str | None:
        return writer.write(key.kind, DOCUMENTS[key]) if key != gone else None

    assert settle(conflict, choice, merged, lambda key: "base") == result


def test_one_of_several_components_goes_alone() -> None:
    conflict = Conflict(PROD, ("components", "alerter", 0), MISSING, MISSING, "a", "reference", "")
    text = "components:\n  alerter: [a, b]  # two\n"

    assert settle(conflict, "ours", {PROD: text}.get, lambda key: None) == {
        PROD: "components:\n  alerter: [b]  # two\n"
    }
    assert settle(conflict, Value("b"), {PROD: text}.get, lambda key: None) == {
        PROD: "components:\n  alerter: [b]  # two\n"
    }
    assert settle(conflict, "ours", {PROD: "name: prod\n"}.get, lambda key: None) == {}


def test_references_follow_in_the_document_as_it_is_written() -> None:
    text = "# a\ncomponents:\n  alerter: 'a'  # the a\n  sandbox: a\n"

    assert with_new_names(PROD, text, {A: "b"}) == text.replace("'a'", "b")
    assert with_new_names(A, "name: a\nflavor: f  # f\n", {F: "g"}) == "name: a\nflavor: g  # f\n"
    assert with_new_names(PROD, text, {ANN: "bob"}) == text
    assert with_new_names(PROD, "components:\n  alerter: [b, a]\n", {A: "b"}) == "components:\n  alerter: [b]\n"


# Two people rename, add, edit and take out, each in a profile that holds: what they do never breaks the whole.

NAMES = "pqrs"
Profile = dict[Key, Data]
STEPS = st.lists(
    st.tuples(st.sampled_from(["rename", "add", "use", "edit", "drop"]), st.integers(0, 5), st.sampled_from(NAMES)),
    max_size=3,
)


def after(profile: Profile, steps: list[tuple[str, int, str]], who: str) -> tuple[Profile, dict[Key, Key]]:
    """Return a profile after a person's steps, and what was renamed."""
    result = copy.deepcopy(profile)
    renames = {key: key for key in profile}
    for step, number, letter in steps:
        components = sorted(key for key in result if key.kind == "component")
        stacks = sorted(key for key in result if key.kind == "stack")
        one, use = components[number % len(components)], stacks[number % len(stacks)] if stacks else None
        name = f"{letter}-{who}"
        if step == "rename" and one._replace(name=name) not in result:
            data = result.pop(one)
            new = one._replace(name=name)
            result[new] = {**data, "name": name}
            renames = {old: new if at == one else at for old, at in renames.items()}
            for key in stacks:
                uses = result[key]["components"]
                uses["alerter"] = [name if used == one.name else used for used in uses["alerter"]]
        elif step == "add":
            result[Key("stack", "", name)] = {"name": name, "components": {"alerter": [one.name]}}
        elif step == "use" and use and one.name not in result[use]["components"]["alerter"]:
            result[use]["components"]["alerter"].append(one.name)
        elif step == "edit":
            result[one]["configuration"][name] = number
        elif step == "drop" and use:
            del result[use]
    return result, {old: new for old, new in renames.items() if old != new}


def as_texts(profile: Profile) -> dict[Key, str]:
    return {key: writer.write(key.kind, data) for key, data in profile.items()}


@settings(max_examples=examples(200))
@given(STEPS, STEPS)
def test_renames_never_break_the_other_sides_references(
    ours: list[tuple[str, int, str]], theirs: list[tuple[str, int, str]]
) -> None:
    start: Profile = {}
    for name in "ab":
        key = Key("component", "alerter", name)
        start[key] = {"name": name, "type": "alerter", "flavor": "f", "configuration": {"is": name}}
    start[PROD] = {"name": "prod", "components": {"alerter": ["a", "b"]}}
    (mine, here_renamed), (other, there_renamed) = after(start, ours, "o"), after(start, theirs, "t")
    base, here, there = (as_texts(profile) for profile in (start, mine, other))
    merged = merge(base, here, there, renames=(here_renamed, there_renamed))
    result = {key: text for key, text in {**here, **merged.documents}.items() if text is not None}
    data = {key: texts.read(text) for key, text in result.items()}

    # Both may rename one component, or leave a stack none of a type; all else is merged by itself.
    assert all(c.class_ == "name" or c.path == ("components", "alerter") for c in merged.conflicts)
    if not merged.conflicts:
        for key, content in data.items():
            assert all(target in data for _, target in refers_to(key, content) if target.kind == "component")
        edits = {name: n for p in (here, there) for text in p.values() for name, n in _configuration(text).items()}
        kept = {name for text in result.values() for name in _configuration(text)}
        assert set(edits) <= kept


def _configuration(text: str) -> Data:
    found: Data = texts.read(text).get("configuration", {})
    return found
