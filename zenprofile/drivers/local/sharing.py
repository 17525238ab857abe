"""Sharing a Git store: fetch, merge in the object store, validate, move by the one commit path; push and prove it."""

import contextlib
import importlib
import os
import threading
from typing import TYPE_CHECKING

from zenprofile.core.change import Changed, Recorded, label, summary
from zenprofile.core.entity import MANIFEST, Key
from zenprofile.core.paths import Path
from zenprofile.drivers.local import state_files
from zenprofile.drivers.local.pushing import PushingSide
from zenprofile.drivers.local.remote_side import SEEN
from zenprofile.errors import (
    ConflictError,
    Invalid,
    NotFound,
    Stale,
    StoreBroken,
    ZenprofileError,
)
from zenprofile.git import commit_graph, remote, runner
from zenprofile.git.repository import Head
from zenprofile.git.upstream import Upstream, upstream
from zenprofile.store.sharing import OpenConflicts, PullResult, PushResult, StoreStatus, Typed

if TYPE_CHECKING:
    from zenprofile.core.merge.data import Choice, Conflict
    from zenprofile.drivers.local.conflicts import MergeState
    from zenprofile.drivers.local.merge import Merge, Outcome

# In the order in which a pull needs it.
_THE_REST = (
    *("zenprofile.drivers.local.resolving", "zenprofile.drivers.local.merge", "zenprofile.core.schema.catalog"),
    *("zenprofile.core.secrets.plaintext", "zenprofile.drivers.local.merge_errors", "hashlib"),
    "zenprofile.drivers.local.checkout",
    *("zenprofile.core.secrets.sensitive", "zenprofile.drivers.local.authors", "zenprofile.drivers.local.proposals"),
)
_TRIES = 5  # merges against a branch that plain commits move at the same time


class GitSharing(PushingSide):
    """The remote side of a `LocalStore`. Promises: `zenprofile.store.sharing.Sharing`."""

    def pull(self, *, accept_invalid: bool = False, take_theirs: bool = False) -> PullResult:
        """Fetch and merge by meaning."""
        from zenprofile.drivers.local.signing import run_before_lock

        repository = self._repository()
        head = repository.check_ready()
        up = self._upstream(head)
        with self._noting_offline():
            fetched = self._fetch(head, up)
        self._fetch_promised_objects()
        if take_theirs and fetched.new and not fetched.deleted:
            return self._reset_to_remote(up, fetched.new, accept_invalid=accept_invalid)
        for left in reversed(range(_TRIES)):
            try:
                head, pulled = run_before_lock(
                    self._store, lambda: self._merge_fetched(up, fetched, accept_invalid=accept_invalid)
                )
                break
            except Stale:  # a plain commit came in between: it is merged with, too
                if not left:
                    raise
        if not fetched.deleted:
            self._save_confirmed(up, fetched.new)
            self._save_known_tip(up.tracking, fetched.new)
        # Where several places are to have it, only one was asked.
        equal = pulled.equal and not self._targets(up).urls
        return pulled._replace(equal=equal, notes=(*pulled.notes, *self._update_proposals(head, up, fetched.new)))

    def _merge_fetched(self, up: Upstream, fetched: remote.Fetched, *, accept_invalid: bool) -> tuple[Head, PullResult]:
        """Merge what was fetched; return HEAD as it was before, too."""
        with self._store.writing() as repository:
            head = repository.check_ready()
            self._check_not_rewritten(head, up, fetched)
            return head, self._integrate(head, fetched.new, up, accept_invalid=accept_invalid)

    def _reset_to_remote(self, up: Upstream, theirs: str, *, accept_invalid: bool) -> PullResult:
        """Make this branch as the remote has it; what was here is kept under a ref."""
        from zenprofile.core import profile_check
        from zenprofile.drivers.local import conflicts, merge_errors, outgoing, proposals, tree

        repository, objects = self._repository(), self._objects()
        with self._store.writing():
            head = repository.check_ready()
            if head.oid == theirs:
                return PullResult(moved=False, changes=(), notes=(), equal=True)
            problems = profile_check.check_all(tree.snapshot(objects, theirs, repository.prefix, self._store.catalog()))
            if problems and not accept_invalid:
                raise merge_errors.invalid_remote_error(tuple(problems))
            kept = self._back_up(head)
            changes = outgoing.changes(repository, objects, head.oid, theirs)
            self._move(head, theirs, changes)
            conflicts.clear(repository)
        left = [p for p in proposals.load(repository) if p.followed != head.branch]
        if len(left) != len(proposals.load(repository)):
            proposals.save(repository, left)
        self._save_confirmed(up, theirs)
        notes = (f"what was here is kept at {kept}",) if kept else ()
        return PullResult(moved=True, changes=changes, notes=notes, equal=True)

    def _fetch(self, head: Head, up: Upstream) -> remote.Fetched:
        repository = self._repository()
        talking = self._network_options()
        # While git talks, this process would only wait: what the rest of a pull needs is imported meanwhile.
        answered = threading.Event()
        importing = threading.Thread(target=_import_modules, args=(answered,))
        importing.start()
        try:
            fetched = remote.fetch(repository, up, **talking)
        finally:
            answered.set()
            importing.join()
        shallow = os.path.exists(repository.common_file("shallow"))
        if shallow and head.oid and fetched.new and not commit_graph.merge_bases(repository, head.oid, fetched.new):
            # The common start may be what a shallow clone left out.
            whole = remote.fetch(repository, up, whole=True, **talking)
            return whole._replace(old=fetched.old)
        return fetched

    def _load_state(self) -> "MergeState | None":
        """Return the unfinished merge; None where there is none, or where it names commits that are not here."""
        repository = self._store.repository
        if repository is None or not os.path.lexists(state_files.merge_state_file(repository)):
            return None
        from zenprofile.drivers.local import conflicts

        record = conflicts.load(repository)
        if record is None:
            return None
        for oid in filter(None, (record.ours, record.theirs)):
            try:
                self._objects().read(oid, "commit")
            except StoreBroken:
                # Perhaps only the git that was asked has ended.
                args = ["cat-file", "-e", f"{oid}^{{commit}}"]
                if runner.run(args, self._repository().folder, ok=(0, 1, 128)).status:
                    return None
                raise
        return record

    def _integrate(self, head: Head, theirs: str, up: Upstream, *, accept_invalid: bool) -> PullResult:
        from zenprofile.drivers.local import conflicts, merge_errors, proposals, resolving
        from zenprofile.drivers.local.conflicts import MergeState

        repository = self._repository()
        if not theirs or self._is_ancestor(theirs, head.oid):
            conflicts.clear(repository)
            return PullResult(moved=False, changes=(), notes=(), equal=bool(theirs) and theirs == head.oid)
        joined = self._merge(head.oid, theirs)
        self._check_profile_remains(joined, up)
        record = self._load_state() or MergeState("", "", ())
        outcome, record = resolving.merge_with_choices(joined, record._replace(accepted=accept_invalid))
        if outcome.problems and not accept_invalid:
            raise merge_errors.invalid_remote_error(outcome.problems)
        if outcome.conflicts or outcome.others:
            self._save_state(record, outcome)
            raise merge_errors.open_conflicts_error(outcome.conflicts, outcome.elsewhere)
        # What was proposed came back as other commits: a squash or a rebase. To merge both would double it.
        proposed = any(p.oid == head.oid for p in proposals.waiting(repository, head.branch))
        came_back = proposed and outcome.tree == self._objects().tree_of(theirs)
        if came_back:
            self._back_up(head)
        forward = came_back or not head.oid or joined.bases == [head.oid]
        new = theirs if forward else self._merge_commit(outcome, head.oid, theirs, up)
        self._move(head, new, outcome.changes)
        conflicts.clear(repository)
        return PullResult(moved=True, changes=outcome.changes, notes=outcome.notes, equal=forward)

    def _save_state(self, record: "MergeState", outcome: "Outcome") -> None:
        """Save an unfinished merge, for each profile its own part."""
        from zenprofile.drivers.local import conflicts
        from zenprofile.drivers.local.outside_merge import OtherProfile, with_prefixes

        conflicts.save(self._repository(), record)
        parts = (OtherProfile(self._repository(), record), *outcome.others)
        for other in outcome.others:
            elsewhere = with_prefixes(part for part in parts if part is not other)
            conflicts.save(other.repository, other.record._replace(elsewhere=elsewhere))

    def _move(self, head: Head, new: str, changes: tuple[Changed, ...]) -> None:
        from zenprofile.drivers.local import checkout

        try:
            checkout.move_to_commit(self._repository(), self._objects(), self._settings(), head, new, changes)
        except runner.GitError:
            if self._repository().head() == head:
                raise
            message = "somebody else's git has moved the branch while this was merged; nothing was moved"
            raise Stale(message, hint="repeat the command") from None

    def _merge(self, ours: str, theirs: str) -> "Merge":
        from zenprofile.drivers.local import virtual_base
        from zenprofile.drivers.local.merge import Merge

        repository, objects = self._repository(), self._objects()
        met = virtual_base.find(repository, objects, ours, theirs)
        return Merge(repository, objects, self._store.catalog(), ours, theirs, met)

    def _check_profile_remains(self, joined: "Merge", up: Upstream) -> None:
        """Refuse what would leave no profile here, or one that this version cannot read."""
        from zenprofile.drivers.local import manifest

        now, arriving_ = joined.manifest()
        if joined.ours and not joined.bases and not joined.has_manifest:
            message = f"{up.url} has another history, and no profile in it; nothing was moved"
            raise ZenprofileError(message, hint="name another remote: zenprofile remote set URL; or join them by git")
        if now == arriving_:
            return
        if arriving_ is None:
            message = f"the profile was deleted at the remote (no {MANIFEST} there); nothing was moved"
            raise Invalid(message, hint="have it put back there, or take it by hand: git pull", file=MANIFEST)
        manifest.check(arriving_, up.url)

    def _merge_commit(self, outcome: "Outcome", ours: str, theirs: str, up: Upstream) -> str:
        from zenprofile.drivers.local import commit
        from zenprofile.drivers.local.signing import Draft

        repository = self._repository()
        name = up.tracking.removeprefix("refs/remotes/")
        suffix = f": {summary(outcome.changes)}" if outcome.changes else ""
        draft = Draft(outcome.tree, (ours, theirs), f"Merge {name}{suffix}")
        return commit.make_commit(repository, self._objects(), self._settings(), draft, self._store.author())

    def push(self, *, with_others: bool = False) -> PushResult:
        """Send the commits that are only here, and believe only the remote's own answer."""
        repository = self._repository()
        head = self._ready_to_push()
        up, to = self._upstream(head), self._destination(head)
        # What was taken away there comes back by a person's own `git push` alone.
        self._check_not_deleted(head, up)
        seen = repository.ref(up.tracking)
        self._check_not_rewritten(head, up, remote.Fetched(seen, seen, deleted=False))
        theirs = repository.ref(to.tracking)
        if not self._is_ancestor(theirs, head.oid):
            if to != up:
                import shlex

                hint = f"join them: git -C {shlex.quote(repository.folder)} pull {shlex.quote(to.remote)} {to.short}"
                raise ZenprofileError(f"{to.label} has commits that are not here; nothing was sent", hint=hint)
            waiting = self.open_conflicts()
            if waiting.conflicts or waiting.elsewhere:
                from zenprofile.drivers.local import merge_errors

                raise merge_errors.open_conflicts_error(waiting.conflicts, waiting.elsewhere)
            return PushResult(confirmed=False, stale=True, sent=0, to=to.label)
        pushed, sent = self._check_and_push(head, to, with_others=with_others)
        if not pushed.confirmed:
            return PushResult(pushed.confirmed, pushed.stale, 0, "" if pushed.stale else pushed.reason, to.label)
        self._save_confirmed(to, head.oid)
        self._forget_proposals(head)
        return PushResult(pushed.confirmed, pushed.stale, 0 if pushed.up_to_date else sent, to=to.label, head=head.oid)

    def open_conflicts(self) -> OpenConflicts:
        """Return the conflicts that wait, as they are with what is here now."""
        repository = self._store.repository
        if repository is None:
            return OpenConflicts("", "", ())
        if not any(map(os.path.lexists, (repository.git_file("MERGE_HEAD"), state_files.merge_state_file(repository)))):
            return OpenConflicts("", "", ())
        from zenprofile.drivers.local import resolving, user_merge

        own = user_merge.load_state(repository)
        if own is not None:
            found = resolving.merge_with_choices(self._merge(own.ours, own.theirs), own)[1]
            waiting = user_merge.open_conflicts(repository, found.conflicts)
            return resolving.open_conflicts(found._replace(conflicts=waiting, elsewhere=()))
        record = self._load_state()
        if record is None:
            return OpenConflicts("", "", ())
        head = repository.head().oid
        if head != record.ours or record.elsewhere:  # those are settled meanwhile, perhaps
            if self._is_ancestor(record.theirs, head):
                return OpenConflicts("", "", ())
            record = resolving.merge_with_choices(self._merge(head, record.theirs), record)[1]
        return resolving.open_conflicts(record)

    def last_changes(self, conflict: "Conflict") -> tuple[Recorded | None, Recorded | None]:
        """Return who changed last what is in conflict, on each side."""
        from zenprofile.drivers.local import resolving

        found = self.open_conflicts()
        return resolving.last_changes(self._repository(), conflict, (found.ours, found.theirs))

    def resolve(self, key: Key | None, field: Path | None, choice: "Choice | Typed | None") -> tuple[int, PullResult]:
        """Settle conflicts of one entity; with the last one settled, make the merge."""
        from zenprofile.drivers.local import user_merge
        from zenprofile.drivers.local.signing import run_before_lock

        repository = self._repository()
        if user_merge.load_state(repository) is not None:
            with self._store.writing(in_merge=True):
                return self._resolve_own(key, field, choice)
        return run_before_lock(self._store, lambda: self._resolve(key, field, choice))

    def _resolve(self, key: Key | None, field: Path | None, choice: "Choice | Typed | None") -> tuple[int, PullResult]:
        """Settle conflicts of a merge that a pull began, and make it once there are none."""
        from zenprofile.drivers.local import conflicts, merge_errors, resolving

        with self._store.writing() as repository:
            head = repository.check_ready()
            record = self._load_state()
            if record is None or self._is_ancestor(record.theirs, head.oid):
                if record is not None:
                    conflicts.clear(repository)
                raise NotFound("this profile has no conflicts", hint="see: zenprofile status")
            joined = self._merge(head.oid, record.theirs)
            outcome, record = resolving.resolve(joined, record, key, field, choice)
            if outcome.conflicts or outcome.others:
                self._save_state(record, outcome)
                return len(outcome.conflicts) + len(outcome.elsewhere), PullResult(
                    moved=False, changes=(), notes=(), equal=False
                )
            try:
                if outcome.problems and not record.accepted:
                    raise merge_errors.invalid_remote_error(outcome.problems)
                new = self._merge_commit(outcome, head.oid, record.theirs, self._upstream(head))
                self._move(head, new, outcome.changes)
            except (ConflictError, Invalid):
                conflicts.save(repository, record)  # the choice stands, and only the merge is still to be made
                raise
            conflicts.clear(repository)
            return 0, PullResult(moved=True, changes=outcome.changes, notes=outcome.notes, equal=False)

    def _resolve_own(
        self, key: Key | None, field: Path | None, choice: "Choice | Typed | None"
    ) -> tuple[int, PullResult]:
        """Settle conflicts of a merge that the user began; to commit it stays the user's."""
        from zenprofile.drivers.local import conflicts, resolving, user_merge

        repository, objects = self._repository(), self._objects()
        record = user_merge.load_state(repository)
        if record is None:
            raise NotFound("this profile has no conflicts", hint="see: zenprofile status")
        joined = self._merge(record.ours, record.theirs)
        outcome, record = resolving.resolve(joined, record, key, field, choice)
        conflicts.save(repository, record)
        texts = {unmerged: joined.document(unmerged)[1] for unmerged in user_merge.unmerged(repository)}
        user_merge.stage_resolved(repository, objects, outcome, texts)
        left = len(user_merge.open_conflicts(repository, outcome.conflicts))
        note = "" if left else "settled and staged; the merge is yours to commit: git commit"
        return left, PullResult(moved=False, changes=(), notes=(note,) if note else (), equal=False)

    def with_markers(self, key: Key) -> str:
        """Return an entity's document with git's markers around its conflicts."""
        from zenprofile.drivers.local import user_merge

        record = user_merge.load_state(self._repository()) or self._load_state()
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

    def state(self) -> StoreStatus:
        """Return how the store is, and why, without asking the remote."""
        from zenprofile.drivers.local import status

        with self._store.worktree_status(self._repository(), self._settings()) as found:
            relation = self.relation()
            known = relation.ahead or state_files.deleted_upstream(self._repository())
            rewritten = self._describe_rewritten() if known else ("", "")
            return status.state(
                self._store, relation, self.open_conflicts(), found.modified, self._settings(), rewritten
            )

    def set_remote(self, url: str) -> None:
        """Set the remote, and delete what is known of an earlier one."""
        from zenprofile.drivers.local import conflicts

        repository = self._repository()
        head = repository.head()
        before = upstream(repository, head.ref) if head.ref else None
        after = remote.set_url(repository, url)
        self._asked = None
        if before is None or before[1:3] != after[1:3]:
            conflicts.clear(repository)
            state_files.clear_last_contact(repository)
            state_files.save(repository, SEEN, {k: v for k, v in self._known_tips().items() if k != after.tracking})


def _import_modules(answered: threading.Event) -> None:
    """Import what a pull needs once something has arrived, until the remote has answered."""
    # What goes wrong here goes wrong again where the module is needed, and is said there.
    with contextlib.suppress(Exception):
        for name in _THE_REST:
            if answered.is_set():
                return
            importlib.import_module(name)
