"""The one file lock among the processes of a machine: it has a deadline and names its holder.

The kernel frees it with the process that holds it.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from zenprofile.errors import Locked
from zenprofile.fs import cancellation
from zenprofile.fs import shared as permissions

if TYPE_CHECKING:
    from pathlib import Path

    Place = str | Path

WAIT = 30.0  # seconds; a change takes some milliseconds, so that many writers in a row are served
# Of a store: writers exclude each other from the first look to the last write, and readers only while files, index and
# branch change.
WRITERS, FILES = "writing", "lock"
NOTICE_AFTER = 2.0  # seconds without a word
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
Echo = Callable[[str], None]


class DeadHolder(NamedTuple):
    """An earlier holder that died before it released the lock.

    Attributes:
        pid: of its process.
        since: when it took the lock, in seconds since 1970.
    """

    pid: str
    since: float


@contextlib.contextmanager
def exclusive(
    path: "Place",
    wait: float | None = None,
    echo: Echo | None = None,
    mode: int = 0o666,
    *,
    passing: bool = False,
    sharing: int = permissions.NOT,
) -> Iterator[DeadHolder | None]:
    """Hold a lock alone.

    Args:
        path: of the lock's file; made where it is missing, with the folder above it.
        wait: seconds that one and the same holder is waited for; None for `WAIT`.
        echo: takes a line once the wait is long.
        mode: of the file, where it is made.
        passing: whether the file goes when the lock is let go.
        sharing: who else may hold it (`zenprofile.fs.shared`), where file and folder are made.

    Yields:
        What an earlier holder left that was killed, or in whose block an exception came.

    Raises:
        Locked: another process held it all the time.
        OSError: the file cannot be made or opened.
    """
    fd = _open(path, mode, sharing)
    try:
        _acquire(fd, path, fcntl.LOCK_EX, wait, echo)
        while passing and not _is_at(fd, path):  # the one before took its file away
            os.close(fd)
            fd = _open(path, mode, sharing)
            _acquire(fd, path, fcntl.LOCK_EX, wait, echo)
        pid = _pid(fd)
        left = DeadHolder(pid, os.fstat(fd).st_mtime) if pid else None
        os.pwrite(fd, f"{os.getpid():<20d}".encode(), 0)
        try:
            yield left
        finally:
            if passing:
                os.unlink(path)
        os.ftruncate(fd, 0)
    finally:
        os.close(fd)


def _open(path: "Place", mode: int, sharing: int) -> int:
    try:
        fd = os.open(path, _FLAGS, mode)
    except FileNotFoundError:
        # No more than that: a repository that is gone is not made anew.
        permissions.make_folder(os.path.dirname(path), sharing)
        fd = os.open(path, _FLAGS, mode)
    if sharing:  # perhaps it was not when file and folder were made
        permissions.share(fd, sharing)
        permissions.share(os.path.dirname(path), sharing)
    return fd


def _is_at(fd: int, path: "Place") -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path, follow_symlinks=False))
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def shared(path: "Place", wait: float | None = None, echo: Echo | None = None) -> Iterator[bool]:
    """Hold a lock with other readers, as far as that is possible without writing anything.

    Yields:
        Whether it is held; False where nobody has ever written here.

    Raises:
        Locked: another process held it alone all the time.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        _acquire(fd, path, fcntl.LOCK_SH, wait, echo)
        yield True
    finally:
        os.close(fd)


def is_held(path: "Place") -> bool:
    """Return whether a process holds a lock alone at this moment."""
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            return not _try_acquire(fd, fcntl.LOCK_SH)
        finally:
            os.close(fd)
    return False


def _acquire(fd: int, path: "Place", how: int, wait: float | None, echo: Echo | None) -> None:
    if _try_acquire(fd, how):
        return
    wait = WAIT if wait is None else wait
    begun = since = time.monotonic()
    holder = _pid(fd)
    while not _try_acquire(fd, how):
        now = time.monotonic()
        pid = _pid(fd)
        if pid and pid != holder:  # it goes from hand to hand
            holder, since = pid, now
        if now - since >= wait:
            name = _describe_holder(fd)
            raise Locked(f"{name} has held {path} for {wait:g} seconds", hint="wait for it, or end that process")
        if echo is not None and now - begun >= NOTICE_AFTER:
            echo(f"waiting for {_describe_holder(fd)}, which holds {path}")
            echo = None
        cancellation.check()
        # Not all who wait wake together.
        time.sleep(min(0.001 + (os.getpid() + time.monotonic_ns()) % 7 / 1000, wait))


def _try_acquire(fd: int, how: int) -> bool:
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid(fd: int) -> str:
    """Return the process that the file names; "" where it was let go."""
    try:
        text = os.pread(fd, 20, 0).decode("ascii", "replace").strip()
    except OSError:
        return ""
    return text if text.isdecimal() else ""


def _describe_holder(fd: int) -> str:
    """Return who holds a lock, as far as the system tells."""
    pid = _pid(fd) or _holder(os.fstat(fd).st_ino)
    if not pid:
        return "another process"
    stopped = ", which is stopped," if _is_stopped(pid) else ""
    return f"another zenprofile (process {pid}){stopped}"


def _holder(inode: int) -> str:
    """Return a process that holds a file's lock, as Linux lists it; readers write nothing into the file."""
    with contextlib.suppress(OSError), open("/proc/locks", encoding="ascii", errors="replace") as file:
        for line in file:
            words = line.split()
            if len(words) > 5 and words[1] == "FLOCK" and words[5].endswith(f":{inode}"):
                return words[4]
    return ""


def _is_stopped(pid: str) -> bool:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[:1] in (["T"], ["t"])
    return False
