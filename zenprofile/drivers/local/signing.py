"""What a person's programs do at a commit (sign it, look at it as hooks) is done before the writers' lock is taken.

A change is prepared under the lock. Where its commit needs such a program, the lock is let go, the commit object made,
and the change prepared again: where it comes to the same tree on the same parents, the commit is there already.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from zenprofile.errors import Locked

Result = TypeVar("Result")
# What a commit is made of: tree, parents, message, and who makes it.
Draft = tuple[str, tuple[str, ...], str, str, str]
Made = dict[Draft, str]
_ROUNDS = 20  # commits that are made for nothing, since others have moved the branch meanwhile


class Unmade(Exception):
    """A commit that is to be made without the lock; nothing is written yet but objects."""

    def __init__(self, draft: Draft, make: Callable[[], str]) -> None:
        """Take what it is made of, and what writes the commit object and returns its id."""
        super().__init__()
        self.draft = draft
        self.make = make


class Making(Protocol):
    """A store that keeps the commits that were made for the operation under way; None between operations."""

    made: Made | None


def before_the_lock(store: Making, write: Callable[[], Result]) -> Result:
    """Do what takes the writers' lock, again after each commit that had to be made without it.

    Raises:
        Locked: others have moved the branch each time.
    """
    outer, store.made = store.made, {}
    try:
        for _ in range(_ROUNDS):
            try:
                return write()
            except Unmade as wanted:
                store.made[wanted.draft] = wanted.make()
    finally:
        store.made = outer
    message = "the branch was moved by others each time that the commit was signed; nothing was written"
    raise Locked(message, hint="repeat the command")
