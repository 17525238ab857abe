"""Stale lock files of killed git processes: nobody uses them, and every later git would fail at them."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from zenprofile.errors import ZenprofileError
from zenprofile.git import folders

if TYPE_CHECKING:
    from zenprofile.git.repository import Repository

TABLES = "reftable/tables.list.lock"  # where refs are kept in tables, refs/heads is a file, and no ref has its own lock
_NAMES = (
    *("index.lock", "HEAD.lock", "config.lock", "config.worktree.lock", "packed-refs.lock", "shallow.lock"),
    TABLES,
)


def remove_own(folder: str, since: float) -> None:
    """Remove the locks that a git process of ours, killed in a repository, has left.

    Args:
        folder: where it ran.
        since: when it was started, in seconds since 1970.
    """
    with contextlib.suppress(ZenprofileError, OSError):
        found = folders.find(os.path.realpath(folder))
        if found is not None:
            common_dir = folders.common_dir(found[1])
            _remove(_locks(found[1], common_dir), since, (*found, common_dir))


def remove(repository: "Repository", locks: Iterable[str], since: float) -> None:
    """Remove lock files that are not older than a moment, unless a git process works in the repository."""
    _remove(locks, since, (repository.folder, repository.git_file("").rstrip("/"), repository.common_file("")))


def _remove(locks: Iterable[str], since: float, places: tuple[str, str, str]) -> None:
    for lock in locks:
        try:
            younger = os.stat(lock).st_mtime >= since - 1
        except (FileNotFoundError, NotADirectoryError):
            continue
        if younger and not _git_runs_in(places):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(lock)


def _locks(git_dir: str, common_dir: str) -> Iterator[str]:
    for name in _NAMES:
        yield os.path.join(git_dir, name)
        yield os.path.join(common_dir, name)
    for folder, _, names in os.walk(os.path.join(common_dir, "refs")):
        yield from (os.path.join(folder, name) for name in names if name.endswith(".lock"))


def _git_runs_in(places: tuple[str, str, str]) -> bool:
    """Say whether a git process works in a repository's folders (where the system does not tell: whether one could)."""
    try:
        pids = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:  # pragma: no cover - a system without /proc
        return True
    for pid in pids:
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
                name = file.read()
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                reads = b"cat-file" in file.read().split(b"\0")  # it locks nothing, and ours may stay for long
            cwd = os.readlink(f"/proc/{pid}/cwd")
        except OSError:
            continue
        is_there = any(cwd == place or cwd.startswith(place + "/") for place in places)
        if name.startswith("git") and not reads and is_there:
            return True
    return False
