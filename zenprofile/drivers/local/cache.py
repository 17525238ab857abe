"""The parse cache of a work tree: documents as data, by inode, size and times. Delete it at any time; nothing changes.

One file a folder of documents, in marshal's form (no import, 0.3 ms for 1,000 documents), trusted only with its
checksum and the same versions, paths and schemas. It lies in the user's configuration folder.
"""

import contextlib
import marshal
import os
import sys
import zlib
from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

from zenprofile import __version__
from zenprofile.core.entity import Data, Entity
from zenprofile.fs import atomic

_FORM = 4  # of the files
_YOUNG = 2_000_000_000  # ns: a file this young may change again without a change of its times (docs/performance.md)
_LARGE = 1 << 20  # bytes of a folder's file, some 5,000 documents: to load it takes longer than to parse a few of them
_FEW = 8  # documents of a large folder
Stamp = tuple[int, int, int, int]
# A document that held when it was read: inode, size, mtime_ns and ctime_ns of its file; its content; the revision, or
# "" where nobody has asked yet; the revision of the registered flavor whose schema it was held against, or ""; whether
# there is a tab in its text.
Cached = tuple[Stamp, Data, str, str, bool]


class Folder(NamedTuple):
    """The documents of one folder by column: whole columns are stored, compared and given out at once.

    Attributes:
        listing: `listing` of the folder when it was read.
        names: of the entities, sorted; of the columns that follow too.
        data: as in `Cached`, as are revisions, depends (of those alone that have one, by name) and tabs.
    """

    listing: bytes
    names: list[str]
    data: list[Data]
    revisions: list[str]
    depends: dict[str, str]
    tabs: list[bool]

    def rows(self) -> dict[str, Cached]:
        """Return each document by its file's name."""
        marks = dict(marshal.loads(self.listing))  # noqa: S302 - of our own file, proved by its checksum
        columns = zip(self.names, self.data, self.revisions, self.tabs, strict=True)
        return {
            f"{name}.yaml": (marks[f"{name}.yaml"], data, revision, self.depends.get(name, ""), tabs)
            for name, data, revision, tabs in columns
        }


_NOTHING = Folder(b"", [], [], [], {}, [])

# What tells two contents of a file apart, as far as `is_old_enough` holds; in C, since it is asked of each file.
stamp: Callable[[os.stat_result], Stamp] = attrgetter("st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")


def listing(marks: dict[str, Stamp]) -> bytes:
    """Return names and stamps as bytes, equal only where all are equal, in the same order."""
    return marshal.dumps(list(marks.items()), 2)  # version 2 refers to nothing by identity


def is_old_enough(mark: Stamp, now: int) -> bool:
    """Return whether a file's times are old enough (``now`` in ns) to be trusted for its content."""
    return max(mark[2], mark[3]) < now - _YOUNG


class Cache:
    """Cached documents by folder and file name."""

    def __init__(self, place: str, root: str, schemas: str) -> None:
        """Use a folder (``place``; "" keeps nothing) for a store at ``root`` under schemas of a state."""
        self._place = place
        self._head = (_FORM, __version__, sys.version_info[:3], marshal.version, root, schemas)
        self._folders: dict[str, Folder] = {}
        self._rows: dict[str, dict[str, Cached]] = {}
        self._given: dict[str, list[Entity]] = {}
        self._dirty: set[str] = set()
        self._alone: dict[str, int] = {}  # how many documents of a folder were asked for before it was loaded

    def folder(self, name: str) -> Folder:
        """Return what is cached of a folder."""
        if name not in self._folders:
            self._folders[name] = self._load(name)
        return self._folders[name]

    def rows(self, name: str) -> dict[str, Cached]:
        """Return what is cached of a folder, by file name."""
        if name not in self._rows:
            folder = self.folder(name)
            self._rows[name] = folder.rows() if folder.names else {}
        return self._rows[name]

    def entry(self, name: str, file: str) -> Cached | None:
        """Return what is cached of one file; None too where it is one of a few of a large folder that is not loaded."""
        if name not in self._folders and self._is_large(name):
            self._alone[name] = self._alone.get(name, 0) + 1
            if self._alone[name] <= _FEW:
                return None
        return self.rows(name).get(file)

    def _is_large(self, name: str) -> bool:
        try:
            return os.stat(self._file(name)).st_size > _LARGE
        except OSError:
            return False

    def replace_folder(self, name: str, rows: dict[str, Cached], marks: dict[str, Stamp]) -> None:
        """Replace what is cached of a folder.

        Args:
            name: of the folder.
            rows: by file name, sorted by the entities' names.
            marks: of all that the folder holds, in the order in which it lists it.
        """
        names = [file.removesuffix(".yaml") for file in rows]
        columns = list(map(list, zip(*rows.values(), strict=True))) or [[], [], [], [], []]
        _, data, revisions, depends, tabs = columns
        needed = {name: revision for name, revision in zip(names, depends, strict=True) if revision}
        # Of a folder without documents nothing is saved: somebody may have made thousands.
        of_rows = listing({file: mark for file, mark in marks.items() if file in rows}) if rows else b""
        folder = Folder(of_rows, names, data, revisions, needed, tabs)
        if folder != self.folder(name):
            self._folders[name] = folder
            self._rows[name] = rows
            self._dirty.add(name)

    def note_entities(self, name: str, entities: list[Entity]) -> None:
        """Note the entities made of a folder's documents: revisions that they compute are saved with the cache."""
        self._given[name] = entities

    def _update_revisions(self) -> None:
        """Copy computed revisions into the cache for folders where all were computed."""
        for name, entities in self._given.items():
            if not entities or not (entities[0].known and entities[-1].known):
                continue
            folder = self._folders[name]
            known = {id(entity.data): entity.known for entity in entities}
            revisions = [known.get(id(data), was) for data, was in zip(folder.data, folder.revisions, strict=True)]
            if revisions != folder.revisions:
                self._folders[name] = folder._replace(revisions=revisions)
                self._rows.pop(name, None)
                self._dirty.add(name)
        self._given.clear()

    def _file(self, name: str) -> str:
        return os.path.join(self._place, name.replace("/", ".") + ".bin")

    def _load(self, name: str) -> Folder:
        if not self._place:
            return _NOTHING
        try:
            with open(self._file(name), "rb") as file:
                content = file.read()
            body = memoryview(content)[4:]
            if zlib.crc32(body) != int.from_bytes(content[:4], "big"):
                return _NOTHING
            head, *columns = marshal.loads(body)  # noqa: S302 - our own file, proved by its checksum
            return Folder(*columns) if head == self._head else _NOTHING
        except (OSError, ValueError, EOFError, TypeError, AttributeError):
            return _NOTHING

    def save(self) -> None:
        """Write what has changed; a failure costs time alone."""
        if not self._place:
            return
        self._update_revisions()
        for name in self._dirty:
            body = marshal.dumps((self._head, *self._folders[name]))
            with contextlib.suppress(OSError):
                os.makedirs(self._place, mode=0o700, exist_ok=True)
                atomic.replace(self._file(name), zlib.crc32(body).to_bytes(4, "big") + body, durable=False)
        self._dirty.clear()


def delete(place: str) -> None:
    """Delete a cache."""
    names: list[Any] = []
    with contextlib.suppress(OSError):
        names = os.listdir(place)
    for name in names:
        if name.endswith(".bin"):
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(place, name))
