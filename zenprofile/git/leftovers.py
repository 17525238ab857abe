"""Lock files that a killed git has left: nobody uses them any more, and every later git would stop at them."""

import contextlib
import os
from collections.abc import Iterable, Iterator

from zenprofile.errors import ZenprofileError
from zenprofile.git.repository import Repository, find

_NAMES = ("index.lock", "HEAD.lock", "config.lock", "config.worktree.lock", "packed-refs.lock", "shallow.lock")


def take_away(folder: str, since: float) -> None:
    """Remove the locks that a git process of ours, killed in a repository, has left.

    Args:
        folder: where it ran.
        since: when it was started, in seconds since 1970.
    """
    with contextlib.suppress(ZenprofileError, OSError):
        repository = find(folder)
        if repository is not None:
            remove(repository, _locks(repository), since)


def remove(repository: Repository, locks: Iterable[str], since: float) -> None:
    """Remove lock files that are not older than a moment, unless a git process works in the repository."""
    for lock in locks:
        try:
            younger = os.stat(lock).st_mtime >= since - 1
        except FileNotFoundError:
            continue
        if younger and not _git_runs_in(repository):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(lock)


def _locks(repository: Repository) -> Iterator[str]:
    for name in _NAMES:
        yield repository.git_file(name)
        yield repository.common_file(name)
    for folder, _, names in os.walk(repository.common_file("refs")):
        yield from (os.path.join(folder, name) for name in names if name.endswith(".lock"))


def _git_runs_in(repository: Repository) -> bool:
    """Say whether a git process works in the repository (where the system does not tell: whether one could)."""
    try:
        pids = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:  # pragma: no cover - a system without /proc
        return True
    places = (str(repository.top), str(repository.git_dir), str(repository.common_dir))
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
