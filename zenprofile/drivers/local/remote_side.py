"""The remote of a Git store: which it is, which tips it is known to have had, and what to do if it lost them."""

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from zenprofile.drivers.local import state_files
from zenprofile.drivers.local.repository_init import MADE
from zenprofile.errors import (
    AccessDenied,
    ConflictError,
    Unreachable,
    ZenprofileError,
)
from zenprofile.fs import lock, nofollow
from zenprofile.git import commit_graph, push_targets, remote, runner
from zenprofile.git.config import GitConfig
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Head, Repository
from zenprofile.git.upstream import Upstream, destination, upstream

if TYPE_CHECKING:
    from zenprofile.drivers.local.store import LocalStore

SEEN = "seen.json"
_KEPT = "refs/zenprofile/kept/"


class RemoteSide:
    """The remote of a Git store, as far as this machine knows it."""

    def __init__(
        self, store: "LocalStore", settings: GitConfig | None, timeout: float, progress: Callable[[str], None] | None
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

    def _fetch_promised_objects(self) -> None:
        """Let missing objects be fetched, where this is a partial clone."""
        if self._settings().get("extensions.partialclone") or self._settings().has_promisor_remote():
            self._store.fetch_objects(self._repository())

    def _objects(self) -> Objects:
        return self._store.objects(self._repository())

    def _settings(self) -> GitConfig:
        """Return git's settings as they were when this side was asked for."""
        if self._asked is None:
            self._asked = GitConfig(self._repository())
        return self._asked

    def _network_options(self) -> dict[str, Any]:
        return {"timeout": self._timeout, "progress": self._progress, "settings": self._settings()}

    def _upstream(self, head: Head) -> Upstream:
        found = upstream(self._repository(), head.ref, self._settings())
        if found is None:
            raise ZenprofileError("this profile has no remote", hint="name one: zenprofile remote set URL")
        return found

    def _is_ancestor(self, commit_: str, other: str) -> bool:
        return commit_graph.is_ancestor(self._repository(), commit_, other)

    def _destination(self, head: Head) -> Upstream:
        made = os.path.exists(self._repository().own_file(MADE))
        found = destination(self._repository(), head.ref, self._settings(), followed=made)
        if found is None:
            raise ZenprofileError("this profile has no remote", hint="name one: zenprofile remote set URL")
        return found

    def _targets(self, to: Upstream) -> push_targets.Targets:
        """Return the URLs that a push goes to."""
        return push_targets.find(self._repository(), to.remote, self._settings())

    def _back_up(self, head: Head) -> str:
        """Save HEAD's commit under a backup ref and return the ref; "" where there is no commit."""
        if not head.oid:
            return ""
        kept = self._backup_ref(head)
        runner.run(["update-ref", "-m", "zenprofile: kept", kept, head.oid], self._repository().folder)
        return kept

    def _backup_ref(self, head: Head) -> str:
        """Return the backup ref: the first whose commits are all ancestors of HEAD, or that is free."""
        kept, number = f"{_KEPT}{head.branch}", 2
        while (had := self._repository().ref(kept)) and head.oid and not self._is_ancestor(had, head.oid):
            kept, number = f"{_KEPT}{head.branch}-{number}", number + 1
        return kept

    def _check_not_rewritten(self, head: Head, up: Upstream, fetched: remote.Fetched) -> None:
        """Stop where the remote lost commits that it had and that are here, until a person has merged both.

        Raises:
            ConflictError: it is so; what is here is kept under a ref.
        """
        lost = self._find_lost_commit(head, up, fetched)
        if not lost:
            return
        self._save_known_tip(up.tracking, lost)
        kept = self._back_up(head)
        message, hint = self._rewritten_message(head, up, fetched, kept)
        if fetched.deleted:
            state_files.save_last_contact(self._repository(), "gone", up.tracking)
        raise ConflictError(f"{message}; nothing was moved", hint=hint)

    def _find_lost_commit(self, head: Head, up: Upstream, fetched: remote.Fetched) -> str:
        """Return a commit that the remote had, no longer has, and that is here; "" for none."""
        known = [self._known_tips().get(up.tracking, "")]
        if not self._targets(up).urls:  # else git's own record of the branch is of elsewhere, after each push
            known += [fetched.old, *commit_graph.tips_before_rewrite(self._repository(), up.tracking)]
        had = dict.fromkeys(filter(None, known))
        return next((oid for oid in had if fetched.deleted or self._is_lost(oid, fetched.new, head.oid)), "")

    def _rewritten_message(self, head: Head, up: Upstream, fetched: remote.Fetched, kept: str = "") -> tuple[str, str]:
        """Return the message and hint about a remote that lost commits."""
        import shlex

        kept = kept or self._backup_ref(head)
        git = f"git -C {shlex.quote(self._repository().folder)}"
        again = f"{git} push {shlex.quote(up.remote)} {head.branch}:{up.short}"
        if fetched.deleted:
            message = f"the branch {up.short} was deleted at the remote"
            hint = f"yours is kept at {kept}; share it again: {again}; or leave it: {git} switch BRANCH"
            return message, hint
        back = self._is_ancestor(fetched.new, head.oid)
        join = f"share yours again: {again}" if back else f"join both: {git} merge {up.tracking}"
        hint = f"yours is kept at {kept}; take theirs: zenprofile pull --take-theirs; or {join}"
        return "the history was rewritten at the remote", hint

    def _is_lost(self, had: str, has: str, here: str) -> bool:
        """Return whether the remote lost a commit that it had, while it is here and nobody has merged the two."""
        if had in commit_graph.merge_bases(self._repository(), here, has):  # a merge asks for these too
            return False
        if self._is_ancestor(had, has) or not self._is_ancestor(had, here):
            return False
        return self._is_ancestor(has, had) or not self._is_ancestor(has, here)

    def _known_tips(self) -> dict[str, str]:
        """Return the commit that each branch of a remote is known to have had, by its tracking ref."""
        try:
            found = nofollow.read_json(self._repository().own_file(SEEN))
        except (OSError, ValueError):
            return {}
        rows = found.items() if isinstance(found, dict) else ()
        return {str(k): v for k, v in rows if isinstance(v, str) and not v.strip("0123456789abcdef")}

    def _save_known_tip(self, tracking: str, oid: str) -> None:
        if oid and self._known_tips().get(tracking) != oid:
            repository = self._repository()
            with lock.exclusive(repository.own_file("seeing"), self._timeout, sharing=repository.shared_mode):
                state_files.save(repository, SEEN, {**self._known_tips(), tracking: oid})

    def _check_not_deleted(self, head: Head, up: Upstream) -> None:
        if state_files.deleted_upstream(self._repository()) != up.tracking:
            return
        if remote.ls_remote(self._repository(), up, timeout=self._timeout):  # somebody has shared it again
            state_files.clear_last_contact(self._repository())
        else:
            message, hint = self._rewritten_message(head, up, remote.Fetched("", "", deleted=True))
            raise ConflictError(f"{message}; nothing was sent", hint=hint)

    def _describe_rewritten(self) -> tuple[str, str]:
        """Return message and hint where the remote lost commits that are here; ("", "") where it did not."""
        repository = self._repository()
        head = repository.head()
        up = upstream(repository, head.ref, self._settings()) if head.ref else None
        if up is None:
            return "", ""
        theirs = repository.ref(up.tracking)
        fetched = remote.Fetched(theirs, theirs, deleted=False)
        if state_files.deleted_upstream(repository) == up.tracking:
            return self._rewritten_message(head, up, fetched._replace(deleted=True))
        return (
            self._rewritten_message(head, up, fetched)
            if theirs and self._find_lost_commit(head, up, fetched)
            else ("", "")
        )

    @contextlib.contextmanager
    def _noting_offline(self) -> Iterator[None]:
        """Remember that the remote could not be reached, for `state`."""
        try:
            yield
        except Unreachable as error:
            state_files.save_last_contact(self._repository(), "offline", error.message)
            raise
        except AccessDenied as error:
            state_files.save_last_contact(self._repository(), "blocked", error.message)
            raise

    def _save_confirmed(self, up: Upstream, oid: str) -> None:
        """Remember that the remote has a commit, and where it was fetched from that the branch there is at it."""
        state_files.save_last_contact(self._repository(), "synced", oid)
        if self._targets(up).fetched:
            self._save_known_tip(up.tracking, oid)
