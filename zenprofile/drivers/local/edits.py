"""Uncommitted edits of the working tree, and whether they may be committed."""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from zenprofile.core import inherited, profile_check
from zenprofile.core.change import Changed, Recorded, summary
from zenprofile.core.entity import MANIFEST, Key, key_of_path
from zenprofile.core.snapshot import data_of
from zenprofile.drivers.local import tree
from zenprofile.drivers.local.cache import Stamp, is_old_enough, stamp
from zenprofile.drivers.local.writes import unchanged_file
from zenprofile.errors import Invalid, Problem, Stale
from zenprofile.fs import nofollow
from zenprofile.git.objects import TreeEntry
from zenprofile.git.repository import Repository
from zenprofile.store.base import Edits

if TYPE_CHECKING:
    from zenprofile.drivers.local.store import LocalStore
    from zenprofile.git.config import GitConfig

# A file that differs (None: the manifest), its content as HEAD has it, and as it is (None: no file).
Dirty = tuple[Key | None, bytes | None, bytes | None]


def committed(store: "LocalStore", repository: Repository) -> dict[str, TreeEntry]:
    """Return the files below the profile as HEAD has them, by path."""
    objects = store.objects(repository)
    found = objects.files(objects.subtree(objects.tree_of(repository.head().oid), repository.prefix))
    return {path: entry for path, entry in found.items() if path == MANIFEST or key_of_path(path)}


def dirty(store: "LocalStore", repository: Repository, among: Iterable[str] | None = None) -> list[Dirty]:
    """List files of the profile that differ from HEAD, line ends aside, by path.

    A file that may not be read (a link, too large) is left as it is where HEAD has no better one; where paths are
    given, it is listed as an empty one.

    Raises:
        Invalid: such a file, where no paths are given, stands in a plain one's place or is new.
    """
    objects = store.objects(repository)
    there = committed(store, repository)
    found: list[Dirty] = []
    paths = {*there, MANIFEST, *(key.path for key in store.snapshot().keys())}  # noqa: SIM118 - no mapping
    paths -= store.skipped_entries().keys()
    for path in sorted(paths if among is None else paths & set(among)):
        entry = there.get(path)
        seen = _stamp_of(store.folder, path)
        if entry is not None and store.contents.get(path) == (seen, entry.oid):
            continue
        try:
            new = nofollow.read(store.folder, path)
        except Invalid:
            if among is None and not tree.is_unreadable(objects, entry):
                raise
            if among is None:
                continue
            new = b""
        oid = objects.oid("blob", new) if new is not None else ""
        _cache_oid(store, path, seen, oid)
        if oid == (entry.oid if entry else ""):
            continue
        old = objects.read(entry.oid, "blob") if entry else None
        if old is None or new is None or old.replace(b"\r\n", b"\n") != new.replace(b"\r\n", b"\n"):
            found.append((key_of_path(path), old, new))
    return found


def _stamp_of(folder: str, path: str) -> Stamp | None:
    try:
        return stamp(os.lstat(os.path.join(folder, path)))
    except OSError:
        return None


def _cache_oid(store: "LocalStore", path: str, seen: Stamp | None, oid: str) -> None:
    """Cache the object id of a file's content while the file stays the same."""
    if seen is not None and is_old_enough(seen, time.time_ns()):
        store.contents[path] = (seen, oid)


def added_problems(store: "LocalStore", repository: Repository, head: str) -> list[Problem]:
    """List the problems of the working tree that the commit of HEAD ("": none) does not have."""
    problems = profile_check.check_all(store.snapshot())
    if not problems or not head:
        return problems
    there = tree.snapshot(store.objects(repository), head, repository.prefix, store.catalog())
    known = {problem.identity for problem in profile_check.check_all(there)}
    new = [problem for problem in problems if problem.identity not in known]
    return inherited.without_inherited(new, there, store.snapshot(), store.catalog()) if new else []


def as_changes(found: Iterable[Dirty]) -> tuple[Changed, ...]:
    """Return edits as changes of entities."""
    return tuple(Changed(key, data_of(key, old), data_of(key, new)) for key, old, new in found if key)


def fingerprint(found: Iterable[Dirty]) -> str:
    """Return a hash of paths and contents; "" for no edits."""
    digest = hashlib.sha256()
    number = 0
    for number, (key, _, new) in enumerate(found, 1):  # noqa: B007 - how many there were
        digest.update(f"{key.path if key else MANIFEST}\0{-1 if new is None else len(new)}\0".encode() + (new or b""))
    return digest.hexdigest() if number else ""


def find_edits(store: "LocalStore", repository: Repository) -> Edits:
    """Return the edits of the working tree against HEAD."""
    head = repository.head()
    found = dirty(store, repository)
    removed = tuple(key.path if key else MANIFEST for key, _, new in found if new is None)
    problems = added_problems(store, repository, head.oid) if found else []
    documents = len(committed(store, repository)) if removed else 0
    return Edits(fingerprint(found), head.oid, as_changes(found), removed, documents, tuple(problems))


def unshared(store: "LocalStore", repository: Repository) -> str | None:
    """Return what exists here alone, as `LocalStore.unshared` does."""
    from zenprofile.git import local_only

    found = local_only.describe_unshared(repository)
    if found is not None:
        return found
    if dirty(store, repository):
        return "uncommitted edits"
    return local_only.describe_without_remote(repository, committed(store, repository)) or None


@contextlib.contextmanager
def loading_config(repository: Repository, *, wanted: bool) -> "Iterator[GitConfig | None]":
    """Load git's settings while the edits are read; None where nothing is committed."""
    if not wanted:
        yield None
        return
    from zenprofile.git.config import GitConfig

    settings = GitConfig(repository)
    try:
        yield settings
    finally:
        settings.close()


def commit(store: "LocalStore", message: str, expected: str) -> Recorded:
    """Commit every edit, when the whole is valid; promises as `zenprofile.store.capabilities.Committing.commit`."""
    from zenprofile.core.secrets import plaintext
    from zenprofile.drivers.local.signing import run_before_lock

    plaintext.refuse(message, "the message")
    return run_before_lock(store, lambda: _commit(store, message, expected))


def _commit(store: "LocalStore", message: str, expected: str) -> Recorded:
    with store.writing() as repository:
        head = repository.check_ready()
        found = dirty(store, repository)
        if not found:
            return Recorded("", "", "", "nothing to commit", ())
        if expected and expected != fingerprint(found):
            raise Stale("the files were changed while they were looked at", hint="repeat the command")
        problems = added_problems(store, repository, head.oid)
        if problems:
            raise Invalid.of(problems)
        changes = as_changes(found)
        writes = [unchanged_file(repository, key.path if key else MANIFEST, new) for key, _, new in found]
        text = message or store.message(summary(changes) if changes else "begin the profile")
        from zenprofile.drivers.local import commit as commits
        from zenprofile.drivers.local import new_commit

        rev = commits.record(repository, writes, text, store.author())
        return new_commit.recorded(repository, rev, text, changes)
