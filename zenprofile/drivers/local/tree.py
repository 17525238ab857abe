"""The documents of a commit, read from the object store without a checkout."""

from typing import TYPE_CHECKING

from zenprofile.core.entity import MANIFEST, Key, key_of_path
from zenprofile.core.snapshot import DocumentSnapshot
from zenprofile.errors import Invalid, Problem
from zenprofile.fs import nofollow
from zenprofile.git.objects import EXECUTABLE, FILE, Objects, TreeEntry

if TYPE_CHECKING:
    from zenprofile.core.schema.catalog import Catalog

FILES = frozenset({FILE, EXECUTABLE})


def is_document(path: str, prefix: str) -> bool:
    """Say whether a path below a work tree's top is one of the profile's own files."""
    if not path.startswith(prefix):
        return False
    below = path[len(prefix) :]
    return below == MANIFEST or key_of_path(below) is not None


class TreeDocuments:
    """The documents below a folder of a tree. The caller closes the objects."""

    def __init__(self, objects: Objects, tree: str, prefix: str) -> None:
        self._objects = objects
        entries = objects.files(objects.subtree(tree, prefix))
        self._entries = {key: entry for path, entry in entries.items() if (key := key_of_path(path)) is not None}

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        """List keys as `Documents.keys` does."""
        return sorted(key for key in self._entries if kind in {"", key.kind} and type_ in {"", key.type})

    def raw(self, key: Key) -> bytes | None:
        """Return a document's content, as `Documents.raw` does."""
        entry = self._entries.get(key)
        return None if entry is None else content(self._objects, key, entry)


def content(objects: Objects, key: Key, entry: TreeEntry) -> bytes:
    """Return the content of a document's blob.

    Raises:
        Invalid: the entry is a link or a submodule.
    """
    if entry.mode not in FILES:
        raise Invalid.of([not_followed(key.path)])
    return objects.read(entry.oid, "blob")


def not_followed(path: str) -> Problem:
    """Return the problem of a document in whose place a link or a submodule is."""
    message = f"{path} is a link or no plain file; it is not followed"
    return Problem(path, 0, 0, "", message, "put a plain file in its place", "not-a-file")


def not_a_folder(path: str) -> Problem:
    """Return the problem of a folder in whose place something else is."""
    message = f"{path} is a link, a submodule or a file where a folder should be; nothing in it is read"
    return Problem(path, 0, 0, "", message, "put a plain folder in its place", "not-a-folder")


def snapshot(objects: Objects, commit: str, prefix: str, catalog: "Catalog") -> DocumentSnapshot:
    """Return the entities as a commit ("": none) has them; it reads as long as the objects are open."""
    return DocumentSnapshot(TreeDocuments(objects, objects.tree_of(commit), prefix), catalog)


def is_unread(objects: Objects, entry: TreeEntry | None) -> bool:
    """Say whether an entry is there and holds no document: a link, a submodule, or too large."""
    return entry is not None and (entry.mode not in FILES or len(objects.read(entry.oid, "blob")) > nofollow.MAX_BYTES)
