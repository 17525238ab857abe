"""What a store offers whose recorded changes can be taken back; the use cases of history know nothing else of it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from zenprofile.core.change import Change, Recorded
from zenprofile.core.entity import Key


class Text(NamedTuple):
    """One document of a recorded change; None where there was none."""

    key: Key
    before: str | None
    after: str | None


class Past(NamedTuple):
    """A recorded change with its documents.

    Attributes:
        id: names it to `Undoing.take_back`; "" where it was asked for by a rev.
        recorded: as history tells it; rev and who are "" where it stayed an uncommitted edit.
        texts: what it changed.
        joins: whether it joined two histories.
    """

    id: str
    recorded: Recorded
    texts: tuple[Text, ...]
    joins: bool = False


class Undoing(Protocol):
    """A store whose changes can be taken back: every store that ships."""

    def past(self, rev: str) -> Past:
        """Return the recorded change that a rev or date names.

        Raises:
            NotFound: there is none.
        """
        ...

    def own(self) -> Iterator[Past]:
        """Yield what commands of this machine changed, newest first, and what no `take_back` has taken back yet.

        A merge is not among it, nor is what `take_back` wrote, nor the change that began the profile. How far back it
        reaches is the driver's to say.
        """
        ...

    def take_back(self, change: Change, undone: str) -> Recorded:
        """Write a change as `Store.apply` does, and remember in the same step what it takes back (`Past.id`)."""
        ...


def standing(records: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the ids of changes that have not been taken back.

    Args:
        records: newest first, the id of each, and the id of what it takes back ("": nothing).
    """
    taken: set[str] = set()
    for number, undone in records:
        if undone:
            taken.add(undone)
        elif number not in taken:
            yield number


def mark(secret_: str, number: int) -> str:
    """Return what a change with a number carries that this machine made; "" where it has no secret."""
    import hashlib
    import hmac

    return hmac.new(secret_.encode(), str(number).encode(), hashlib.sha256).hexdigest() if secret_ else ""
