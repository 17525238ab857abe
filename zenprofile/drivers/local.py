"""The driver of profiles in a Git working tree: one YAML file an entity, one commit a change."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from zenprofile.core.change import Change, Changed, Recorded
from zenprofile.core.entity import FORMAT, KINDS, MANIFEST, Key, key_of_path
from zenprofile.core.snapshot import Snapshot, data_of
from zenprofile.drivers.cache import Cache
from zenprofile.drivers.worktree import WorkTree
from zenprofile.errors import Invalid, NewerFormat, NotFound, Paused, Problem, StoreBroken
from zenprofile.git import files, lock
from zenprofile.git.repository import Repository, find
from zenprofile.store.base import Options
from zenprofile.store.url import is_clone_url

if TYPE_CHECKING:
    from zenprofile.core.schema import Catalog
    from zenprofile.drivers.sharing import GitSharing
    from zenprofile.git.commit import Author, FileChange
    from zenprofile.git.objects import Objects

MANIFEST_TEXT = f"format: {FORMAT}\n"
_MADE = "made"  # marks, in our own folder of its git folder, a repository that zenprofile made or cloned


class LocalStore:
    """A profile in a folder. Promises: `zenprofile.store.base.Store` and `Committing`."""

    driver = "local"

    def __init__(self, root: Path, url: str, options: Options) -> None:
        self.root = root
        self.url = url
        self._options = options
        self._repository = find(root)
        self._objects: Objects | None = None
        self.schemas = _state_of_schemas()
        self._cache = Cache(options.cache, str(root), self.schemas)
        self._tree = WorkTree(root, self._cache, self.catalog, self._reading)

    def sharing(self, progress: Callable[[str], None] | None = None) -> "GitSharing":
        """Return the remote side. ``progress`` takes what git says of its progress."""
        from zenprofile.drivers.sharing import GitSharing

        return GitSharing(self, self._options.timeout, progress)

    def author(self) -> "Author":
        """Return what a commit needs to know of this machine."""
        from zenprofile.git.commit import Author

        return Author(self._options.user, self._options.warn, self._options.run_hooks)

    @staticmethod
    def catalog() -> "Catalog":
        """Return the schemas that ship."""
        from zenprofile import resources

        return resources.catalog()

    @property
    def repository(self) -> Repository | None:
        """The repository that the folder is in, or None before the first write made one."""
        return self._repository

    @property
    def commits(self) -> bool:
        """Whether a write is a commit."""
        if self._options.mode:
            return self._options.mode != "manual"
        return self._repository is None or (self._repository.own_dir / _MADE).exists()

    def head(self) -> str:
        """Return the commit of HEAD."""
        return self._repository.head().oid if self._repository is not None else ""

    def snapshot(self, at: str | None = None) -> Snapshot:
        """Return the working tree, or what a commit, tag, branch or date had."""
        if at is None:
            return self._tree
        from zenprofile.git import history, tree

        repository = self._must_have_history(at)
        commit = history.resolve(repository, at)
        return tree.snapshot(self.objects(repository), commit, repository.prefix, self.catalog())

    def objects(self, repository: Repository) -> "Objects":
        """Return the repository's objects, open until the store is closed."""
        if self._objects is None:
            from zenprofile.git.objects import Objects

            self._objects = Objects(repository)
        return self._objects

    def _must_have_history(self, at: str) -> Repository:
        if self._repository is None:
            raise NotFound(f"there is no revision '{at}': nothing is committed yet", hint="zenprofile commit")
        return self._repository

    def history(self, key: Key | None = None) -> Iterator[Recorded]:
        """Yield the commits that changed entities, newest first."""
        if self._repository is None or not self._repository.head().oid:
            return iter(())
        from zenprofile.git import history

        return history.changes(self._repository, key)

    def close(self) -> None:
        """Save the cache."""
        self._cache.save()
        if self._objects is not None:
            self._objects.close()
            self._objects = None

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Keep writers out, and finish first what a killed one left."""
        repository = self._repository
        if repository is None:
            yield
            return
        with lock.shared(repository.own_dir) as held:
            if held and not (repository.own_dir / "journal").exists():
                yield
                return
            if not held:
                yield
                return
        self._finish(repository)
        with lock.shared(repository.own_dir):
            yield

    def _finish(self, repository: Repository) -> None:
        from zenprofile.git import journal

        with lock.exclusive(repository.own_dir):
            journal.finish(repository)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Repository]:
        """Hold the store alone, with nothing half done in it; its folder becomes a repository where it is in none.

        Raises:
            Paused: the user is in the middle of a merge or the like.
            Locked: another process holds it.
        """
        from zenprofile.git import journal

        repository = self._repository or self._become_repository()
        try:
            with lock.exclusive(repository.own_dir):
                journal.finish(repository)
                what, how = repository.under_way()
                if what:
                    message = f"{what} is under way in {repository.top}; nothing was written"
                    raise Paused(message, hint=f"end it first: {how}")
                if self.commits:
                    repository.must_be_ready()
                # Inside, the lock is ours: a second, shared one in this process would wait for it.
                self._tree, outside = (
                    WorkTree(self.root, self._cache, self.catalog, contextlib.nullcontext),
                    self._tree,
                )
                try:
                    yield repository
                finally:
                    self._tree = outside
        except OSError as error:
            files.failed(error, self.root)

    def _become_repository(self) -> Repository:
        make_repository(self.root)
        self._repository = find(self.root)
        if self._repository is None:  # pragma: no cover - git init has just succeeded
            raise StoreBroken(f"{self.root} could not be made a git repository", hint="try: git init")
        if any(self._tree.keys()):
            with contextlib.suppress(Invalid):
                self.commit("Begin with the profile as it is")
        return self._repository

    def apply(self, change: Change) -> Recorded:
        """Write a change, and commit it unless the mode is manual."""
        from zenprofile.store.prepare import prepare

        with self.writing() as repository:
            prepared = prepare(self._tree, change, self.catalog())
            if not prepared.writes:
                return Recorded("", "", "", prepared.message, ())
            writes = [_file_change(repository, key.path, old, new) for key, old, new in prepared.writes]
            return self._record(repository, writes, prepared.message, prepared.changes, ours=not change.message)

    def _record(
        self,
        repository: Repository,
        writes: "list[FileChange]",
        message: str,
        changes: tuple[Changed, ...],
        *,
        ours: bool,
    ) -> Recorded:
        from zenprofile.git import commit

        if not self.commits:
            commit.edit(repository, writes, message)
            return Recorded("", "", "", message, changes)
        if ours and "{changes}" in self._options.template:
            message = self._options.template.replace("{changes}", message)
        rev = commit.record(repository, writes, message, self.author())
        from zenprofile.git import history

        return history.brief(repository, rev, message, changes)

    def uncommitted(self, among: Iterable[str] | None = None) -> list[Changed]:
        """List what the working tree has that HEAD has not, by key; of some paths alone where they are given."""
        if self._repository is None:
            return []
        dirty = self._dirty(self._repository, among)
        return [Changed(key, data_of(key, old), data_of(key, new)) for key, old, new in dirty if key]

    def unshared(self) -> str | None:
        """Say what exists here alone: uncommitted edits or unpushed commits, "" for nothing, None without a remote."""
        from zenprofile.git import remote

        return remote.unshared(self._repository) if self._repository is not None else None

    def commit(self, message: str = "") -> Recorded:
        """Commit every edit below the profile."""
        from zenprofile.core import change as changes
        from zenprofile.core import check

        with self.writing() as repository:
            head = repository.must_be_ready()
            dirty = self._dirty(repository)
            if not dirty:
                return Recorded("", "", "", "nothing to commit", ())
            problems = check.whole(self._tree)
            if problems and head.oid:
                from zenprofile.git import tree

                there = tree.snapshot(self.objects(repository), head.oid, repository.prefix, self.catalog())
                before = check.whole(there)
                known = {problem.identity for problem in before}
                problems = [problem for problem in problems if problem.identity not in known]
            if problems:
                raise Invalid.of(problems)
            told = tuple(Changed(key, data_of(key, old), data_of(key, new)) for key, old, new in dirty if key)
            writes = [_as_it_stands(repository, key.path if key else MANIFEST, new) for key, _, new in dirty]
            from zenprofile.git import commit

            words = message or (changes.words(told) if told else "begin the profile")
            if not message and "{changes}" in self._options.template:
                words = self._options.template.replace("{changes}", words)
            rev = commit.record(repository, writes, words, self.author())
            from zenprofile.git import history

            return history.brief(repository, rev, words, told)

    def _dirty(
        self, repository: Repository, among: Iterable[str] | None = None
    ) -> list[tuple[Key | None, bytes | None, bytes | None]]:
        """List files of the profile that differ from HEAD, line ends aside: key (None: the manifest), old, new."""
        objects = self.objects(repository)
        committed = objects.files(objects.subtree(objects.tree_of(repository.head().oid), repository.prefix))
        found: list[tuple[Key | None, bytes | None, bytes | None]] = []
        paths = {path for path in committed if path == MANIFEST or key_of_path(path)}
        paths |= {MANIFEST, *(key.path for key in self._tree.keys())}  # noqa: SIM118 - no mapping
        if among is not None:
            paths &= set(among)
        for path in sorted(paths):
            new = files.read(self.root, path)
            entry = committed.get(path)
            if (objects.oid("blob", new) if new is not None else "") == (entry.oid if entry else ""):
                continue
            old = objects.read(entry.oid, "blob") if entry else None
            if old is None or new is None or old.replace(b"\r\n", b"\n") != new.replace(b"\r\n", b"\n"):
                found.append((key_of_path(path), old, new))
        return found


def _file_change(repository: Repository, path: str, old: str | None, new: str | None) -> "FileChange":
    from zenprofile.git.commit import FileChange

    before, after = (None if text is None else text.encode() for text in (old, new))
    return FileChange(repository.prefix + path, before, after)


def _as_it_stands(repository: Repository, path: str, content: bytes | None) -> "FileChange":
    from zenprofile.git.commit import FileChange

    return FileChange(repository.prefix + path, content, content)


def _state_of_schemas() -> str:
    from zenprofile import resources

    return resources.state()


def make_repository(root: Path) -> None:
    """Make a folder (with the folders above it) a repository of zenprofile's own making.

    Raises:
        StoreBroken: no permission, no space.
    """
    from zenprofile.git import runner

    try:
        root.mkdir(parents=True, exist_ok=True)
        branch = runner.run(["config", "--get", "init.defaultBranch"], root, ok=(0, 1)).out.decode().strip() or "main"
        runner.run(["init", "-q"], root, flags=(f"init.defaultBranch={branch}",))
        own = root / ".git" / "zenprofile"
        own.mkdir(exist_ok=True)
        (own / _MADE).touch()
    except OSError as error:
        files.failed(error, root)


def _folder(url: str, options: Options) -> Path:
    if is_clone_url(url):
        from zenprofile.store import clones

        if not options.clone:
            raise StoreBroken("it is not known where the clone is", hint="delete the profile and create it again")
        return Path(os.path.realpath(options.clone)) / clones.parse(url).subdirectory
    path = url.removeprefix("file://") if url.startswith("file:") else url
    if url.startswith("file:"):
        from urllib.parse import unquote

        path = unquote(path)
    return Path(os.path.realpath(path))


class LocalDriver:
    """Finds, makes and opens Git stores. Promises: `zenprofile.store.base.Driver`."""

    name = "local"

    def bring(self, url: str, options: Options) -> None:
        """Clone a repository to this machine, where that is not done already; see `zenprofile.git.clone.clone`."""
        if options.clone and not os.path.lexists(options.clone):
            from zenprofile.git.clone import clone

            clone(url, Path(options.clone), timeout=options.timeout, progress=options.progress)

    def holds(self, url: str, options: Options) -> bool:
        """Say whether a folder holds a profile."""
        root = _folder(url, options)
        if not os.path.lexists(root):
            return False
        if not root.is_dir():
            raise StoreBroken(f"{root} is a file; a profile needs a folder", hint="name another folder")
        if os.path.lexists(root / MANIFEST):
            return True
        documents = [k.folder for k in KINDS.values() if any((root / k.folder).rglob("*.yaml"))]
        if documents:
            message = f"{root} holds documents ({', '.join(documents)}) but no {MANIFEST}"
            raise StoreBroken(
                message, hint=f"if it is a profile, restore that file: echo 'format: {FORMAT}' > {MANIFEST}"
            )
        return False

    def create(self, url: str, options: Options, defaults: Change) -> LocalStore:
        """Make a folder a profile with the defaults; one commit where the repository is of our own making."""
        root = _folder(url, options)
        made: list[Path] = []
        try:
            above = root
            while not above.exists():
                made.append(above)
                above = above.parent
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            files.failed(error, root)
        if find(root) is None:
            make_repository(root)
        store = LocalStore(root, url, options)
        try:
            _begin(store, defaults)
        except BaseException:
            store.close()
            raise
        return store

    def open(self, url: str, options: Options) -> LocalStore:
        """Open a folder that holds a profile."""
        root = _folder(url, options)
        store = LocalStore(root, url, options)
        if store.repository is not None and (store.repository.own_dir / "journal").exists():
            store._finish(store.repository)
        _must_hold(root)
        return store


def _begin(store: LocalStore, defaults: Change) -> None:
    """Write manifest and defaults, as one commit or as edits of the user's."""
    from zenprofile.store.prepare import prepare

    with store.writing() as repository:
        prepared = prepare(store.snapshot(), defaults, store.catalog())
        manifest = _file_change(repository, MANIFEST, None, MANIFEST_TEXT)
        writes = [manifest, *(_file_change(repository, key.path, old, new) for key, old, new in prepared.writes)]
        store._record(repository, writes, "Begin a profile with its defaults", prepared.changes, ours=False)


def _must_hold(root: Path) -> None:
    """Refuse what is no profile, or one of a newer format."""
    try:
        raw = files.read(root, MANIFEST)
    except FileNotFoundError:
        raw = None
    if raw == MANIFEST_TEXT.encode():
        return
    if raw is None:
        there = "holds no profile" if root.is_dir() else "does not exist"
        message = f"{root} {there} (no {MANIFEST})"
        raise StoreBroken(message, hint="put the folder back, or delete the profile and create it again")
    from zenprofile.core import text

    data = text.read(raw, MANIFEST)
    version = data.get("format")
    if isinstance(version, int) and not isinstance(version, bool) and version > FORMAT:
        message = f"{root} was written by a newer zenprofile (format {version}; this one reads {FORMAT})"
        raise NewerFormat(message, hint="upgrade: pip install --upgrade zenprofile", file=MANIFEST)
    if version != FORMAT or set(data) != {"format"}:
        message = f"{MANIFEST} must say 'format: {FORMAT}' and nothing else"
        raise Invalid.of([Problem(MANIFEST, 1, 1, "format", message, f"write: format: {FORMAT}", "bad-manifest")])


DRIVER = LocalDriver()
