"""Pushing: checks and pushes unpushed commits; proposes commits for review on a branch of their own."""

import os
from typing import TYPE_CHECKING

from zenprofile.core.change import Changed
from zenprofile.drivers.local import state_files
from zenprofile.drivers.local.remote_side import RemoteSide
from zenprofile.errors import (
    NotFound,
    UsageError,
    ZenprofileError,
)
from zenprofile.git import commit_graph, remote, runner
from zenprofile.git.repository import Head, is_ref
from zenprofile.git.upstream import Upstream, exclude_known, upstream
from zenprofile.store.sharing import Proposed, Relation

if TYPE_CHECKING:
    from zenprofile.drivers.local.proposals import Proposal


class PushingSide(RemoteSide):
    """The pushing half of the remote side: ahead and behind, unpushed commits, proposals."""

    def relation(self) -> Relation:
        """Return how the two sides stand, by what was fetched last."""
        repository = self._repository()
        head = repository.head()
        up = upstream(repository, head.ref, self._settings()) if head.ref else None
        if up is None:
            return Relation(head.branch, "", head.oid, "", 0, 0)
        to = self._destination(head)
        theirs, there = repository.ref(up.tracking), repository.ref(to.tracking)
        ahead, behind = commit_graph.count(repository, head.oid, theirs) if theirs else (0, 0)
        if to != up and there:
            ahead = commit_graph.count(repository, head.oid, there)[0]
        elif not there:
            ahead = commit_graph.count_commits(repository, head.oid, exclude_known(repository, to))
        proposed = (Proposed(p.branch, p.url, p.commits, p.closed) for p in self._proposals(head))
        return Relation(head.branch, up.url, head.oid, theirs, ahead, behind, up.label, to.label, tuple(proposed))

    def _proposals(self, head: Head) -> "tuple[Proposal, ...]":
        """Return the proposals of a branch that wait."""
        repository = self._repository()
        if not os.path.lexists(repository.own_file(state_files.PROPOSALS)):
            return ()
        from zenprofile.drivers.local import proposals

        return proposals.waiting(repository, head.branch)

    def remote_head(self) -> str:
        """Ask the remote for the commit of its branch."""
        repository = self._repository()
        up = self._upstream(repository.check_ready())
        with self._noting_offline():
            return remote.ls_remote(repository, up, timeout=self._timeout)

    def _update_proposals(self, head: Head, up: Upstream, theirs: str) -> list[str]:
        """Update the proposals, and return what changed in words."""
        if not self._proposals(head):
            return []
        from zenprofile.drivers.local import proposals

        repository = self._repository()
        to, now = self._destination(head), repository.head().oid

        def look(proposal: proposals.Proposal) -> str:
            there = to.with_branch(proposal.branch)
            with self._noting_offline():
                found = remote.ls_remote(repository, there, timeout=self._timeout)
            if not found and repository.ref(there.tracking):
                runner.run(["update-ref", "-d", there.tracking], repository.folder)
            return found

        def arrived(oid: str) -> bool:
            return bool(theirs) and (
                self._is_ancestor(oid, theirs) or (now == theirs and not self._is_ancestor(oid, now))
            )

        return proposals.update(repository, head.branch, look, arrived)

    def outgoing(self) -> tuple[Changed, ...]:
        """List what a push would change at the remote, by what was fetched last."""
        from zenprofile.drivers.local import outgoing

        repository = self._repository()
        head = repository.head()
        if not head.ref or not head.oid:
            return ()
        self._objects().start_reader()
        sent = outgoing.span(repository, self._destination(head), head.oid)
        return outgoing.changes(repository, self._objects(), sent.theirs, sent.ours)

    def _ready_to_push(self) -> Head:
        head = self._repository().check_ready()
        self._upstream(head)
        self._fetch_promised_objects()
        if not head.oid:
            raise ZenprofileError("nothing is committed here yet", hint="commit first: zenprofile commit")
        return head

    def _check_and_push(self, head: Head, to: Upstream, *, with_others: bool) -> tuple[remote.PushAttempt, int]:
        """Check what is unpushed and send it; return the remote's answer, and how many commits it did not have."""
        from zenprofile.drivers.local import outgoing

        repository, objects = self._repository(), self._objects()
        theirs = repository.ref(to.tracking)
        sent = outgoing.span(repository, to, head.oid)
        with outgoing.listing(repository, objects, sent, to) as commits:
            outgoing.check_valid(repository, objects, self._store.catalog(), sent, commits)
            if not with_others:
                outgoing.check_only_profile(repository, objects, commits())
            number = commit_graph.count(repository, head.oid, theirs)[0] if theirs else len(commits())
        seen = theirs or self._known_tips().get(to.tracking, "")
        had = seen if self._is_ancestor(seen, head.oid) else ""
        with self._noting_offline():
            return remote.push(repository, to, head.oid, had=had, hooks=with_others, **self._network_options()), number

    def _forget_proposals(self, head: Head) -> None:
        """Forget the proposals of a branch that was pushed itself."""
        if not self._proposals(head):
            return
        from zenprofile.drivers.local import proposals

        repository = self._repository()
        found = proposals.load(repository)
        left = [p for p in found if p.followed != head.branch or not self._is_ancestor(p.oid, head.oid)]
        if left != found:
            proposals.save(repository, left)

    def propose(self, branch: str, *, with_others: bool = False) -> Proposed:
        """Send the commits that are only here to a branch of their own."""
        from zenprofile.drivers.local import proposals

        repository = self._repository()
        head = self._ready_to_push()
        followed = self._destination(head)
        earlier = [p for p in proposals.waiting(repository, head.branch) if self._is_ancestor(p.oid, head.oid)]
        name = branch or next((p.branch for p in earlier if not p.closed), "")
        name = name or proposals.name(self._store.author().user, head.oid)
        to = followed.with_branch(name)
        if (
            to == followed
            or not is_ref(to.branch)
            or runner.run(["check-ref-format", to.branch], repository.folder, ok=(0, 1)).status
        ):
            raise UsageError(f"'{name}' can be no branch for a proposal", hint="name another: --branch NAME")
        since = repository.ref(followed.tracking)
        number = (
            commit_graph.count(repository, head.oid, since)[0]
            if since
            else commit_graph.count_commits(repository, head.oid, exclude_known(repository, followed))
        )
        if not number or any(p.oid == head.oid and not p.closed and p.branch == name for p in earlier):
            waits = f"; {name} waits for review" if number else ""
            raise NotFound(f"there is nothing to propose{waits}", hint="commit first: zenprofile commit")
        pushed, _ = self._check_and_push(head, to, with_others=with_others)
        if not pushed.confirmed:
            message = f"{to.label} has commits that are not here; nothing was sent"
            raise ZenprofileError(message, hint="propose on another branch: --branch NAME")
        url = proposals.first_url(pushed.remote_message) or next((p.url for p in earlier if p.branch == name), "")
        others = [p for p in proposals.load(repository) if p.branch != name and p not in earlier]
        proposals.save(repository, [*others, proposals.Proposal(name, head.branch, head.oid, url, number)])
        return Proposed(name, url, number, host_message=pushed.remote_message)
