"""The parse cache of a work tree: documents as data, by inode, size and times. Delete it at any time; nothing changes.

One file a folder of documents, in marshal's form (no import, 1 ms for 1,000 documents), trusted only with its checksum
and the same versions, paths and schemas. It lies in the user's configuration folder.
"""

import contextlib
import marshal
import os
import sys
import zlib
from typing import Any

from zenprofile import __version__
from zenprofile.core.entity import Data, Entity
from zenprofile.fs import atomic

_FORM = 3  # of the files
_YOUNG = 2_000_000_000  # ns: a file this young may change again without a change of its times (docs/performance.md)
_LARGE = 1 << 20  # bytes of a folder's file, some 5,000 documents: to load it takes longer than to parse a few of them
_FEW = 8  # documents of a large folder
Stamp = tuple[int, int, int, int]
# A document that held when it was read: inode, size, mtime_ns and ctime_ns of its file; its content; the revision, or
# "" where nobody has asked yet; the revision of the registered flavor whose schema it was held against, or ""; whether
# there is a tab in its text.
Cached = tuple[Stamp, Data, str, str, bool]


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
        self._head = (_FORM, __version__, sys.version_info[:3], marshal.version, root, schemas)
        self._folders: dict[str, dict[str, Cached]] = {}
        self._given: dict[str, list[Entity]] = {}
        self._dirty: set[str] = set()
        self._alone: dict[str, int] = {}  # how many documents of a folder were asked for before it was loaded

    def folder(self, name: str) -> dict[str, Cached]:
        """Return what is cached of a folder, by file name."""
        if name not in self._folders:
            self._folders[name] = self._load(name)
        return self._folders[name]

    def one(self, name: str, file: str) -> Cached | None:
        """Return what is cached of one file; None too where it is one of a few of a large folder that is not loaded."""
        if name not in self._folders and self._is_large(name):
            self._alone[name] = self._alone.get(name, 0) + 1
            if self._alone[name] <= _FEW:
                return None
        return self.folder(name).get(file)

    def _is_large(self, name: str) -> bool:
        try:
            return os.stat(self._file(name)).st_size > _LARGE
        except OSError:
            return False

    def keep(self, name: str, entries: dict[str, Cached]) -> None:
        """Replace a folder's entries."""
        self._folders[name] = entries
        self._dirty.add(name)

    def give(self, name: str, entities: list[Entity]) -> None:
        """Note what a folder's documents were given out as: revisions that are asked for are kept when it is saved."""
        self._given[name] = entities

    def _learn(self) -> None:
        """Take over the revisions of folders of which all were asked for; of a few, asking again costs less."""
        for name, entities in self._given.items():
            if not entities or not (entities[0].known and entities[-1].known):
                continue
            rows = self._folders[name]
            for entity in entities:
                file = f"{entity.key.name}.yaml"
                row = rows.get(file)
                if row is not None and row[1] is entity.data and not row[2]:
                    rows[file] = (row[0], row[1], entity.known, *row[3:])
                    self._dirty.add(name)
        self._given.clear()

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
            return rows  # type: ignore[no-any-return]
        except (OSError, ValueError, EOFError, TypeError, AttributeError):
            return {}

    def save(self) -> None:
        """Write what has changed; a failure costs time alone."""
        if not self._place:
            return
        self._learn()
        for name in self._dirty:
            body = marshal.dumps((self._head, self._folders[name]))
            with contextlib.suppress(OSError):
                os.makedirs(self._place, mode=0o700, exist_ok=True)
                atomic.replace(self._file(name), zlib.crc32(body).to_bytes(4, "big") + body, durable=False)
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
