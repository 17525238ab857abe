"""History of a profile, read from Git's objects."""

import contextlib
import re
from collections.abc import Iterator
from functools import lru_cache

from zenprofile.core.change import MISSING, Changed, Recorded, same
from zenprofile.core.entity import Data, Key, key_of_path
from zenprofile.core.snapshot import data_of
from zenprofile.drivers.local import merge_decisions
from zenprofile.drivers.local.tree_diff import Sides, TreeDiff
from zenprofile.errors import NotFound
from zenprofile.git import commit_graph, log, runner
from zenprofile.git.log import LoggedCommit
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Repository
from zenprofile.store import changelog, dates
from zenprofile.store.undo import ChangeWithTexts, Text

_REV = re.compile(r"[A-Za-z0-9_@.{}^~/+=-]{1,250}\Z")
_PARSED = 4096  # documents kept in memory: what came after in one commit is what was before in the next
_TREES = 256  # commits whose tree is kept in memory


def resolve(repository: Repository, at: str) -> str:
    """Return the commit that a REV names: a commit, tag, branch, or date.

    Raises:
        NotFound: there is none.
    """
    if at == "HEAD" and (head := repository.head().oid):
        return head
    seconds = dates.parse(at)
    if seconds is not None:
        # Git reads a moment before 1970 as one far ahead, and commits none before it.
        args = ["rev-list", "-1", f"--min-age={int(seconds)}", "HEAD"]
        found = "" if seconds < 0 else runner.run(args, repository.folder, ok=(0, 128)).out.decode().strip()
        if not found:
            raise NotFound(f"nothing was committed before {at}", hint="see: zenprofile log")
        return found
    if _REV.match(at) and not at.startswith("-"):
        args = ["rev-parse", "--verify", "-q", "--end-of-options", f"{at}^{{commit}}"]
        # In a partial clone git would ask the remote for what is not here: a name is looked up here alone.
        extra = {"GIT_ALLOW_PROTOCOL": "none"}
        found = runner.run(args, repository.folder, extra=extra, ok=(0, 1, 128)).out.decode().strip()
        if found:
            return found
    raise NotFound(f"there is no change {at[:140]!r}", hint="a commit, tag, branch or date; see: zenprofile log")


def walk(repository: Repository, objects: Objects, key: Key | None = None, start: str = "HEAD") -> Iterator[Recorded]:
    """Yield the commits that changed entities of the profile, newest first.

    A merge is told by what it has that none of its parents had, field by field.

    Args:
        repository: where.
        objects: its objects.
        key: of one entity, which is followed through renames; None for all.
        start: the commit to begin with.
    """
    reader = _Reader(objects, repository)
    with contextlib.closing(log.walk(repository, start)) as commits:
        for commit in commits:
            touched = reader.changed_documents(commit)
            decided = reader.merge_decisions(commit, key) if len(commit.parents) == 2 else ()
            if not decided and (not touched or (key is not None and key not in touched)):
                continue
            known = {changed.key for changed in decided}
            told = [changed for changed in reader.changed(commit, touched) if changed.key not in known]
            record = _recorded(commit, tuple(sorted([*told, *decided], key=lambda changed: changed.key)))
            if key is not None:
                record, key = changelog.about(record, key)
            if record.changes:
                yield record


def read_change(repository: Repository, objects: Objects, commit: str) -> ChangeWithTexts:
    """Return what one commit did to the profile, with the documents as its first parent and it have them."""
    reader, (found,) = _Reader(objects, repository), log.walk(repository, commit, "--max-count=1")
    recorded = _recorded(found, reader.changed(found, reader.changed_documents(found)))
    return ChangeWithTexts("", recorded, reader.texts(found), len(found.parents) > 1)


def _recorded(commit: LoggedCommit, changed: tuple[Changed, ...]) -> Recorded:
    return Recorded(commit.oid, commit.author, dates.rfc3339(commit.seconds), commit.message.rstrip("\n"), changed)


ChangedDocuments = dict[Key, list[Sides]]


class _Reader:
    """Reads what commits changed; a document that stands in several of them is parsed once."""

    def __init__(self, objects: Objects, repository: Repository) -> None:
        self._objects = objects
        self._repository = repository
        self._diff = TreeDiff(self._tree, len(objects.null_oid) // 2, repository.prefix)
        self._data = lru_cache(maxsize=_PARSED)(self._data_of)
        self._tree_of = lru_cache(maxsize=_TREES)(objects.tree_of)

    def _trees(self, *commits: str) -> list[bytes]:
        return [bytes.fromhex(self._tree_of(commit)) for commit in commits]

    def changed_documents(self, commit: LoggedCommit) -> ChangedDocuments:
        """Return the documents that differ from those of every parent, with the blobs before and after."""
        tree, parents = bytes.fromhex(commit.tree), self._trees(*commit.parents)
        sides = [self._diff.documents(parent, tree) for parent in parents or (None,)]
        found = {}
        for path in sorted(sides[0]):
            key = key_of_path(path)
            if key is not None and all(path in side for side in sides):
                found[key] = [side[path] for side in sides]
        return found

    def changed(self, commit: LoggedCommit, touched: ChangedDocuments) -> tuple[Changed, ...]:
        """Return the same as data."""
        found = []
        for key, sides in sorted(touched.items()):
            after = self._data(key, sides[0][1])
            before = [self._data(key, old) for old, _ in sides]
            changed = Changed(key, _first_parent_joined(before, after) if len(before) > 1 else before[0], after)
            if len(before) == 1 or not same(changed.before, after):
                found.append(changed)
        return tuple(found)

    def merge_decisions(self, commit: LoggedCommit, key: Key | None) -> tuple[Changed, ...]:
        """Return the fields of a merge that both parents had changed differently: a person chose their values."""
        one, other = self._trees(*commit.parents)
        differing = {key_of_path(path): sides for path, sides in self._diff.documents(one, other).items()}
        keys = {found for found in differing if found is not None and (key is None or found == key)}
        bases = commit_graph.merge_bases(self._repository, *commit.parents) if keys else []
        if not bases:
            return ()
        base, after_merge = self._trees(bases[0])[0], bytes.fromhex(commit.tree)
        sides = [self._diff.documents(base, tree) for tree in (one, other, after_merge)]
        found = []
        for each in sorted(keys):
            if all(each.path in side for side in sides[:2]):
                before = self._data(each, sides[0][each.path][0])
                ours, theirs = (self._data(each, side[each.path][1]) for side in sides[:2])
                after = self._data(each, sides[2].get(each.path, sides[0][each.path])[1])
                decided = merge_decisions.decided_change(each, before, (ours, theirs), after)
                found += [decided] if decided is not None else []
        return tuple(found)

    def texts(self, commit: LoggedCommit) -> tuple[Text, ...]:
        """Return the documents that differ from the first parent's."""
        parents = self._trees(*commit.parents[:1])
        differing = self._diff.documents(parents[0] if parents else None, bytes.fromhex(commit.tree))
        found = ((key_of_path(path), sides) for path, sides in sorted(differing.items()))
        return tuple(Text(key, *(self._text(oid) for oid in sides)) for key, sides in found if key is not None)

    def _text(self, oid: bytes | None) -> str | None:
        return None if oid is None else self._content(oid).decode("utf-8", "surrogateescape")

    def _data_of(self, key: Key, oid: bytes | None) -> Data | None:
        return None if oid is None else data_of(key, self._content(oid))

    def _tree(self, oid: bytes) -> bytes:
        return self._objects.read(oid.hex(), "tree")

    def _content(self, oid: bytes) -> bytes:
        return self._objects.read(oid.hex(), "blob")


def _first_parent_joined(parents: list[Data | None], after: Data | None) -> Data | None:
    """Return the first parent's data together with what the merge took from the other parents."""
    if after is None or all(parent is None for parent in parents):
        return parents[0]
    return _from_other_parents([parent if parent is not None else {} for parent in parents], after)


def _from_other_parents(parents: list[Data], after: Data) -> Data:
    found: Data = {}
    for name in [*after, *(name for name in parents[0] if name not in after)]:
        sides = [parent.get(name, MISSING) for parent in parents]
        value = after.get(name, MISSING)
        known = any(same(side, value) for side in sides)
        if not known and isinstance(value, dict) and isinstance(sides[0], dict):
            value = _from_other_parents([side if isinstance(side, dict) else {} for side in sides], value)
        elif not known:
            value = sides[0]
        if value is not MISSING:
            found[name] = value
    return found
