"""A flavor's new schema on one side, a component that it refuses on the other: one conflict, settled by a choice."""

import pytest

from zenprofile.core.entity import Data, Key
from zenprofile.core.merge.data import Choice, Choices
from zenprofile.core.merge.schema_conflicts import Sides, resolve
from zenprofile.errors import Problem

OWN = Key("flavor", "artifact_store", "own")
X = Key("component", "artifact_store", "x")
BASE, NARROW, USED = {OWN: "wide", X: "old"}, {OWN: "narrow", X: "old"}, {OWN: "wide", X: "new"}
ELSEWHERE = Problem("stacks/prod.yaml", 1, 1, "name", "something else", "", "other")


def read(key: Key, text: str | None) -> Data | None:
    return None if text is None else {"flavor": "own", "configuration": {"is": text}}


class Merged:
    """The documents of a merge in which the schema is one side's and the component the other's."""

    def __init__(self, *, by_us: bool) -> None:
        sides = (NARROW, USED) if by_us else (USED, NARROW)
        self.sides = Sides(BASE, *sides, read)
        self.documents: dict[Key, str | None] = {OWN: "narrow", X: "new"}

    def left(self) -> list[Problem]:
        refused = [Problem(X.path, 1, 1, "configuration", "'b' is no field", "", "unknown")]
        return [*(refused if self.documents == {OWN: "narrow", X: "new"} else []), ELSEWHERE]

    def data(self, key: Key) -> Data | None:
        return read(key, self.documents.get(key))


@pytest.mark.parametrize("by_us", [True, False])
def test_it_waits_for_a_choice_and_says_what_each_does(by_us: bool) -> None:
    merged = Merged(by_us=by_us)

    (conflict,), others = resolve(merged.documents, merged.left, merged.data, merged.sides, {})

    assert (conflict.key, conflict.path, conflict.class_) == (X, ("configuration",), "reference")
    assert (conflict.ours, conflict.theirs) == (
        ({"is": "old"}, {"is": "new"}) if by_us else ({"is": "new"}, {"is": "old"})
    )
    where, other = ("here", "there") if by_us else ("there", "here")
    keeps, gives = ("ours", "theirs") if by_us else ("theirs", "ours")
    assert conflict.detail == (
        f"the schema of flavor own as it is {where} refuses artifact_store x as it is {other}: 'b' is no field; "
        f"{keeps} takes artifact_store x as it is {where}, {gives} takes flavor own as it is {other}"
    )
    assert others == [ELSEWHERE]


@pytest.mark.parametrize(
    ("by_us", "choice", "left"),
    [
        (True, "ours", {OWN: "narrow", X: "old"}),
        (True, "theirs", {OWN: "wide", X: "new"}),
        (False, "ours", {OWN: "wide", X: "new"}),
        (False, "theirs", {OWN: "narrow", X: "old"}),
    ],
)
def test_a_choice_takes_the_schema_or_the_component_of_its_side(
    by_us: bool, choice: Choice, left: dict[Key, str | None]
) -> None:
    merged = Merged(by_us=by_us)
    choices: dict[Key, Choices] = {X: {("configuration",): choice}}

    assert resolve(merged.documents, merged.left, merged.data, merged.sides, choices) == ([], [ELSEWHERE])
    assert merged.documents == left
