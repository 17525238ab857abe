"""Merging two commits in the object store: entities by meaning, all other files by git. Nothing moves here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from zenprofile.core import layout, profile_check
from zenprofile.core.change import MISSING, Changed
from zenprofile.core.document import reader
from zenprofile.core.entity import MANIFEST, Data, Key, key_of_path
from zenprofile.core.merge import documents as merge
from zenprofile.core.merge import references as merge_whole
from zenprofile.core.merge import rename_detection, schema_conflicts
from zenprofile.core.merge.data import Choice, Value, chosen
from zenprofile.core.merge.documents import Choices, Conflict
from zenprofile.core.paths import Path
from zenprofile.core.snapshot import DocumentSnapshot, Overlay, Snapshot, data_of
from zenprofile.drivers.local import tree
from zenprofile.drivers.local.outside_merge import OtherProfile, Outside, OutsideResult, with_prefixes
from zenprofile.errors import Invalid, Problem
from zenprofile.git import commit_graph
from zenprofile.git.objects import Objects, Pair, TreeEntry
from zenprofile.git.repository import Repository

if TYPE_CHECKING:
    from zenprofile.core.schema.catalog import Catalog
    from zenprofile.drivers.local.virtual_base import VirtualBase

Texts = dict[Key, str]


class Outcome(NamedTuple):
    """What a merge comes to.

    Attributes:
        tree: the merged tree; complete only without conflicts.
        changes: of entities, against ours.
        conflicts: what a person must decide.
        notes: what was decided by itself and should be said.
        problems: what the other side brings that is invalid.
        documents: what differs from ours, None for deleted; complete only without conflicts.
        others: the unfinished merges of other profiles in the repository, where something is to be decided in them.
    """

    tree: str
    changes: tuple[Changed, ...]
    conflicts: tuple[Conflict, ...]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]
    documents: Mapping[Key, str | None]
    others: tuple[OtherProfile, ...] = ()

    @property
    def elsewhere(self) -> tuple[Conflict, ...]:
        """What must be decided in other profiles of the repository."""
        return with_prefixes(self.others)


class Merge:
    """One merge of two commits of a repository."""

    def __init__(
        self,
        repository: Repository,
        objects: Objects,
        catalog: "Catalog",
        ours: str,
        theirs: str,
        met: "VirtualBase | None" = None,
        *,
        alone: bool = False,
    ) -> None:
        """Take the two commits ("" for ours is a branch without commits), and where they met since they parted.

        ``alone``: the profile's documents only.
        """
        self._repository = repository
        self._objects = objects
        self._catalog = catalog
        self._prefix = repository.prefix
        self.ours, self.theirs = ours, theirs
        self._trees = {commit: objects.tree_of(commit) for commit in (ours, theirs)}
        self.bases = commit_graph.merge_bases(repository, ours, theirs)
        self.virtual_base = met
        self._snapshots: dict[str, Snapshot] = {}
        self._known = reader.ReadCache()

        def beside(other: Repository) -> "Merge":
            return Merge(other, objects, catalog, ours, theirs, alone=True)

        self._outside = None if alone else Outside(repository, objects, ours, theirs, beside)

    def manifest(self) -> tuple[bytes | None, bytes | None]:
        """Return the profile's manifest here and as it is to arrive (None: there is none, or it is no plain file).

        Where the other side has not changed it, it stays as it is here.
        """
        base, ours, theirs = (
            self._objects.entry(side, self._prefix + MANIFEST)
            for side in (self._base()[0], self._trees[self.ours], self._trees[self.theirs])
        )
        now, new = (
            self._objects.read(side.oid, "blob") if side is not None and side.mode in tree.FILES else None
            for side in (ours, theirs)
        )
        return now, now if theirs == base else new

    @property
    def has_manifest(self) -> bool:
        """Whether the other side holds a profile."""
        return self._objects.entry(self._trees[self.theirs], self._prefix + MANIFEST) is not None

    def outcome(self, choices: Mapping[Key, Choices], whole: Mapping[Key, str | None] | None = None) -> Outcome:
        """Merge with conflicts resolved as chosen (by `Conflict.key`); ``whole`` are documents resolved as a whole.

        Raises:
            Unsupported: files outside the profile must be merged, and git is older than 2.38.
        """
        with reader.caching(self._known):
            return self._outcome(choices, whole or {})

    def _outcome(self, choices: Mapping[Key, Choices], whole: Mapping[Key, str | None]) -> Outcome:
        objects, ours = self._objects, self._trees[self.ours]
        base, mine, other, texts = self.differences()
        merged = merge.merge(*texts, choices=choices, renames=self._renames(texts))
        open_ = [conflict for conflict in merged.conflicts if conflict.key not in whole]
        documents, references = self._resolved({**merged.documents, **whole}, texts, choices)
        outside = self._outside.merged(base, mine, other) if self._outside is not None else OutsideResult()
        brought = self._their_problems(base, texts)
        left = [*open_, *references, *outside.clashes]
        if not left:
            left += self._joint_conflicts(documents, texts, brought, choices)
        changes = tuple(
            Changed(key, data_of(key, texts[1].get(key)), data_of(key, text))
            for key, text in sorted(documents.items())
            if text != texts[1].get(key)
        )
        with objects.batch():
            entries: dict[str, TreeEntry | None] = {
                **self._blobs(documents),
                **outside.files,
                **self._taken_from_theirs(mine, other),
            }
            entries |= self._modes(entries, mine, other)
            made = objects.write_edited_tree(ours, entries) if entries else ours
        return Outcome(made, changes, tuple(left), merged.notes, tuple(brought), documents, outside.others)

    def differences(self) -> tuple[str, dict[str, Pair], dict[str, Pair], tuple[Texts, Texts, Texts]]:
        """Return the common ancestor's tree, what differs from it here and there, and the documents among that."""
        base, base_texts = self._base()
        ours, theirs = self._trees[self.ours], self._trees[self.theirs]
        mine, other = (self._objects.diff(base, side) for side in (ours, theirs))
        return base, mine, other, self._texts(base_texts, base, ours, theirs, {*mine, *other})

    def document(self, key: Key) -> tuple[str | None, str | None, str | None]:
        """Return one document as the common ancestor, ours and theirs have it."""
        base, stand_in = self._base()
        sides = self._texts(stand_in, base, self._trees[self.ours], self._trees[self.theirs], {self._prefix + key.path})
        return sides[0].get(key), sides[1].get(key), sides[2].get(key)

    def added_problems(self, outcome: Outcome, key: Key, text: str) -> list[Problem]:
        """List the problems that a document would bring to a merge's outcome, as far as that is settled."""
        others = {other: found for other, found in outcome.documents.items() if other != key}
        below = Overlay(self._snapshot(self._trees[self.ours]), others, self._catalog)
        with reader.caching(self._known):
            return profile_check.added_problems(below, {key: text}, self._catalog)

    def _base(self) -> tuple[str, dict[Key, str | None]]:
        """Return the merge base's tree, and texts in place of its documents where there are several bases."""
        objects = self._objects
        if self.virtual_base is not None:
            return self.virtual_base.tree, {}
        if not self.bases:
            return objects.empty_tree, {}
        trees = [objects.tree_of(commit) for commit in self.bases]
        made, stand_in = trees[0], {}
        for further in self.bases[1:]:
            # Two ancestors, as two people leave them who merge the same commits at the same time: merged first, so that
            # what both already agree on counts as old.
            inner = Merge(self._repository, objects, self._catalog, self.bases[0], further)
            inner_base, inner_texts = inner._base()
            tree_ = objects.tree_of(further)
            paths = {*objects.diff(inner_base, made), *objects.diff(inner_base, tree_)}
            stand_in.update(_merge_two_bases(*self._texts(inner_texts, inner_base, made, tree_, paths)))
        return made, stand_in

    def _texts(
        self, stand_in: Mapping[Key, str | None], base: str, ours: str, theirs: str, paths: set[str]
    ) -> tuple[Texts, Texts, Texts]:
        """Return the documents at paths as the three sides have them."""
        sides: tuple[Texts, Texts, Texts] = ({}, {}, {})
        for path in paths:
            key = self._key(path)
            if key is None:
                continue
            for texts, side in zip(sides, (base, ours, theirs), strict=True):
                entry = self._objects.entry(side, path)
                if entry is not None and entry.mode in tree.FILES:
                    texts[key] = self._objects.read(entry.oid, "blob").decode("utf-8", "surrogateescape")
        for key, text in stand_in.items():
            if text is None:
                sides[0].pop(key, None)
            elif key in sides[1] or key in sides[2]:
                sides[0][key] = text
        return sides

    def _renames(self, texts: tuple[Texts, Texts, Texts]) -> tuple[dict[Key, Key], dict[Key, Key]]:
        """Find in history what a side renamed while the other side changed it too."""
        base, ours, theirs = texts
        found: list[dict[Key, Key]] = []
        since = [self.bases, self.bases]
        if self.virtual_base is not None:
            since = [list(self.virtual_base.since) or self.bases, [self.virtual_base.theirs]]
        for commit, start, side, other in ((self.ours, since[0], ours, theirs), (self.theirs, since[1], theirs, ours)):
            if rename_detection.history_may_tell(base, side, other):
                from zenprofile.drivers.local.renames import renamed

                found.append(renamed(self._repository, self._objects, start, commit))
            else:
                found.append({})
        return found[0], found[1]

    def _key(self, path: str) -> Key | None:
        return key_of_path(path[len(self._prefix) :]) if path.startswith(self._prefix) else None

    def _blobs(self, documents: Mapping[Key, str | None]) -> dict[str, TreeEntry | None]:
        entries: dict[str, TreeEntry | None] = {}
        for key, text in documents.items():
            oid = "" if text is None else self._objects.write("blob", text.encode("utf-8", "surrogateescape"))
            path = self._prefix + key.path
            ours, theirs = self._trees[self.ours], self._trees[self.theirs]
            entries[path] = self._objects.entry_keeping_mode(
                ours if self._objects.entry(ours, path) else theirs, path, oid
            )
        return entries

    def _modes(
        self, entries: Mapping[str, TreeEntry | None], mine: Mapping[str, Pair], other: Mapping[str, Pair]
    ) -> dict[str, TreeEntry | None]:
        """Return documents whose mode the other side alone has changed, with that mode."""
        found: dict[str, TreeEntry | None] = {}
        for path, (old, new) in other.items():
            plain = old is not None and new is not None and {old.mode, new.mode} == tree.FILES
            if not plain or not tree.is_document(path, self._prefix):
                continue
            here = entries[path] if path in entries else self._objects.entry(self._trees[self.ours], path)
            ours = mine[path][1] if path in mine else old
            if here is not None and ours is not None and old is not None and ours.mode == old.mode:
                found[path] = here._replace(mode=new.mode if new is not None else old.mode)
        return found

    def _taken_from_theirs(self, mine: Mapping[str, Pair], other: Mapping[str, Pair]) -> dict[str, TreeEntry | None]:
        """Return entries that only the other side has put in place of documents (no plain files), and the manifest."""
        return {
            path: new
            for path, (_, new) in other.items()
            if tree.is_document(path, self._prefix)
            and (path == self._prefix + MANIFEST or (new is not None and new.mode not in tree.FILES))
            and path not in mine
        }

    def _snapshot(self, tree_: str) -> Snapshot:
        if tree_ not in self._snapshots:
            documents = tree.TreeDocuments(self._objects, tree_, self._prefix)
            self._snapshots[tree_] = DocumentSnapshot(documents, self._catalog)
        return self._snapshots[tree_]

    def _resolved(
        self, documents: dict[Key, str | None], texts: tuple[Texts, Texts, Texts], choices: Mapping[Key, Choices]
    ) -> tuple[dict[Key, str | None], list[Conflict]]:
        """Return the merged documents with broken references resolved as chosen, and the remaining conflicts."""
        base, ours, theirs = texts
        changed = [{key for key in {*base, *side} if base.get(key) != side.get(key)} for side in (ours, theirs)]
        here = Overlay(self._snapshot(self._trees[self.ours]), documents, self._catalog)

        def text(key: Key) -> str | None:
            try:
                return here.text(key)
            except Invalid:
                return ""  # it is there, and is invalid

        def data(key: Key) -> Data | None:
            return data_of(key, text(key))

        left: list[Conflict] = []
        ours_changed, theirs_changed = changed
        broken = merge_whole.broken_references(data, ours_changed, theirs_changed, self._is_flavor)
        mine, other = (lambda key, side=side: data_of(key, side.get(key)) for side in (ours, theirs))
        for conflict in merge_whole.as_seen(broken, mine, other):
            choice = chosen(choices.get(conflict.key, {}), conflict.path)
            if choice is None:
                left.append(conflict)
            else:
                documents.update(merge_whole.settle(conflict, choice, text, base.get))
        return documents, left

    def _is_flavor(self, type_: str, name: str) -> bool:
        return self._catalog.flavor(type_, name) is not None

    def _their_problems(self, base: str, texts: tuple[Texts, Texts, Texts]) -> list[Problem]:
        """List the problems that the other side's changes have by themselves."""
        before, _, theirs = texts
        differing: dict[Key, str | None] = {
            key: theirs.get(key) for key in {*before, *theirs} if before.get(key) != theirs.get(key)
        }
        problems = profile_check.added_problems(self._snapshot(base), differing, self._catalog) if differing else []
        theirs_tree = self._trees[self.theirs]
        for path, (_, new) in self._objects.diff(base, theirs_tree).items():
            if new is not None and path.startswith(self._prefix):
                problems += tree.misfit(path[len(self._prefix) :], new)
            elif new is not None and self._prefix.startswith(f"{path}/"):
                problems.append(layout.not_a_folder(path))
        return problems

    def _joint_conflicts(
        self,
        documents: dict[Key, str | None],
        texts: tuple[Texts, Texts, Texts],
        brought: Sequence[Problem],
        choices: Mapping[Key, Choices],
    ) -> list[Conflict]:
        """List conflicts of problems that only both sides together cause. Choices change the documents."""
        known = {problem.identity for problem in brought}
        below = self._snapshot(self._trees[self.ours])

        def left() -> list[Problem]:
            added = profile_check.added_problems(below, documents, self._catalog) if documents else []
            return [problem for problem in added if problem.identity not in known]

        def data(key: Key) -> Data | None:
            try:
                return data_of(key, Overlay(below, documents, self._catalog).text(key))
            except Invalid:
                return {}

        refused, others = schema_conflicts.resolve(
            documents, left, data, schema_conflicts.Sides(*texts, data_of), choices
        )
        return [*refused, *_as_conflicts(others)]


def _as_conflicts(problems: Iterable[Problem]) -> list[Conflict]:
    """Return a conflict for each entity that has problems, told by the first."""
    found: dict[Key, Conflict] = {}
    for problem in problems:
        key = key_of_path(problem.file)
        class_ = "name" if problem.code == profile_check.CLASH else "reference"
        if key is not None:
            found.setdefault(key, Conflict(key, (), MISSING, MISSING, MISSING, class_, problem.message))
    return list(found.values())


def _merge_two_bases(base: Texts, ours: Texts, theirs: Texts) -> dict[Key, str | None]:
    """Merge two merge bases; a value in which they differ is left out, so that it counts as nobody's old value."""
    found = merge.merge(base, ours, theirs).conflicts
    choices: dict[Key, dict[Path, Choice]] = {}
    for conflict in found:
        given = choices.setdefault(conflict.key, {})
        given[conflict.path] = "ours" if conflict.class_ == "name" else Value(MISSING)
    whole = {conflict.key for conflict in found if not conflict.path}
    merged = merge.merge(base, ours, theirs, choices={**choices, **{key: {(): "ours"} for key in whole}})
    return {**merged.documents, **dict.fromkeys(whole)}
