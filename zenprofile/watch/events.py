"""What the watcher's state machine is told (events), and what it asks for (actions)."""

from typing import NamedTuple


class Policy(NamedTuple):
    """What a watcher may do, and how often.

    Attributes:
        quiet: seconds without a change after which files count as saved.
        longest: seconds after the first change, from which on quiet is no longer waited for.
        poll: seconds between two looks at the remote.
        rescan: seconds between two looks at all files, whatever was heard.
        push_every: least seconds between two pushes.
        commits: whether edits are committed.
        pulls: whether the remote is talked to at all.
        pushes: whether commits are sent.
    """

    quiet: float = 0.5
    longest: float = 5.0
    poll: float = 60.0
    rescan: float = 60.0
    push_every: float = 0.0
    commits: bool = True
    pulls: bool = True
    pushes: bool = True


# Events ---------------------------------------------------------------------------------------------------------------


class Hint(NamedTuple):
    """A file below the profile may have changed; ``at`` is when."""

    at: float


class Gate(NamedTuple):
    """Whether anything may be done now (paused, git in the middle of something, another branch).

    Attributes:
        closed: why not (a merge is under way, paused by a person); "" where it may.
        advice: what ends that.
    """

    closed: str
    advice: str = ""


class Tick(NamedTuple):
    """Time has passed."""


class Remote(NamedTuple):
    """Whether there is a remote, where that has changed."""

    exists: bool


class Trigger(NamedTuple):
    """Somebody asks for a sync now, or the machine has woken from sleep: whatever waits is tried at once."""


class Moved(NamedTuple):
    """The branch here was moved by somebody else (a commit or pull by hand)."""


class Confirm(NamedTuple):
    """A person says that the deletions of a mark are meant."""

    mark: str


class Stop(NamedTuple):
    """The watcher is to end: what is saved is committed, nothing new is begun."""


class Scanned(NamedTuple):
    """What a look at all files came to.

    Attributes:
        mark: of the edits; "" for none.
        removed: files that are gone.
        documents: number of files in the last commit; asked for only where some are gone.
        problem: why the edits cannot be committed; "" where they can.
        advice: what to do about that.
        unpushed: whether commits are here that the remote is not known to have.
    """

    mark: str
    removed: tuple[str, ...] = ()
    documents: int = 0
    problem: str = ""
    advice: str = ""
    unpushed: bool = False


class Committed(NamedTuple):
    """Edits were committed (or there was nothing left to commit)."""


class Synced(NamedTuple):
    """Pulled, and pushed where that is wanted: the remote has confirmed what is here."""


class Looked(NamedTuple):
    """The remote was asked where its branch is; ``differs``: it is not where it was at the last sync."""

    differs: bool


class Failed(NamedTuple):
    """An action failed.

    Attributes:
        kind: of a scan or commit ``stale`` (files changed meanwhile), ``invalid``, ``paused``, ``broken``; of a talk
            with the remote ``offline``, ``blocked``, ``conflict``, ``refused``, ``busy``; or ``stopped``.
        reason: in a line.
        advice: what to do about it.
    """

    kind: str
    reason: str
    advice: str = ""


Event = (
    Hint | Gate | Tick | Remote | Trigger | Moved | Confirm | Stop | Scanned | Committed | Synced | Looked | Failed
)  # fmt: skip


# Actions --------------------------------------------------------------------------------------------------------------


class Scan(NamedTuple):
    """Look at all files, by content; answered by `Scanned` or `Failed`."""


class Commit(NamedTuple):
    """Commit the edits of a mark; answered by `Committed` or `Failed`."""

    mark: str


class Sync(NamedTuple):
    """Pull, and push where ``push``; answered by `Synced` or `Failed`."""

    push: bool


class Look(NamedTuple):
    """Ask the remote where its branch is; answered by `Looked` or `Failed`."""


class Exit(NamedTuple):
    """End the watcher."""


Action = Scan | Commit | Sync | Look | Exit
