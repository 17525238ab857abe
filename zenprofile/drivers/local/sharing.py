"""Sharing a Git store: fetch, merge in the object store, validate, move by the one commit path; push and prove it."""

import contextlib
import importlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from zenprofile.core.change import Changed, label, words
from zenprofile.core.entity import MANIFEST, Key
from zenprofile.core.paths import Path
from zenprofile.drivers.local import conflicts, manifest, merge_errors
from zenprofile.drivers.local.conflicts import Record, Whole
from zenprofile.errors import AccessDenied, Invalid, NotFound, Problem, Stale, StoreBroken, Unreachable, ZenprofileError
from zenprofile.errors import Conflict as ConflictError
from zenprofile.fs import lock, nofollow
from zenprofile.git import commit_graph, push_targets, remote, runner
from zenprofile.git.config import Settings
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Head, Repository
from zenprofile.store.sharing import Open, Pulled, Pushed, Relation, State, Typed, at

if TYPE_CHECKING:
    from zenprofile.core.merge.data import Choice
    from zenprofile.drivers.local.merge import Merge, Outcome
    from zenprofile.drivers.local.store import LocalStore

_SEEN = "seen.json"
_TRIES = 5  # merges against a branch that plain commits move at the same time
KEPT = "refs/zenprofile/kept/"


class GitSharing:
    """The remote side of a `LocalStore`. Promises: `zenprofile.store.sharing.Sharing`."""

    def __init__(
        self, store: "LocalStore", settings: Settings | None, timeout: float, progress: Callable[[str], None] | None
    ) -> None:
        self._store = store
        self._asked = settings
        self._timeout = timeout
        self._progress = progress

    def _repository(self) -> Repository:
        found = self._store.repository
        if found is None:
            raise ZenprofileError("nothing is committed here yet", hint="commit first: zenprofile commit")
        return found

    def _objects(self) -> Objects:
        return self._store.objects(self._repository())

    def _settings(self) -> Settings:
        """Return git's settings as they were when this side was asked for."""
        if self._asked is None:
            self._asked = Settings(self._repository())
        return self._asked

    def _talking(self) -> dict[str, Any]:
        return {"timeout": self._timeout, "progress": self._progress, "settings": self._settings()}

    def _upstream(self, head: Head) -> remote.Upstream:
        found = remote.upstream(self._repository(), head.ref, self._settings())
        if found is None:
            raise ZenprofileError("this profile has no remote", hint="name one: zenprofile remote set URL")
        return found

    def _targets(self, up: remote.Upstream) -> push_targets.Targets:
        """Return where a push goes."""
        return push_targets.of(self._repository(), up.remote, self._settings())

    def _is_in(self, commit_: str, other: str) -> bool:
        return commit_graph.is_in(self._repository(), commit_, other)

    def relation(self) -> Relation:
        """Say how the two sides stand, by what was fetched last."""
        repository = self._repository()
        head = repository.head()
        up = remote.upstream(repository, head.ref, self._settings()) if head.ref else None
        theirs = repository.ref(up.tracking) if up is not None else ""
        ahead, behind = commit_graph.count(repository, head.oid, theirs)
        return Relation(head.branch, up.url if up is not None else "", head.oid, theirs, ahead, behind)

    def look(self) -> str:
        """Ask the remote for the commit of its branch."""
        repository = self._repository()
        up = self._upstream(repository.must_be_ready())
        with self._noted():
            return remote.look(repository, up, timeout=self._timeout)

    def pull(self, *, accept_invalid: bool = False) -> Pulled:
        """Fetch and merge by meaning."""
        repository = self._repository()
        head = repository.must_be_ready()
        up = self._upstream(head)
        with self._noted():
            fetched = self._fetched(head, up)
        for left in reversed(range(_TRIES)):
            try:
                with self._store.writing():
                    head = repository.must_be_ready()
                    self._must_not_be_rewritten(head, up, fetched)
                    pulled = self._integrate(head, fetched.new, up, accept_invalid=accept_invalid)
                break
            except Stale:  # a plain commit came in between: it is merged with, too
                if not left:
                    raise
        self._confirmed(up, fetched.new)
        # Several places are to have it, and only one was asked.
        return pulled._replace(equal=pulled.equal and not self._targets(up).urls)

    def _fetched(self, head: Head, up: remote.Upstream) -> remote.Fetched:
        repository = self._repository()
        talking = self._talking()
        # While git talks, this process would only wait: what the rest of a pull needs is imported meanwhile.
        importing = threading.Thread(target=_import_the_rest)
        importing.start()
        try:
            fetched = remote.fetch(repository, up, **talking)
        finally:
            importing.join()
        shallow = os.path.exists(repository.common_file("shallow"))
        if shallow and head.oid and fetched.new and not commit_graph.bases(repository, head.oid, fetched.new):
            # The common start may be what a shallow clone left out.
            whole = remote.fetch(repository, up, whole=True, **talking)
            return whole._replace(old=fetched.old)
        return fetched

    def _must_not_be_rewritten(self, head: Head, up: remote.Upstream, fetched: remote.Fetched) -> None:
        """Stop where the remote no longer has commits that it had and that are here, until both are joined by hand.

        Raises:
            Conflict: it is so; what is here is kept under a ref.
        """
        lost = self._lost(head, up, fetched)
        if not lost:
            return
        self._see(up.tracking, lost)
        if head.oid:
            kept = f"{KEPT}{head.branch}"
            runner.run(["update-ref", "-m", "zenprofile: kept", kept, head.oid], self._repository().folder)
        message, hint = self._of_rewritten(head, up, fetched)
        raise ConflictError(f"{message}; nothing was moved", hint=hint)

    def _lost(self, head: Head, up: remote.Upstream, fetched: remote.Fetched) -> str:
        """Return a commit that the remote had, no longer has, and that is here; "" for none."""
        # Where pushes go elsewhere, git's own record of the branch is of there after each of them.
        moved = (
            [fetched.old, *commit_graph.forced(self._repository(), up.tracking)] if self._targets(up).fetched else []
        )
        known = dict.fromkeys(oid for oid in (self._seen().get(up.tracking, ""), *moved) if oid)
        return next((oid for oid in known if fetched.gone or self._is_lost(oid, fetched.new, head.oid)), "")

    def _of_rewritten(self, head: Head, up: remote.Upstream, fetched: remote.Fetched) -> tuple[str, str]:
        """Return what is said of a remote that lacks commits that it had, and what to do."""
        kept = f"{KEPT}{head.branch}"
        if fetched.gone:
            message = f"the branch {up.branch.removeprefix('refs/heads/')} was deleted at the remote"
            hint = f"your commits are kept here and at {kept}; to share them again: git push {up.remote} {head.branch}"
            return message, hint
        name = up.tracking.removeprefix("refs/remotes/")
        back = self._is_in(fetched.new, head.oid)
        join = f"share yours again: git push {up.remote} {head.branch}" if back else f"join both: git merge {name}"
        hint = f"yours is kept at {kept}; take theirs: git reset --hard {name}; {join}"
        return "the history was rewritten at the remote", hint

    def _is_lost(self, had: str, has: str, here: str) -> bool:
        """Say whether the remote no longer has a commit that it had, while it is here and nobody has joined the two."""
        if self._is_in(had, has) or not self._is_in(had, here):
            return False
        return self._is_in(has, had) or not self._is_in(has, here)

    def _seen(self) -> dict[str, str]:
        """Return the commit that each branch of a remote is known to have had, by its tracking ref."""
        try:
            found = nofollow.record(self._repository().own_file(_SEEN))
        except (OSError, ValueError):
            return {}
        rows = found.items() if isinstance(found, dict) else ()
        return {str(k): v for k, v in rows if isinstance(v, str) and not v.strip("0123456789abcdef")}

    def _record(self) -> Record | None:
        """Return the unfinished merge; None where there is none, or where it names commits that are not here."""
        repository = self._store.repository
        record = conflicts.load(repository) if repository is not None else None
        if record is None:
            return None
        try:
            for oid in filter(None, (record.ours, record.theirs)):
                self._objects().read(oid, "commit")
        except StoreBroken:
            return None
        return record

    def _see(self, tracking: str, oid: str) -> None:
        if oid and self._seen().get(tracking) != oid:
            with lock.exclusive(self._repository().own_file("seeing"), self._timeout):
                conflicts.keep(self._repository(), _SEEN, {**self._seen(), tracking: oid})

    def _integrate(self, head: Head, theirs: str, up: remote.Upstream, *, accept_invalid: bool) -> Pulled:
        repository = self._repository()
        if not theirs or self._is_in(theirs, head.oid):
            conflicts.clear(repository)
            return Pulled(moved=False, changes=(), notes=(), equal=bool(theirs) and theirs == head.oid)
        joined = self._merge(head.oid, theirs)
        self._must_be_a_profile(joined, up)
        record = self._record() or Record("", "", ())
        outcome, record = _tried(joined, record._replace(accepted=accept_invalid))
        if outcome.problems and not accept_invalid:
            raise merge_errors.spoiled(outcome.problems)
        if outcome.conflicts:
            conflicts.save(repository, record)
            raise merge_errors.undecided(outcome.conflicts)
        forward = not head.oid or joined.bases == [head.oid]
        new = theirs if forward else self._merge_commit(outcome, head.oid, theirs, up)
        self._move(head, new, outcome)
        conflicts.clear(repository)
        return Pulled(moved=True, changes=outcome.changes, notes=outcome.notes, equal=forward)

    def _move(self, head: Head, new: str, outcome: "Outcome") -> None:
        from zenprofile.drivers.local import checkout

        try:
            checkout.move(self._repository(), self._objects(), self._settings(), head, new, outcome)
        except runner.GitError:
            if self._repository().head() == head:
                raise
            message = "somebody else's git has moved the branch while this was merged; nothing was moved"
            raise Stale(message, hint="repeat the command") from None

    def _merge(self, ours: str, theirs: str) -> "Merge":
        from zenprofile.drivers.local.merge import Merge

        return Merge(self._repository(), self._objects(), self._store.catalog(), ours, theirs)

    def _must_be_a_profile(self, joined: "Merge", up: remote.Upstream) -> None:
        """Refuse what would leave no profile here, or one that this version cannot read."""
        now, arriving_ = joined.manifest()
        if joined.ours and not joined.bases and not joined.has_manifest:
            message = f"{up.url} has another history, and no profile in it; nothing was moved"
            raise ZenprofileError(message, hint="name another remote: zenprofile remote set URL; or join them by git")
        if now == arriving_:
            return
        if arriving_ is None:
            message = f"the profile was deleted at the remote (no {MANIFEST} there); nothing was moved"
            raise Invalid(message, hint="have it put back there, or take it by hand: git pull", file=MANIFEST)
        manifest.must_hold(arriving_, up.url)

    def _merge_commit(self, outcome: "Outcome", ours: str, theirs: str, up: remote.Upstream) -> str:
        from zenprofile.drivers.local import commit

        repository = self._repository()
        name = up.tracking.removeprefix("refs/remotes/")
        told = f": {words(outcome.changes)}" if outcome.changes else ""
        parents, author = [ours, theirs], self._store.author()
        message = f"Merge {name}{told}"
        return commit.make_commit(repository, self._objects(), self._settings(), outcome.tree, parents, message, author)

    def outgoing(self) -> tuple[Changed, ...]:
        """List what a push would change at the remote, by what was fetched last."""
        from zenprofile.drivers.local import outgoing

        relation_ = self.relation()
        return outgoing.changes(self._repository(), self._objects(), relation_.theirs, relation_.ours)

    def push(self, *, with_others: bool = False) -> Pushed:
        """Send the commits that are only here, and believe only the remote's own answer."""
        from zenprofile.drivers.local import outgoing

        repository, objects = self._repository(), self._objects()
        head = repository.must_be_ready()
        up = self._upstream(head)
        if not head.oid:
            raise ZenprofileError("nothing is committed here yet", hint="commit first: zenprofile commit")
        theirs = repository.ref(up.tracking)
        # What was taken away there comes back by a person's own `git push` alone.
        self._must_not_be_rewritten(head, up, remote.Fetched(theirs, theirs, gone=False))
        if not self._is_in(theirs, head.oid):
            waiting = self.open().conflicts
            if waiting:
                raise merge_errors.undecided(waiting)
            return Pushed(confirmed=False, stale=True, sent=0)
        outgoing.must_hold(repository, objects, self._store.catalog(), theirs, head.oid)
        if not with_others:
            outgoing.must_be_ours(repository, objects, theirs, head.oid)
        seen = theirs or self._seen().get(up.tracking, "")
        had = seen if self._is_in(seen, head.oid) else ""
        with self._noted():
            pushed = remote.push(repository, up, head.oid, had=had, hooks=with_others, **self._talking())
        if not pushed.confirmed:
            return Pushed(pushed.confirmed, pushed.stale, 0, "" if pushed.stale else pushed.reason)
        self._confirmed(up, head.oid if self._targets(up).fetched else "")
        sent = 0 if pushed.nothing else commit_graph.count(repository, head.oid, theirs)[0]
        return Pushed(pushed.confirmed, pushed.stale, sent)

    def open(self) -> Open:
        """Return the conflicts that wait, as they are with what is here now."""
        repository = self._store.repository
        record = self._record()
        if repository is None or record is None:
            return Open("", "", ())
        head = repository.head().oid
        if head != record.ours:
            if self._is_in(record.theirs, head):
                return Open("", "", ())
            record = _tried(self._merge(head, record.theirs), record)[1]
        return Open(record.ours, record.theirs, record.conflicts)

    def resolve(self, key: Key, field: Path | None, choice: "Choice | Typed") -> tuple[int, Pulled]:
        """Settle conflicts of one entity; with the last one settled, make the merge."""
        repository = self._repository()
        with self._store.writing():
            head = repository.must_be_ready()
            record = self._record()
            if record is None or self._is_in(record.theirs, head.oid):
                conflicts.clear(repository)
                raise NotFound("this profile has no conflicts", hint="see: zenprofile status")
            joined = self._merge(head.oid, record.theirs)
            record = _chosen(joined, _tried(joined, record)[1], key, field, choice)
            outcome, record = _tried(joined, record)
            if isinstance(choice, Typed) and field is None:
                _must_be_right(joined.added(outcome, key, choice.text))
            if outcome.conflicts:
                conflicts.save(repository, record)
                return len(outcome.conflicts), Pulled(moved=False, changes=(), notes=(), equal=False)
            try:
                if outcome.problems and not record.accepted:
                    raise merge_errors.spoiled(outcome.problems)
                new = self._merge_commit(outcome, head.oid, record.theirs, self._upstream(head))
                self._move(head, new, outcome)
            except (ConflictError, Invalid):
                conflicts.save(repository, record)  # the choice stands, and only the merge is still to be made
                raise
            conflicts.clear(repository)
            return 0, Pulled(moved=True, changes=outcome.changes, notes=outcome.notes, equal=False)

    def marked(self, key: Key) -> str:
        """Return an entity's document with git's markers around its conflicts."""
        record = self._record()
        if record is None:
            raise NotFound("this profile has no conflicts", hint="see: zenprofile status")
        base, ours, theirs = self._merge(self._repository().head().oid, record.theirs).document(key)
        if ours is not None and theirs is not None:
            from zenprofile.core.merge import documents

            return documents.with_markers(key, base, ours, theirs)
        one = theirs if ours is None else ours
        if one is None:
            raise ZenprofileError(f"{label(key)} is on neither side", hint="choose --ours or --theirs")
        return one

    def state(self) -> State:
        """Say how the store is, and why, without asking the remote."""
        from zenprofile.drivers.local import status

        with status.looking(self._repository(), self._settings()) as touched:
            relation = self.relation()
            rewritten = self._rewritten() if relation.ahead else ("", "")
            return status.state(self._store, relation, self.open(), touched, self._settings(), rewritten)

    def _rewritten(self) -> tuple[str, str]:
        """Say that the remote lacks commits that it had and that are here, and what to do; ("", "") where it does."""
        repository = self._repository()
        head = repository.head()
        up = remote.upstream(repository, head.ref, self._settings()) if head.ref else None
        if up is None:
            return "", ""
        theirs = repository.ref(up.tracking)
        fetched = remote.Fetched(theirs, theirs, gone=False)
        return self._of_rewritten(head, up, fetched) if theirs and self._lost(head, up, fetched) else ("", "")

    def set_remote(self, url: str) -> None:
        """Name the remote; what is known of another one is forgotten."""
        from zenprofile.drivers.local import status

        repository = self._repository()
        head = repository.head()
        before = remote.upstream(repository, head.ref) if head.ref else None
        after = remote.set_url(repository, url)
        self._asked = None
        if before is None or before[1:3] != after[1:3]:
            conflicts.clear(repository)
            status.forget(repository)
            conflicts.keep(repository, _SEEN, {k: v for k, v in self._seen().items() if k != after.tracking})

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        """Remember that the remote could not be reached, for `state`."""
        from zenprofile.drivers.local import status

        try:
            yield
        except Unreachable as error:
            status.remember(self._repository(), "offline", error.message)
            raise
        except AccessDenied as error:
            status.remember(self._repository(), "blocked", error.message)
            raise

    def _confirmed(self, up: remote.Upstream, oid: str) -> None:
        """Remember that the remote has a commit."""
        from zenprofile.drivers.local import status

        status.remember(self._repository(), "synced", oid)
        self._see(up.tracking, oid)


def _import_the_rest() -> None:
    # What goes wrong here goes wrong again where the module is needed, and is said there.
    with contextlib.suppress(Exception):
        for name in (
            "zenprofile.drivers.local.checkout",
            "zenprofile.core.schema.catalog",
            "zenprofile.core.secrets.plaintext",
        ):
            importlib.import_module(name)


def _tried(joined: "Merge", record: Record) -> "tuple[Outcome, Record]":
    """Merge with what a person has settled so far, as far as it is still about the same."""
    outcome = joined.outcome({})
    settled = conflicts.still_settled(record, outcome.conflicts)
    whole = tuple(w for w in record.whole if joined.document(w.key)[1:] == (w.ours, w.theirs))
    if settled or whole:
        outcome = joined.outcome(conflicts.choices(settled), {w.key: w.text for w in whole})
    return outcome, Record(joined.ours, joined.theirs, outcome.conflicts, settled, whole, record.accepted)


def _chosen(joined: "Merge", record: Record, key: Key, field: Path | None, choice: "Choice | Typed") -> Record:
    """Return the record with conflicts of an entity settled.

    Raises:
        NotFound: there is no such conflict.
        Invalid: what was typed cannot be read.
    """
    from zenprofile.core.document import reader as texts
    from zenprofile.core.merge.documents import Value

    wanted = [c for c in record.conflicts if c.key == key and field in {None, c.path}]
    if not wanted:
        raise NotFound(f"{label(key)} has no such conflict", hint="see: zenprofile conflicts")
    data = texts.read(choice.text, key.path) if isinstance(choice, Typed) else {}
    if isinstance(choice, Typed) and field:
        choice = Value(at(data, field))
    if not isinstance(choice, Typed) and all(c.path for c in wanted):
        return record._replace(settled=(*record.settled, *((c, choice) for c in wanted)))
    _, ours, theirs = joined.document(key)
    text = choice.text if isinstance(choice, Typed) else theirs if choice == "theirs" else ours
    kept = (w for w in record.whole if w.key != key)
    return record._replace(whole=(*kept, Whole(key, ours, theirs, text)))


def _must_be_right(problems: list[Problem]) -> None:
    if problems:
        raise Invalid.of(problems)
