"""Files outside the profile, in a larger repository: checked out as git does it, and taken back after a kill."""

import contextlib
import os

from zenprofile.errors import ConflictError
from zenprofile.fs import atomic
from zenprofile.git import index, runner
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Repository


def check_out(repository: Repository, objects: Objects, commit: str, new: str) -> None:
    """Check out what changes outside the profile as git does, the user's own filters included.

    Raises:
        ConflictError: a file there has edits of the user's, or is in the way.
    """
    old = objects.tree_of(commit)
    try:
        index.refresh(repository, objects.diff(old, new))
        index.run_with_retry(repository, ["read-tree", "-m", "-u", old, new], b"", runner.NETWORK)
    except runner.GitError as error:
        if error.ran.status < 0:
            raise
        roll_back(repository, objects, commit, new)
        if "filter" in error.message:
            message = f"a filter of your git settings failed on a file outside the profile; nothing was moved: {error}"
            raise ConflictError(
                message, hint="make the filter work (git lfs install?), or pull by hand: git pull"
            ) from None
        message = f"files outside the profile are in the way; nothing was moved: {error.message}"
        raise ConflictError(
            message, hint="commit or put aside your own edits of them, or pull by hand: git pull"
        ) from None


def roll_back(repository: Repository, objects: Objects, commit: str, new: str) -> None:
    """Restore files outside the profile that the change has written, wholly or in part, from the old commit.

    None of them had an edit of the user's: git looked, before it touched the first.
    """
    differing = objects.diff(objects.tree_of(commit), new)
    for path, (before, after) in differing.items():
        if not _is_ours(repository, path, after.oid if after is not None else ""):
            continue
        if before is not None:
            with contextlib.suppress(runner.GitError):  # the filter that failed
                index.run_with_retry(repository, ["checkout", "-q", commit, "--", path], b"", runner.NETWORK)
        else:
            atomic.remove(repository.top, path)
            index.set_entries(repository, objects, [(path, None)])


def _is_ours(repository: Repository, path: str, oid: str) -> bool:
    """Return whether a file is what a checkout of a blob ("": none) writes, also where that was killed halfway."""
    if not os.path.lexists(repository.top / path):
        return True
    if not oid:
        return False
    if runner.run(["hash-object", "--", path], repository.top, ok=(0, 128)).out.decode().strip() == oid:
        return True
    written = (repository.top / path).read_bytes() if not os.path.islink(repository.top / path) else b"link"
    ran = runner.run(["cat-file", "--filters", f"--path={path}", oid], repository.top, ok=(0, 128))
    return not ran.status and ran.out.startswith(written)
