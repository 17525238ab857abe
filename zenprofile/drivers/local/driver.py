"""The driver of profiles in a Git working tree: finds, makes, clones and opens them."""

import os
from typing import TYPE_CHECKING

from zenprofile.core.entity import FORMAT, KINDS, MANIFEST
from zenprofile.drivers.local import manifest
from zenprofile.drivers.local.repository_init import init_repository, remove_drafts
from zenprofile.drivers.local.store import LocalStore
from zenprofile.drivers.local.writes import MANIFEST_TEXT, file_change
from zenprofile.errors import StoreBroken, ZenprofileError
from zenprofile.fs import atomic, nofollow
from zenprofile.git.repository import find
from zenprofile.store.base import Options
from zenprofile.store.url import decoded, is_clone_url

if TYPE_CHECKING:
    from zenprofile.core.change import Change


def _folder(url: str, options: Options) -> str:
    if is_clone_url(url):
        from zenprofile.store import clones

        if not options.clone:
            raise StoreBroken("it is not known where the clone is", hint="delete the profile and create it again")
        return os.path.join(os.path.realpath(options.clone), clones.parse(url).subdirectory).rstrip("/")
    path = decoded(url.removeprefix("file://")) if url.startswith("file:") else url
    return os.path.realpath(path)


class LocalDriver:
    """Finds, makes and opens Git stores. Promises: `zenprofile.store.base.Driver`."""

    name = "local"

    def clone_if_missing(self, url: str, options: Options) -> None:
        """Clone a repository to this machine, where that is not done already; see `zenprofile.git.clone.clone`."""
        if options.clone and not os.path.lexists(options.clone):
            from pathlib import Path

            from zenprofile.git.clone import clone

            clone(url, Path(options.clone), timeout=options.timeout, progress=options.progress)
            from zenprofile.store.clones import parse

            branch = parse(url).branch
            made = find(options.clone)
            if branch and made and made.head().oid and not made.ref(f"refs/remotes/origin/{branch}"):
                options.warn(f"the remote has no branch {branch}: it begins here, and there with the first sync")

    def holds(self, url: str, options: Options) -> bool:
        """Return whether a folder holds a profile."""
        root = _folder(url, options)
        if not os.path.lexists(root):
            return False
        if not os.path.isdir(root):
            raise StoreBroken(f"{root} is a file; a profile needs a folder", hint="name another folder")
        if os.path.lexists(os.path.join(root, MANIFEST)):
            return True
        keys = LocalStore(root, url, options).snapshot().keys()
        documents = sorted({KINDS[key.kind].folder for key in keys})
        if documents:
            message = f"{root} holds documents ({', '.join(documents)}) but no {MANIFEST}"
            raise StoreBroken(
                message, hint=f"if it is a profile, restore that file: echo 'format: {FORMAT}' > {MANIFEST}"
            )
        return False

    def create(self, url: str, options: Options, defaults: "Change") -> LocalStore:
        """Make a folder a profile with the defaults; one commit where the repository is of our own making."""
        from zenprofile.drivers.local.root_check import check_free

        root = _folder(url, options)
        if root == os.path.dirname(root):
            raise StoreBroken("the root of the file system is no place for a profile", hint="name a folder below it")
        _check_not_among_documents(root)
        check_free(root, options)
        try:
            os.makedirs(root, exist_ok=True)
        except OSError as error:
            atomic.raise_write_error(error, root)
        remove_drafts(root)
        if find(root) is None or (options.own and not os.path.lexists(os.path.join(root, ".git"))):
            init_repository(root)
        store = LocalStore(root, url, options)
        try:
            _write_defaults(store, defaults)
        except BaseException:
            store.close()
            raise
        return store

    def open(self, url: str, options: Options) -> LocalStore:
        """Open a folder that holds a profile."""
        root = _folder(url, options)
        store = LocalStore(root, url, options)
        store.recover()
        if not _is_plain(root) and MANIFEST not in store.skipped_entries():
            _check_manifest(root)
        return store


def _check_not_among_documents(root: str) -> None:
    """Refuse a place among the documents of another profile, which would no longer be valid."""
    folders = {kind.folder for kind in KINDS.values()}
    while (above := os.path.dirname(root)) != root:
        if os.path.basename(root) in folders and os.path.lexists(os.path.join(above, MANIFEST)):
            message = f"the folder lies among the documents of the profile in {above}"
            raise StoreBroken(message, hint="name a folder outside it")
        root = above


def _write_defaults(store: LocalStore, defaults: "Change") -> None:
    """Write manifest and defaults, as one commit or as edits of the user's."""
    from zenprofile.drivers.local.signing import run_before_lock

    run_before_lock(store, lambda: _begun(store, defaults))


def _begun(store: LocalStore, defaults: "Change") -> None:
    from zenprofile.store.prepare import prepare

    with store.writing() as repository:
        prepared = prepare(store.snapshot(), defaults, store.catalog())
        first = file_change(repository, MANIFEST, None, MANIFEST_TEXT)
        writes = [first, *(file_change(repository, key.path, old, new) for key, old, new in prepared.writes)]
        store.record(repository, writes, "Begin a profile with its defaults", prepared.changes, ours=False)


def _is_plain(root: str) -> bool:
    """Return whether the manifest is the one that zenprofile writes: then nothing else is looked at."""
    try:
        return nofollow.read(root, MANIFEST) == MANIFEST_TEXT.encode()
    except (OSError, ZenprofileError):  # `_check_manifest` says what is wrong
        return False


def _check_manifest(root: str) -> None:
    """Refuse what is no profile, or one of a newer format."""
    try:
        raw = nofollow.read(root, MANIFEST)
    except FileNotFoundError:
        raw = None
    if raw is None:
        there = "holds no profile" if os.path.isdir(root) else "does not exist"
        message = f"{root} {there} (no {MANIFEST})"
        raise StoreBroken(message, hint="put the folder back, or delete the profile and create it again")
    manifest.check(raw, root)


DRIVER = LocalDriver()
