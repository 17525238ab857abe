"""What was changed, and edits by hand that become a change."""

from itertools import islice
from typing import Any, Protocol, runtime_checkable

from zenprofile.core import change
from zenprofile.core.change import Recorded
from zenprofile.core.entity import Key
from zenprofile.errors import NotFound
from zenprofile.store.base import Store


@runtime_checkable
class Committing(Protocol):
    """A store whose documents people edit by hand, between changes."""

    def commit(self, message: str = "") -> Recorded:
        """Record all edits made by hand, those left by earlier commands included, when the whole is valid.

        Args:
            message: why; "" says what changed.

        Returns:
            What was recorded; without changes where there were no edits.

        Raises:
            Invalid: the edits add problems; the error carries every one.
            Paused: the user is in the middle of a merge or the like.
        """
        ...


def commit(store: Store, message: str = "") -> Recorded | None:
    """Record edits made by hand.

    Returns:
        What was recorded; None where the store has no such edits, since every write is shared at once.
    """
    return store.commit(message) if isinstance(store, Committing) else None


def log(store: Store, key: Key | None = None, count: int | None = None) -> list[Recorded]:
    """Return changes, newest first: of one entity or of all, at most so many."""
    return list(islice(store.history(key), count))


def find(store: Store, text: str) -> Key:
    """Return the key of an entity that is there, or (named in full: ``stack/prod``) was there.

    Raises:
        NotFound: there is none.
        Ambiguous: a bare name fits several.
    """
    from zenprofile.usecases import lookup

    try:
        return lookup.refer(store.snapshot(), text)
    except NotFound:
        gone = [c.key for record in store.history() for c in record.changes if text in {str(c.key), c.key.name}]
        if not gone:
            raise
        return gone[0]


def as_json(recorded: Recorded) -> dict[str, Any]:
    """Return a change as ``log`` and ``show`` print it (SHAPES)."""
    return {
        "rev": recorded.rev,
        "who": recorded.who,
        "when": recorded.when,
        "message": recorded.message,
        "changes": [change.as_json(changed) for changed in recorded.changes],
    }
