"""Other profiles in the same repository: merged by meaning too, so that no profile stops another one."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from zenprofile.core.entity import MANIFEST, Key, key_of_path
from zenprofile.core.merge import documents
from zenprofile.drivers.local import tree
from zenprofile.drivers.local.journal import JournalEntry
from zenprofile.errors import ConflictError, Invalid
from zenprofile.fs import nofollow
from zenprofile.git.objects import Objects
from zenprofile.git.repository import Repository

if TYPE_CHECKING:
    from zenprofile.git.objects import Pair

_DEPTHS = (2, 3)  # steps of a document's path below its profile


def key_at(objects: Objects, tree_: str, path: str) -> Key | None:
    """Return the entity that a path names in the profile that it is in, by the manifests in a tree; None for none."""
    steps = path.split("/")
    for depth in _DEPTHS:
        prefix = "".join(f"{step}/" for step in steps[:-depth])
        key = key_of_path(path[len(prefix) :]) if len(steps) >= depth else None
        if key is not None and objects.entry(tree_, prefix + MANIFEST) is not None:
            return key
    return None


def merged_edit(repository: Repository, objects: Objects, new: str, path: str, pair: "Pair") -> JournalEntry | None:
    """Return what happens to an edited file when another version of it arrives: it takes that over, and stays an edit.

    Where both changed a field, the edit counts.

    Args:
        repository: where.
        objects: of it.
        new: the commit that arrives.
        path: from the work tree's top.
        pair: what the file was and is to be.

    Returns:
        None where the file has no edits, is no document, or cannot be merged: it is git's to move then.
    """
    key = key_at(objects, objects.tree_of(new), path)
    if key is None or any(side is not None and side.mode not in tree.FILES for side in pair):
        return None
    old, arriving = (None if side is None else objects.read(side.oid, "blob") for side in pair)
    try:
        now = nofollow.read(repository.folder, path)
        if now in (old, arriving):
            return None
        base, ours, theirs = (None if raw is None else raw.decode() for raw in (old, now, arriving))
        text = documents.resolve(key, base, ours, theirs, {(): "ours"})
    except (Invalid, ConflictError, UnicodeDecodeError):
        return None
    return JournalEntry(path, now, None if text is None else text.encode(), pair[1].oid if pair[1] is not None else "")


def prefixes(objects: Objects, sides: tuple[str, str], changed: tuple[Iterable[str], Iterable[str]]) -> set[str]:
    """Return where profiles lie (as `Repository.prefix`) in which both sides have changed documents.

    Args:
        objects: of the repository.
        sides: the two trees; a profile is in both.
        changed: the paths that each side has changed.
    """
    found = []
    for paths in changed:
        here = set()
        for path in paths:
            steps = path.split("/")
            for depth in (depth for depth in _DEPTHS if depth <= len(steps)):
                prefix = "".join(f"{step}/" for step in steps[:-depth])
                if key_of_path(path[len(prefix) :]) is not None:
                    here.add(prefix)
        found.append(here)
    return {
        prefix
        for prefix in found[0] & found[1]
        if all(objects.entry(side, prefix + MANIFEST) is not None for side in sides)
    }
