"""What a merge brings outside the profile: other profiles by meaning, each as its own, and all other files by git."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from zenprofile.core.change import MISSING
from zenprofile.core.merge.documents import Conflict
from zenprofile.drivers.local import conflicts, other_profiles, resolving, tree
from zenprofile.drivers.local.conflicts import OUTSIDE, MergeState
from zenprofile.errors import Unsupported
from zenprofile.git import runner
from zenprofile.git.objects import Objects, Pair, TreeEntry
from zenprofile.git.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable

    from zenprofile.drivers.local.merge import Merge


class OtherProfile(NamedTuple):
    """Another profile in which something is to be decided: the repository as it sees it, and its unfinished merge."""

    repository: Repository
    record: MergeState


def with_prefixes(others: Iterable[OtherProfile]) -> tuple[Conflict, ...]:
    """Return the conflicts of other profiles, each with its profile's folder."""
    return tuple(
        conflict._replace(place=other.repository.prefix.rstrip("/") or ".")
        for other in others
        for conflict in other.record.conflicts
    )


class OutsideResult(NamedTuple):
    """What a merge comes to outside the profile.

    Attributes:
        files: what differs from ours; complete only without clashes.
        clashes: what git cannot merge.
        others: profiles in which something is to be decided.
    """

    files: Mapping[str, TreeEntry | None] = {}
    clashes: tuple[Conflict, ...] = ()
    others: tuple[OtherProfile, ...] = ()


class Outside:
    """The part of one merge that lies outside the profile."""

    def __init__(
        self,
        repository: Repository,
        objects: Objects,
        ours: str,
        theirs: str,
        beside: "Callable[[Repository], Merge]",
    ) -> None:
        """Take what `Merge` takes, and what begins the merge of another profile of the repository."""
        self._repository = repository
        self._objects = objects
        self._merge = beside
        self._sides = ours, theirs
        self._found: OutsideResult | None = None  # no choice in this profile changes it

    def merged(self, base: str, mine: Mapping[str, Pair], other: Mapping[str, Pair]) -> OutsideResult:
        """Merge what two sides changed against their common ancestor's tree.

        Raises:
            Unsupported: both changed other files, and git is older than 2.38.
        """
        if self._found is None:
            here, there = (
                {path: new for path, (_, new) in side.items() if not tree.is_document(path, self._repository.prefix)}
                for side in (mine, other)
            )
            self._found = self._merged(base, here, there)
        return self._found

    def _merged(
        self, base: str, here: Mapping[str, TreeEntry | None], there: Mapping[str, TreeEntry | None]
    ) -> OutsideResult:
        trees = self._objects.tree_of(self._sides[0]), self._objects.tree_of(self._sides[1])
        prefixes = other_profiles.prefixes(self._objects, trees, (here, there))
        joined, others = self._other_profiles(prefixes, trees[0])
        here, there = (
            {path: new for path, new in side.items() if not any(tree.is_document(path, at) for at in prefixes)}
            for side in (here, there)
        )
        if _are_disjoint(here, there):
            found: Mapping[str, TreeEntry | None] = {path: new for path, new in there.items() if path not in here}
            return OutsideResult({**joined, **found}, (), others)
        found, clashes = self._by_git(base, here, there)
        return OutsideResult({**joined, **found}, clashes, others)

    def _other_profiles(
        self, prefixes: Iterable[str], ours: str
    ) -> tuple[dict[str, TreeEntry | None], tuple[OtherProfile, ...]]:
        """Merge other profiles that both sides changed, each with what was settled in it so far.

        Returns:
            Their files that differ from ours, and those in which something is to be decided.
        """
        found: dict[str, TreeEntry | None] = {}
        others: list[OtherProfile] = []
        for prefix in sorted(prefixes):
            beside = self._repository.with_prefix(prefix)
            outcome, record = resolving.merge_with_choices(
                self._merge(beside), conflicts.load(beside) or MergeState("", "", ())
            )
            if outcome.conflicts:
                others.append(OtherProfile(beside, record))
            else:
                found |= {path: new for path, (_, new) in self._objects.diff(ours, outcome.tree).items()}
        return found, tuple(others)

    def _by_git(
        self, base: str, here: Mapping[str, TreeEntry | None], there: Mapping[str, TreeEntry | None]
    ) -> tuple[dict[str, TreeEntry | None], tuple[Conflict, ...]]:
        """Let git merge the files outside the profile, in commits that hold nothing else."""
        objects, top = self._objects, self._repository.top
        root = self._bare_commit(base, [])
        sides = [self._bare_commit(objects.write_edited_tree(base, side), [root]) for side in (here, there)]
        ran = runner.run(["merge-tree", "--write-tree", "-z", "--name-only", *sides], top, ok=(0, 1, 129))
        if ran.status == 129:
            message = "both sides changed files outside the profile, which needs git 2.38 or newer"
            raise Unsupported(message, hint="upgrade git, or pull by hand: git pull")
        parts = ran.out.split(b"\0")
        if ran.status == 1:
            names = sorted({part.decode("utf-8", "replace") for part in parts[1 : parts.index(b"", 1)]})
            detail = "git cannot merge files outside the profile: " + ", ".join(names[:10])
            return {}, (Conflict(OUTSIDE, (), MISSING, MISSING, MISSING, "outside", detail),)
        differing = objects.diff(objects.write_edited_tree(base, here), parts[0].strip().decode())
        return {path: new for path, (_, new) in differing.items()}, ()

    def _bare_commit(self, tree_: str, parents: list[str]) -> str:
        """Write a commit that only `merge-tree` sees."""
        nobody = "zenprofile <merge@zenprofile.invalid> 0 +0000"
        lines = [f"tree {tree_}", *(f"parent {p}" for p in parents), f"author {nobody}", f"committer {nobody}", "", ""]
        return self._objects.write("commit", "\n".join(lines).encode())


def _are_disjoint(here: Mapping[str, TreeEntry | None], there: Mapping[str, TreeEntry | None]) -> bool:
    """Return whether two sets of changes are disjoint: no file changed differently, no file in place of a folder."""
    if any(path in there and there[path] != entry for path, entry in here.items()):
        return False
    for one, other in ((here, there), (there, here)):
        folders = {"/".join(path.split("/")[:n]) for path in one for n in range(1, path.count("/") + 1)}
        if any(path in folders and entry is not None for path, entry in other.items()):
            return False
    return True
