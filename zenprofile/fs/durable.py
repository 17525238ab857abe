"""New files and fsync: the one place where a file gets a temporary name and is synced."""

import contextlib
import os

from zenprofile.fs import shared

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
MOST_OPEN = 128  # files at a time
_THREADS = 16  # so many files are waited for at a time: of five, in a quarter of the time that they take in a row


def create(
    path: str,
    content: bytes,
    mode: int = 0o666,
    *,
    kept: int | None = None,
    sharing: int = shared.NOT,
    at: int | None = None,
) -> int:
    """Make a new file with a content, not durable yet, and return it open; where that fails, it is gone.

    Args:
        path: where nothing may be, not even a link.
        content: what it is to hold.
        mode: its permissions, less what the umask takes.
        kept: its permissions as they are to be, umask or not; None for those of ``mode``.
        sharing: who else is to read and write it (`zenprofile.fs.shared`).
        at: the open folder that the path is below; None for the current one.

    Raises:
        OSError: no space, no permission, no folder, or something is there; it names the file.
    """
    file = os.open(path, _NEW, mode, dir_fd=at)
    try:
        if kept is not None:
            os.fchmod(file, kept)
        shared.share(file, sharing)
        view = memoryview(content)
        while view:
            view = view[os.write(file, view) :]
    except BaseException as error:
        os.close(file)
        with contextlib.suppress(OSError):
            os.unlink(path, dir_fd=at)
        if isinstance(error, OSError):
            error.filename = error.filename or path
        raise
    return file


class Unsynced:
    """Files to be synced together, which is far faster than one after the other."""

    def __init__(self, *files: int) -> None:
        self._open = list(files)
        self._closed: list[str] = []

    def __len__(self) -> int:
        return len(self._open)

    def add(self, file: int, path: str = "") -> None:
        """Add an open file; above a number of open files, those with a path (absolute) are closed."""
        if path and len(self._open) >= MOST_OPEN:
            os.close(file)
            self._closed.append(path)
        else:
            self._open.append(file)

    def sync(self) -> None:
        """Wait until the disk has all of them, and close them; they are closed where that fails too."""
        try:
            threads = min(len(self._open), _THREADS)
            if threads > 1:
                self._sync_beside(threads)
            else:
                self._sync(0, 1)
        finally:
            self.close()

    def _sync_beside(self, number: int) -> None:
        """Wait in so many threads, this one among them; what goes wrong in one is raised here."""
        import threading  # the pool of the library costs more to import than most writes take

        failed: list[BaseException] = []

        def sync(first: int) -> None:
            try:
                self._sync(first, number)
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=sync, args=(first,)) for first in range(1, number)]
        for thread in threads:
            thread.start()
        try:
            sync(0)
        finally:
            for thread in threads:
                thread.join()
        if failed:
            raise failed[0]

    def _sync(self, first: int, step: int) -> None:
        for file in self._open[first::step]:
            os.fsync(file)
        for path in self._closed[first::step]:
            _sync_path(path, os.O_NOFOLLOW)

    def close(self) -> None:
        """Close them, synced or not."""
        self._closed.clear()
        while self._open:
            os.close(self._open.pop())


def _sync_path(path: str, flags: int) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_folder(folder_: str) -> None:
    """Make durable which files are in a folder."""
    _sync_path(folder_ or ".", os.O_DIRECTORY)


class NewFiles:
    """New files that get their names once the disk has all of them; until then each has a temporary one."""

    def __init__(self) -> None:
        self._drafts: dict[str, str] = {}
        self._unsynced = Unsynced()

    def add(self, path: str, draft: str, content: bytes, mode: int, *, sharing: int = shared.NOT) -> None:
        """Write a file (both names absolute); what is there already is replaced by `publish`.

        ``sharing`` says who else is to read it (`zenprofile.fs.shared`).
        """
        file = create(draft, content, mode, sharing=sharing)
        self._drafts[path] = draft
        self._unsynced.add(file, draft)

    def publish(self) -> None:
        """Wait for the disk, then give each its name. The folders are not waited for."""
        self._unsynced.sync()
        for path, draft in list(self._drafts.items()):
            os.rename(draft, path)
            del self._drafts[path]

    def drop(self) -> None:
        """Remove the files that have no final name yet."""
        self._unsynced.close()
        for draft in self._drafts.values():
            with contextlib.suppress(OSError):
                os.unlink(draft)
        self._drafts.clear()
