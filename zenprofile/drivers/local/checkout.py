"""Move branch, index and files to a commit, by the one commit path; edits in the way stop it."""

import contextlib
import os
from typing import TYPE_CHECKING

from zenprofile.core.change import Changed, summary
from zenprofile.drivers.local import commit, other_profiles, tree
from zenprofile.drivers.local.journal import JournalEntry, Move
from zenprofile.errors import ConflictError, Invalid
from zenprofile.fs import nofollow
from zenprofile.git import index, runner, skip_worktree
from zenprofile.git.config import GitConfig
from zenprofile.git.objects import Objects, TreeEntry
from zenprofile.git.repository import Head, Repository

if TYPE_CHECKING:
    from zenprofile.git.objects import Pair

_SHOWN = 10  # names in a message


def move_to_commit(
    repository: Repository, objects: Objects, settings: GitConfig, head: Head, new: str, changes: tuple[Changed, ...]
) -> None:
    """Bring branch, index and files from HEAD to a commit, keeping edits that it does not touch.

    Raises:
        ConflictError: files with edits of the user's own are among those that change; nothing moved.
        Unsafe, StoreBroken, Locked, runner.GitError: as `zenprofile.drivers.local.commit.apply`.
    """
    old_tree = objects.tree_of(head.oid)
    entries: list[JournalEntry] = []
    dirty: list[str] = []
    outside: dict[str, TreeEntry | None] = {}
    left = skip_worktree.find(repository)
    for path, pair in objects.diff(old_tree, objects.tree_of(new)).items():
        sides = _contents(objects, pair) if _is_plain_document(repository, path, pair) else None
        if sides is None:
            edited = other_profiles.merged_edit(repository, objects, new, path, pair)
            if edited is not None:
                entries.append(edited)
            else:
                outside[path] = pair[1]
            continue
        if path in left:  # it is so in index and branch alone
            entries.append(JournalEntry(path, None, None, pair[1].oid if pair[1] is not None else ""))
            continue
        entry = _entry(repository, settings, path, sides, pair)
        if entry is None:
            dirty.append(path)
        else:
            entries.append(entry)
    if dirty:
        raise _overwrite_error([path.removeprefix(repository.prefix) for path in dirty])
    settings.check_no_filters(entry.path for entry in entries)
    if any(path.rpartition("/")[2] == ".gitattributes" for path in outside):
        _check_incoming_filters(repository, objects, settings, objects.tree_of(new))
    staged = _staged(repository, objects, old_tree, outside) if outside else ""
    message = f"pull: {summary(changes)}"
    commit.apply(repository, objects, Move(tuple(entries), message, head.ref, head.oid, new, "merge", staged))


def _staged(repository: Repository, objects: Objects, old: str, outside: dict[str, TreeEntry | None]) -> str:
    """Return a tree with what changes outside the profile, once git would check that out."""
    staged = objects.write_edited_tree(old, outside)
    _check_git_can_check_out(repository, objects, old, staged)
    return staged


def _check_incoming_filters(repository: Repository, objects: Objects, settings: GitConfig, new: str) -> None:
    """Refuse attributes that arrive and give a document a filter: the next git that writes the index would run it.

    Raises:
        Unsafe: they do; nothing moved.
    """
    prefix = repository.prefix
    paths = [prefix + path for path in objects.files(objects.subtree(new, prefix))]
    arriving = repository.own_file("arriving-index")
    try:
        runner.run(["read-tree", new], repository.top, extra={"GIT_INDEX_FILE": arriving})
        settings.check_no_filters((path for path in paths if tree.is_document(path, prefix)), arriving)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(arriving)


def _is_plain_document(repository: Repository, path: str, pair: "Pair") -> bool:
    plain = all(side is None or side.mode in tree.FILES for side in pair)
    return plain and tree.is_document(path, repository.prefix)


def _contents(objects: Objects, pair: "Pair") -> tuple[bytes | None, bytes | None] | None:
    """Return what a file was and is to be; None where one of the two is too large for a document."""
    old, new = (None if side is None else objects.read(side.oid, "blob") for side in pair)
    return None if max(len(old or b""), len(new or b"")) > nofollow.MAX_BYTES else (old, new)


def _entry(
    repository: Repository, settings: GitConfig, path: str, sides: tuple[bytes | None, bytes | None], pair: "Pair"
) -> JournalEntry | None:
    """Return what happens to a file of the profile; None where edits of the user's own are in the way."""
    old, new = sides
    try:
        now = nofollow.read(repository.folder, path)
    except Invalid:
        return None
    oid = pair[1].oid if pair[1] is not None else ""
    if _same_content(now, new):
        return JournalEntry(path, now, now, oid)
    if not _same_content(now, old):
        return None
    if new is not None and settings.get("core.autocrlf").lower() in {"true", "yes", "on", "1"}:
        new = new.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return JournalEntry(path, now, new, oid)


def _same_content(one: bytes | None, other: bytes | None) -> bool:
    """Compare contents, line ends aside."""
    if one is None or other is None:
        return one is other
    return one == other or one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


def _check_git_can_check_out(repository: Repository, objects: Objects, old: str, new: str) -> None:
    """Ask git, before anything happens, whether it would check out what changes outside the profile.

    Raises:
        ConflictError: edits of the user's, or files that git does not know, are in the way.
    """
    try:
        index.refresh(repository, objects.diff(old, new))
        runner.run(["read-tree", "-n", "-m", "-u", old, new], repository.top)
    except runner.GitError as error:
        if error.ran.status < 0:
            raise
        message = f"files outside the profile are in the way; nothing was moved: {error.message}"
        raise ConflictError(
            message, hint="commit or put aside your own edits of them, or pull by hand: git pull"
        ) from None


def _overwrite_error(paths: list[str]) -> ConflictError:
    shown = ", ".join(sorted(paths)[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
    message = f"uncommitted edits are in the way of what the other side changed too: {shown}; nothing was moved"
    hint = "commit them (zenprofile commit) or put them back, then again"
    return ConflictError(message, hint=hint, file=sorted(paths)[0])
