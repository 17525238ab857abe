"""The part of a merge with open conflicts that can be shared: the entities without a conflict."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from zenprofile.core.entity import Key
from zenprofile.core.merge.data import Conflict

Texts = Mapping[Key, str]


class Parts(NamedTuple):
    """A merge, parted in what is in conflict and all else.

    Attributes:
        merged: what is not in conflict, as both sides are to have it; None for deleted.
        held: what is in conflict, as the common ancestor has it; None where it has none.
        here: what of ``merged`` differs from ours.
        there: what of ``merged`` differs from theirs.
    """

    merged: dict[Key, str | None]
    held: dict[Key, str | None]
    here: dict[Key, str | None]
    there: dict[Key, str | None]


def parts(
    base: Texts, ours: Texts, theirs: Texts, documents: Mapping[Key, str | None], conflicts: Iterable[Conflict]
) -> Parts | None:
    """Split a merge into entities in conflict and the rest; None where conflicts affect other entities.

    Args:
        base: documents of the common ancestor, as `documents.merge` takes them.
        ours: documents here.
        theirs: documents there.
        documents: what the merge came to: what differs from ours, but for what is in conflict.
        conflicts: what a person must decide.
    """
    conflicts = list(conflicts)
    held = {conflict.key: base.get(conflict.key) for conflict in conflicts}
    keys = {*base, *ours, *theirs, *documents}
    if any(conflict.class_ != "field" for conflict in conflicts) or not all(k in ours and k in theirs for k in held):
        return None
    gone = any(key in base and not (key in ours and key in theirs) for key in keys)
    if gone and None in held.values():  # it may be the new name of one that is gone
        return None
    merged = {key: documents[key] if key in documents else ours.get(key) for key in keys - held.keys()}
    here, there = ({key: text for key, text in merged.items() if text != side.get(key)} for side in (ours, theirs))
    return Parts(merged, held, here, there)
