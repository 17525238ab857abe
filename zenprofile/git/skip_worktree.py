"""Index entries that are flagged skip-worktree or assume-unchanged: git does not look at their files on the disk.

The index is read in this process: every command asks, and nearly always the answer is that there are none.
"""

import os
import stat
import struct
import time
from typing import NamedTuple

from zenprofile.git.repository import Repository

SKIPPED, ASSUMED = "skip-worktree", "assume-unchanged"
_ASSUMED, _EXTENDED, _SKIPPED, _NAME = 0x8000, 0x4000, 0x4000, 0x0FFF
_FOLDER = 0o40000
_FIXED = 40  # bytes of an entry in front of its object id
_MOST = 512 << 20  # bytes of an index
_SETTLED = 50_000_000  # ns: an index this old differs from a later one in its file or its times
_last: "tuple[object, dict[str, SkippedEntry]] | None" = None  # of the index that was read last: a write asks twice


class SkippedEntry(NamedTuple):
    """An entry of the index that stands for a file.

    Attributes:
        oid: of the blob.
        how: `SKIPPED` (a sparse checkout does that, too) or `ASSUMED`.
    """

    oid: str
    how: str


def find(repository: Repository) -> dict[str, SkippedEntry]:
    """Return the entries by path below the work tree's top."""
    global _last  # noqa: PLW0603 - one answer, replaced as a whole
    try:
        path = repository.git_file("index")
        about = os.stat(path)
        if not stat.S_ISREG(about.st_mode):  # a pipe would be waited for
            return {}
        mark = (path, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
        last = _last
        if last is not None and last[0] == mark:
            return last[1]
        settled = max(about.st_mtime_ns, about.st_ctime_ns) < time.time_ns() - _SETTLED
        with open(path, "rb") as file:
            content = file.read(min(about.st_size, _MOST))  # memory is taken for what is asked for
    except OSError:
        return {}
    found = _read(repository, content)
    if settled:
        _last = (mark, found)
    return found


def _read(repository: Repository, content: bytes) -> dict[str, SkippedEntry]:
    try:
        found = _flagged(content, 32 if repository.is_sha256 else 20)
    except (struct.error, ValueError, IndexError):
        return _by_git(repository)
    return _without_folders(repository, found)


def _flagged(content: bytes, size: int) -> dict[str, tuple[int, SkippedEntry]]:
    """Return mode and entry of what is flagged in an index.

    Raises:
        ValueError, IndexError, struct.error: it has a form that is left to git.
    """
    signature, version, count = struct.unpack_from(">4sII", content)
    if signature != b"DIRC" or version not in {2, 3}:
        raise ValueError("another form")
    found = {}
    at, fixed = 12, _FIXED + size + 2
    for _ in range(count):
        flags = (content[at + fixed - 2] << 8) | content[at + fixed - 1]
        extended = flags & _EXTENDED
        start = at + fixed + (2 if extended else 0)
        end = start + (flags & _NAME)
        if flags & _NAME == _NAME:
            end = content.index(b"\0", start)
        skipped = extended and ((content[start - 2] << 8) | content[start - 1]) & _SKIPPED
        if skipped or flags & _ASSUMED:
            oid = content[at + _FIXED : at + _FIXED + size].hex()
            mode = int.from_bytes(content[at + 24 : at + 28], "big")
            found[os.fsdecode(content[start:end])] = (mode, SkippedEntry(oid, SKIPPED if skipped else ASSUMED))
        at += (end - at + 8) & ~7
    if content[at : at + 4] == b"link":
        raise ValueError("a part of it is elsewhere")
    return found


def _without_folders(repository: Repository, found: dict[str, tuple[int, SkippedEntry]]) -> dict[str, SkippedEntry]:
    """Name the files of folders that a sparse index holds as one entry."""
    if not any(mode == _FOLDER for mode, _ in found.values()):
        return {path: entry for path, (_, entry) in found.items()}
    from zenprofile.git.objects import Objects

    objects, files = Objects(repository), {}
    try:
        for path, (mode, entry) in found.items():
            if mode == _FOLDER:
                inner = objects.files(entry.oid, path)
                files.update({below: SkippedEntry(one.oid, SKIPPED) for below, one in inner.items()})
            else:
                files[path] = entry
    finally:
        objects.close()
    return files


def _by_git(repository: Repository) -> dict[str, SkippedEntry]:
    from zenprofile.git import runner

    out = runner.run(["ls-files", "-v", "-s", "-z"], repository.folder).out
    found = {}
    for row in out.split(b"\0"):
        meta, tab, path = row.partition(b"\t")
        words = meta.split(b" ")
        if tab and (words[0].upper() == b"S" or words[0].islower()):
            how = SKIPPED if words[0].upper() == b"S" else ASSUMED
            found[os.fsdecode(path)] = SkippedEntry(words[2].decode(), how)
    return found
