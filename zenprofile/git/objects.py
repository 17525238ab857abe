"""Git's objects, read and written in this process where that is possible (GIT_SYNC G: three times faster than git).

Loose objects have one form in SHA-1 and SHA-256 repositories; packed ones are read through ``git cat-file --batch``.
"""

import hashlib
import os
import re
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from zenprofile.errors import StoreBroken
from zenprofile.git import runner
from zenprofile.git.repository import Repository

FILE = "100644"
FOLDER = "40000"


class TreeEntry(NamedTuple):
    """One line of a tree: mode in octal text, and object id (hex)."""

    mode: str
    oid: str


Pair = tuple[TreeEntry | None, TreeEntry | None]


class Objects:
    """The object store of a repository. Close it: packed objects are read from a child process."""

    def __init__(self, repository: Repository, extra: Mapping[str, str] | None = None) -> None:
        """Open a repository's objects; ``extra`` are git's own variables, where a hook was given them."""
        self._repository = repository
        self._extra = extra
        self._folder = repository.common_dir / "objects"
        self._child: subprocess.Popen[bytes] | None = None
        self._hash: Callable[[bytes], hashlib._Hash] = hashlib.sha1
        self._size = 20
        if _is_sha256(repository.common_dir):
            self._hash, self._size = hashlib.sha256, 32
        self._trees: dict[str, dict[str, TreeEntry]] = {}
        self._entry = re.compile(rb"([0-7]+) ([^\0]+)\0(.{%d})" % self._size, re.DOTALL)

    @property
    def zero(self) -> str:
        """The id that stands for no object."""
        return "0" * (2 * self._size)

    @property
    def empty_tree(self) -> str:
        """The id of the tree without entries; git knows it without an object."""
        return self.oid("tree", b"")

    def close(self) -> None:
        """End the child process."""
        if self._child is not None:
            runner.end(self._child)
            self._child = None

    def oid(self, kind: str, content: bytes) -> str:
        """Return the id that an object would have."""
        return self._hash(b"%s %d\0" % (kind.encode(), len(content)) + content).hexdigest()

    def read(self, oid: str, kind: str) -> bytes:
        """Return an object's content.

        Raises:
            StoreBroken: it is missing, damaged, or of another kind.
        """
        found = self._loose(oid) or self._packed(oid)
        if found is None or found[0] != kind:
            message = f"the {kind} {oid[:12]} is missing from {self._repository.top}"
            raise StoreBroken(message, hint="try: git fsck; a shallow or partial clone may need: git fetch --unshallow")
        return found[1]

    def _loose(self, oid: str) -> tuple[str, bytes] | None:
        try:
            packed = (self._folder / oid[:2] / oid[2:]).read_bytes()
            header, _, content = zlib.decompress(packed).partition(b"\0")
        except (OSError, zlib.error):
            return None
        return header.split(b" ")[0].decode("ascii", "replace"), content

    def _packed(self, oid: str) -> tuple[str, bytes] | None:
        if self._child is None:
            self._child = runner.start(["cat-file", "--batch"], self._repository.top, extra=self._extra)
        child = self._child
        assert child.stdin  # noqa: S101 - both are pipes
        assert child.stdout  # noqa: S101
        try:
            child.stdin.write(oid.encode() + b"\n")
            child.stdin.flush()
            header = child.stdout.readline().split()
            if len(header) != 3:
                return None
            content = child.stdout.read(int(header[2]))
            child.stdout.read(1)
        except (OSError, ValueError):
            self.close()
            return None
        return header[1].decode(), content

    def write(self, kind: str, content: bytes) -> str:
        """Write an object, durably, and return its id."""
        oid = self.oid(kind, content)
        folder = self._folder / oid[:2]
        path = folder / oid[2:]
        if path.exists():
            return oid
        folder.mkdir(exist_ok=True)
        # Git's own level for loose objects is 1; large trees are ids, which do not shrink.
        level = 1 if len(content) < 65536 else 0
        packed = zlib.compress(b"%s %d\0" % (kind.encode(), len(content)) + content, level)
        fd, name = tempfile.mkstemp(prefix="tmp_obj_", dir=folder)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(packed)
                file.flush()
                os.fchmod(fd, 0o444)
                os.fsync(fd)
            Path(name).rename(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return oid

    def tree_of(self, commit: str) -> str:
        """Return the tree of a commit; of "" (no commit) the empty tree's id, which need not exist."""
        if not commit:
            return self.empty_tree
        return self.read(commit, "commit")[5 : 5 + 2 * self._size].decode("ascii")

    def parents_of(self, commit: str) -> list[str]:
        """Return a commit's parents."""
        head = self.read(commit, "commit").split(b"\n\n", 1)[0]
        return [line[7:].decode("ascii") for line in head.split(b"\n") if line.startswith(b"parent ")]

    def tree(self, oid: str) -> dict[str, TreeEntry]:
        """Return a tree's entries by name (bytes that are not UTF-8 as surrogates)."""
        if oid == self.empty_tree:
            return {}
        if oid not in self._trees:
            self._trees[oid] = {
                name.decode("utf-8", "surrogateescape"): TreeEntry(mode.decode(), binary.hex())
                for mode, name, binary in self._entry.findall(self.read(oid, "tree"))
            }
        return self._trees[oid]

    def entry(self, tree: str, path: str) -> TreeEntry | None:
        """Return the entry at a path below a tree, or None."""
        *folders, name = path.split("/")
        for folder in folders:
            found = self.tree(tree).get(folder)
            if found is None or found.mode != FOLDER:
                return None
            tree = found.oid
        return self.tree(tree).get(name)

    def files(self, tree: str, prefix: str = "") -> dict[str, TreeEntry]:
        """Return every entry below a tree that is no folder, by path."""
        found: dict[str, TreeEntry] = {}
        for name, entry in self.tree(tree).items():
            if entry.mode == FOLDER:
                found.update(self.files(entry.oid, f"{prefix}{name}/"))
            else:
                found[prefix + name] = entry
        return found

    def differences(self, old: str, new: str, prefix: str = "") -> dict[str, Pair]:
        """Return the entries that differ between two trees, by path; folders are told by what is in them."""
        if old == new:
            return {}
        found: dict[str, Pair] = {}
        before, after = self.tree(old), self.tree(new)
        for name in sorted({*before, *after}):
            one, other = before.get(name), after.get(name)
            if one == other:
                continue
            inner = [e.oid if e is not None and e.mode == FOLDER else self.empty_tree for e in (one, other)]
            found.update(self.differences(inner[0], inner[1], f"{prefix}{name}/"))
            plain = [None if e is None or e.mode == FOLDER else e for e in (one, other)]
            if plain != [None, None]:
                found[prefix + name] = (plain[0], plain[1])
        return found

    def subtree(self, tree: str, prefix: str) -> str:
        """Return the tree at a folder (``a/b/`` or ""); the empty tree's id where there is none."""
        if not prefix:
            return tree
        found = self.entry(tree, prefix.rstrip("/"))
        return found.oid if found is not None and found.mode == FOLDER else self.empty_tree

    def edited(self, tree: str, paths: Mapping[str, TreeEntry | None]) -> str:
        """Write the trees that result from setting (None: removing) entries below a tree; return the new top.

        Folders that become empty go.
        """
        here: dict[str, TreeEntry | None] = {}
        below: dict[str, dict[str, TreeEntry | None]] = {}
        for path, entry in paths.items():
            folder, slash, rest = path.partition("/")
            if slash:
                below.setdefault(folder, {})[rest] = entry
            else:
                here[path] = entry
        entries = dict(self.tree(tree))
        for folder, inner in below.items():
            old = entries.get(folder)
            base = old.oid if old is not None and old.mode == FOLDER else self.empty_tree
            new = self.edited(base, inner)
            here[folder] = None if new == self.empty_tree else TreeEntry(FOLDER, new)
        for name, wanted in here.items():
            if wanted is None:
                entries.pop(name, None)
            else:
                entries[name] = wanted
        if not entries:
            return self.empty_tree
        return self._write_tree(entries)

    def _write_tree(self, entries: Mapping[str, TreeEntry]) -> str:
        # Git sorts a folder as if its name ended with a slash.
        rows = sorted(
            (name.encode("utf-8", "surrogateescape") + (b"/" if entry.mode == FOLDER else b""), entry)
            for name, entry in entries.items()
        )
        content = b"".join(
            b"%s %s\0%s" % (mode.encode(), name.rstrip(b"/"), bytes.fromhex(oid)) for name, (mode, oid) in rows
        )
        return self.write("tree", content)


def _is_sha256(common_dir: Path) -> bool:
    try:
        config = (common_dir / "config").read_text("utf-8", "replace")
    except OSError:
        return False
    return bool(re.search(r"^\s*objectformat\s*=\s*\"?sha256", config, re.MULTILINE | re.IGNORECASE))
