"""What a store offers whose entities are shared through a remote; the use case of sharing knows nothing else of it."""

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from zenprofile.core.change import MISSING, Changed, Recorded
from zenprofile.core.entity import Key
from zenprofile.core.paths import Path
from zenprofile.errors import Problem

if TYPE_CHECKING:
    from zenprofile.core.merge.data import Choice
    from zenprofile.core.merge.documents import Conflict


class Proposed(NamedTuple):
    """Commits that wait for review on a branch of their own.

    Attributes:
        branch: its short name at the remote.
        url: the host's address of the request, or for making one; "" where the host named none.
        commits: their number.
        closed: whether the branch is gone at the remote while its changes did not arrive.
        said: what the host printed just now.
    """

    branch: str
    url: str
    commits: int
    closed: bool = False
    host_message: str = ""


class Relation(NamedTuple):
    """Where the branch stands against the remote's, as far as this machine knows without asking.

    Attributes:
        branch: its short name; "" where HEAD is detached.
        remote: the remote's URL without a password; "" where there is no remote.
        ours: the commit here; "" for none.
        theirs: the remote's commit when it was last looked at; "" for none.
        ahead: commits here that are not there.
        behind: commits there that are not here.
        upstream: what is pulled from, as git names it (``origin/main``); "" for none.
        push_to: what is pushed to, likewise.
        proposed: what waits for review.
    """

    branch: str
    remote: str
    ours: str
    theirs: str
    ahead: int
    behind: int
    upstream: str = ""
    push_to: str = ""
    proposed: tuple[Proposed, ...] = ()


class PullResult(NamedTuple):
    """What a pull did.

    Attributes:
        moved: whether the branch moved.
        changes: of entities, as they arrived here.
        notes: what was decided by itself and should be said.
        equal: whether the remote, asked just now, has exactly the commit that is here.
    """

    moved: bool
    changes: tuple[Changed, ...]
    notes: tuple[str, ...]
    equal: bool


class PushResult(NamedTuple):
    """What a push did.

    Attributes:
        confirmed: whether the remote has confirmed that it has the commit that is here.
        stale: whether it has commits that are not here; nothing was sent then.
        sent: number of commits.
        reason: why it took nothing, where it is neither confirmed nor stale: a lock there that may go by itself.
        to: remote and branch (``origin/main``).
        head: the commit that was sent.
    """

    confirmed: bool
    stale: bool
    sent: int
    reason: str = ""
    to: str = ""
    head: str = ""


class PartialShareResult(NamedTuple):
    """What was shared while conflicts wait.

    Attributes:
        conflicts: those that wait.
        changes: of entities, as they arrived here.
        sent: of entities, as they arrived at the remote.
        stale: whether the remote has commits that were not looked at; nothing was sent then.
        to: remote and branch; "" where what is in conflict could not be parted from the rest, and nothing was shared.
        head: the commit here that was shared so far as it could be; "" where nothing was.
    """

    conflicts: tuple["Conflict", ...] = ()
    changes: tuple[Changed, ...] = ()
    sent: tuple[Changed, ...] = ()
    stale: bool = False
    to: str = ""
    head: str = ""


class OpenConflicts(NamedTuple):
    """Conflicts that wait for a person.

    Attributes:
        ours: the commit here when they were found.
        theirs: the commit there.
        conflicts: each with both values.
        settled: entity and field (() for the document) of each that a person has settled in the unfinished merge.
        elsewhere: those of other profiles in the same repository, which hold the merge up too.
    """

    ours: str
    theirs: str
    conflicts: tuple["Conflict", ...]
    settled: tuple[tuple[Key, Path], ...] = ()
    elsewhere: tuple["Conflict", ...] = ()


class Typed(NamedTuple):
    """A whole document as a person wants it, in place of both sides'."""

    text: str


def at(data: Any, path: Path) -> Any:
    """Return the value at a path; `MISSING` where there is none."""
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return MISSING
    return data


class StoreStatus(NamedTuple):
    """How a store is (docs/contract.md, ``status``).

    Attributes:
        state: a word of `STATES`.
        since: RFC 3339; "" where it is not known.
        reason: why, in a line.
        next: what to do about it; "" for nothing.
        relation: to the remote.
        changes: not committed yet.
        open: conflicts that wait.
        invalid: problems of the working tree.
        hooks: ``installed``, ``partly`` or ``missing``.
        documents: how many there are.
    """

    state: str
    since: str
    reason: str
    next: str
    relation: Relation
    changes: tuple[Changed, ...]
    open: OpenConflicts
    invalid: tuple[Problem, ...]
    hooks: str
    documents: int = 0


class Sharing(Protocol):
    """The remote side of a store."""

    def relation(self) -> Relation:
        """Return how the two sides stand, without asking the remote."""
        ...

    def remote_head(self) -> str:
        """Ask the remote for the commit of its branch, "" for none; one cheap question, nothing changes here.

        Raises:
            Unreachable, AccessDenied: the remote.
        """
        ...

    def pull(self, *, accept_invalid: bool = False, take_theirs: bool = False) -> PullResult:
        """Fetch and merge by meaning; the branch moves only to a valid whole.

        With ``take_theirs``, for a rewritten history, the branch becomes as the remote has it; what was here is kept
        under a ref that a note names.

        Raises:
            ConflictError: a person must choose; what is known of it is kept (`open_conflicts`), nothing moved.
            Invalid: the remote's entities are invalid, and ``accept_invalid`` is not given.
            Unreachable, AccessDenied: the remote; local work is kept.
            Paused, Locked, StoreBroken: as `Store.apply`.
        """
        ...

    def outgoing(self) -> tuple[Changed, ...]:
        """List what a push would change at the remote, by what is known of it."""
        ...

    def propose(self, branch: str, *, with_others: bool = False) -> Proposed:
        """Send the commits that are only here to a branch of their own, for review; the followed one stays as it is.

        Args:
            branch: its short name; "" for the one of an earlier proposal that these commits go on from, else a new one.
            with_others: as for `push`.

        Raises:
            NotFound: there is nothing to propose.
            ZenprofileError: as `push`; or the branch has other commits.
        """
        ...

    def push(self, *, with_others: bool = False) -> PushResult:
        """Send the commits that are only here.

        Raises:
            Invalid: they add problems; nothing that is invalid is sent.
            ConflictError: conflicts are open.
            ZenprofileError: they touch files outside the profile, and ``with_others`` is not given; or the remote
                refused them.
            Unreachable, AccessDenied: the remote; local work is kept.
        """
        ...

    def open_conflicts(self) -> OpenConflicts:
        """Return the conflicts that wait."""
        ...

    def last_changes(self, conflict: "Conflict") -> "tuple[Recorded | None, Recorded | None]":
        """Return the last change (its fields left out) of what is in conflict on each side, or None."""
        ...

    def resolve(self, key: Key | None, field: Path | None, choice: "Choice | Typed | None") -> tuple[int, PullResult]:
        """Settle conflicts of one entity; with the last one settled, the merge is made.

        What is settled may be settled anew, or opened again, until then.

        Args:
            key: the entity; None for all that are in conflict, which takes a side alone.
            field: one conflict's path; None for all of the entity's.
            choice: a side, or the document as a person wants it; of that, only the field counts where one is named.
                None opens again what was settled.

        Returns:
            How many conflicts are left, and what arrived here where that is 0.

        Raises:
            NotFound: there is no such conflict.
            Invalid: what was typed cannot be read, or is invalid.
        """
        ...

    def with_markers(self, key: Key) -> str:
        """Return an entity's document with git's markers around its conflicts, for an editor."""
        ...

    def state(self) -> StoreStatus:
        """Return how the store is, and why, without asking the remote."""
        ...

    def set_remote(self, url: str) -> None:
        """Set the remote (git's ``origin``).

        Raises:
            UsageError: the URL could run code, or carries a password.
        """
        ...


class PartialSharing(Sharing, Protocol):
    """The remote side of a store that can share around open conflicts."""

    def can_push_without_pull(self) -> bool:
        """Return whether a push needs no pull before it: as far as is known, the remote has nothing that is not here.

        Where that is no longer so, the push moves nothing there.
        """
        ...

    def share_unconflicted(self, *, push: bool) -> PartialShareResult:
        """Share what was fetched last both ways (one way without ``push``), but for the entities in conflict.

        Where these cannot be parted from the rest, or the whole would not hold on one side, nothing is done.

        Raises:
            Conflict: the remote's history was rewritten; uncommitted edits are in the way.
            Invalid, ZenprofileError, Unreachable, AccessDenied: as `push`.
            Paused, Locked, Stale, StoreBroken: as `pull`.
        """
        ...
