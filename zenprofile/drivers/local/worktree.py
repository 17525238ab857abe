"""The snapshot of now of a Git store: its working tree, edits by hand included, read through the cache."""

import contextlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from sys import intern
from typing import TYPE_CHECKING

from zenprofile.core import garbage_collection, layout
from zenprofile.core.entity import KINDS, Data, Entity, Key
from zenprofile.core.snapshot import Loaded
from zenprofile.drivers.local.cache import Cache, Cached, Folder, Stamp, is_old_enough, listing, stamp
from zenprofile.errors import Invalid, Problem
from zenprofile.fs import nofollow

if TYPE_CHECKING:
    from zenprofile.core.schema.catalog import Catalog

_SUFFIX = ".yaml"
_DEEPEST = 16  # sub-folders that are looked into
_key: "Callable[[type[Key], tuple[str, str, str]], Key]" = tuple.__new__  # as `Key._make`, in half the time
ReadGuard = Callable[[], contextlib.AbstractContextManager[None]]


class WorkTree:
    """Every entity of a working tree. Links and devices are not followed; they spoil themselves.

    Args:
        root: the store's folder, absolute and resolved.
        cache: of its documents.
        catalog: gives the schemas; called when a document must be checked.
        guard: held while files are read, so that no half of a change is seen.
    """

    def __init__(self, root: str, cache: Cache, catalog: "Callable[[], Catalog]", guard: ReadGuard) -> None:
        self._root = root
        self._cache = cache
        self._catalog = catalog
        self._guard = guard

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        """List keys as `Snapshot.keys` does."""
        with self._guard():
            found = [
                Key(folder_kind, folder_type, name[: -len(_SUFFIX)])
                for folder_kind, folder_type, path in self._folders(kind, type_)
                for name in self._names(path)
            ]
        return sorted(found)

    def _folders(self, kind: str, type_: str) -> Iterator[tuple[str, str, str]]:
        """Yield kind, component type and path of the folders in question that may exist."""
        for one in (KINDS[kind],) if kind else KINDS.values():
            if not one.typed:
                if not type_:
                    yield one.name, "", one.folder
            elif type_:
                yield one.name, type_, f"{one.folder}/{type_}"
            else:
                for name in sorted(self._entries(one.folder, folders=True)):
                    yield one.name, name, f"{one.folder}/{name}"

    def _entries(self, path: str, *, folders: bool) -> list[str]:
        try:
            with nofollow.folder(self._root, path) as fd, os.scandir(fd) as entries:
                return [
                    entry.name
                    for entry in entries
                    if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False) == folders
                ]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except PermissionError:
            raise nofollow.permission_error(f"{self._root}/{path}") from None

    def _names(self, path: str) -> list[str]:
        return [name for name in self._entries(path, folders=False) if name.endswith(_SUFFIX)]

    def prefetch(self, keys: Iterable[Key] | None = None) -> None:
        """Do nothing: a file is read when it is asked for."""

    def spelling(self, key: Key) -> Key | None:
        """Return the key as it is spelled here, as `Snapshot.spelling` does."""
        with self._guard():
            names = self._names(self._folder(key))
        wanted = key.name + _SUFFIX
        if wanted in names:
            return key
        lower = wanted.casefold()
        return next((key._replace(name=n[: -len(_SUFFIX)]) for n in names if n.casefold() == lower), None)

    @staticmethod
    def _folder(key: Key) -> str:
        return key.path.rpartition("/")[0]

    def text(self, key: Key) -> str | None:
        """Return a document as it is stored, as `Snapshot.text` does."""
        from zenprofile.core.document import reader

        with self._guard():
            raw = nofollow.read(self._root, key.path)
        return None if raw is None else reader.decode(raw, key.path)

    def raw(self, key: Key) -> bytes | None:
        """Return what is in a document's place, as `Snapshot.raw` does."""
        with self._guard():
            return nofollow.read(self._root, key.path, nofollow.MOST_BYTES)

    def exists(self, key: Key) -> bool:
        """Return whether there is a file for a key, whatever it holds."""
        try:
            with nofollow.folder(self._root, self._folder(key)) as fd:
                os.stat(f"{key.name}{_SUFFIX}", dir_fd=fd, follow_symlinks=False)
        except OSError:
            return False
        return True

    def get(self, key: Key) -> Entity | None:
        """Return an entity, as `Snapshot.get` does."""
        path = self._folder(key)
        name = key.name + _SUFFIX
        with self._guard():
            try:
                with nofollow.folder(self._root, path) as fd:
                    cached = self._cache.entry(path, name)
                    if cached is not None:
                        mark, data, revision, depends, _ = cached
                        if stamp(os.stat(name, dir_fd=fd, follow_symlinks=False)) == mark:
                            return Entity(
                                key, data, revision, holds=not depends or self._is_flavor_unchanged(key, cached)
                            )
                    raw = nofollow.read_at(fd, name, key.path)
            except FileNotFoundError:
                return None
            except NotADirectoryError:
                raw = nofollow.read(self._root, key.path)  # says what is wrong with the folder
            except PermissionError:
                raise nofollow.permission_error(f"{self._root}/{path}") from None
        if raw is None:
            return None
        from zenprofile.core.snapshot import parse

        return parse(key, raw)

    def load(self, kind: str = "", type_: str = "") -> Loaded:
        """Return the valid documents and the problems of the others, as `Snapshot.load` does."""
        folders: list[tuple[str, str, list[Entity]]] = []
        problems: list[Problem] = []
        with self._guard(), garbage_collection.paused():
            problems += self._blocked(kind)
            for folder_kind, folder_type, path in self._folders(kind, type_):
                folders.append((folder_kind, folder_type, self._load_folder(folder_kind, folder_type, path, problems)))
        folders.sort(key=lambda folder: folder[:2])
        return Loaded([entity for *_, entities in folders for entity in entities], problems)

    def _blocked(self, kind: str) -> list[Problem]:
        """List the problem of a kind's folder that is none (a file, a link)."""
        found = []
        for one in (KINDS[kind],) if kind else KINDS.values():
            path = os.path.join(self._root, one.folder)
            if os.path.islink(path) or (os.path.lexists(path) and not os.path.isdir(path)):
                found.append(layout.not_a_folder(one.folder))
            elif one.typed:
                found += self._misfits(one.folder, among_types=True)
        return found

    def _misfits(self, path: str, *, among_types: bool = False, depth: int = 0) -> list[Problem]:
        """List misplaced files in a folder that holds no documents, sub-folders included."""
        found: list[Problem] = []
        try:
            with nofollow.folder(self._root, path) as fd, os.scandir(fd) as unsorted:
                entries = [(name, _entry_kind(fd, name)) for name in sorted((e.name for e in unsorted), key=_by_name)]
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return found
        for name, what in entries:
            found += layout.misfit(f"{path}/{name}", what)
            if what == layout.FOLDER and not among_types and name[0] != "." and depth < _DEEPEST:
                found += self._misfits(f"{path}/{name}", depth=depth + 1)
        return found

    def _load_folder(self, kind: str, type_: str, path: str, problems: list[Problem]) -> list[Entity]:
        try:
            with nofollow.folder(self._root, path) as fd:
                return self._load_opened(fd, (kind, type_), path, problems)
        except FileNotFoundError:
            return []
        except NotADirectoryError:
            if type_:
                problems.append(layout.not_a_folder(path))
            return []
        except PermissionError:
            raise nofollow.permission_error(f"{self._root}/{path}") from None

    def _load_opened(self, fd: int, place: tuple[str, str], path: str, problems: list[Problem]) -> list[Entity]:
        """Return the entities of an open folder, by name."""
        now = time.time_ns()
        marks = _marks(fd)
        entities = _unchanged(place, self._cache.folder(path), marks)
        if entities is None:
            entities = self._load_each(fd, place, path, marks, now, problems)
        self._cache.note_entities(path, entities)
        return entities

    def _load_each(
        self,
        fd: int,
        place: tuple[str, str],
        path: str,
        marks: dict[str, Stamp],
        now: int,
        problems: list[Problem],
    ) -> list[Entity]:
        """Return the entities of an open folder in which something has changed (``now``: when it was looked at)."""
        cached = self._cache.rows(path)
        fresh: dict[str, Cached] = {}
        entities: list[Entity] = []
        for name in sorted(marks, key=_by_name):
            if name[0] == "." or not name.endswith(_SUFFIX):
                problems += self._out_of_place(fd, path, name)
                continue
            key = Key(*place, name[: -len(_SUFFIX)])
            mark = marks[name]
            row = known = cached.get(name)
            if row is None or row[0] != mark or (row[3] and not self._is_flavor_unchanged(key, row)):
                row = self._read(fd, key, name, mark, problems)
            if row is not None:
                entities.append(Entity(key, row[1], row[2], holds=True, tabs=row[4]))
                if row is known or is_old_enough(mark, now):
                    fresh[name] = row
        self._cache.replace_folder(path, fresh, marks)
        return entities

    def _out_of_place(self, fd: int, path: str, name: str) -> list[Problem]:
        what = _entry_kind(fd, name)
        if what == layout.FOLDER and name[0] != ".":
            return self._misfits(f"{path}/{name}")
        return layout.misfit(f"{path}/{name}", what)

    def _read(self, fd: int, key: Key, name: str, mark: Stamp, problems: list[Problem]) -> Cached | None:
        from zenprofile.core import document_check

        try:
            raw = nofollow.read_at(fd, name, key.path)
        except Invalid as error:
            problems += error.problems
            return None
        if raw is None:
            return None
        used: list[str] = []

        def registered(flavor_type: str, flavor: str) -> Data | None:
            found = self._flavor(flavor_type, flavor)
            used.append(found.revision if found is not None else "")
            return None if found is None else found.data

        entity, found = document_check.check_document(key, raw, self._catalog(), registered)
        problems += found
        if entity is None or found:
            return None
        return (mark, _shared(entity.data), "", used[0] if used else "", b"\t" in raw)

    def _flavor(self, type_: str, flavor: str) -> Entity | None:
        try:
            return self.get(Key("flavor", type_, flavor))
        except Invalid:
            return None

    def _is_flavor_unchanged(self, key: Key, known: Cached) -> bool:
        """Return whether a component's registered flavor is still the one that it was checked against."""
        flavor = self._flavor(key.type, known[1]["flavor"])
        return flavor is not None and flavor.revision == known[3]


def _marks(fd: int) -> dict[str, Stamp]:
    """Return the stamp of each thing in an open folder, in the folder's order; what goes meanwhile is left out."""
    found = {}
    with os.scandir(fd) as entries:
        for entry in entries:
            try:
                found[entry.name] = stamp(entry.stat(follow_symlinks=False))
            except FileNotFoundError:
                continue
    return found


def _unchanged(place: tuple[str, str], cached: Folder, marks: dict[str, Stamp]) -> list[Entity] | None:
    """Return the entities of a folder that is file by file as it is cached; None of any other.

    Whole columns are compared and taken: a look at each file takes twice the time.
    """
    if len(cached.names) != len(marks) or cached.listing != listing(marks):
        return None
    if cached.depends:  # held against a registered flavor, which may have changed
        return None
    keys = map(_key, repeat(Key), zip(repeat(place[0]), repeat(place[1]), cached.names))
    return list(map(Entity, keys, cached.data, cached.revisions, repeat(True), cached.tabs))


def _shared(data: Data) -> Data:
    """Return data in which the words that many documents share are one object: the cache stores such once."""
    shared: Data = {intern(field): _shared(value) if type(value) is dict else value for field, value in data.items()}
    for field in ("type", "flavor"):
        if isinstance(shared.get(field), str):
            shared[field] = intern(shared[field])
    return shared


def _by_name(name: str) -> str:
    return name.removesuffix(_SUFFIX)  # as keys are sorted: `prod` stands before `prod-eu`


def _entry_kind(fd: int, name: str) -> str:
    """Return what an open folder holds by a name, "" for nothing: a folder with a repository in it is a submodule."""
    try:
        mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return ""
    if stat.S_ISREG(mode):
        return layout.FILE
    if not stat.S_ISDIR(mode):
        return layout.OTHER
    try:
        os.stat(f"{name}/.git", dir_fd=fd, follow_symlinks=False)
    except OSError:
        return layout.FOLDER
    return layout.OTHER
