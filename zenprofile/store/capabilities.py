"""What only some stores can do, beside `zenprofile.store.base.Store`.

There is one way to find out: ``isinstance(store, CAPABILITY)``. A driver says nothing of it; its store has the methods.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    from zenprofile.core.change import Change, Changed, Recorded
    from zenprofile.store.base import Edits
    from zenprofile.store.sharing import Sharing
    from zenprofile.store.tokens import Tokens
    from zenprofile.store.undo import ChangeWithTexts


class RepositoryPlace(Protocol):
    """A repository that holds a profile."""

    @property
    def top(self) -> "Path":
        """Its top folder."""
        ...

    @property
    def prefix(self) -> str:
        """The profile's folder below the top, with a slash behind it; "" for the top."""
        ...


@runtime_checkable
class InWorkTree(Protocol):
    """A store whose documents are files of a Git working tree."""

    @property
    def folder(self) -> str:
        """The profile's folder, absolute."""
        ...

    @property
    def repository(self) -> RepositoryPlace | None:
        """The repository that the folder is in; None before the first write made one."""
        ...

    @property
    def commits(self) -> bool:
        """Whether a write is a commit; if not, it stays an uncommitted edit."""
        ...


@runtime_checkable
class Committing(Protocol):
    """A store whose documents people also edit by hand, in a working tree."""

    def uncommitted(self) -> "list[Changed]":
        """List what differs between the working tree and the last commit, by key."""
        ...

    def edits(self) -> "Edits":
        """Return the working tree's edits against the last commit, and whether they could be committed.

        Raises:
            Invalid: something that is no plain file stands in a document's place.
        """
        ...

    def commit(self, message: str = "", mark: str = "") -> "Recorded":
        """Commit every edit in the working tree, when the whole is valid; nothing to commit records nothing.

        Args:
            message: why; "" for words of what changed.
            mark: of the `Edits` that were looked at; "" for whatever is there.

        Raises:
            Invalid: the edits add problems; the error carries every one.
            Stale: the edits are others than those of the mark.
            Paused, Locked, StoreBroken: as `Store.apply`.
        """
        ...


@runtime_checkable
class Foreign(Protocol):
    """A store that another program wrote: it is read as it is, and never written."""

    def notes(self) -> list[str]:
        """Return what is other here than in the store, what is damaged or left out, and what to do, a line each."""
        ...


class ChangeCounter(Protocol):
    """A cheap counter that changes whenever anything was written; its values are comparable in one process."""

    def value(self) -> str:
        """Return what differs from every earlier answer once anything was written since; "" where it cannot be told."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


@runtime_checkable
class CountsChanges(Protocol):
    """A store that can tell cheaply that all it answers from, tokens included, is as it was."""

    def change_counter(self) -> ChangeCounter | None:
        """Return what tells it, to be used by any thread; None where this store has nothing so cheap."""
        ...


@runtime_checkable
class ActsForUsers(Protocol):
    """A store that writes for others: behind a server, the users of the tokens."""

    def act_for(self, user: str, machine: str) -> None:
        """Make the changes that follow this user's, by name, and mark them as made by a client's machine.

        Args:
            user: the author.
            machine: what tells the client's machine from others, and tells nobody which it is; "" for none.
        """
        ...


@runtime_checkable
class Undoing(Protocol):
    """A store whose changes can be taken back: every store that ships."""

    def find_change(self, rev: str) -> "ChangeWithTexts":
        """Return the recorded change that a rev or date names.

        Raises:
            NotFound: there is none.
        """
        ...

    def own_changes(self) -> "Iterator[ChangeWithTexts]":
        """Yield what commands of this machine changed, newest first, and what no `apply_undo` has taken back yet.

        A merge is not among it, nor is what `apply_undo` wrote, nor the change that began the profile. How far back it
        reaches is the driver's to say.
        """
        ...

    def undos(self) -> "Iterator[ChangeWithTexts]":
        """Yield what `apply_undo` wrote since this machine's last other change, newest first.

        What was taken back itself is not among it, nor what did that.
        """
        ...

    def apply_undo(self, change: "Change", undone: str) -> "Recorded":
        """Write a change as `Store.apply` does, and remember in the same step what it takes back (`Past.id`).

        What took back a change can be taken back in turn: then the change stands again.
        """
        ...


@runtime_checkable
class Shareable(Protocol):
    """A store that may have a remote."""

    def sharing(self, progress: Callable[[str], None] | None = None, *, state: bool = False) -> "Sharing":
        """Return its remote side.

        Args:
            progress: takes what is said while the remote is waited for.
            state: whether its `state` is asked for next: then what takes longest begins at once.
        """
        ...


@runtime_checkable
class Distributed(Protocol):
    """A store that a remote may hold too."""

    def unshared(self) -> str | None:
        """Return what exists here alone, "" for nothing; None where no remote has ever confirmed anything."""
        ...


@runtime_checkable
class KnowsUser(Protocol):
    """A store that knows its user by a token."""

    def user_and_role(self) -> tuple[str, str]:
        """Return user and role of the token."""
        ...


@runtime_checkable
class KeepsTokens(Protocol):
    """A store that keeps tokens in its database, so that several servers know the same ones."""

    def tokens(self) -> "Tokens":
        """Return where they are kept."""
        ...
