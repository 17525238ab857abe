"""One talk with a remote at a time: two fetches of one repository would meet at the same refs."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

from zenprofile.errors import Locked
from zenprofile.fs import atomic, stop
from zenprofile.git.repository import Repository

_GUARD = "talking"  # in our own folder: held while git talks to a remote, and not empty until that has ended


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
        os.makedirs(repository.own_file(""), exist_ok=True)
        fd = os.open(repository.own_file(_GUARD), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    except OSError as error:
        atomic.failed(error, repository.top)
    try:
        _take(fd, timeout)
        if os.fstat(fd).st_size:
            _free(repository, tracking, os.fstat(fd).st_mtime)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
        os.ftruncate(fd, 0)
    finally:
        os.close(fd)


def _take(fd: int, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                message = f"another zenprofile has talked to the remote for {timeout:g} seconds"
                raise Locked(message, hint="wait for it to end, and repeat the command") from None
            stop.check()
            time.sleep(0.02)
        else:
            return


def _free(repository: Repository, tracking: str, since: float) -> None:
    """Remove the lock files that git, killed with its zenprofile, has left: nobody uses them any more."""
    for name in (f"{tracking}.lock", "shallow.lock"):
        lock = repository.common_dir / name
        with contextlib.suppress(OSError):
            if lock.stat().st_mtime >= since - 1:
                lock.unlink()
