"""A lock for network operations of one repository: two fetches would update the same refs."""

import contextlib
from collections.abc import Iterator

from zenprofile.fs import atomic, lock
from zenprofile.git import stale_locks
from zenprofile.git.repository import Repository

_GUARD = "talking"  # in our own folder: held while git talks to a remote


@contextlib.contextmanager
def exclusive(repository: Repository, tracking: str, timeout: float) -> Iterator[None]:
    """Hold the lock of network operations, and remove lock files that a killed git has left.

    Where the block raises, git was killed in it: the next one frees what that left.

    Args:
        repository: whose.
        tracking: full name of the ref that remembers the remote's branch here.
        timeout: seconds that another process is waited for.

    Raises:
        Locked: another process talked all the time.
    """
    try:
        with lock.exclusive(repository.own_file(_GUARD), timeout, sharing=repository.shared_mode) as left:
            if left is not None:
                _remove_stale_locks(repository, tracking, left.since)
            yield
    except OSError as error:
        atomic.raise_write_error(error, repository.top)


def _remove_stale_locks(repository: Repository, tracking: str, since: float) -> None:
    """Remove the lock files that git, killed with its zenprofile, has left."""
    names = (f"{tracking}.lock", "shallow.lock", stale_locks.TABLES)
    stale_locks.remove(repository, map(repository.common_file, names), since)
