"""Programs that a commit runs (signing, hooks) run before the writers' lock is taken.

A change is prepared under the lock. Where its commit needs such a program, the lock is let go, the commit object made,
and the change prepared again: where it comes to the same tree on the same parents, the commit is there already.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

from zenprofile.errors import Locked

Result = TypeVar("Result")
_ROUNDS = 20  # commits that are made for nothing, since others have moved the branch meanwhile


class Draft(NamedTuple):
    """What a commit is made of, beside who makes it: the tree, its parents, and the message."""

    tree: str
    parents: tuple[str, ...]
    message: str


# Ids of commits by what they are made of and who makes them: the active user, and the e-mail address of one behind a
# server.
Signed = tuple[Draft, str, str]
PreparedCommits = dict[Signed, str]


class UnsignedCommit(Exception):
    """A commit that is to be made without the lock; nothing is written yet but objects."""

    def __init__(self, signed: Signed, make: Callable[[], str]) -> None:
        """Take what it is made of and by whom, and what writes the commit object and returns its id."""
        super().__init__()
        self.signed = signed
        self.make = make


class MakesCommits(Protocol):
    """A store that keeps the commits that were made for the operation under way; None between operations."""

    prepared_commits: PreparedCommits | None


def run_before_lock(store: MakesCommits, write: Callable[[], Result]) -> Result:
    """Run a write that takes the writers' lock, again after each commit that had to be made without the lock.

    Raises:
        Locked: others have moved the branch each time.
    """
    outer, store.prepared_commits = store.prepared_commits, {}
    try:
        for _ in range(_ROUNDS):
            try:
                return write()
            except UnsignedCommit as wanted:
                store.prepared_commits[wanted.signed] = wanted.make()
    finally:
        store.prepared_commits = outer
    message = "the branch was moved by others each time that the commit was signed; nothing was written"
    raise Locked(message, hint="repeat the command")
