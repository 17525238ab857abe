"""An opened profile folder: the repository, objects, settings and locks that the store is built on."""

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from zenprofile.drivers.local.cache import Cache, Stamp
from zenprofile.drivers.local.worktree import WorkTree
from zenprofile.fs import lock
from zenprofile.git.repository import Repository, find
from zenprofile.store.base import Options

if TYPE_CHECKING:
    from pathlib import Path

    from zenprofile.core.schema.catalog import Catalog
    from zenprofile.drivers.local.authors import ActingUser
    from zenprofile.drivers.local.commit import Author
    from zenprofile.drivers.local.signing import PreparedCommits
    from zenprofile.git.config import GitConfig
    from zenprofile.git.objects import Objects
    from zenprofile.git.skip_worktree import SkippedEntry
    from zenprofile.git.worktree_status import WorktreeStatus

# A client that does not say which machine it is on: what it wrote is nobody's to undo. No header can hold it.
_NOBODY = "\0"


class OpenedFolder:
    """An opened folder. Many processes may read it at once; a writer has it exclusively."""

    def __init__(self, folder: str, url: str, options: Options) -> None:
        """Take the store's folder, absolute and resolved."""
        from zenprofile import resources

        self.folder = folder
        self.url = url
        self._options = options
        self._acting: ActingUser | None = None
        self._repository = find(folder)
        self._objects: Objects | None = None
        self._left: tuple[Stamp, dict[str, SkippedEntry]] | None = None
        self._settings: list[GitConfig] = []
        self._worktree_status: WorktreeStatus | None = None
        self.prepared_commits: PreparedCommits | None = None
        # Ids of files' contents by path, each with what tells that the file is the same; kept by who looks again.
        self.contents: dict[str, tuple[Stamp, str]] = {}
        self.schemas = resources.state()
        self._cache = Cache(options.cache, folder, self.schemas)
        self._tree = WorkTree(folder, self._cache, self.catalog, self._reading)

    @property
    def root(self) -> "Path":
        """The store's folder."""
        from pathlib import Path

        return Path(self.folder)

    def author(self) -> "Author":
        """Return what a commit needs to know of this machine."""
        from zenprofile.drivers.local import authors

        return authors.author(self._options, self._tree, self._acting)._replace(prepared_commits=self.prepared_commits)

    def act_for(self, user: str, machine: str) -> None:
        from zenprofile.drivers.local.authors import ActingUser

        self._acting = ActingUser(user, machine)

    @property
    def _machine(self) -> str:
        return self._acting.machine or _NOBODY if self._acting else ""

    @staticmethod
    def catalog() -> "Catalog":
        """Return the schemas that ship."""
        from zenprofile import resources

        return resources.catalog()

    @property
    def repository(self) -> Repository | None:
        """The repository that the folder is in, or None before the first write made one."""
        return self._repository

    def head(self) -> str:
        """Return the commit of HEAD."""
        return self._repository.head().oid if self._repository is not None else ""

    def objects(self, repository: Repository) -> "Objects":
        """Return the repository's objects, open until the store is closed."""
        if self._objects is None:
            from zenprofile.git.objects import Objects

            self._objects = Objects(repository, timeout=self._options.timeout)
        return self._objects

    def fetch_objects(self, repository: Repository) -> None:
        """Let missing objects of a partial clone be fetched when read: for commands that use the network anyway."""
        from zenprofile.git.objects import Objects
        from zenprofile.git.runner import NETWORK

        if self._objects is not None:
            self._objects.close()
        self._objects = Objects(repository, NETWORK)

    def close(self) -> None:
        """Save the cache."""
        self._cache.save()
        if self._worktree_status is not None:
            self._worktree_status.close()
            self._worktree_status = None
        for settings in self._settings:
            settings.close()
        self._settings.clear()
        if self._objects is not None:
            self._objects.close()
            self._objects = None

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Lock writers out, after recovering what a killed one left.

        Raises:
            Locked: a writer is in the middle of its files all the time.
        """
        repository = self._repository
        if repository is None:
            yield
            return
        files = (repository.own_file(lock.FILES), self._options.timeout, self._options.warn)
        with lock.shared(*files) as held:
            if not held or not os.path.exists(repository.own_file("journal")):
                yield
                return
        self.recover()
        with lock.shared(*files):
            yield

    def recover(self) -> None:
        """Complete or roll back what a killed process left half done."""
        repository = self._repository
        if repository is not None and os.path.exists(repository.own_file("journal")):
            with self._lock_writers(repository):
                self._recover(repository)

    def _lock_writers(self, repository: Repository) -> "contextlib.AbstractContextManager[object]":
        """Keep other writers out. Readers go on until files are written (`zenprofile.drivers.local.commit.apply`)."""
        return self._exclusive(repository, lock.WRITERS)

    def _exclusive(self, repository: Repository, name: str) -> "contextlib.AbstractContextManager[object]":
        options = self._options
        return lock.exclusive(repository.own_file(name), options.timeout, options.warn, sharing=repository.shared_mode)

    def _recover(self, repository: Repository) -> None:
        from zenprofile.drivers.local import journal

        if os.path.exists(repository.own_file("journal")):
            with self._exclusive(repository, lock.FILES):
                journal.recover(repository)
