"""A virtual merge base: the commit in place of the common ancestor after sharing around open conflicts.

What is not in conflict is brought from each side to the other by commits of its own, and each line goes on without the
other's commits among its ancestors: were the two joined by a merge commit, git would take one side's value of what is
in conflict for the newer one. Their common ancestor in git's eyes is then old, and a merge over it would find conflicts
where both sides have long agreed. So the tree that both have met in is kept, in a commit under a ref of ours: what is
not in conflict as the other side has it, what is in conflict as the common ancestor had it.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from zenprofile.core.entity import Key
from zenprofile.git import commit_graph, runner
from zenprofile.git.objects import Objects, TreeEntry
from zenprofile.git.repository import Head, Repository

_NOBODY = "zenprofile <meeting@zenprofile.invalid> 0 +0000"
_REFS = "refs/zenprofile/met/"
_LOOKED_AT = 4  # meetings: the last may not have reached the remote


class VirtualBase(NamedTuple):
    """A virtual merge base of two lines of commits.

    Attributes:
        oid: the commit that stands in for the common ancestor.
        tree: its tree.
        ours: the commit here.
        theirs: the commit there.
        since: commits here up to which the other side has everything; none: up to the common ancestors.
    """

    oid: str
    tree: str
    ours: str
    theirs: str
    since: tuple[str, ...]


def find(repository: Repository, objects: Objects, ours: str, theirs: str) -> VirtualBase | None:
    """Return the latest virtual base that both commits descend from and that no later merge has superseded."""
    oid = repository.ref(_ref(repository, repository.head()))
    bases: set[str] | None = None
    for _ in range(_LOOKED_AT):
        sides = objects.parents_of(oid) if oid else []
        if len(sides) < 2:
            return None
        here, there, *before = sides
        if commit_graph.is_ancestor(repository, here, ours) and commit_graph.is_ancestor(repository, there, theirs):
            bases = bases or {*commit_graph.merge_bases(repository, ours, theirs)}
            if {*commit_graph.merge_bases(repository, here, there)} == bases:
                since = objects.read(oid, "commit").partition(b"\n\n")[2].decode("ascii", "replace").split()
                return VirtualBase(oid, objects.tree_of(oid), here, there, tuple(since))
        oid = before[0] if before else ""
    return None


def save(repository: Repository, objects: Objects, head: Head, met: VirtualBase, before: VirtualBase | None) -> None:
    """Save a virtual base (its ``oid`` is made) for `find`, and the one before it, in case the push fails."""
    parents = [met.ours, met.theirs, *([before.oid] if before is not None else [])]
    lines = [f"tree {met.tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {_NOBODY}", f"committer {_NOBODY}", "", " ".join(met.since), ""]
    oid = objects.write("commit", "\n".join(lines).encode())
    runner.run(["update-ref", _ref(repository, head), oid], repository.folder)


def delete_all(repository: Repository) -> None:
    """Delete all virtual bases: the two lines are merged."""
    ref = _ref(repository, repository.head())
    if repository.ref(ref):
        runner.run(["update-ref", "-d", ref], repository.folder)


def tree_with(
    repository: Repository, objects: Objects, tree: str, texts: Mapping[Key, str | None], modes: Sequence[str] = ()
) -> str:
    """Write a tree with documents changed (None: taken out), and return it.

    Args:
        repository: where.
        objects: of it.
        tree: what is changed.
        texts: the documents.
        modes: further trees, in which the modes of those are looked up that the tree does not have.
    """
    entries: dict[str, TreeEntry | None] = {}
    for key, text in texts.items():
        path = repository.prefix + key.path
        oid = "" if text is None else objects.write("blob", text.encode("utf-8", "surrogateescape"))
        known = next((side for side in (tree, *modes) if objects.entry(side, path) is not None), tree)
        entries[path] = objects.entry_keeping_mode(known, path, oid)
    return objects.write_edited_tree(tree, entries) if entries else tree


def _ref(repository: Repository, head: Head) -> str:
    return f"{_REFS}{repository.profile_file_name('profile')}/{head.branch}"
