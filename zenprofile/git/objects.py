"""Git's objects, read and written in this process where that is possible (three times as fast as git).

Loose objects have one form in SHA-1 and SHA-256 repositories; packed ones are read through ``git cat-file --batch``.
"""

import contextlib
import os
import subprocess
import time
import zlib
from collections.abc import Iterator, Mapping

from zenprofile.errors import StoreBroken
from zenprofile.fs import nofollow, shared
from zenprofile.fs.durable import NewFiles
from zenprofile.git import pack, runner
from zenprofile.git.repository import Repository
from zenprofile.git.trees import EXECUTABLE, FILE, FOLDER, Pair, TreeEntry, Trees

__all__ = ["EXECUTABLE", "FILE", "FOLDER", "Objects", "Pair", "TreeEntry"]

_LARGEST = 64 << 20  # bytes of a commit or tree
_MOST_KNOWN = 4 << 20  # bytes of blobs that are kept: a merge asks for the same ones again
_TIMEOUT = 30.0  # seconds
_PACKED = 512  # objects; more go into one pack: ten thousand files take longer to be made than to be filled


class Objects(Trees):
    """The object store of a repository. Close it: packed objects are read from a child process."""

    def __init__(
        self, repository: Repository, extra: Mapping[str, str] | None = None, timeout: float = _TIMEOUT
    ) -> None:
        """Open a repository's objects.

        Args:
            repository: whose.
            extra: git's own variables, where a hook was given them.
            timeout: seconds without any movement after which what a partial clone lacks is no longer waited for.
        """
        super().__init__(32 if repository.is_sha256 else 20)
        self._repository = repository
        self._extra = extra
        self._timeout = timeout
        self._folder = repository.common_file("objects")
        # What is written and has not its name yet: kind and content by id, and the files.
        self._unsettled: dict[str, tuple[str, bytes]] = {}
        self._files = NewFiles()
        self._batching = False
        self._child: subprocess.Popen[bytes] | None = None
        self._blobs: dict[str, bytes] = {}
        self._room = _MOST_KNOWN

    @property
    def null_oid(self) -> str:
        """The id that stands for no object."""
        return "0" * (2 * self._size)

    def close(self) -> None:
        """End the child process; what was written `batch` and is not settled goes."""
        self._discard_unsynced()
        self._end_child()

    def _end_child(self) -> None:
        if self._child is not None:
            runner.end(self._child)
            self._child = None

    def oid(self, kind: str, content: bytes) -> str:
        """Return the id that an object would have."""
        import hashlib  # with all of OpenSSL, and what only reads needs none

        made = hashlib.new("sha1" if self._size == 20 else "sha256", usedforsecurity=False)
        made.update(b"%s %d\0" % (kind.encode(), len(content)))
        made.update(content)
        return made.hexdigest()

    def read(self, oid: str, kind: str) -> bytes:
        """Return an object's content; of a blob, no more than shows that it is too large for a document.

        Raises:
            StoreBroken: it is missing, damaged, or of another kind.
        """
        if kind == "blob" and oid in self._blobs:
            return self._blobs[oid]
        most = nofollow.MAX_BYTES + 1 if kind == "blob" else _LARGEST
        found = self._unsettled.get(oid) or self._read_object(oid, most)
        if found is None or found[0] != kind:
            message = f"the {kind} {oid[:12]} is missing from {self._repository.top}"
            raise StoreBroken(message, hint="try: git fsck; a shallow or partial clone may need: git fetch --unshallow")
        if kind == "blob" and len(found[1]) <= self._room:
            self._room -= len(found[1])
            self._blobs[oid] = found[1]
        return found[1]

    def _read_object(self, oid: str, most: int) -> tuple[str, bytes] | None:
        found = self._read_loose(oid, most) or self._read_packed(oid, most)
        if found is None and self._extra is None:  # a hook's or a network command's own variables see to it
            from zenprofile.git import partial_clone

            if partial_clone.is_partial(self._repository) and partial_clone.fetch_missing(
                self._repository, oid, self._timeout
            ):
                self._end_child()
                return self._read_loose(oid, most) or self._read_packed(oid, most)
        return found

    def _read_loose(self, oid: str, most: int) -> tuple[str, bytes] | None:
        try:
            packed = _start_of(os.path.join(self._folder, oid[:2], oid[2:]), most + 65536)
            header, _, content = zlib.decompressobj().decompress(packed, most + 64).partition(b"\0")
            kind, _, size = header.partition(b" ")
            whole = len(content) >= min(int(size), most)
        except (OSError, zlib.error, ValueError):
            return None
        return (kind.decode("ascii", "replace"), content[:most]) if whole else None

    def start_reader(self) -> None:
        """Start the child process that reads packed objects, where there are packs, before it is first needed."""
        with contextlib.suppress(OSError):
            if any(name.endswith(".idx") for name in os.listdir(os.path.join(self._folder, "pack"))):
                self._reader()

    def _reader(self) -> "subprocess.Popen[bytes]":
        if self._child is None:
            self._child = runner.start(["cat-file", "--batch"], self._repository.folder, extra=self._extra)
        return self._child

    def _read_packed(self, oid: str, most: int) -> tuple[str, bytes] | None:
        child = self._reader()
        assert child.stdin  # noqa: S101 - both are pipes
        assert child.stdout  # noqa: S101
        try:
            child.stdin.write(oid.encode() + b"\n")
            child.stdin.flush()
            header = child.stdout.readline().split()
            if len(header) != 3:
                return None
            size = int(header[2])
            content = child.stdout.read(min(size, most))
            if size > most:  # the rest is not waited for
                self._end_child()
            else:
                child.stdout.read(1)
        except (OSError, ValueError):
            self._end_child()
            return None
        return header[1].decode(), content

    def write(self, kind: str, content: bytes) -> str:
        """Write an object, durably, and return its id."""
        oid = self.oid(kind, content)
        if oid in self._unsettled or _freshen(self._loose_path(oid)):
            return oid
        self._unsettled[oid] = kind, content
        if not self._batching:
            self.flush()
        return oid

    def _loose_path(self, oid: str) -> str:
        return os.path.join(self._folder, oid[:2], oid[2:])

    def _write_loose(self, oid: str, kind: str, content: bytes) -> None:
        """Write an object's file, under another name."""
        path = self._loose_path(oid)
        folder = os.path.dirname(path)
        sharing = self._repository.shared_mode
        shared.make_folder(folder, sharing)
        # Git's own level for loose objects is 1; large trees are ids, which do not shrink.
        level = 1 if len(content) < 65536 else 0
        packed = zlib.compress(b"%s %d\0" % (kind.encode(), len(content)) + content, level)
        draft = os.path.join(folder, f"tmp_obj_{os.getpid()}_{time.monotonic_ns():x}")  # git clears such names away
        self._files.add(path, draft, packed, 0o444, sharing=sharing)

    def _discard_unsynced(self) -> None:
        """Remove the files of objects that were not flushed."""
        self._files.drop()
        self._unsettled.clear()

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Write objects in a batch that is synced once at the end, instead of once per object."""
        self._batching = True
        try:
            yield
            self.flush()
        finally:
            self._batching = False

    def flush(self) -> None:
        """Sync what was written to disk, and only then move it to where git looks for it."""
        try:
            if len(self._unsettled) > _PACKED:
                pack.write(self._repository, self._unsettled.values())
            else:
                for oid, (kind, content) in self._unsettled.items():
                    self._write_loose(oid, kind, content)
                self._files.publish()
        finally:
            self._discard_unsynced()

    def tree_of(self, commit: str) -> str:
        """Return the tree of a commit; of "" (no commit) the empty tree's id, which need not exist."""
        if not commit:
            return self.empty_tree
        return self.read(commit, "commit")[5 : 5 + 2 * self._size].decode("ascii")

    def parents_of(self, commit: str) -> list[str]:
        """Return a commit's parents."""
        head = self.read(commit, "commit").split(b"\n\n", 1)[0]
        return [line[7:].decode("ascii") for line in head.split(b"\n") if line.startswith(b"parent ")]

    def entry_keeping_mode(self, tree: str, path: str, oid: str) -> TreeEntry | None:
        """Return the entry of a file's new blob ("": none) that keeps the mode it has in a tree."""
        if not oid:
            return None
        there = self.entry(tree, path)
        return TreeEntry(there.mode if there is not None and there.mode == EXECUTABLE else FILE, oid)

    def write_edited_tree(self, tree: str, paths: Mapping[str, TreeEntry | None]) -> str:
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
            new = self.write_edited_tree(base, inner)
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
        oid = self.write("tree", content)
        self._trees[oid] = dict(entries)
        return oid


def _freshen(path: str) -> bool:
    """Return whether an object exists already, and update its time: `git gc` removes old unreferenced ones.

    One whose time cannot be set is written anew, as git does it.
    """
    try:
        os.utime(path)
    except OSError:
        return False
    return True


def _start_of(path: str, most: int) -> bytes:
    """Return a file's first bytes, in no more room than it needs."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        left = min(os.fstat(file).st_size, most)
        parts = [os.read(file, left)]
        while parts[-1] and left > len(parts[-1]):
            left -= len(parts[-1])
            parts.append(os.read(file, left))
        return b"".join(parts)
    finally:
        os.close(file)
