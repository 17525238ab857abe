"""File events below a profile: watchdog as a source of hints that something may have changed, never of facts.

The top folder is watched without its sub-folders, each folder of documents with them: git's own folder is left out, and
no folder is watched twice (of two watches that meet, the second takes the first one's events for good).
"""

import contextlib
import errno
import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.polling import PollingObserver

from zenprofile.core.entity import KINDS

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

POLL = 2.0  # seconds between two looks of the polling observer
LEAVE = 0.5  # seconds that the observer's threads get to end; they go with the process in any case
_USED_UP = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM})  # no watch, no descriptor left
_QUIET = frozenset({"opened", "closed_no_write"})  # what reading makes: to answer it by reading would never end
# What is asked of the system. A folder's own time changes with each file in it: to leave that out halves their number.
_ASKED: list[type[FileSystemEvent]] = [
    FileCreatedEvent, FileModifiedEvent, FileClosedEvent, FileMovedEvent, FileDeletedEvent,
    DirCreatedEvent, DirMovedEvent, DirDeletedEvent,
]  # fmt: skip
# File systems on which a change by another machine, or below a layer, makes no event.
_SILENT = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "overlay", "vboxsf", "virtiofs", "drvfs"})
Signature = tuple[tuple[str, int, int], ...]


class FileEvents(FileSystemEventHandler):
    """Listens for changes below a folder.

    Attributes:
        heard: when the last change was heard, by the monotonic clock.
        armed: whether the next change wakes the loop; set by the loop before it waits.
        polling: why files are polled; "" where the system tells of changes.
    """

    def __init__(self, root: str, wake: Callable[[], None]) -> None:
        self.heard = float("-inf")
        self.armed = False
        self.polling = ""
        self._root = root
        self._wake = wake
        self._observer: BaseObserver | None = None
        self._signature: Signature = ()
        self._pulse: tuple[int, ...] = ()
        self._checked = float("-inf")
        self._log = _WarningHandler(self.hint)

    def dispatch(self, event: FileSystemEvent) -> None:
        """Take one event, in the observer's thread; nothing that could fail or take long."""
        if event.event_type not in _QUIET:
            self.hint()

    def hint(self) -> None:
        """Note that something may have changed."""
        self.heard = time.monotonic()
        if self.armed:
            self.armed = False
            self._wake()

    def check(self) -> bool:
        """Start listening where it is not running, or the folders are others; return whether it was (re)started.

        A thread that has died, and folders that were removed and made again, make no event any more.
        """
        now = self._folders()
        if now == self._signature and self._is_alive():
            self._compare_folder_times()
            return False
        self.close()
        if not now:
            return False
        logging.getLogger("watchdog").addHandler(self._log)
        try:
            self._listen([path for path, *_ in now])
        except OSError:  # a folder has just been removed; the next check sees which ones are left
            self.close()
            return False
        self._signature = now
        return True

    def _compare_folder_times(self) -> None:
        """Compare the folders' times and note a hint where an event was lost."""
        pulse, checked = _folder_times(self._root), time.monotonic()
        if pulse != self._pulse and self.heard <= self._checked:
            self.hint()
        self._pulse, self._checked = pulse, checked

    def close(self) -> None:
        """Stop listening."""
        logging.getLogger("watchdog").removeHandler(self._log)
        self._signature = ()
        observer, self._observer = self._observer, None
        if observer is not None:
            with contextlib.suppress(RuntimeError, OSError):
                observer.stop()
                observer.join(LEAVE)

    def _folders(self) -> Signature:
        """Return the folders to be watched, the top one first, with what tells them from others of their name."""
        found = []
        for path in (self._root, *(os.path.join(self._root, kind.folder) for kind in KINDS.values())):
            with contextlib.suppress(OSError):
                there = os.stat(path, follow_symlinks=path == self._root)
                if os.path.isdir(path) and not (path != self._root and os.path.islink(path)):
                    found.append((path, there.st_dev, there.st_ino))
        return tuple(found) if found and found[0][0] == self._root else ()

    def _is_alive(self) -> bool:
        observer = self._observer
        return observer is not None and observer.is_alive() and all(e.is_alive() for e in observer.emitters)

    def _listen(self, folders: list[str]) -> None:
        kind = file_system(self._root)
        self.polling = f"its file system ({kind}) does not tell of every change" if kind in _SILENT else ""
        if not self.polling:
            try:
                self._start(Observer(), folders)
            except OSError as error:
                if error.errno not in _USED_UP:
                    raise
                self.polling = f"the system has no watches left ({error.strerror}; see fs.inotify in sysctl)"
        if self.polling:
            self._start(PollingObserver(timeout=POLL), folders)

    def _start(self, observer: "BaseObserver", folders: list[str]) -> None:
        try:
            for path in folders:
                observer.schedule(self, path, recursive=path != self._root, event_filter=_ASKED)
            observer.start()
        except OSError:
            with contextlib.suppress(RuntimeError, OSError):
                observer.stop()
            raise
        self._observer = observer


def _folder_times(root: str) -> tuple[int, ...]:
    """Return when each folder of documents last got, lost or renamed a file."""
    found = []
    for kind in KINDS.values():
        with contextlib.suppress(OSError):
            folder = os.path.join(root, kind.folder)
            found.append(os.lstat(folder).st_mtime_ns)
            if kind.typed:
                with os.scandir(folder) as entries:
                    found += [entry.stat(follow_symlinks=False).st_mtime_ns for entry in entries]
    return tuple(found)


class _WarningHandler(logging.Handler):
    """Turns the library's warnings into hints: after an overflow it logs one and sends no event."""

    def __init__(self, hear: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._hear = hear

    def emit(self, record: logging.LogRecord) -> None:
        self._hear()


def file_system(path: str) -> str:
    """Return the type of the file system that a path is on; "" where the system does not tell."""
    best, kind = "", ""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                left, _, right = line.partition(" - ")
                place = left.split(" ")[4].replace("\\040", " ")
                below = path == place or path.startswith(place.rstrip("/") + "/")
                if below and len(place) >= len(best):
                    best, kind = place, right.split(" ")[0]
    except (OSError, IndexError):
        return ""
    return kind
