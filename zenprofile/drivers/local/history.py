"""History of a profile, read from Git's objects."""

import contextlib
import copy
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from zenprofile.core import paths
from zenprofile.core.change import MISSING, Changed, Recorded, same
from zenprofile.core.entity import Data, Key, key_of_path
from zenprofile.core.snapshot import data_of
from zenprofile.drivers.local import settling
from zenprofile.drivers.local.tree_diff import Sides, TreeDiff
from zenprofile.errors import NotFound
from zenprofile.git import gitpython, runner
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Repository
from zenprofile.store import dates, revs
from zenprofile.store.sharing import at
from zenprofile.store.undo import Past, Text

if TYPE_CHECKING:
    from zenprofile.git.gitpython import Commit

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
    raise NotFound(f"there is no revision {at[:140]!r}", hint="a commit, tag, branch or date; see: zenprofile log")


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
            if not touched or (key is not None and key not in touched):
                continue
            record = _recorded(commit, reader.changed(commit, touched))
            if key is not None:
                record, key = revs.about(record, key)
            if record.changes:
                yield record


def one(repository: Repository, commit: str) -> Past:
    """Return what one commit did to the profile, with the documents as its first parent and it have them."""
    with gitpython.opened(repository) as repo, contextlib.closing(Objects(repository)) as objects:
        reader, found = _Reader(objects, repository.prefix), repo.commit(commit)
        recorded = _recorded(found, reader.changed(found, reader.touched(found)))
        return Past("", recorded, reader.texts(found), len(found.parents) > 1)


def _message(commit: "Commit") -> str:
    return commit.message if isinstance(commit.message, str) else commit.message.decode("utf-8", "replace")


def _recorded(commit: "Commit", changed: tuple[Changed, ...]) -> Recorded:
    message = _message(commit)
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
        """Return the documents that a commit has otherwise than every parent, with the blobs before and after.

        Those too in which it settled a conflict by one parent's value.
        """
        parents: list[bytes | None] = [parent.tree.binsha for parent in _parents(commit)]
        sides = [self._diff.documents(parent, commit.tree.binsha) for parent in parents or [None]]
        settled = {key.path for key in settling.told(_message(commit))} if len(sides) > 1 else set()
        found = {}
        for path in sorted({*sides[0], *(path for side in sides for path in side if path in settled)}):
            key = key_of_path(path)
            if key is not None and (path in settled or all(path in side for side in sides)):
                new = next(side[path][1] for side in sides if path in side)
                found[key] = [side.get(path, (new, new)) for side in sides]
        return found

    def changed(self, commit: "Commit", touched: Touched) -> tuple[Changed, ...]:
        """Return the same as data."""
        found = []
        settled = settling.told(_message(commit)) if len(commit.parents) > 1 else {}
        for key, sides in sorted(touched.items()):
            after = self._data(key, sides[0][1])
            before = [self._data(key, old) for old, _ in sides]
            changed = Changed(key, _joined(before, after) if len(before) > 1 else before[0], after)
            for field in settled.get(key, ()):
                changed = changed._replace(before=_given_up(field, before, changed))
            if len(before) == 1 or not same(changed.before, after):
                found.append(changed)
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


def _given_up(field: str, parents: list[Data | None], changed: Changed) -> Data | None:
    """Return what was before a merge that settled a field, with the value of it that was given up."""
    try:
        path = paths.parse(field) if field else ()
    except ValueError:
        return changed.before
    now = at(changed.after, path)
    lost = next((parent for parent in parents if not same(at(parent, path), now)), None)
    if not path or lost is None or changed.before is None:
        return changed.before if lost is None else lost
    value, before = at(lost, path), copy.deepcopy(changed.before)
    into = at(before, path[:-1])
    if isinstance(into, dict) and value is not MISSING:
        into[path[-1]] = value
    elif isinstance(into, dict):
        into.pop(path[-1], None)
    return before


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
