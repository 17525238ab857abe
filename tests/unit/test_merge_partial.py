"""Sharing around conflicts: what is not in conflict goes both ways, and later a merge comes to the same as at first."""

from collections.abc import Mapping

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from zenprofile.core.document import writer
from zenprofile.core.entity import Data, Key
from zenprofile.core.merge import documents, partial
from zenprofile.core.merge.partial import Parts

KEYS = [Key("component", "artifact_store", name) for name in "abc"]
Texts = dict[Key, str]


def text(key: Key, **values: str) -> str:
    configuration = {name: value for name, value in values.items() if value}
    data: Data = {"name": key.name, "type": key.type, "flavor": "s3", "configuration": configuration}
    return writer.write("component", data)


TEXTS = {key: [None, *(text(key, path=one, region=two) for one in "123" for two in ("", "1", "2"))] for key in KEYS}
sides = st.fixed_dictionaries({key: st.sampled_from(found) for key, found in TEXTS.items()}).map(
    lambda found: {key: value for key, value in found.items() if value is not None}
)


def parted(base: Texts, ours: Texts, theirs: Texts) -> Parts | None:
    merged = documents.merge(base, ours, theirs)
    return partial.parts(base, ours, theirs, merged.documents, merged.conflicts) if merged.conflicts else None


def edited(side: Texts, changes: Mapping[Key, str | None]) -> Texts:
    return {key: value for key, value in {**side, **changes}.items() if value is not None}


def settled(base: Texts, ours: Texts, theirs: Texts, side: str) -> Texts:
    conflicts = documents.merge(base, ours, theirs).conflicts
    choices = {conflict.key: {(): side} for conflict in conflicts}
    merged = documents.merge(base, ours, theirs, choices=choices)  # type: ignore[arg-type]
    assert not merged.conflicts
    return edited(ours, merged.documents)


@given(sides, sides, sides)
def test_a_merge_after_sharing_comes_to_the_same(base: Texts, ours: Texts, theirs: Texts) -> None:
    parts = parted(base, ours, theirs)
    event(f"parted: {parts is not None and bool(parts.here or parts.there)}")
    if parts is None:
        return
    here, there = edited(ours, parts.here), edited(theirs, parts.there)
    taken = edited(base, {**{key: theirs.get(key) for key in parts.merged}, **parts.held})
    given_ = edited(base, {**parts.merged, **parts.held})
    conflicts = documents.merge(base, ours, theirs).conflicts

    for common, other in ((taken, theirs), (given_, there)):
        again = documents.merge(common, here, other)
        assert again.conflicts == conflicts
        left = parted(common, here, other)
        assert left is not None
        assert (left.here, left.there) == ({}, {} if other is there else parts.there)
        for side in ("ours", "theirs"):
            assert settled(common, here, other, side) == settled(base, ours, theirs, side)
    for key, merged in parts.merged.items():
        assert here.get(key) == there.get(key) == merged
    for key in parts.held:
        assert (here[key], there[key]) == (ours[key], theirs[key])


A, B, _ = KEYS


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        pytest.param({}, {}, {}, id="renamed apart"),
        pytest.param({B: text(B, path="1")}, {}, {B: text(B, path="1")}, id="a new one, while another is gone"),
    ],
)
def test_what_reaches_further_is_not_parted(base: Texts, ours: Texts, theirs: Texts) -> None:
    """A document that both sides made anew may be the new name of one that is gone."""
    ours, theirs = {**ours, A: text(A, path="2")}, {**theirs, A: text(A, path="3")}
    conflicts = documents.merge(base, ours, theirs).conflicts
    found = parted(base, ours, theirs)

    assert conflicts
    assert (found is None) == bool(base)
