"""Sharing around open conflicts: entities without conflicts are exchanged, each side keeps its own of the rest.

Each direction is a commit with one parent: here on top of ours, there on top of theirs. No merge is made before a
person has settled the conflicts, so neither side's value counts as the newer one, to git as little as to us.
"""

from typing import TYPE_CHECKING

from zenprofile.core.change import Changed, summary
from zenprofile.core.entity import MANIFEST, Key
from zenprofile.core.snapshot import data_of
from zenprofile.drivers.local.sharing import GitSharing
from zenprofile.git import remote
from zenprofile.git.repository import Head
from zenprofile.git.upstream import Upstream
from zenprofile.store.sharing import PartialShareResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zenprofile.core.merge import partial
    from zenprofile.core.merge.documents import Conflict
    from zenprofile.drivers.local.conflicts import MergeState
    from zenprofile.drivers.local.merge import Merge, Outcome
    from zenprofile.drivers.local.virtual_base import VirtualBase

_NAMED = 5  # entities in a message


class _SharePlan:
    """What can be shared of a merge that has conflicts.

    Attributes:
        met: where both sides met before; None for nowhere.
        base: the tree of the common ancestor.
        trees: of ours and of theirs, once each has what is not in conflict.
        parts: of the merge.
        changes: what arrives here, and there.
        record: of the merge.
    """

    def __init__(
        self,
        joined: "Merge",
        base: str,
        trees: tuple[str, str],
        parts: "partial.Parts",
        changes: tuple[tuple[Changed, ...], tuple[Changed, ...]],
        record: "MergeState",
    ) -> None:
        self.virtual_base = joined.virtual_base
        self.base = base
        self.trees = trees
        self.parts = parts
        self.changes = changes
        self.record = record


class PartialGitSharing(GitSharing):
    """The remote side of a `LocalStore`, where all but what is in conflict can be shared."""

    def can_push_without_pull(self) -> bool:
        """Return whether a push needs no pull before it."""
        head = self._repository().head()
        known = self.relation()
        is_ahead = bool(known.theirs and known.ahead) and not known.behind and not known.proposed
        # Where it goes to several places, or to another than is pulled from, no lease keeps what was taken away there.
        return is_ahead and known.upstream == known.push_to and not self._targets(self._upstream(head)).urls

    def share_unconflicted(self, *, push: bool) -> PartialShareResult:
        """Share what was fetched last, but for the entities in conflict."""
        repository = self._repository()
        with self._store.writing():
            head = repository.check_ready()
            up, to = self._upstream(head), self._destination(head)
            theirs = repository.ref(up.tracking)
            self._check_not_deleted(head, up)
            self._check_not_rewritten(head, up, remote.Fetched(theirs, theirs, deleted=False))
            plan = self._plan(head, theirs)
            if plan is None:
                return PartialShareResult()
            waiting = plan.record.conflicts
            if plan.parts.here:
                head = self._merge_shared(head, theirs, up, plan)
        flowed = PartialShareResult(waiting, plan.changes[0], to=to.label, head=head.oid)
        return self._push_shared(head, theirs, to, flowed) if push and to == up else flowed

    def _plan(self, head: Head, theirs: str) -> _SharePlan | None:
        """Split the merge of two commits; None where there is no conflict, or not only entities are in conflict."""
        from zenprofile.core import profile_check
        from zenprofile.drivers.local import proposals, resolving, tree, virtual_base
        from zenprofile.drivers.local.conflicts import MergeState

        repository, objects = self._repository(), self._objects()
        if not theirs or not head.oid or proposals.waiting(repository, head.branch):
            return None
        joined = self._merge(head.oid, theirs)
        outcome, record = resolving.merge_with_choices(joined, self._load_state() or MergeState("", "", ()))
        found = self._parts(joined, outcome) if outcome.conflicts else None
        if found is None:
            return None
        base, parts = found
        sides = objects.tree_of(head.oid), objects.tree_of(theirs)
        with objects.batch():
            trees = (
                virtual_base.tree_with(repository, objects, sides[0], parts.here, sides[1:]),
                virtual_base.tree_with(repository, objects, sides[1], parts.there, sides[:1]),
            )
        for commit, texts in ((head.oid, parts.here), (theirs, parts.there)):
            before = tree.snapshot(objects, commit, repository.prefix, self._store.catalog())
            if texts and profile_check.added_problems(before, texts, self._store.catalog()):
                return None
        changes = (self._changes(sides[0], parts.here), self._changes(sides[1], parts.there))
        return _SharePlan(joined, base, trees, parts, changes, record)

    def _parts(self, joined: "Merge", outcome: "Outcome") -> "tuple[str, partial.Parts] | None":
        from zenprofile.core.merge import partial
        from zenprofile.drivers.local import tree

        prefix = self._repository().prefix
        base, mine, other, texts = joined.differences()
        changed = [(path, new) for side in (mine, other) for path, (_, new) in side.items()]
        own = [(path, new) for path, new in changed if tree.is_document(path, prefix)]
        strange = any(new is not None and new.mode not in tree.FILES for _, new in own)
        if not joined.bases or strange or outcome.problems or prefix + MANIFEST in dict(own):
            return None
        found = partial.parts(*texts, outcome.documents, outcome.conflicts)
        return (base, found) if found is not None else None

    def _changes(self, side: str, texts: "Mapping[Key, str | None]") -> tuple[Changed, ...]:
        repository, objects = self._repository(), self._objects()
        found = []
        for key, text in sorted(texts.items()):
            entry = objects.entry(side, repository.prefix + key.path)
            before = objects.read(entry.oid, "blob") if entry is not None else None
            found.append(Changed(key, data_of(key, before), data_of(key, text)))
        return tuple(found)

    def _merge_shared(self, head: Head, theirs: str, up: Upstream, plan: _SharePlan) -> Head:
        """Merge what is not in conflict into the branch here."""
        from zenprofile.drivers.local import conflicts
        from zenprofile.drivers.local.virtual_base import VirtualBase

        repository = self._repository()
        message = f"Take from {up.label}: {summary(plan.changes[0])}"
        new = self._commit_of(plan.trees[0], head.oid, message, plan.record.conflicts)
        have = {key: text for key, text in plan.parts.merged.items() if key not in plan.parts.there}
        there = {key: self._text(theirs, key) for key in plan.parts.there}
        self._save_virtual_base(
            head,
            plan,
            VirtualBase("", "", new, theirs, plan.virtual_base.since if plan.virtual_base else ()),
            {**have, **there},
        )
        self._move(head, new, plan.changes[0])
        conflicts.save(repository, plan.record._replace(ours=new))
        return repository.head()

    def _push_shared(self, head: Head, theirs: str, to: Upstream, flowed: PartialShareResult) -> PartialShareResult:
        """Push what is not in conflict."""
        from zenprofile.drivers.local import conflicts
        from zenprofile.drivers.local.virtual_base import VirtualBase

        repository = self._repository()
        plan = self._plan(head, theirs)
        if plan is None or plan.parts.here or not plan.parts.there:
            return flowed
        message = summary(plan.changes[1])
        new = self._commit_of(plan.trees[1], theirs, message, plan.record.conflicts)
        self._save_virtual_base(head, plan, VirtualBase("", "", head.oid, new, (head.oid,)), plan.parts.merged)
        pushed, _ = self._check_and_push(head._replace(oid=new), to, with_others=False)
        if not pushed.confirmed:
            return flowed._replace(stale=True)
        self._save_confirmed(to, new)
        with self._store.writing():
            if self._load_state() is not None:
                conflicts.save(repository, plan.record._replace(theirs=new))
        return flowed._replace(sent=plan.changes[1])

    def _save_virtual_base(
        self, head: Head, plan: _SharePlan, met: "VirtualBase", there: "Mapping[Key, str | None]"
    ) -> None:
        """Save the virtual merge base: what is not in conflict, as the other side has it."""
        from zenprofile.drivers.local import virtual_base

        repository, objects = self._repository(), self._objects()
        with objects.batch():
            base = virtual_base.tree_with(repository, objects, plan.base, {**there, **plan.parts.held})
        virtual_base.save(repository, objects, head, met._replace(tree=base), plan.virtual_base)

    def _text(self, commit: str, key: Key) -> str | None:
        objects = self._objects()
        entry = objects.entry(objects.tree_of(commit), self._repository().prefix + key.path)
        return None if entry is None else objects.read(entry.oid, "blob").decode("utf-8", "surrogateescape")

    def _commit_of(self, tree_: str, parent: str, message: str, waiting: "tuple[Conflict, ...]") -> str:
        from zenprofile.drivers.local import commit
        from zenprofile.drivers.local.signing import Draft

        names = list(dict.fromkeys(str(conflict.key) for conflict in waiting))
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        text = f"{message}\n\nIn conflict, and left as it is: {', '.join(names[:_NAMED])}{more}\n"
        draft, author = Draft(tree_, (parent,), text), self._store.author()
        return commit.make_commit(self._repository(), self._objects(), self._settings(), draft, author)
