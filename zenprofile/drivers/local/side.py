"""Which the other side of a Git store is, what it is known to have had, and what is said where it lost that."""

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from zenprofile.drivers.local import own_files
from zenprofile.drivers.local.beginning import MADE
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


class Side:
    """The other side of a Git store, as far as this machine knows it: which it is, what it had, what it has lost."""

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

    def _reach_out(self) -> None:
        """Let what a partial clone has left out be fetched, where this is one."""
        if self._settings().get("extensions.partialclone") or self._settings().promises():
            self._store.fetch_objects(self._repository())

    def _objects(self) -> Objects:
        return self._store.objects(self._repository())

    def _settings(self) -> GitConfig:
        """Return git's settings as they were when this side was asked for."""
        if self._asked is None:
            self._asked = GitConfig(self._repository())
        return self._asked

    def _talking(self) -> dict[str, Any]:
        return {"timeout": self._timeout, "progress": self._progress, "settings": self._settings()}

    def _upstream(self, head: Head) -> Upstream:
        found = upstream(self._repository(), head.ref, self._settings())
        if found is None:
            raise ZenprofileError("this profile has no remote", hint="name one: zenprofile remote set URL")
        return found

    def _is_in(self, commit_: str, other: str) -> bool:
        return commit_graph.is_in(self._repository(), commit_, other)

    def _destination(self, head: Head) -> Upstream:
        made = os.path.exists(self._repository().own_file(MADE))
        found = destination(self._repository(), head.ref, self._settings(), followed=made)
        if found is None:
            raise ZenprofileError("this profile has no remote", hint="name one: zenprofile remote set URL")
        return found

    def _targets(self, to: Upstream) -> push_targets.Targets:
        """Return the URLs that a push goes to."""
        return push_targets.of(self._repository(), to.remote, self._settings())

    def _keep(self, head: Head) -> str:
        """Keep what is here under a ref of its own, and return the ref; "" where there is nothing."""
        if not head.oid:
            return ""
        kept = self._kept_at(head)
        runner.run(["update-ref", "-m", "zenprofile: kept", kept, head.oid], self._repository().folder)
        return kept

    def _kept_at(self, head: Head) -> str:
        """Return the ref that keeps what is here: the first whose commits are all part of it, or that is free."""
        kept, number = f"{_KEPT}{head.branch}", 2
        while (had := self._repository().ref(kept)) and head.oid and not self._is_in(had, head.oid):
            kept, number = f"{_KEPT}{head.branch}-{number}", number + 1
        return kept

    def _must_not_be_rewritten(self, head: Head, up: Upstream, fetched: remote.Fetched) -> None:
        """Stop where the remote no longer has commits that it had and that are here, until both are joined by hand.

        Raises:
            ConflictError: it is so; what is here is kept under a ref.
        """
        lost = self._lost(head, up, fetched)
        if not lost:
            return
        self._see(up.tracking, lost)
        kept = self._keep(head)
        message, hint = self._of_rewritten(head, up, fetched, kept)
        if fetched.gone:
            own_files.remember(self._repository(), "gone", up.tracking)
        raise ConflictError(f"{message}; nothing was moved", hint=hint)

    def _lost(self, head: Head, up: Upstream, fetched: remote.Fetched) -> str:
        """Return a commit that the remote had, no longer has, and that is here; "" for none."""
        known = [self._seen().get(up.tracking, "")]
        if not self._targets(up).urls:  # else git's own record of the branch is of elsewhere, after each push
            known += [fetched.old, *commit_graph.forced(self._repository(), up.tracking)]
        had = dict.fromkeys(filter(None, known))
        return next((oid for oid in had if fetched.gone or self._is_lost(oid, fetched.new, head.oid)), "")

    def _of_rewritten(self, head: Head, up: Upstream, fetched: remote.Fetched, kept: str = "") -> tuple[str, str]:
        """Return what is said of a remote that lacks commits that it had, and what to do."""
        import shlex

        kept = kept or self._kept_at(head)
        git = f"git -C {shlex.quote(self._repository().folder)}"
        again = f"{git} push {shlex.quote(up.remote)} {head.branch}:{up.short}"
        if fetched.gone:
            message = f"the branch {up.short} was deleted at the remote"
            hint = f"yours is kept at {kept}; share it again: {again}; or leave it: {git} switch BRANCH"
            return message, hint
        back = self._is_in(fetched.new, head.oid)
        join = f"share yours again: {again}" if back else f"join both: {git} merge {up.tracking}"
        hint = f"yours is kept at {kept}; take theirs: zenprofile pull --take-theirs; or {join}"
        return "the history was rewritten at the remote", hint

    def _is_lost(self, had: str, has: str, here: str) -> bool:
        """Say whether the remote no longer has a commit that it had, while it is here and nobody has joined the two."""
        if had in commit_graph.bases(self._repository(), here, has):  # a merge asks for these too
            return False
        if self._is_in(had, has) or not self._is_in(had, here):
            return False
        return self._is_in(has, had) or not self._is_in(has, here)

    def _seen(self) -> dict[str, str]:
        """Return the commit that each branch of a remote is known to have had, by its tracking ref."""
        try:
            found = nofollow.record(self._repository().own_file(SEEN))
        except (OSError, ValueError):
            return {}
        rows = found.items() if isinstance(found, dict) else ()
        return {str(k): v for k, v in rows if isinstance(v, str) and not v.strip("0123456789abcdef")}

    def _see(self, tracking: str, oid: str) -> None:
        if oid and self._seen().get(tracking) != oid:
            repository = self._repository()
            with lock.exclusive(repository.own_file("seeing"), self._timeout, sharing=repository.sharing):
                own_files.keep(repository, SEEN, {**self._seen(), tracking: oid})

    def _must_not_be_gone(self, head: Head, up: Upstream) -> None:
        if own_files.gone(self._repository()) != up.tracking:
            return
        if remote.look(self._repository(), up, timeout=self._timeout):  # somebody has shared it again
            own_files.forget(self._repository())
        else:
            message, hint = self._of_rewritten(head, up, remote.Fetched("", "", gone=True))
            raise ConflictError(f"{message}; nothing was sent", hint=hint)

    def _rewritten(self) -> tuple[str, str]:
        """Say that the remote lacks commits that it had and that are here, and what to do; ("", "") where it does."""
        repository = self._repository()
        head = repository.head()
        up = upstream(repository, head.ref, self._settings()) if head.ref else None
        if up is None:
            return "", ""
        theirs = repository.ref(up.tracking)
        fetched = remote.Fetched(theirs, theirs, gone=False)
        if own_files.gone(repository) == up.tracking:
            return self._of_rewritten(head, up, fetched._replace(gone=True))
        return self._of_rewritten(head, up, fetched) if theirs and self._lost(head, up, fetched) else ("", "")

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        """Remember that the remote could not be reached, for `state`."""
        try:
            yield
        except Unreachable as error:
            own_files.remember(self._repository(), "offline", error.message)
            raise
        except AccessDenied as error:
            own_files.remember(self._repository(), "blocked", error.message)
            raise

    def _confirmed(self, up: Upstream, oid: str) -> None:
        """Remember that the remote has a commit, and where it was fetched from that the branch there is at it."""
        own_files.remember(self._repository(), "synced", oid)
        if self._targets(up).fetched:
            self._see(up.tracking, oid)
