"""What every store promises. A driver that keeps this is done; all else is written once, above it.

What only some stores can do stands in `zenprofile.store.capabilities`.

Words: an *entity* is a named document (`zenprofile.core.entity.Key` names it); a *revision* is the SHA-256 of its
data; a *snapshot* is every entity at one moment; a *change* is a set of edits, each naming the revision that it
replaces; *head* is an id of the store's present state; a *rev* names a recorded change (a commit, or a number).
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol

from zenprofile.core.entity import Key
from zenprofile.core.snapshot import Loaded, Snapshot
from zenprofile.errors import Problem

if TYPE_CHECKING:
    from zenprofile.core.change import Change, Changed, Recorded

__all__ = ["Driver", "Edits", "Loaded", "Options", "Snapshot", "Store"]


class Store(Protocol):
    """One profile's entities.

    Attributes:
        driver: ``local``, ``sql``, ``rest`` or another's name.
        url: as shown to a person, without any password.
    """

    driver: str
    url: str

    def head(self) -> str:
        """Return an id that differs whenever the recorded state does; "" before the first recorded change."""
        ...

    def snapshot(self, at: str | None = None) -> Snapshot:
        """Return the entities of now (edits by hand included), or as they were at a rev or date.

        A date is what `zenprofile.store.dates.parse` takes.

        Raises:
            NotFound: no such rev.
        """
        ...

    def apply(self, change: "Change") -> "Recorded":
        """Write the whole change or nothing.

        Each edit holds only while its entity still has the revision that the edit replaces (None: it must not exist, in
        any spelling of case). What results is checked (`profile_check.added_problems`): problems that the change adds
        refuse it, those that were there before do not. A change that changes no byte records nothing and returns a
        `Recorded` without changes. Once it returns, the change survives a crash of process or machine. A change whose
        idempotency key is recorded already is not written again: what was recorded then is returned. A Git store
        remembers the keys of this machine for a day, every other store all of them.

        Raises:
            Stale: an entity has another revision.
            Exists: an entity that must not exist does.
            NotFound: an entity that is to be replaced is gone.
            Invalid: the change adds problems; the error carries every one.
            InUse: the change deletes what something else refers to.
            Locked: another process held the store for longer than the deadline.
            Paused: the user is in the middle of a merge or the like.
            StoreBroken: no permission, no space.
            Unreachable: the other side did not answer; whether the change was made is looked up, not guessed.
        """
        ...

    def history(self, key: Key | None = None) -> Iterator["Recorded"]:
        """Yield recorded changes, newest first, of one entity (followed through renames) or of all."""
        ...

    def close(self) -> None:
        """Free what it holds. A second call does nothing."""
        ...


class Edits(NamedTuple):
    """What a working tree holds that its last commit does not.

    Attributes:
        mark: hash of the paths and contents that differ; "" where nothing does.
        head: the last commit.
        changes: of entities.
        removed: files that are gone, by path below the profile.
        documents: number of files that the last commit has.
        problems: what the edits would add; they are not committed with any.
    """

    mark: str
    head: str
    changes: tuple["Changed", ...]
    removed: tuple[str, ...]
    documents: int
    problems: tuple[Problem, ...]


def _silent(_: str) -> None:
    return


def _nobody() -> str:
    return ""


class Options(NamedTuple):
    """What opening a store needs to know from this machine.

    Attributes:
        user: the profile's active user, an author where the store has no better one.
        mode: of a Git store: ``commit`` (a write is one commit), ``manual`` (it stays an uncommitted edit), or "":
            commit where zenprofile made or cloned the repository, manual where the user brought it.
        password: of the database, from variable or keyring; "" for none.
        timeout: seconds without any answer after which a network operation ends.
        cache: folder for what may be deleted at any time; "" for none.
        run_hooks: whether a commit runs the repository's own hooks.
        template: of a commit's message, with ``{changes}`` where the words stand; "" for the words alone.
        own: whether the folder is zenprofile's own place (no URL was given): it gets a repository of its own, whatever
            lies around it.
        clone: folder of the clone of a store whose URL has to be cloned; "" for any other store.
        force: whether a profile may begin in a folder outside git that holds other files.
        new: whether it may begin in a repository that has one elsewhere.
        warn: takes a warning for the user.
        machine: gives this machine's secret, which marks changes in a shared database as its own; "" for none.
        resends: whether a write to a server that came too late is merged by meaning and sent again.
        known: whether a profile names the store: whether it is there, a server need not be asked before the first read.
        progress: takes what git says of its progress while it clones, as it comes; None where nobody looks.
    """

    user: str = "default"
    mode: str = ""
    password: str = ""
    timeout: float = 30.0
    cache: str = ""
    run_hooks: bool = False
    template: str = ""
    own: bool = False
    clone: str = ""
    force: bool = False
    new: bool = False
    warn: Callable[[str], None] = _silent
    machine: Callable[[], str] = _nobody
    resends: bool = False
    known: bool = False
    progress: Callable[[str], None] | None = None


class Driver(Protocol):
    """What the registry finds for a scheme: in its table, or by an entry point ``zenprofile.drivers``."""

    name: str

    def holds(self, url: str, options: Options) -> bool:
        """Return whether a profile is at the URL already. Writes nothing.

        Raises:
            StoreBroken: the place can hold none (a file where a folder must be, a missing folder of an SQLite file).
        """
        ...

    def create(self, url: str, options: Options, defaults: "Change") -> Store:
        """Make an empty place a store that holds the defaults, in one change, and return it opened."""
        ...

    def open(self, url: str, options: Options) -> Store:
        """Open an existing store; finishes or takes back what an earlier process left half done.

        Raises:
            StoreBroken: there is none, or it cannot be read.
            NewerFormat: a newer zenprofile wrote it.
        """
        ...
