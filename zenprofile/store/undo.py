"""What a store offers whose recorded changes can be taken back; the use cases of history know nothing else of it."""

from collections.abc import Iterable, Iterator
from itertools import takewhile
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

    def undos(self) -> Iterator[Past]:
        """Yield what `take_back` wrote since this machine's last other change, newest first.

        What was taken back itself is not among it, nor what did that.
        """
        ...

    def take_back(self, change: Change, undone: str) -> Recorded:
        """Write a change as `Store.apply` does, and remember in the same step what it takes back (`Past.id`).

        What took back a change can be taken back in turn: then the change stands again.
        """
        ...


def standing(records: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the ids of changes that stand: not taken back, or what took them back was taken back itself.

    Args:
        records: newest first, the id of each, and the id of what it takes back ("": nothing).
    """
    taken: set[str] = set()
    for number, undone in records:
        if number in taken:
            continue
        if undone:
            taken.add(undone)
        else:
            yield number


def redoable(records: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the ids of what took a change back, was not taken back itself, and is younger than every other change.

    Args:
        records: as of `standing`; read no further than to what the youngest ones take back.
    """
    older = iter(records)
    run = dict(takewhile(lambda record: record[1], older))
    # Who else wrote at the same moment may have come between what is taken back and what takes it back.
    redone, sought = set(run.values()) & run.keys(), set(run.values()) - run.keys()
    for number, undone in older if sought else ():
        if undone and number in sought:
            redone.add(number)
        sought.discard(number)
        if not sought:
            break
    yield from (number for number, undone in run.items() if undone not in redone and number not in redone)


def mark(secret_: str, number: int) -> str:
    """Return what a change with a number carries that this machine made; "" where it has no secret."""
    import hashlib
    import hmac

    return hmac.new(secret_.encode(), str(number).encode(), hashlib.sha256).hexdigest() if secret_ else ""
