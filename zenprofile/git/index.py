"""The index of a work tree: entries of single paths, set and read while other processes may hold it."""

import os
import time
from collections.abc import Iterable, Mapping

from zenprofile.errors import Locked
from zenprofile.git import runner, skip_worktree
from zenprofile.git.objects import Objects, TreeEntry
from zenprofile.git.repository import Repository

_AT_ONCE = 200  # entries of a command line
LOCK_TIMEOUT = 10.0  # seconds that somebody else's index.lock is waited for


def set_entries(repository: Repository, objects: Objects, entries: Iterable[tuple[str, TreeEntry | None]]) -> None:
    """Set index entries of these paths alone (None: no entry); wait while another process has the index locked."""
    wanted = dict(entries)
    if not wanted:
        return
    left = skip_worktree.find(repository)
    kept = {path: entry for path, entry in wanted.items() if entry is not None and path in left}
    for how in (skip_worktree.SKIPPED, skip_worktree.ASSUMED):
        _set_left_out(repository, how, {path: entry for path, entry in kept.items() if left[path].how == how})
    none = TreeEntry("0", objects.null_oid)
    rows = b"".join(
        b"%s %s\t%s\0" % (mode.encode(), oid.encode(), os.fsencode(path))
        for path, (mode, oid) in ((path, entry or none) for path, entry in wanted.items() if path not in kept)
    )
    if rows:
        run_with_retry(repository, ["update-index", "-z", "--index-info"], rows)


def _set_left_out(repository: Repository, how: str, entries: Mapping[str, TreeEntry]) -> None:
    """Set entries that stay left out of the work tree: each with its flag in the same step of git's.

    A new entry is one that git looks at; where a kill could fall between the two, its file would count as deleted.
    """
    rows = list(entries.items())
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        given = [word for path, (mode, oid) in some for word in ("--cacheinfo", f"{mode},{oid},{path}")]
        args = ["update-index", "--add", *given, f"--{how}", "--", *(path for path, _ in some)]
        run_with_retry(repository, args, b"")


def run_with_retry(
    repository: Repository, args: list[str], stdin: bytes, extra: Mapping[str, str] | None = None
) -> None:
    """Run a git command that locks index or refs, again while another process has them locked.

    Raises:
        Locked: another git holds one for too long.
        runner.GitError: anything else that git names.
    """
    deadline, pause = time.monotonic() + LOCK_TIMEOUT, 0.02
    while True:
        try:
            runner.run(args, repository.folder, stdin=stdin, extra=extra)
            return
        except runner.GitError as error:
            if ".lock': File exists" not in error.ran.err:
                raise
            if time.monotonic() > deadline:
                held = error.ran.err.partition("': File exists")[0].rpartition("'")[2]
                message = f"another git holds {held}; nothing was written"
                raise Locked(message, hint="wait for it to end; if none is running, delete that file") from None
        time.sleep(pause)
        pause = min(pause * 2, 1.0)


def staged_blobs(repository: Repository, paths: list[str]) -> dict[str, str]:
    """Return the blobs that the index has at paths; a path that it does not know is left out."""
    out = runner.run(["ls-files", "-s", "-z", "--", *paths], repository.top).out
    found = {}
    for row in out.split(b"\0"):
        meta, tab, path = row.partition(b"\t")
        if tab:
            found[os.fsdecode(path)] = meta.split(b" ")[1].decode()
    return found


def refresh(repository: Repository, paths: Iterable[str]) -> None:
    """Refresh the index's file times: after a copy, or a `touch`, git takes unchanged files for edited."""
    known = list(staged_blobs(repository, list(paths)))
    if known:
        run_with_retry(repository, ["add", "--refresh", "--pathspec-from-file=-", "--pathspec-file-nul"], _lines(known))


def _lines(paths: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)
