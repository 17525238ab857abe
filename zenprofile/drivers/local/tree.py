"""The documents of a commit, read from the object store without a checkout."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from zenprofile.core import layout
from zenprofile.core.entity import KINDS, MANIFEST, Key, key_of_path
from zenprofile.core.snapshot import Documents, DocumentSnapshot, Loaded
from zenprofile.errors import Invalid, Problem
from zenprofile.fs import nofollow
from zenprofile.git.objects import EXECUTABLE, FILE, FOLDER, Objects, TreeEntry

if TYPE_CHECKING:
    from zenprofile.core.schema.catalog import Catalog

FILES = frozenset({FILE, EXECUTABLE})


def is_document(path: str, prefix: str) -> bool:
    """Return whether a path below a work tree's top is one of the profile's own files."""
    if not path.startswith(prefix):
        return False
    below = path[len(prefix) :]
    return below == MANIFEST or key_of_path(below) is not None


def is_looked_at(path: str, prefix: str) -> bool:
    """Return whether a path below a work tree's top is the profile's manifest or lies in one of its folders."""
    below = path[len(prefix) :]
    return path.startswith(prefix) and (below == MANIFEST or bool(layout.kind_of(below)))


def misfit(path: str, entry: TreeEntry) -> list[Problem]:
    """Return the problem of a misplaced path below a profile, as `layout.misfit` does."""
    what = layout.FILE if entry.mode in FILES else layout.FOLDER if entry.mode == FOLDER else layout.OTHER
    return layout.misfit(path, what)


class TreeDocuments:
    """The documents below a folder of a tree; what is not asked for is not read. The caller closes the objects."""

    def __init__(self, objects: Objects, tree: str, prefix: str) -> None:
        self._objects = objects
        self._tree = objects.subtree(tree, prefix)
        self._entries: dict[str, TreeEntry] | None = None

    def entries(self) -> dict[str, TreeEntry]:
        """Return every entry that is no folder, by path."""
        if self._entries is None:
            self._entries = self._objects.files(self._tree)
        return self._entries

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        """List keys as `Documents.keys` does."""
        found = (key for path in self._paths(kind, type_) if (key := key_of_path(path)) is not None)
        return sorted(key for key in found if kind in {"", key.kind} and type_ in {"", key.type})

    def _paths(self, kind: str, type_: str) -> Iterable[str]:
        """Return the paths in question: all of them, or those of a kind's folder."""
        if not kind or self._entries is not None:
            return self.entries()
        one = KINDS[kind]
        folder = f"{one.folder}/{type_}/" if one.typed and type_ else f"{one.folder}/"
        return self._objects.files(self._objects.subtree(self._tree, folder), folder)

    def raw(self, key: Key) -> bytes | None:
        """Return a document's content, as `Documents.raw` does."""
        path = key.path
        entry = self._objects.entry(self._tree, path) if key_of_path(path) == key else None
        return None if entry is None or entry.mode == FOLDER else content(self._objects, key, entry)


def content(objects: Objects, key: Key, entry: TreeEntry) -> bytes:
    """Return the content of a document's blob.

    Raises:
        Invalid: the entry is a link or a submodule.
    """
    if entry.mode not in FILES:
        raise Invalid.of([layout.not_a_file(key.path)])
    return objects.read(entry.oid, "blob")


class TreeSnapshot(DocumentSnapshot):
    """The entities of a tree or of the index; what is out of place in its folders is named."""

    def __init__(
        self, documents: Documents, entries: Callable[[], Mapping[str, TreeEntry | None]], catalog: "Catalog"
    ) -> None:
        """Take the documents, and what lists all entries below the profile by path (None: one in conflict)."""
        super().__init__(documents, catalog)
        self._all = entries

    def load(self, kind: str = "", type_: str = "") -> Loaded:
        found = super().load(kind, type_)
        for path, entry in self._all().items():
            asked = kind in {"", layout.kind_of(path)} and (not type_ or path.split("/")[1:2] == [type_])
            if entry is not None and asked and key_of_path(path) is None:
                found.problems.extend(misfit(path, entry))
        return found


def snapshot(objects: Objects, commit: str, prefix: str, catalog: "Catalog") -> TreeSnapshot:
    """Return the entities as a commit ("": none) has them; it reads as long as the objects are open."""
    documents = TreeDocuments(objects, objects.tree_of(commit), prefix)
    return TreeSnapshot(documents, documents.entries, catalog)


def is_unreadable(objects: Objects, entry: TreeEntry | None) -> bool:
    """Return whether an entry is there and holds no document: a link, a submodule, or too large."""
    return entry is not None and (entry.mode not in FILES or len(objects.read(entry.oid, "blob")) > nofollow.MAX_BYTES)
