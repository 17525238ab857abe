"""Recorded changes as `zenprofile.store.capabilities.Undoing` gives them, and which of them can be taken back."""

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import NamedTuple

from zenprofile.core.change import Recorded
from zenprofile.core.entity import Key


class Text(NamedTuple):
    """One document of a recorded change; None where there was none."""

    key: Key
    before: str | None
    after: str | None


class ChangeWithTexts(NamedTuple):
    """A recorded change with its documents.

    Attributes:
        id: names it to `Undoing.apply_undo`; "" where it was asked for by a rev.
        recorded: as history tells it; rev and who are "" where it stayed an uncommitted edit.
        texts: what it changed.
        joins: whether it joined two histories.
    """

    id: str
    recorded: Recorded
    texts: tuple[Text, ...]
    joins: bool = False


def standing_ids(records: Iterable[tuple[str, str]]) -> Iterator[str]:
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


def redoable_ids(records: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the ids of what took a change back, was not taken back itself, and is younger than every other change.

    Args:
        records: as of `standing_ids`; read no further than to what the youngest ones take back.
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
