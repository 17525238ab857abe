"""Sharing a Git store: fetch, merge in the object store, validate, move by the one commit path; push and prove it."""

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from zenprofile.core import check, merge
from zenprofile.core.change import Changed, label, words
from zenprofile.core.entity import Key, key_of_path
from zenprofile.core.merge import Conflict
from zenprofile.core.merge_data import Choice
from zenprofile.core.paths import Path
from zenprofile.core.snapshot import data_of
from zenprofile.errors import AccessDenied, Invalid, NotFound, Problem, Unreachable, ZenprofileError
from zenprofile.errors import Conflict as ConflictError
from zenprofile.git import commit, conflicts, files, remote, runner, tree
from zenprofile.git.journal import Entry, Move
from zenprofile.git.merging import Merge, Outcome
from zenprofile.git.objects import Objects, TreeEntry
from zenprofile.git.repository import Head, Repository
from zenprofile.git.settings import Settings
from zenprofile.store.sharing import Open, Pulled, Pushed, Relation, State

if TYPE_CHECKING:
    from zenprofile.drivers.local_store import LocalStore

_REWRITTEN = "rewritten.json"
KEPT = "refs/zenprofile/kept/"
_SHOWN = 10  # names in a message


class GitSharing:
    """The remote side of a `LocalStore`. Promises: `zenprofile.store.sharing.Sharing`."""

    def __init__(self, store: "LocalStore", timeout: float, progress: Callable[[str], None] | None) -> None:
        self._store = store
        self._timeout = timeout
        self._progress = progress

    def _repository(self) -> Repository:
        found = self._store.repository
        if found is None:
            raise ZenprofileError("nothing is committed here yet", hint="commit first: zenprofile commit")
        return found

    def _objects(self) -> Objects:
        return self._store.objects(self._repository())

    def _upstream(self, head: Head) -> remote.Upstream:
        found = remote.upstream(self._repository(), head.ref)
        if found is None:
            raise ZenprofileError("this profile has no remote", hint="name one: zenprofile remote set URL")
        return found

    def relation(self) -> Relation:
        """Say how the two sides stand, by what was fetched last."""
        repository = self._repository()
        head = repository.head()
        up = remote.upstream(repository, head.ref) if head.ref else None
        theirs = repository.ref(up.tracking) if up is not None else ""
        ahead, behind = self._count(head.oid, theirs)
        return Relation(head.branch, up.url if up is not None else "", head.oid, theirs, ahead, behind)

    def _count(self, ours: str, theirs: str) -> tuple[int, int]:
        if ours == theirs:
            return 0, 0
        top = self._repository().top
        if not ours or not theirs:
            one = runner.run(["rev-list", "--count", ours or theirs], top).out
            return (int(one), 0) if ours else (0, int(one))
        out = runner.run(["rev-list", "--left-right", "--count", f"{ours}...{theirs}"], top).out
        ahead, behind = out.split()
        return int(ahead), int(behind)

    def _is_in(self, commit_: str, other: str) -> bool:
        """Say whether a commit is the other one or one of its ancestors."""
        if commit_ == other or not commit_:
            return True
        if not other:
            return False
        args = ["merge-base", "--is-ancestor", commit_, other]
        return runner.run(args, self._repository().top, ok=(0, 1)).status == 0

    def pull(self, *, accept_invalid: bool = False) -> Pulled:
        """Fetch and merge by meaning."""
        repository = self._repository()
        up = self._upstream(repository.must_be_ready())
        with self._noted():
            fetched = remote.fetch(repository, up, timeout=self._timeout, progress=self._progress)
        with self._store.writing():
            head = repository.must_be_ready()
            self._must_not_be_rewritten(head, up, fetched)
            pulled = self._integrate(head, fetched.new, up, accept_invalid=accept_invalid)
        self._confirmed(fetched.new)
        return pulled

    def _must_not_be_rewritten(self, head: Head, up: remote.Upstream, fetched: remote.Fetched) -> None:
        """Stop where the remote no longer has commits that it had and that are here.

        What is seen once is remembered until the two histories are joined by hand.
        """
        path = self._repository().own_dir / _REWRITTEN
        try:
            old = str(json.loads(path.read_bytes())["old"])
        except (OSError, ValueError, KeyError):
            old = fetched.old
        lost = old and (fetched.gone or not self._is_in(old, fetched.new)) and self._is_in(old, head.oid)
        rewound = lost and bool(fetched.new) and self._is_in(fetched.new, old)
        if not lost or not (fetched.gone or rewound or not self._is_in(fetched.new, head.oid)):
            path.unlink(missing_ok=True)
            return
        path.write_text(json.dumps({"old": old}))
        kept = f"{KEPT}{head.branch}"
        runner.run(["update-ref", "-m", "zenprofile: kept", kept, head.oid], self._repository().top)
        if fetched.gone:
            message = f"the branch {up.branch.removeprefix('refs/heads/')} was deleted at the remote; nothing was moved"
            hint = f"your commits are kept here and at {kept}; to share them again: git push {up.remote} {head.branch}"
        else:
            message = "the history was rewritten at the remote; nothing was moved"
            name = up.tracking.removeprefix("refs/remotes/")
            again = f"git push {up.remote} {head.branch}"
            join = f"share yours again: {again}" if rewound else f"join both: git merge {name}"
            hint = f"yours is kept at {kept}; take theirs: git reset --hard {name}; {join}"
        raise ConflictError(message, hint=hint)

    def _integrate(self, head: Head, theirs: str, up: remote.Upstream, *, accept_invalid: bool) -> Pulled:
        repository = self._repository()
        if not theirs or self._is_in(theirs, head.oid):
            conflicts.clear(repository)
            return Pulled(moved=False, changes=(), notes=(), equal=bool(theirs) and theirs == head.oid)
        joined = Merge(repository, self._objects(), self._store.catalog(), head.oid, theirs)
        outcome = self._decided(joined, conflicts.load(repository))
        if outcome.problems and not accept_invalid:
            raise _spoiled(outcome.problems)
        forward = not head.oid or joined.bases == [head.oid]
        new = theirs if forward else self._merge_commit(outcome, head.oid, theirs, up)
        self._move(head, new, outcome)
        conflicts.clear(repository)
        return Pulled(moved=True, changes=outcome.changes, notes=outcome.notes, equal=forward)

    def _decided(self, joined: Merge, record: conflicts.Record | None) -> Outcome:
        """Return a merge without conflicts.

        Raises:
            Conflict: a person must choose; the conflicts are kept.
        """
        outcome = joined.outcome({})
        settled = conflicts.still_settled(record, outcome.conflicts)
        if settled:
            outcome = joined.outcome(conflicts.choices(settled))
        if outcome.conflicts:
            record = conflicts.Record(joined.ours, joined.theirs, outcome.conflicts, settled)
            conflicts.save(self._repository(), record)
            raise _undecided(outcome.conflicts)
        return outcome

    def _merge_commit(self, outcome: Outcome, ours: str, theirs: str, up: remote.Upstream) -> str:
        repository = self._repository()
        name = up.tracking.removeprefix("refs/remotes/")
        told = f": {words(outcome.changes)}" if outcome.changes else ""
        settings = Settings(repository)
        author = self._store.author()
        return commit.make_commit(
            repository, self._objects(), settings, outcome.tree, [ours, theirs], f"Merge {name}{told}", author
        )

    def _move(self, head: Head, new: str, outcome: Outcome) -> None:
        """Bring branch, index and files to a commit, keeping edits that it does not touch.

        Raises:
            Conflict: files with edits of the user's own are among those that change; nothing moved.
        """
        repository, objects = self._repository(), self._objects()
        settings = Settings(repository)
        old_tree = objects.tree_of(head.oid)
        entries, dirty = [], []
        outside: dict[str, TreeEntry | None] = {}
        for path, (before, after) in objects.differences(old_tree, objects.tree_of(new)).items():
            plain = all(side is None or side.mode in tree.FILES for side in (before, after))
            if not plain or not tree.is_document(path, repository.prefix):
                outside[path] = after
                continue
            entry = self._entry(path, before, after, settings)
            if entry is None:
                dirty.append(path)
            else:
                entries.append(entry)
        if dirty:
            raise _in_the_way(dirty)
        settings.must_not_filter(entry.path for entry in entries)
        message = f"pull: {words(outcome.changes)}"
        staged = objects.edited(old_tree, outside) if outside else ""
        commit.carry(repository, objects, Move(tuple(entries), message, head.ref, head.oid, new, "merge", staged))

    def _entry(self, path: str, before: TreeEntry | None, after: TreeEntry | None, settings: Settings) -> Entry | None:
        """Return what happens to a file of the profile; None where edits of the user's own are in the way."""
        objects = self._objects()
        old, new = (None if side is None else objects.read(side.oid, "blob") for side in (before, after))
        try:
            now = files.read(self._repository().top, path)
        except Invalid:
            return None
        oid = after.oid if after is not None else ""
        if _alike(now, new):
            return Entry(path, now, now, oid)
        if not _alike(now, old):
            return None
        if new is not None and settings.get("core.autocrlf").lower() in {"true", "yes", "on", "1"}:
            new = new.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return Entry(path, now, new, oid)

    def outgoing(self) -> tuple[Changed, ...]:
        """List what a push would change at the remote, by what was fetched last."""
        repository, objects = self._repository(), self._objects()
        relation = self.relation()
        trees = (objects.tree_of(relation.theirs), objects.tree_of(relation.ours))
        found = []
        for path, sides in objects.differences(*trees).items():
            key = key_of_path(path.removeprefix(repository.prefix)) if path.startswith(repository.prefix) else None
            if key is not None:
                texts = [objects.read(s.oid, "blob") if s is not None and s.mode in tree.FILES else None for s in sides]
                found.append(Changed(key, data_of(key, texts[0]), data_of(key, texts[1])))
        return tuple(sorted(found, key=lambda c: c.key))

    def push(self, *, with_others: bool = False) -> Pushed:
        """Send the commits that are only here, and believe only the remote's own answer."""
        repository = self._repository()
        head = repository.must_be_ready()
        up = self._upstream(head)
        if not head.oid:
            raise ZenprofileError("nothing is committed here yet", hint="commit first: zenprofile commit")
        theirs = repository.ref(up.tracking)
        record = conflicts.load(repository)
        if record is not None and not self._is_in(theirs, head.oid):
            raise _undecided(record.conflicts)
        if not self._is_in(theirs, head.oid):
            return Pushed(confirmed=False, stale=True, sent=0)
        self._must_hold(theirs, head.oid)
        others = [] if with_others else self._others(theirs, head.oid)
        if others:
            shown = "; ".join(others[:_SHOWN]) + (f"; and {len(others) - _SHOWN} more" if len(others) > _SHOWN else "")
            message = f"unpushed commits touch files outside the profile: {shown}"
            raise ZenprofileError(message, hint="send them too with --with-others, as git push would")
        with self._noted():
            pushed = remote.push(
                repository, up, head.oid, timeout=self._timeout, progress=self._progress, hooks=with_others
            )
        sent = self._count(head.oid, theirs)[0] if pushed.confirmed else 0
        if pushed.confirmed:
            self._confirmed(head.oid)
        return Pushed(pushed.confirmed, pushed.stale, sent)

    def _must_hold(self, theirs: str, ours: str) -> None:
        """Refuse to send what does not hold."""
        repository, objects = self._repository(), self._objects()
        texts: dict[Key, str | None] = {}
        for path, (_, new) in objects.differences(objects.tree_of(theirs), objects.tree_of(ours)).items():
            key = key_of_path(path.removeprefix(repository.prefix)) if path.startswith(repository.prefix) else None
            if key is not None:
                raw = tree.content(objects, key, new) if new is not None else None
                texts[key] = None if raw is None else raw.decode("utf-8", "surrogateescape")
        before = tree.snapshot(objects, theirs, repository.prefix, self._store.catalog())
        problems = check.added(before, texts, self._store.catalog())
        if problems:
            error = Invalid.of(problems)
            error.message = f"not pushed: {error.message}"
            raise error

    def _others(self, theirs: str, ours: str) -> list[str]:
        """Name commits to be sent that touch files outside a profile that is a part of its repository."""
        repository, objects = self._repository(), self._objects()
        if not repository.prefix:
            return []
        span = [ours, f"^{theirs}"] if theirs else [ours]
        rows = runner.run(["rev-list", "--no-commit-header", "--format=%H %P%x00%s", *span], repository.top).out
        found = []
        for row in rows.decode("utf-8", "replace").splitlines():
            ids, _, subject = row.partition("\0")
            oid, *parents = ids.split()
            if any(not tree.is_document(path, repository.prefix) for path in self._own(objects, oid, parents)):
                found.append(f"{oid[:9]} {subject}")
        return found

    def _own(self, objects: Objects, oid: str, parents: list[str]) -> set[str]:
        """Return the paths at which a commit differs from all its parents."""
        sides = [set(objects.differences(objects.tree_of(p), objects.tree_of(oid))) for p in parents or [""]]
        return set.intersection(*sides)

    def open(self) -> Open:
        """Return the conflicts that wait."""
        repository = self._store.repository
        record = conflicts.load(repository) if repository is not None else None
        return Open(record.ours, record.theirs, record.conflicts) if record is not None else Open("", "", ())

    def resolve(self, key: Key, field: Path | None, choice: Choice | dict[Path, Choice]) -> tuple[int, Pulled]:
        """Settle conflicts of one entity; with the last one settled, make the merge."""
        repository = self._repository()
        with self._store.writing():
            record = conflicts.load(repository)
            wanted = [c for c in record.conflicts if c.key == key and field in {None, c.path}] if record else []
            if record is None or not wanted:
                what = label(key) if record else "this profile"
                raise NotFound(f"{what} has no such conflict", hint="see: zenprofile conflicts")
            made = [(c, choice.get(c.path) if isinstance(choice, dict) else choice) for c in wanted]
            settled = (*record.settled, *((c, side) for c, side in made if side is not None))
            head = repository.must_be_ready()
            joined = Merge(repository, self._objects(), self._store.catalog(), head.oid, record.theirs)
            outcome = joined.outcome(conflicts.choices(settled))
            if outcome.conflicts:
                conflicts.save(repository, record._replace(conflicts=outcome.conflicts, settled=settled))
                return len(outcome.conflicts), Pulled(moved=False, changes=(), notes=(), equal=False)
            up = self._upstream(head)
            if outcome.problems:
                raise _spoiled(outcome.problems)
            self._move(head, self._merge_commit(outcome, head.oid, record.theirs, up), outcome)
            conflicts.clear(repository)
            return 0, Pulled(moved=True, changes=outcome.changes, notes=outcome.notes, equal=False)

    def marked(self, key: Key) -> str:
        """Return an entity's document with git's markers around its conflicts."""
        repository, objects = self._repository(), self._objects()
        record = conflicts.load(repository)
        if record is None:
            raise NotFound("this profile has no conflicts", hint="see: zenprofile status")
        joined = Merge(repository, objects, self._store.catalog(), repository.head().oid, record.theirs)
        base, ours, theirs = joined.document(key)
        if ours is None or theirs is None:
            raise ZenprofileError(f"{label(key)} is not on both sides", hint="choose --ours or --theirs")
        return merge.with_markers(key, base, ours, theirs)

    def state(self) -> State:
        """Say how the store is, and why, without asking the remote."""
        from zenprofile.drivers import status

        return status.state(self._store, self.relation(), self.open())

    def set_remote(self, url: str) -> None:
        """Name the remote."""
        remote.set_url(self._repository(), url)

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        """Remember that the remote could not be reached, for `state`."""
        from zenprofile.drivers import status

        try:
            yield
        except Unreachable as error:
            status.remember(self._repository(), "offline", error.message)
            raise
        except AccessDenied as error:
            status.remember(self._repository(), "blocked", error.message)
            raise

    def _confirmed(self, oid: str) -> None:
        """Remember that the remote has a commit."""
        from zenprofile.drivers import status

        status.remember(self._repository(), "synced", oid)


def _alike(one: bytes | None, other: bytes | None) -> bool:
    """Compare contents, line ends aside."""
    if one is None or other is None:
        return one is other
    return one == other or one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


def _in_the_way(paths: list[str]) -> ConflictError:
    shown = ", ".join(sorted(paths)[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
    message = f"uncommitted edits are in the way of what the other side changed too: {shown}; nothing was moved"
    return ConflictError(message, hint="commit them (zenprofile commit) or put them back, then again", file=paths[0])


def _undecided(found: tuple[Conflict, ...]) -> ConflictError:
    names = list(dict.fromkeys(_name(c) for c in found))
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    count = "1 conflict" if len(found) == 1 else f"{len(found)} conflicts"
    if all(c.class_ == "outside" for c in found):
        return ConflictError(f"{found[0].detail}; nothing was moved", hint="pull by hand: git pull")
    hint = "both values are kept: see 'zenprofile conflicts', then 'zenprofile resolve ENTITY --ours|--theirs'"
    return ConflictError(f"{count} to settle: {shown}; nothing was moved", hint=hint)


def _name(conflict: Conflict) -> str:
    from zenprofile.core import paths

    return f"{conflict.key} {paths.show(conflict.path)}".strip()


def _spoiled(problems: tuple[Problem, ...]) -> Invalid:
    error = Invalid.of(problems)
    error.message = f"the remote's entities do not hold, nothing was moved: {error.message}"
    error.hint = "have it mended there, or take it as it is: zenprofile pull --accept-invalid"
    return error
