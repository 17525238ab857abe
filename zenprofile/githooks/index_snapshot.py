"""The documents of a profile as git's index holds them."""

from zenprofile import resources
from zenprofile.core.entity import Key, key_of_path
from zenprofile.core.snapshot import Snapshot
from zenprofile.drivers.local import tree
from zenprofile.errors import Invalid, Problem
from zenprofile.git.objects import Objects, TreeEntry
from zenprofile.git.repository import Repository
from zenprofile.githooks import context, install
from zenprofile.store.base import Store


class _Indexed:
    """Documents of the index; one in conflict is there, and cannot be read."""

    def __init__(self, objects: Objects, entries: dict[str, TreeEntry | None], prefix: str) -> None:
        self.below = {path[len(prefix) :]: entry for path, entry in entries.items()}
        keyed = ((key_of_path(path), entry) for path, entry in self.below.items())
        self._entries = {key: entry for key, entry in keyed if key is not None}
        self._objects = objects

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        return sorted(key for key in self._entries if kind in {"", key.kind} and type_ in {"", key.type})

    def raw(self, key: Key) -> bytes | None:
        if key not in self._entries:
            return None
        entry = self._entries[key]
        if entry is None:
            message = f"{key.path} is in conflict in git's index"
            raise Invalid.of([Problem(key.path, 0, 0, "", message, "settle it, then: git add", "conflict")])
        return tree.content(self._objects, key, entry)


def of_store(store: Store) -> Snapshot:
    """Return the documents that git's index holds.

    Raises:
        Unsupported: the store is not kept in Git.
    """
    return snapshot(install.of_store(store))


def snapshot(repository: Repository) -> Snapshot:
    """Return a profile's documents in the index of its repository."""
    found = context.from_repository(repository)
    entries = context.indexed(found, [repository.prefix.rstrip("/")] if repository.prefix else [])
    documents = _Indexed(found.objects(), entries, repository.prefix)
    return tree.TreeSnapshot(documents, lambda: documents.below, resources.catalog())
