"""One talk with a remote at a time: two fetches of one repository would meet at the same refs."""

import contextlib
from collections.abc import Iterator

from zenprofile.fs import atomic, lock
from zenprofile.git import leftovers
from zenprofile.git.repository import Repository

_GUARD = "talking"  # in our own folder: held while git talks to a remote


@contextlib.contextmanager
def alone(repository: Repository, tracking: str, timeout: float) -> Iterator[None]:
    """Let one process of a repository talk at a time, and free what a killed one has left locked.

    Where the block raises, git was killed in it: the next one frees what that left.

    Args:
        repository: whose.
        tracking: full name of the ref that remembers the remote's branch here.
        timeout: seconds that another process is waited for.

    Raises:
        Locked: another process talked all the time.
    """
    try:
        with lock.exclusive(repository.own_file(_GUARD), timeout, sharing=repository.sharing) as left:
            if left is not None:
                _free(repository, tracking, left.since)
            yield
    except OSError as error:
        atomic.failed(error, repository.top)


def _free(repository: Repository, tracking: str, since: float) -> None:
    """Remove the lock files that git, killed with its zenprofile, has left."""
    names = (f"{tracking}.lock", "shallow.lock", leftovers.TABLES)
    leftovers.remove(repository, map(repository.common_file, names), since)
