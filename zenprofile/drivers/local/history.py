"""History of a profile, read from Git's objects."""

import contextlib
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from zenprofile.core.change import MISSING, Changed, Recorded, same
from zenprofile.core.entity import Data, Key, key_of_path
from zenprofile.core.snapshot import data_of
from zenprofile.drivers.local import settled
from zenprofile.drivers.local.tree_diff import Sides, TreeDiff
from zenprofile.errors import NotFound
from zenprofile.git import gitpython, runner
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Repository
from zenprofile.store import changelog, dates
from zenprofile.store.undo import Past, Text

if TYPE_CHECKING:
    from zenprofile.git.gitpython import Commit, Repo

_REV = re.compile(r"[A-Za-z0-9_@.{}^~/+=-]{1,250}\Z")
_PARSED = 4096  # documents kept in memory: what came after in one commit is what was before in the next


def resolve(repository: Repository, at: str) -> str:
    """Return the commit that a REV names: a commit, tag, branch, or date.

    Raises:
        NotFound: there is none.
    """
    seconds = dates.parse(at)
    if seconds is not None:
        # Git reads a moment before 1970 as one far ahead, and commits none before it.
        args = ["rev-list", "-1", f"--min-age={int(seconds)}", "HEAD"]
        found = "" if seconds < 0 else runner.run(args, repository.top, ok=(0, 128)).out.decode().strip()
        if not found:
            raise NotFound(f"nothing was committed before {at}", hint="see: zenprofile log")
        return found
    if _REV.match(at) and not at.startswith("-"):
        args = ["rev-parse", "--verify", "-q", "--end-of-options", f"{at}^{{commit}}"]
        # In a partial clone git would ask the remote for what is not here: a name is looked up here alone.
        extra = {"GIT_ALLOW_PROTOCOL": "none"}
        found = runner.run(args, repository.top, extra=extra, ok=(0, 1, 128)).out.decode().strip()
        if found:
            return found
    raise NotFound(f"there is no change {at[:140]!r}", hint="a commit, tag, branch or date; see: zenprofile log")


def changes(repository: Repository, key: Key | None = None, start: str = "HEAD") -> Iterator[Recorded]:
    """Yield the commits that changed entities of the profile, newest first.

    A merge is told by what it has that none of its parents had, field by field.

    Args:
        repository: where.
        key: of one entity, which is followed through renames; None for all.
        start: the commit to begin with.
    """
    with gitpython.opened(repository) as repo, contextlib.closing(Objects(repository)) as objects:
        reader = _Reader(objects, repository.prefix)
        for commit in repo.iter_commits(start):
            touched = reader.touched(commit)
            decided = reader.settled(repo, commit, key) if len(commit.parents) == 2 else ()
            if not decided and (not touched or (key is not None and key not in touched)):
                continue
            known = {changed.key for changed in decided}
            told = [changed for changed in reader.changed(commit, touched) if changed.key not in known]
            record = _recorded(commit, tuple(sorted([*told, *decided], key=lambda changed: changed.key)))
            if key is not None:
                record, key = changelog.about(record, key)
            if record.changes:
                yield record


def one(repository: Repository, commit: str) -> Past:
    """Return what one commit did to the profile, with the documents as its first parent and it have them."""
    with gitpython.opened(repository) as repo, contextlib.closing(Objects(repository)) as objects:
        reader, found = _Reader(objects, repository.prefix), repo.commit(commit)
        recorded = _recorded(found, reader.changed(found, reader.touched(found)))
        return Past("", recorded, reader.texts(found), len(found.parents) > 1)


def _recorded(commit: "Commit", changed: tuple[Changed, ...]) -> Recorded:
    message = commit.message if isinstance(commit.message, str) else commit.message.decode("utf-8", "replace")
    who = commit.author.name or ""
    return Recorded(commit.hexsha, who, dates.rfc3339(commit.committed_date), message.rstrip("\n"), changed)


Touched = dict[Key, list[Sides]]


class _Reader:
    """Reads what commits changed; a document that stands in several of them is parsed once."""

    def __init__(self, objects: Objects, prefix: str) -> None:
        self._objects = objects
        self._diff = TreeDiff(self._tree, len(objects.zero) // 2, prefix)
        self._data = lru_cache(maxsize=_PARSED)(self._data_of)

    def touched(self, commit: "Commit") -> Touched:
        """Return the documents that a commit has otherwise than every parent, with the blobs before and after."""
        parents: list[bytes | None] = [parent.tree.binsha for parent in _parents(commit)]
        sides = [self._diff.documents(parent, commit.tree.binsha) for parent in parents or [None]]
        found = {}
        for path in sorted(sides[0]):
            key = key_of_path(path)
            if key is not None and all(path in side for side in sides):
                found[key] = [side[path] for side in sides]
        return found

    def changed(self, commit: "Commit", touched: Touched) -> tuple[Changed, ...]:
        """Return the same as data."""
        found = []
        for key, sides in sorted(touched.items()):
            after = self._data(key, sides[0][1])
            before = [self._data(key, old) for old, _ in sides]
            changed = Changed(key, _joined(before, after) if len(before) > 1 else before[0], after)
            if len(before) == 1 or not same(changed.before, after):
                found.append(changed)
        return tuple(found)

    def settled(self, repo: "Repo", commit: "Commit", key: Key | None) -> tuple[Changed, ...]:
        """Return the fields that both parents of a merge had changed, otherwise each: somebody chose."""
        parents = _parents(commit)
        if len(parents) != 2:
            return ()
        one, other = (parent.tree.binsha for parent in parents)
        differing = {key_of_path(path): sides for path, sides in self._diff.documents(one, other).items()}
        keys = {found for found in differing if found is not None and (key is None or found == key)}
        base = next(iter(repo.merge_base(*parents)), None) if keys else None
        if base is None:
            return ()
        sides = [self._diff.documents(base.tree.binsha, tree) for tree in (one, other, commit.tree.binsha)]
        found = []
        for each in sorted(keys):
            if all(each.path in side for side in sides[:2]):
                before = self._data(each, sides[0][each.path][0])
                ours, theirs = (self._data(each, side[each.path][1]) for side in sides[:2])
                after = self._data(each, sides[2].get(each.path, sides[0][each.path])[1])
                decided = settled.change(each, before, (ours, theirs), after)
                found += [decided] if decided is not None else []
        return tuple(found)

    def texts(self, commit: "Commit") -> tuple[Text, ...]:
        """Return the documents that differ from the first parent's."""
        parents = _parents(commit)
        differing = self._diff.documents(parents[0].tree.binsha if parents else None, commit.tree.binsha)
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


def _joined(parents: list[Data | None], after: Data | None) -> Data | None:
    """Return the first parent's data with what the merge took from another parent already in it."""
    if after is None or all(parent is None for parent in parents):
        return parents[0]
    return _taken([parent if parent is not None else {} for parent in parents], after)


def _taken(parents: list[Data], after: Data) -> Data:
    found: Data = {}
    for name in [*after, *(name for name in parents[0] if name not in after)]:
        sides = [parent.get(name, MISSING) for parent in parents]
        value = after.get(name, MISSING)
        known = any(same(side, value) for side in sides)
        if not known and isinstance(value, dict) and isinstance(sides[0], dict):
            value = _taken([side if isinstance(side, dict) else {} for side in sides], value)
        elif not known:
            value = sides[0]
        if value is not MISSING:
            found[name] = value
    return found


def _parents(commit: "Commit") -> list["Commit"]:
    """Return a commit's parents that are there (a shallow clone ends somewhere)."""
    found = []
    for parent in commit.parents:
        try:
            parent.tree  # noqa: B018 - read it
        except ValueError:
            continue
        found.append(parent)
    return found


def brief(repository: Repository, commit: str, message: str, changed: tuple[Changed, ...]) -> Recorded:
    """Return a commit that has just been made ("": none) as history tells it, without starting anything."""
    if not commit:
        return Recorded("", "", "", message, changed)
    objects = Objects(repository)
    try:
        head = objects.read(commit, "commit").decode("utf-8", "replace")
    finally:
        objects.close()
    author = re.search(r"^author (.*) <[^>\n]*> \d+ ", head, re.MULTILINE)
    when = re.search(r"^committer .*> (\d+) ", head, re.MULTILINE)
    seconds = float(when.group(1)) if when else 0.0
    return Recorded(commit, author.group(1) if author else "", dates.rfc3339(seconds), message, changed)
