"""Numbered changes of a store: resolve a rev (a number, HEAD or a date), follow an entity through renames."""

import time
from collections.abc import Callable, Iterable, Iterator

from zenprofile.core.change import Changed, Recorded, is_mostly, is_rename
from zenprofile.core.entity import Key
from zenprofile.errors import NotFound
from zenprofile.store import dates


def timestamp() -> str:
    """Return the present moment as a recorded change has it; as text it sorts by time."""
    return dates.rfc3339(time.time())


def nothing(message: str) -> Recorded:
    """Return the result of applying an empty change."""
    return Recorded("", "", "", message, ())


def number(at: str, head: int, last_until: Callable[[str], int]) -> int:
    """Return the number of the change that a rev names.

    Args:
        at: a number, ``HEAD`` or a date as `zenprofile.store.dates.parse` takes it.
        head: number of the last change; 0 before the first.
        last_until: gives the number of the last change made until a moment (in the form of `timestamp`), 0 for none.

    Raises:
        NotFound: there is no such change.
    """
    seconds = dates.parse(at)
    if seconds is not None:
        found = last_until(dates.rfc3339(seconds))
    elif at == "HEAD":
        found = head
    else:
        found = int(at[:18]) if at.isascii() and at.isdigit() else 0
    if not 0 < found <= head:
        message = f"there is no change {at[:140]!r}" if seconds is None else f"nothing was recorded before {at}"
        raise NotFound(message, hint=f"a number from 1 to {head}, HEAD or a date; see: zenprofile log")
    return found


def follow(records: Iterable[Recorded], key: Key) -> Iterator[Recorded]:
    """Yield the changes, newest first, that touched an entity, under its earlier names too; of each only its part."""
    for record in records:
        part, name = about(record, key)
        if part.changes:
            yield part
            key = name


def about(record: Recorded, key: Key) -> tuple[Recorded, Key]:
    """Return the part of a change that is about an entity, and the name that the entity had before."""
    mine = [changed for changed in record.changes if changed.key == key]
    if mine and mine[0].action == "added":
        mine += _origin(mine[0], record.changes)
    return record._replace(changes=tuple(sorted(mine, key=lambda c: c.key))), mine[-1].key if mine else key


def _origin(new: Changed, changes: Iterable[Changed]) -> list[Changed]:
    """Return the removal that an addition is the rename of, at most one.

    That is one with the same data, else, where nothing else of its kind and type came or went, one with half of it:
    people rename and edit by hand before they commit.
    """
    others = [c for c in changes if c.key[:2] == new.key[:2] and c.key != new.key]
    gone = [c for c in others if c.action == "removed"]
    exact = [c for c in gone if is_rename(c, new)]
    if exact or len(gone) != 1 or any(c.action == "added" for c in others):
        return exact[:1]
    return gone if is_mostly(gone[0], new) else []
