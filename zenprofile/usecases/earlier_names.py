"""The name that an entity had at a moment of the past, found in its history."""

from collections.abc import Callable, Collection
from typing import NamedTuple

from zenprofile.core.change import Changed, same
from zenprofile.core.entity import Key
from zenprofile.core.snapshot import Snapshot, data_of
from zenprofile.errors import NotFound
from zenprofile.store.base import Store
from zenprofile.usecases import history, lookup


class PastEntity(NamedTuple):
    """An entity of a moment of the past.

    Attributes:
        key: what it was called then.
        now: what it is called now, where that is another name.
    """

    key: Key
    now: Key | None = None


def find(store: Store, then: Snapshot, at: str, finder: Callable[[Snapshot], Key]) -> PastEntity:
    """Return the entity that a finder finds at a moment, or finds now and that had another name then.

    Args:
        store: where.
        then: the snapshot of the moment.
        at: names the moment.
        finder: finds the key of what the user named.

    Raises:
        NotFound: it was not there under any name.
        Ambiguous: the name fits several.
    """
    try:
        return PastEntity(finder(then))
    except NotFound as error:
        missing = error
    try:
        now = finder(store.snapshot())
    except NotFound:
        raise missing from None
    key = name_at(store, then, now)
    if key is None:
        raise NotFound(f"there was no {lookup.describe_key(now)} at {at[:140]!r}", hint=f"see: zenprofile log {now}")
    return PastEntity(key, now)


def name_at(store: Store, then: Snapshot, key: Key) -> Key | None:
    """Return an entity's key at a moment: its present one, else an earlier one that its log shows."""
    keys = frozenset(then.keys(key.kind, key.type))
    if key in keys:
        return key
    for record in history.follow_log(store, key)[1]:
        for changed in record.changes:
            named = changed.after is not None and changed.key in keys
            if named and same(data_of(changed.key, then.text(changed.key)), changed.after):
                return changed.key
    return None


def diff(store: Store, span: str, keys: Collection[Key]) -> list[Changed]:
    """List what differs of some entities (`history.diff`); one that was renamed in between is one change.

    Raises:
        NotFound: there is no such change.
    """
    changes = [changed for changed in history.diff(store, span) if changed.key in keys]
    if all(changed.action == "changed" for changed in changes):
        return changes
    before, after = history.snapshots_of_span(store, span or "HEAD")
    return [_as_one(store, changed, before, after) for changed in changes]


def _as_one(store: Store, changed: Changed, before: Snapshot, after: Snapshot) -> Changed:
    """Return a change that, where it is half a rename, has the entity of the other name on its other side."""
    key = changed.key
    if changed.action == "added" and (old := name_at(store, before, key)):
        return changed._replace(before=data_of(old, before.text(old)))
    if (
        changed.action == "removed"
        and key in store.snapshot().keys(key.kind, key.type)
        and (old := name_at(store, after, key))
    ):
        return changed._replace(after=data_of(old, after.text(old)))
    return changed
