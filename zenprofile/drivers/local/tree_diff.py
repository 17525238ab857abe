"""What differs between two trees, for a walk over many commits: what the trees share is never looked at in Python."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from zenprofile.core.entity import KINDS

_FOLDER = b"40000"
_FILES = frozenset({b"100644", b"100755"})
_FOLDERS = frozenset(kind.folder.encode() for kind in KINDS.values())
_KEPT = 64  # trees in memory: a commit and its parents share most, those of last year nothing

Oid = bytes
Sides = tuple[Oid | None, Oid | None]


class _RawEntry(NamedTuple):
    mode: bytes
    oid: Oid


class TreeDiff:
    """Compares the profile's folder in trees; ids are binary."""

    def __init__(self, read: Callable[[Oid], bytes], id_size: int, prefix: str) -> None:
        """Take what reads a tree's content, the length of an id, and the profile's folder (``a/b/`` or "")."""
        self._read = read
        self._row = re.compile(rb"[0-7]+ [^\0]+\0.{%d}" % id_size, re.DOTALL)
        self._size = id_size
        self._steps = prefix.rstrip("/").encode().split(b"/") if prefix else []
        self._rows = lru_cache(maxsize=_KEPT)(self._rows_of)

    def documents(self, old: Oid | None, new: Oid | None) -> dict[str, Sides]:
        """Return the plain files in the folders of entities that differ, by path below the profile (None: no tree)."""
        found: dict[str, Sides] = {}
        old, new = (self._profile(side) for side in (old, new))
        for name, (before, after) in self._differing(old, new).items():
            if name in _FOLDERS:
                self._below(name.decode() + "/", _folder(before), _folder(after), found)
        return found

    def _rows_of(self, tree: Oid) -> frozenset[bytes]:
        return frozenset(self._row.findall(self._read(tree)))

    def _differing(self, old: Oid | None, new: Oid | None) -> dict[bytes, tuple[_RawEntry | None, _RawEntry | None]]:
        if old == new:
            return {}
        before, after = (frozenset() if side is None else self._rows(side) for side in (old, new))
        removed, added = (dict(map(self._parsed, rows)) for rows in (before - after, after - before))
        return {name: (removed.get(name), added.get(name)) for name in {**removed, **added}}

    def _parsed(self, row: bytes) -> tuple[bytes, _RawEntry]:
        mode, _, name = row[: -self._size - 1].partition(b" ")
        return name, _RawEntry(mode, row[-self._size :])

    def _profile(self, tree: Oid | None) -> Oid | None:
        for step in self._steps:
            rows = frozenset() if tree is None else self._rows(tree)
            tree = _folder(dict(map(self._parsed, rows)).get(step))
        return tree

    def _below(self, prefix: str, old: Oid | None, new: Oid | None, found: dict[str, Sides]) -> None:
        for name, sides in self._differing(old, new).items():
            path = prefix + name.decode("utf-8", "surrogateescape")
            folders = [_folder(side) for side in sides]
            if folders != [None, None]:
                self._below(path + "/", folders[0], folders[1], found)
            files = [side.oid if side is not None and side.mode in _FILES else None for side in sides]
            if files[0] != files[1]:
                found[path] = (files[0], files[1])


def _folder(entry: _RawEntry | None) -> Oid | None:
    return entry.oid if entry is not None and entry.mode == _FOLDER else None
