"""The parse cache of a work tree: documents as data, by inode, size and times. Delete it at any time; nothing changes.

One file a folder of documents, in marshal's form (no import, 1 ms for 1,000 documents), trusted only with its checksum
and the same versions, paths and schemas. It lies in the user's configuration folder.
"""

import contextlib
import marshal
import os
import sys
import zlib
from typing import Any, NamedTuple

from zenprofile import __version__
from zenprofile.core.entity import Data

_YOUNG = 2_000_000_000  # ns: a file this young may change again without a change of its times (PERFORMANCE)
Stamp = tuple[int, int, int, int]


class Cached(NamedTuple):
    """A document that held when it was read.

    Attributes:
        stamp: inode, size, mtime_ns and ctime_ns of the file.
        data: its content.
        revision: of the data, or "" where nobody has asked yet.
        depends: revision of the registered flavor whose schema it was held against, or "".
    """

    stamp: Stamp
    data: Data
    revision: str
    depends: str


def stamp(found: os.stat_result) -> Stamp:
    """Return what tells two contents of a file apart, as far as `settled` holds."""
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def settled(mark: Stamp, now: int) -> bool:
    """Say whether a file's times are old enough (``now`` in ns) to be trusted for its content."""
    return max(mark[2], mark[3]) < now - _YOUNG


class Cache:
    """Cached documents by folder and file name."""

    def __init__(self, place: str, root: str, schemas: str) -> None:
        """Use a folder (``place``; "" keeps nothing) for a store at ``root`` under schemas of a state."""
        self._place = place
        self._head = (__version__, sys.version_info[:3], marshal.version, root, schemas)
        self._folders: dict[str, dict[str, Cached]] = {}
        self._dirty: set[str] = set()

    def folder(self, name: str) -> dict[str, Cached]:
        """Return what is cached of a folder, by file name."""
        if name not in self._folders:
            self._folders[name] = self._load(name)
        return self._folders[name]

    def keep(self, name: str, entries: dict[str, Cached]) -> None:
        """Replace a folder's entries."""
        self._folders[name] = entries
        self._dirty.add(name)

    def _file(self, name: str) -> str:
        return os.path.join(self._place, name.replace("/", ".") + ".bin")

    def _load(self, name: str) -> dict[str, Cached]:
        if not self._place:
            return {}
        try:
            with open(self._file(name), "rb") as file:
                content = file.read()
            body = memoryview(content)[4:]
            if zlib.crc32(body) != int.from_bytes(content[:4], "big"):
                return {}
            head, rows = marshal.loads(body)  # noqa: S302 - our own file, proved by its checksum
            if head != self._head:
                return {}
            return {name: Cached(*row) for name, row in rows.items()}
        except (OSError, ValueError, EOFError, TypeError, AttributeError):
            return {}

    def save(self) -> None:
        """Write what has changed; a failure costs time alone."""
        if not self._place:
            return
        for name in self._dirty:
            rows = {file: tuple(entry) for file, entry in self._folders[name].items()}
            body = marshal.dumps((self._head, rows))
            path = self._file(name)
            temporary = f"{path}.{os.getpid()}"
            with contextlib.suppress(OSError):
                os.makedirs(self._place, mode=0o700, exist_ok=True)
                with open(temporary, "wb") as file:
                    file.write(zlib.crc32(body).to_bytes(4, "big"))
                    file.write(body)
                os.replace(temporary, path)
        self._dirty.clear()


def forget(place: str) -> None:
    """Delete a cache."""
    names: list[Any] = []
    with contextlib.suppress(OSError):
        names = os.listdir(place)
    for name in names:
        if name.endswith(".bin"):
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(place, name))
