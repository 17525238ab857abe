"""The store of a profile in a Git working tree: one YAML file an entity, one commit a change."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from zenprofile.core.entity import Key
from zenprofile.core.snapshot import Snapshot
from zenprofile.drivers.local.cache import stamp
from zenprofile.drivers.local.opened import OpenedFolder
from zenprofile.drivers.local.repository_init import MADE, init_repository
from zenprofile.drivers.local.worktree import WorkTree
from zenprofile.drivers.local.writes import file_change
from zenprofile.errors import Invalid, NotFound, Paused, StoreBroken
from zenprofile.fs import atomic
from zenprofile.git.repository import Repository, find
from zenprofile.store.base import Edits

if TYPE_CHECKING:
    from zenprofile.core.change import Change, Changed, Recorded
    from zenprofile.drivers.local.commit import FileChange
    from zenprofile.drivers.local.partial_sharing import PartialGitSharing
    from zenprofile.git.config import GitConfig
    from zenprofile.git.skip_worktree import SkippedEntry
    from zenprofile.git.worktree_status import WorktreeStatus
    from zenprofile.store.undo import ChangeWithTexts


class LocalStore(OpenedFolder):
    """A profile in a folder. See `zenprofile.store.base.Store`; of `zenprofile.store.capabilities` it has most."""

    driver = "local"

    def sharing(self, progress: Callable[[str], None] | None = None, *, state: bool = False) -> "PartialGitSharing":
        """Return the remote side. ``progress`` takes what git says of its progress."""
        if self._repository is not None:  # git answers, and looks at the work tree, while the rest is imported
            from zenprofile.git.config import asked

            self._settings = [
                *(settings for settings in self._settings if settings.is_pending),
                asked(self._repository),
            ]
            if state:
                from zenprofile.drivers.local import status  # noqa: F401 - so far git has not answered
                from zenprofile.git.worktree_status import WorktreeStatus

                self._worktree_status = WorktreeStatus(self._repository, self._settings[-1])
        from zenprofile.drivers.local.partial_sharing import PartialGitSharing

        settings = self._settings[-1] if self._settings else None
        return PartialGitSharing(self, settings, self._options.timeout, progress)

    @contextlib.contextmanager
    def worktree_status(self, repository: Repository, settings: "GitConfig") -> "Iterator[WorktreeStatus]":
        """Yield `git status` of the work tree: the one that runs already, or a new one."""
        from zenprofile.git.worktree_status import WorktreeStatus

        begun, self._worktree_status = self._worktree_status, None
        found = begun or WorktreeStatus(repository, settings)
        try:
            yield found
        finally:
            found.close()

    @property
    def commits(self) -> bool:
        """Whether a write is a commit."""
        if self._options.mode:
            return self._options.mode != "manual"
        return self._repository is None or os.path.exists(self._repository.own_file(MADE))

    def snapshot(self, at: str | None = None) -> Snapshot:
        """Return the working tree, or what a commit, tag, branch or date had."""
        if at is None:
            return self._worktree_snapshot()
        from zenprofile.drivers.local import history, tree

        repository = self._repository_with_history(at)
        commit = history.resolve(repository, at)
        return tree.snapshot(self.objects(repository), commit, repository.prefix, self.catalog())

    def _worktree_snapshot(self) -> Snapshot:
        left = self.skipped_entries()
        if not left or self._repository is None:
            return self._tree
        from zenprofile.drivers.local import sparse_checkout

        return sparse_checkout.snapshot(self._tree, left, self.objects(self._repository), self.catalog())

    def skipped_entries(self) -> "dict[str, SkippedEntry]":
        """Return what the work tree leaves out on purpose (sparse checkout and the like), by path below the profile."""
        if self._repository is None:
            return {}
        try:
            found = os.stat(self._repository.git_file("index"))
        except OSError:
            return {}
        mark = stamp(found)
        if self._left is None or self._left[0] != mark:
            from zenprofile.drivers.local import sparse_checkout

            self._left = (mark, sparse_checkout.entries_below(self._repository))
        return self._left[1]

    def _repository_with_history(self, at: str) -> Repository:
        if self._repository is None:
            raise NotFound(f"there is no change '{at}': nothing is committed yet", hint="zenprofile commit")
        return self._repository

    def history(self, key: Key | None = None) -> Iterator["Recorded"]:
        """Yield the commits that changed entities, newest first."""
        if self._repository is None or not self._repository.head().oid:
            return iter(())
        from zenprofile.drivers.local import history

        return history.walk(self._repository, self.objects(self._repository), key)

    @contextlib.contextmanager
    def writing(self, *, in_merge: bool = False) -> Iterator[Repository]:
        """Hold the store alone, with nothing half done in it; its folder becomes a repository where it is in none.

        Args:
            in_merge: whether it is the user's own merge that is to be settled.

        Raises:
            Paused: the user is in the middle of a merge or the like.
            Locked: another process holds it.
        """
        repository = self._repository or self._init_repository()
        try:
            with self._lock_writers(repository):
                self._recover(repository)
                what, how = repository.operation_in_progress()
                if what and not in_merge:
                    message = f"{what} is under way in {repository.folder}; nothing was written"
                    raise Paused(message, hint=f"end it first: {how}")
                if self.commits and not in_merge:
                    repository.check_ready()
                # Nobody else writes now, and where this process does it holds the files' lock: it needs no shared one.
                self._tree, outside = (
                    WorkTree(self.folder, self._cache, self.catalog, contextlib.nullcontext),
                    self._tree,
                )
                try:
                    yield repository
                finally:
                    self._tree = outside
        except OSError as error:
            atomic.raise_write_error(error, self.folder)

    def _init_repository(self) -> Repository:
        init_repository(self.folder)
        self._repository = find(self.folder)
        if self._repository is None:  # pragma: no cover - git init has just succeeded
            raise StoreBroken(f"{self.folder} could not be made a git repository", hint="try: git init")
        if any(self._tree.keys()):
            with contextlib.suppress(Invalid):
                self.commit("Begin with the profile as it is")
        return self._repository

    def find_change(self, rev: str) -> "ChangeWithTexts":
        """Return what a commit did."""
        from zenprofile.drivers.local import history

        repository = self._repository_with_history(rev)
        return history.read_change(repository, self.objects(repository), history.resolve(repository, rev))

    def own_changes(self) -> Iterator["ChangeWithTexts"]:
        """Yield the changes of this machine's log (the last 200) that are not taken back."""
        if self._repository is None:
            return iter(())
        from zenprofile.drivers.local import undo_log

        return undo_log.changes(self._repository, self.objects(self._repository), self._machine)

    def undos(self) -> Iterator["ChangeWithTexts"]:
        """Yield what took changes of this machine's log back and can be taken back itself."""
        if self._repository is None:
            return iter(())
        from zenprofile.drivers.local import undo_log

        return undo_log.undos(self._repository, self.objects(self._repository), self._machine)

    def apply_undo(self, change: "Change", undone: str) -> "Recorded":
        """Write a change, with the record that it takes back in the same journal."""
        return self.apply(change, undone)

    def apply(self, change: "Change", undone: str = "") -> "Recorded":
        """Write a change, and commit it unless the mode is manual."""
        from zenprofile.drivers.local.signing import run_before_lock

        return run_before_lock(self, lambda: self._apply(change, undone))

    def _apply(self, change: "Change", undone: str) -> "Recorded":
        from zenprofile.core.change import Recorded
        from zenprofile.drivers.local import edits

        with self.writing() as repository, edits.loading_config(repository, wanted=self.commits) as settings:
            from zenprofile.store.prepare import prepare

            if change.idempotency_key:
                from zenprofile.drivers.local import undo_log

                made = undo_log.find_by_key(repository, self.objects(repository), change.idempotency_key)
                if made is not None:
                    return made
            prepared = prepare(self._worktree_snapshot(), change, self.catalog())
            if not prepared.writes:
                return Recorded("", "", "", prepared.message, ())
            from zenprofile.drivers.local import hand_edits, journal

            unkept = hand_edits.check_no_new_secrets(self, repository, prepared.writes)
            left = self.skipped_entries()
            if left:
                from zenprofile.drivers.local.sparse_checkout import check_present

                check_present(repository, (key.path for key, *_ in prepared.writes), left)
            writes = [file_change(repository, key.path, old, new) for key, old, new in prepared.writes]
            message, ours = (prepared.message, prepared.changes), not change.message
            key = change.idempotency_key
            recorded = self.record(repository, writes, *message, ours=ours, undone=undone, key=key, settings=settings)
            if unkept:
                journal.remove_last_record(repository)
            return recorded

    def record(
        self,
        repository: Repository,
        writes: "list[FileChange]",
        message: str,
        changes: "tuple[Changed, ...]",
        *,
        ours: bool,
        undone: str = "",
        key: str = "",
        settings: "GitConfig | None" = None,
    ) -> "Recorded":
        from zenprofile.core.change import Recorded
        from zenprofile.drivers.local import commit

        if not self.commits:
            commit.write_uncommitted(repository, writes, message, undone, self._machine, key)
            return Recorded("", "", "", message, changes)
        if ours and "{changes}" in self._options.template:
            message = self._options.template.replace("{changes}", message)
        rev = commit.record(repository, writes, message, self.author()._replace(key=key), undone, settings)
        from zenprofile.drivers.local import new_commit

        return new_commit.recorded(repository, rev, message, changes)

    def uncommitted(self, among: Iterable[str] | None = None) -> "list[Changed]":
        """List what the working tree has that HEAD has not, by key; of some paths alone where they are given."""
        if self._repository is None:
            return []
        from zenprofile.drivers.local import edits

        return list(edits.as_changes(edits.dirty(self, self._repository, among)))

    def unshared(self) -> str | None:
        """Return what exists here alone: uncommitted edits or unpushed commits, "" for nothing.

        Returns:
            None where no remote has ever confirmed anything, and nothing but the documents of HEAD is there.
        """
        if self._repository is None:
            return None
        from zenprofile.drivers.local import edits

        return edits.unshared(self, self._repository)

    def edits(self) -> Edits:
        """Return the edits of the working tree against HEAD."""
        repository = self._repository
        if repository is None:
            return Edits("", "", (), (), 0, ())
        from zenprofile.drivers.local import edits

        return edits.find_edits(self, repository)

    def commit(self, message: str = "", mark: str = "") -> "Recorded":
        """Commit every edit below the profile."""
        from zenprofile.drivers.local import edits

        return edits.commit(self, message, mark)

    def message(self, words: str) -> str:
        """Return a commit's message: the user's template around words of what changed."""
        template = self._options.template
        return template.replace("{changes}", words) if "{changes}" in template else words
