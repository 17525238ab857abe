"""Edits by hand: what the working tree has that the last commit has not, and whether it may be committed."""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from zenprofile.core import inherited, profile_check
from zenprofile.core.change import Changed, Recorded, words
from zenprofile.core.entity import MANIFEST, Key, key_of_path
from zenprofile.core.snapshot import data_of
from zenprofile.drivers.local import tree
from zenprofile.drivers.local.cache import Stamp, settled, stamp
from zenprofile.drivers.local.writes import as_it_stands
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
    paths -= store.left_out().keys()
    for path in sorted(paths if among is None else paths & set(among)):
        entry = there.get(path)
        seen = _stamp(store.folder, path)
        if entry is not None and store.contents.get(path) == (seen, entry.oid):
            continue
        try:
            new = nofollow.read(store.folder, path)
        except Invalid:
            if among is None and not tree.is_unread(objects, entry):
                raise
            if among is None:
                continue
            new = b""
        oid = objects.oid("blob", new) if new is not None else ""
        _keep(store, path, seen, oid)
        if oid == (entry.oid if entry else ""):
            continue
        old = objects.read(entry.oid, "blob") if entry else None
        if old is None or new is None or old.replace(b"\r\n", b"\n") != new.replace(b"\r\n", b"\n"):
            found.append((key_of_path(path), old, new))
    return found


def _stamp(folder: str, path: str) -> Stamp | None:
    try:
        return stamp(os.lstat(os.path.join(folder, path)))
    except OSError:
        return None


def _keep(store: "LocalStore", path: str, seen: Stamp | None, oid: str) -> None:
    """Keep the id of a file's content, which need not be read again while the file is the same."""
    if seen is not None and settled(seen, time.time_ns()):
        store.contents[path] = (seen, oid)


def added(store: "LocalStore", repository: Repository, head: str) -> list[Problem]:
    """List the problems of the working tree that the commit of HEAD ("": none) does not have."""
    problems = profile_check.whole(store.snapshot())
    if not problems or not head:
        return problems
    there = tree.snapshot(store.objects(repository), head, repository.prefix, store.catalog())
    known = {problem.identity for problem in profile_check.whole(there)}
    new = [problem for problem in problems if problem.identity not in known]
    return inherited.dropped(new, there, store.snapshot(), store.catalog()) if new else []


def told(found: Iterable[Dirty]) -> tuple[Changed, ...]:
    """Return edits as changes of entities."""
    return tuple(Changed(key, data_of(key, old), data_of(key, new)) for key, old, new in found if key)


def mark(found: Iterable[Dirty]) -> str:
    """Return a hash of paths and contents; "" for no edits."""
    digest = hashlib.sha256()
    number = 0
    for number, (key, _, new) in enumerate(found, 1):  # noqa: B007 - how many there were
        digest.update(f"{key.path if key else MANIFEST}\0{-1 if new is None else len(new)}\0".encode() + (new or b""))
    return digest.hexdigest() if number else ""


def look(store: "LocalStore", repository: Repository) -> Edits:
    """Look at what the working tree has that HEAD has not."""
    head = repository.head()
    found = dirty(store, repository)
    removed = tuple(key.path if key else MANIFEST for key, _, new in found if new is None)
    problems = added(store, repository, head.oid) if found else []
    documents = len(committed(store, repository)) if removed else 0
    return Edits(mark(found), head.oid, told(found), removed, documents, tuple(problems))


def unshared(store: "LocalStore", repository: Repository) -> str | None:
    """Say what exists here alone, as `LocalStore.unshared` does."""
    from zenprofile.git import only_here

    found = only_here.what(repository)
    if found is not None:
        return found
    if dirty(store, repository):
        return "uncommitted edits"
    return only_here.beside(repository, committed(store, repository)) or None


@contextlib.contextmanager
def asking(repository: Repository, *, wanted: bool) -> "Iterator[GitConfig | None]":
    """Ask git for its settings while a change is looked at; None where nothing is committed."""
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
    from zenprofile.drivers.local.signing import before_the_lock

    plaintext.refuse(message, "the message")
    return before_the_lock(store, lambda: _committed(store, message, expected))


def _committed(store: "LocalStore", message: str, expected: str) -> Recorded:
    with store.writing() as repository:
        head = repository.must_be_ready()
        found = dirty(store, repository)
        if not found:
            return Recorded("", "", "", "nothing to commit", ())
        if expected and expected != mark(found):
            raise Stale("the files were changed while they were looked at", hint="repeat the command")
        problems = added(store, repository, head.oid)
        if problems:
            raise Invalid.of(problems)
        changes = told(found)
        writes = [as_it_stands(repository, key.path if key else MANIFEST, new) for key, _, new in found]
        text = message or store.message(words(changes) if changes else "begin the profile")
        from zenprofile.drivers.local import commit as commits
        from zenprofile.drivers.local import new_commit

        rev = commits.record(repository, writes, text, store.author())
        return new_commit.recorded(repository, rev, text, changes)
