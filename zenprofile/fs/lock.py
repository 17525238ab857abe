"""The one lock: read-modify-write of a store by any process on this machine. The kernel frees it with the process."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

from zenprofile.errors import Locked
from zenprofile.fs import stop

WAIT = 60.0  # seconds; a change takes some milliseconds, so that many writers in a row are served


@contextlib.contextmanager
def exclusive(own_dir: str, wait: float = WAIT) -> Iterator[None]:
    """Hold the lock alone.

    Args:
        own_dir: zenprofile's folder in a git folder; made where it is missing.
        wait: seconds.

    Raises:
        Locked: another process held it all the time.
    """
    os.makedirs(own_dir, exist_ok=True)
    lock = os.path.join(own_dir, "lock")
    fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        deadline = time.monotonic() + wait
        while not _try(fd, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                pid = os.pread(fd, 20, 0).decode("ascii", "replace").strip() or "unknown"
                message = f"another zenprofile (process {pid}) has held {lock} for {wait:g} seconds"
                raise Locked(message, hint="wait for it, or end that process")
            stop.check()
            # Not all who wait wake together.
            time.sleep(0.001 + (os.getpid() + time.monotonic_ns()) % 7 / 1000)
        os.pwrite(fd, f"{os.getpid():<20d}".encode(), 0)
        yield
    finally:
        os.close(fd)


@contextlib.contextmanager
def shared(own_dir: str) -> Iterator[bool]:
    """Hold the lock with other readers, as far as that is possible without writing anything.

    Yields:
        Whether it is held; False where nobody has ever written here.
    """
    try:
        fd = os.open(os.path.join(own_dir, "lock"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
        yield True
    finally:
        os.close(fd)


def _try(fd: int, how: int) -> bool:
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
