"""Open conflicts and their choices, kept as data beside the repository: the tree never holds a marker."""

import contextlib
import os
import re
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from zenprofile.core.change import MISSING, same
from zenprofile.core.entity import Key, key_of_path
from zenprofile.core.paths import Path
from zenprofile.drivers.local import state_files, virtual_base
from zenprofile.fs import nofollow
from zenprofile.git.repository import Repository

if TYPE_CHECKING:
    from zenprofile.core.merge.data import Choice
    from zenprofile.core.merge.documents import Choices, Conflict

_OID = re.compile("(?:[0-9a-f]{40}|[0-9a-f]{64})?")
OUTSIDE = Key("outside", "", "")  # stands for the files outside the profile in a conflict


class WholeDocument(NamedTuple):
    """A document that a person wrote as a whole to resolve its conflicts (None: no document).

    Attributes:
        key: of the entity.
        ours: the document here at that time.
        theirs: the document there.
        text: what it is to be.
    """

    key: Key
    ours: str | None
    theirs: str | None
    text: str | None


class MergeState(NamedTuple):
    """What is known of an unfinished merge.

    Attributes:
        ours: the commit here when it was tried.
        theirs: the commit there.
        conflicts: those that no choice settles.
        settled: those that a person has settled so far, each with the choice.
        whole: documents that a person has settled whole.
        accepted: whether what is invalid at the remote is taken as it is.
        elsewhere: conflicts of other profiles in the repository, which are settled there.
    """

    ours: str
    theirs: str
    conflicts: tuple["Conflict", ...]
    settled: tuple[tuple["Conflict", "Choice"], ...] = ()
    whole: tuple[WholeDocument, ...] = ()
    accepted: bool = False
    elsewhere: tuple["Conflict", ...] = ()


def load(repository: Repository) -> MergeState | None:
    """Return the unfinished merge, or None; what else a copied git folder holds in its place counts as none."""
    try:
        data = nofollow.read_json(state_files.merge_state_file(repository))
        conflicts = tuple(_conflict(row) for row in data["conflicts"])
        settled = tuple((_conflict(row), _choice(row["choice"])) for row in data["settled"])
        whole = tuple(WholeDocument(_key(key), *map(_maybe_text, texts)) for key, *texts in data["whole"])
        elsewhere = tuple(_conflict(row) for row in data.get("elsewhere", ()))
        oids = (_oid(data["ours"]), _oid(data["theirs"]))
        return MergeState(*oids, conflicts, settled, whole, bool(data["accepted"]), elsewhere)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _oid(value: Any) -> str:
    if not isinstance(value, str) or not _OID.fullmatch(value):
        raise ValueError("no object id")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _maybe_text(value: Any) -> str | None:
    return None if value is None else _text(value)


def _key(row: Any) -> Key:
    key = Key(*map(_text, row))
    if key != OUTSIDE and key_of_path(key.path) != key:
        raise ValueError("no key")
    return key


def _path(row: Any) -> Path:
    if not isinstance(row, list) or not all(type(step) in (str, int) for step in row):
        raise ValueError("no path")
    return tuple(row)


def save(repository: Repository, record: MergeState) -> None:
    """Save an unfinished merge, durably."""
    data = {
        "format": 1,
        "since": _since(repository, record),
        "ours": record.ours,
        "theirs": record.theirs,
        "conflicts": [as_row(conflict) for conflict in record.conflicts],
        "settled": [{**as_row(conflict), "choice": _choice_row(choice)} for conflict, choice in record.settled],
        "whole": record.whole,
        "accepted": record.accepted,
        "elsewhere": [as_row(conflict) for conflict in record.elsewhere],
    }
    state_files.save(repository, repository.profile_file_name("conflicts.json"), data)


def _since(repository: Repository, record: MergeState) -> int:
    """Return since when there is a conflict: as before, where one of those that were known is still among them."""
    before, known = load(repository), state_files.in_conflict_since(repository)
    if before is None or known is None or not _places(before) & _places(record):
        return int(time.time())
    return known


def _places(record: MergeState) -> "set[tuple[Key, Path, str]]":
    found = (*record.conflicts, *record.elsewhere, *(conflict for conflict, _ in record.settled))
    return {(conflict.key, conflict.path, conflict.place) for conflict in found}


def clear(repository: Repository) -> None:
    """Delete the state of an unfinished merge: it is made, or there is nothing to merge any more."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(state_files.merge_state_file(repository))
        virtual_base.delete_all(repository)


def as_row(conflict: "Conflict") -> dict[str, Any]:
    """Return a conflict as data; a side that has no value lacks its key."""
    row: dict[str, Any] = {
        "key": conflict.key,
        "path": conflict.path,
        "class": conflict.class_,
        "detail": conflict.detail,
        "place": conflict.place,
    }
    for side in ("base", "ours", "theirs"):
        value = getattr(conflict, side)
        if value is not MISSING:
            row[side] = value
    return row


def _conflict(row: Mapping[str, Any]) -> "Conflict":
    from zenprofile.core.merge.documents import Conflict

    base, ours, theirs = (row.get(side, MISSING) for side in ("base", "ours", "theirs"))
    key, class_, detail = _key(row["key"]), _text(row["class"]), _text(row["detail"])
    return Conflict(key, _path(row["path"]), base, ours, theirs, class_, detail, _text(row.get("place", "")))


def _choice_row(choice: "Choice") -> dict[str, Any]:
    from zenprofile.core.merge.documents import Value

    if not isinstance(choice, Value):
        return {"side": choice}
    return {} if choice.value is MISSING else {"value": choice.value}


def _choice(row: Mapping[str, Any]) -> "Choice":
    from zenprofile.core.merge.documents import Value

    if "side" in row:
        return "ours" if row["side"] == "ours" else "theirs"
    return Value(row.get("value", MISSING))


def choices(settled: "Iterable[tuple[Conflict, Choice]]") -> "dict[Key, Choices]":
    """Return choices as the merge takes them."""
    found: dict[Key, dict[Path, Choice]] = {}
    for conflict, choice in settled:
        found.setdefault(conflict.key, {})[conflict.path] = choice
    return dict(found)


def still_settled(record: MergeState, conflicts: "Iterable[Conflict]") -> "tuple[tuple[Conflict, Choice], ...]":
    """Return the resolved conflicts that stay resolved: the values to choose from are the same.

    Who chose ours has chosen what is here now, too.
    """
    now = {(conflict.key, conflict.path): conflict for conflict in conflicts}
    kept = []
    for old, choice in record.settled:
        new = now.get((old.key, old.path))
        if new is not None and same(new.theirs, old.theirs) and (choice == "ours" or same(new.ours, old.ours)):
            kept.append((new, choice))
    return tuple(kept)
