"""Names of recorded changes where they are numbered (SHAPES: a number, HEAD or a date), and how to follow an entity."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, time

from zenprofile.core.change import Changed, Recorded, is_rename
from zenprofile.core.entity import Data, Key
from zenprofile.core.snapshot import parse
from zenprofile.errors import Invalid, NotFound

_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
NOTHING = Recorded("", "", "", "", ())


def now() -> str:
    """Return the present moment in RFC 3339, UTC, to the second: as text it sorts by time."""
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """Return a moment in the form of `now`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def instant(text: str) -> datetime | None:
    """Return the last instant that a date means, or None where the text is none.

    Args:
        text: ``2026-11-24`` (the whole day, here) or RFC 3339; without an offset, this machine's time.
    """
    try:
        if _DAY.match(text):
            return datetime.combine(datetime.fromisoformat(text), time.max).astimezone()
        return datetime.fromisoformat(text).astimezone() if text[4:5] == "-" else None
    except (ValueError, OverflowError):
        return None


def number(at: str, head: int, last_until: Callable[[str], int]) -> int:
    """Return the number of the change that a rev names.

    Args:
        at: a number, ``HEAD`` or a date.
        head: number of the last change; 0 before the first.
        last_until: gives the number of the last change made until a moment (as `stamp` writes it), 0 for none.

    Raises:
        NotFound: there is no such change.
    """
    if at == "HEAD":
        found = head
    elif at.isascii() and at.isdigit():
        found = int(at[:18])
    else:
        moment = instant(at)
        found = 0 if moment is None else last_until(stamp(moment))
    if not 0 < found <= head:
        hint = f"the changes are 1 to {head}; a date or HEAD will do as well"
        raise NotFound(f"there is no revision {at[:100]!r}", hint=hint)
    return found


def changed(key: Key, before: str | None, after: str | None) -> Changed:
    """Return what happened to an entity from its documents; one that cannot be read counts as empty."""
    return Changed(key, _data(key, before), _data(key, after))


def _data(key: Key, text: str | None) -> Data | None:
    if text is None:
        return None
    try:
        return parse(key, text).data
    except Invalid:
        return {}


def follow(records: Iterable[Recorded], key: Key) -> Iterator[Recorded]:
    """Yield the changes, newest first, that touched an entity, under its earlier names too."""
    for record in records:
        if any(change.key == key for change in record.changes):
            yield record
            key = earlier(record, key)


def earlier(record: Recorded, key: Key) -> Key:
    """Return the name that an entity had before a change."""
    new = next((change for change in record.changes if change.key == key), None)
    if new is None or new.action != "added":
        return key
    gone = (old for old in record.changes if old.action == "removed")
    return next((old.key for old in gone if is_rename(old, new)), key)
