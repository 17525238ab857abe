"""What was changed: log, one change, differences; and edits by hand that become a change."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from zenprofile.core import change
from zenprofile.core.change import Changed, Recorded
from zenprofile.core.entity import Key
from zenprofile.core.snapshot import Snapshot, data_of
from zenprofile.errors import Ambiguous, Invalid, NotFound, Unsupported
from zenprofile.store import revs
from zenprofile.store.base import Store
from zenprofile.store.undo import Undoing


def commit(store: Store, message: str = "") -> Recorded | None:
    """Record edits made by hand.

    Returns:
        What was recorded; None where the store has no such edits, since every write is shared at once.
    """
    committing = getattr(store, "commit", None)
    recorded: Recorded | None = committing(message) if committing is not None else None
    return recorded


def log(store: Store, key: Key | None = None, count: int | None = None) -> list[Recorded]:
    """Return changes, newest first: of one entity, under its earlier names too, or of all; at most so many."""
    return list(islice(followed(store, key)[1], count))


def followed(store: Store, key: Key | None) -> tuple[Recorded, Iterator[Recorded]]:
    """Return what is not recorded yet, and the recorded changes, of one entity or of all.

    A rename that is not recorded yet is followed.
    """
    waiting = Recorded("", "", "", "", tuple(uncommitted(store)))
    if key is None:
        return waiting, store.history()
    waiting, key = revs.about(waiting, key)
    return waiting, store.history(key)


def uncommitted(store: Store) -> list[Changed]:
    """List edits that are not recorded yet; none where every write is."""
    edits = getattr(store, "uncommitted", None)
    found: list[Changed] = edits() if edits is not None else []
    return found


def undoing(store: Store) -> Undoing:
    """Return the store as one whose changes can be taken back.

    Raises:
        Unsupported: it cannot; what zenprofile itself ships can.
    """
    if not hasattr(store, "take_back"):
        hint = "its log, and --at REV on every read, tell what was before"
        raise Unsupported(f"a store of type '{store.driver}' cannot do that", hint=hint)
    return store  # type: ignore[return-value] # the attribute says so


def show(store: Store, at: str) -> Recorded:
    """Return one change.

    Raises:
        NotFound: there is no such revision.
    """
    return undoing(store).past(at).recorded


def diff(store: Store, span: str = "") -> list[Changed]:
    """List what differs, by key.

    Args:
        store: where.
        span: "" for what is not recorded yet; REV for what changed from then to now; REV..REV for what changed between
            the two (a side that is left out is HEAD).

    Raises:
        NotFound: there is no such revision.
    """
    if not span:
        return uncommitted(store)
    old, dots, new = span.partition("..")
    before = store.snapshot(old or "HEAD")
    return differences(before, store.snapshot((new or "HEAD") if dots else None))


def differences(before: Snapshot, after: Snapshot) -> list[Changed]:
    """List what differs between two snapshots, by key, line ends aside."""
    found = []
    for snapshot in (before, after):
        snapshot.prefetch()
    for key in sorted({*before.keys(), *after.keys()}):
        sides = [_text(snapshot, key) for snapshot in (before, after)]
        old, new = (side if side is None else side.replace("\r\n", "\n") for side in sides)
        if old != new:
            found.append(Changed(key, data_of(key, old), data_of(key, new)))
    return found


def _text(snapshot: Snapshot, key: Key) -> str | None:
    try:
        return snapshot.text(key)
    except Invalid:  # no text at all
        return ""


def find(store: Store, text: str, then: Snapshot | None = None) -> Key:
    """Return the key of an entity that is there, was there then, or was there at some time.

    Raises:
        NotFound: there never was one.
        Ambiguous: a bare name fits several.
        UsageError: it is no such text.
    """
    from zenprofile.usecases import lookup

    try:
        return lookup.refer(store.snapshot(), text)
    except NotFound as error:
        missing = error
    if then is not None:
        try:
            return lookup.refer(then, text)
        except NotFound:
            pass
    gone = dict.fromkeys(c.key for r in store.history() for c in r.changes if text in {str(c.key), c.key.name})
    if not gone:
        raise missing
    if len(gone) > 1:
        fit = ", ".join(map(str, gone))
        raise Ambiguous(f"several entities were named {text!r}: {fit}", hint="write it in full, such as stack/NAME")
    return next(iter(gone))


def as_json(recorded: Recorded) -> dict[str, Any]:
    """Return a change as ``log`` and ``show`` print it (docs/contract.md)."""
    return {
        "rev": recorded.rev,
        "who": recorded.who,
        "when": recorded.when,
        "message": recorded.message,
        "changes": [change.as_json(changed) for changed in recorded.changes],
    }
