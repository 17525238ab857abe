"""Git's tree objects: parsed, looked up and compared. A large one is parsed only where it has to be."""

import re
from abc import ABC, abstractmethod
from collections.abc import Set
from functools import cache
from typing import NamedTuple

from zenprofile.errors import Unsafe
from zenprofile.fs import nofollow

FILE = "100644"
EXECUTABLE = "100755"
FOLDER = "40000"
_LARGE = 8192  # bytes; some 200 entries
_MOST_COMPARED = 256  # pairs of trees
_OFTEN = 4  # look-ups in a large tree; for more, it is taken apart
# By the bytes of an id.
_EMPTY_TREES = {
    20: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    32: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


class TreeEntry(NamedTuple):
    """One line of a tree: mode in octal text, and object id (hex)."""

    mode: str
    oid: str


Pair = tuple[TreeEntry | None, TreeEntry | None]


class Trees(ABC):
    """Reads trees; a part of `zenprofile.git.objects.Objects`, which has their contents."""

    def __init__(self, size: int) -> None:
        """Take the bytes of an object id."""
        self._size = size
        self._trees: dict[str, dict[str, TreeEntry]] = {}
        # Of large trees: the text, and how often an entry was looked up in it.
        self._texts: dict[str, bytes] = {}
        self._asked: dict[str, int] = {}
        self._compared: dict[tuple[str, str], dict[str, Pair]] = {}

    @abstractmethod
    def read(self, oid: str, kind: str) -> bytes:
        """Return an object's content."""

    @property
    def empty_tree(self) -> str:
        """The id of the tree without entries; git knows it without an object."""
        return _EMPTY_TREES[self._size]

    def tree(self, oid: str) -> dict[str, TreeEntry]:
        """Return a tree's entries by name (bytes that are not UTF-8 as surrogates).

        Raises:
            Unsafe: a name leads out of the tree; git checks it out as little.
        """
        if oid == self.empty_tree:
            return {}
        if oid not in self._trees:
            self._trees[oid] = parse(self._text_of(oid), self._size, oid)
            self._texts.pop(oid, None)
        return self._trees[oid]

    def _text_of(self, oid: str) -> bytes:
        """Return a tree's content; that of large ones is kept."""
        if oid in self._texts:
            return self._texts[oid]
        content = self.read(oid, "tree") if oid != self.empty_tree else b""
        if is_large(content):
            self._texts[oid] = content
        return content

    def _in_tree(self, oid: str, name: str) -> TreeEntry | None:
        """Return one entry of a tree; a large tree is parsed only where it is asked often."""
        asked = self._asked[oid] = self._asked.get(oid, 0) + 1
        if oid in self._trees or asked > _OFTEN:
            return self.tree(oid).get(name)
        content = self._text_of(oid)
        return find(content, self._size, name) if is_large(content) else self.tree(oid).get(name)

    def entry(self, tree: str, path: str) -> TreeEntry | None:
        """Return the entry at a path below a tree, or None."""
        *folders, name = path.split("/")
        for folder in folders:
            found = self._in_tree(tree, folder)
            if found is None or found.mode != FOLDER:
                return None
            tree = found.oid
        return self._in_tree(tree, name)

    def files(self, tree: str, prefix: str = "") -> dict[str, TreeEntry]:
        """Return every entry below a tree that is no folder, by path."""
        found: dict[str, TreeEntry] = {}
        for name, entry in self.tree(tree).items():
            if entry.mode == FOLDER:
                found.update(self.files(entry.oid, f"{prefix}{name}/"))
            else:
                found[prefix + name] = entry
        return found

    def diff(self, old: str, new: str) -> dict[str, Pair]:
        """Return the entries that differ between two trees, by path; folders by the files in them."""
        if old == new:
            return {}
        if (old, new) not in self._compared:
            if len(self._compared) >= _MOST_COMPARED:
                self._compared.clear()
            self._compared[old, new] = self._diff(old, new, "")
        return self._compared[old, new]

    def _diff(self, old: str, new: str, prefix: str) -> dict[str, Pair]:
        found: dict[str, Pair] = {}
        before, after = self._without_common(old, new)
        for name in sorted({name for name, _ in before.items() ^ after.items()}):
            one, other = before.get(name), after.get(name)
            inner = [e.oid if e is not None and e.mode == FOLDER else self.empty_tree for e in (one, other)]
            if inner[0] != inner[1]:
                found.update(self._diff(inner[0], inner[1], f"{prefix}{name}/"))
            plain = [None if e is None or e.mode == FOLDER else e for e in (one, other)]
            if plain != [None, None]:
                found[prefix + name] = (plain[0], plain[1])
        return found

    def _without_common(self, old: str, new: str) -> tuple[dict[str, TreeEntry], dict[str, TreeEntry]]:
        """Return the entries of two trees; of large ones without most that both have."""
        if old in self._trees and new in self._trees:
            return self._trees[old], self._trees[new]
        texts = self._text_of(old), self._text_of(new)
        if not all(map(is_large, texts)):
            return self.tree(old), self.tree(new)
        one, other = strip_common(*texts, self._size)
        return parse(one, self._size, old), parse(other, self._size, new)

    def subtree(self, tree: str, prefix: str) -> str:
        """Return the tree at a folder (``a/b/`` or ""); the empty tree's id where there is none."""
        if not prefix:
            return tree
        found = self.entry(tree, prefix.rstrip("/"))
        return found.oid if found is not None and found.mode == FOLDER else self.empty_tree


@cache
def _entry(size: int) -> re.Pattern[bytes]:
    return re.compile(rb"([0-7]+) ([^\0]+)\0(.{%d})" % size, re.DOTALL)


@cache
def _entries(size: int) -> re.Pattern[bytes]:
    return re.compile(rb"(?>[0-7]+ [^\0]+\0.{%d})*+" % size, re.DOTALL)


def is_large(content: bytes) -> bool:
    """Return whether a tree is better looked up and compared as text."""
    return len(content) > _LARGE


def parse(content: bytes, size: int, tree: str) -> dict[str, TreeEntry]:
    """Return a tree's entries by name (bytes that are not UTF-8 as surrogates).

    Args:
        content: of the tree, or a part of it between two entries.
        size: bytes of an object id.
        tree: its id, for a message.

    Raises:
        Unsafe: a name leads out of the tree; git checks it out as little.
    """
    found = {
        name.decode("utf-8", "surrogateescape"): TreeEntry(mode.decode(), binary.hex())
        for mode, name, binary in _entry(size).findall(content)
    }
    wrong = _unsafe_name(found.keys())
    if wrong is not None:
        message = f"the tree {tree[:12]} has an entry {wrong[:140]!r}, which leads out of it"
        raise Unsafe(message, hint="whoever made it has to take it out; nothing was written")
    return found


def find(content: bytes, size: int, name: str) -> TreeEntry | None:
    """Return one entry of a tree, or None."""
    wanted = name.encode("utf-8", "surrogateescape")
    at = content.find(b" %s\0" % wanted)
    while at >= 0:
        before = _entries(size).match(content, 0, at)
        entry = _entry(size).match(content, before.end() if before else 0)
        if entry is not None and entry.group(2) == wanted:  # else it stands in an id by chance
            return TreeEntry(entry.group(1).decode(), entry.group(3).hex())
        at = content.find(b" %s\0" % wanted, at + 1)
    return None


def strip_common(one: bytes, other: bytes, size: int) -> tuple[bytes, bytes]:
    """Return two trees without the entries that both begin with, and those that both end with."""
    begin = _entries(size).match(one, 0, _common_prefix(one, other))
    start = begin.end() if begin else 0
    one, other = one[start:], other[start:]
    same = _common_prefix(one[::-1], other[::-1])
    ends = [_boundary(text, len(text) - same, size) for text in (one, other)]
    if len(one) - ends[0] != len(other) - ends[1]:
        return one, other
    return one[: ends[0]], other[: ends[1]]


def _common_prefix(one: bytes, other: bytes) -> int:
    """Return how many bytes two texts have in common from their start."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _boundary(content: bytes, least: int, size: int) -> int:
    """Return the offset of the first entry that begins at an offset or behind it."""
    at = 0
    for entry in _entry(size).finditer(content):
        at = entry.start()
        if at >= least:
            return at
        at = entry.end()
    return at


def _unsafe_name(names: Set[str]) -> str | None:
    """Return a name that no tree may have, or None. Large trees are looked at as one text first."""
    joined = "\0".join(names).lower()
    if not ("/" in joined or ".git" in joined or "git~1" in joined or names & {"", ".", ".."}):
        return None
    return next((name for name in names if "/" in name or not nofollow.is_inside(name)), None)
