"""Snapshots: every entity at one moment, read from documents or laid over another snapshot."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

from zenprofile.core.entity import Data, Entity, Key
from zenprofile.errors import Invalid, Problem

if TYPE_CHECKING:
    from zenprofile.core.schema.catalog import Catalog


class Loaded(NamedTuple):
    """Entities whose documents hold, sorted by key, and the problems of those that do not."""

    entities: list[Entity]
    problems: list[Problem]


class Snapshot(Protocol):
    """Every entity at one moment, read lazily: what is not asked for is not read.

    A document that is invalid spoils only itself. No call sees half of a change made through `Store.apply`.
    """

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        """List keys, sorted, of one kind and component type or of all; documents that are invalid included."""
        ...

    def spelling(self, key: Key) -> Key | None:
        """Return the key that exists and differs from this one at most in case, the exact one first, or None."""
        ...

    def get(self, key: Key) -> Entity | None:
        """Return an entity, or None where there is none. The name is matched exactly.

        An entity is returned although its data breaks its schema, so that it can be fixed.

        Raises:
            Invalid: the document cannot be read as a mapping, or names another entity than its place does.
        """
        ...

    def text(self, key: Key) -> str | None:
        """Return the document as it is stored, comments and order included, or None where there is none.

        Raises:
            Invalid: it is not UTF-8 text of at most 1 MiB, or no plain file.
        """
        ...

    def raw(self, key: Key) -> bytes | str | None:
        """Return what is stored in a document's place, whatever it holds, or None where there is nothing.

        It is for whoever takes it away or replaces it.

        Raises:
            Invalid: it is no plain file, or far too large.
        """
        ...

    def load(self, kind: str = "", type_: str = "") -> Loaded:
        """Return all entities that hold by themselves (reader, schema, flavor's schema), and the others' problems.

        References to other entities are not looked at: `zenprofile.core.profile_check.check_all` does that.
        """
        ...

    def prefetch(self, keys: Iterable[Key] | None = None) -> None:
        """Read documents together (None: all), so that the reads of each that follow need not ask the store.

        It changes no answer. A snapshot whose single reads cost little does nothing.
        """
        ...


class Documents(Protocol):
    """The documents of one moment: all that a store has to give for a snapshot."""

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        """List keys, sorted, as `Snapshot.keys` does."""
        ...

    def raw(self, key: Key) -> bytes | str | None:
        """Return a document's content, or None where there is none.

        Raises:
            Invalid: it may not be read (a link, a device, too long).
        """
        ...


class DocumentSnapshot:
    """A snapshot of documents. The flavors that they register are looked up among themselves."""

    def __init__(self, documents: Documents, catalog: "Catalog") -> None:
        self._documents = documents
        self._catalog = catalog
        self._registered: dict[tuple[str, str], Data | None] = {}

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        return self._documents.keys(kind, type_)

    def spelling(self, key: Key) -> Key | None:
        return spelled(key, self.keys(key.kind, key.type))

    def text(self, key: Key) -> str | None:
        from zenprofile.core.document import reader

        raw = self._documents.raw(key)
        return None if raw is None else reader.decode(raw, key.path)

    def raw(self, key: Key) -> bytes | str | None:
        return self._documents.raw(key)

    def get(self, key: Key) -> Entity | None:
        raw = self._documents.raw(key)
        return None if raw is None else parse(key, raw)

    def load(self, kind: str = "", type_: str = "") -> Loaded:
        from zenprofile.core import document_check

        entities: list[Entity] = []
        problems: list[Problem] = []
        for key in self.keys(kind, type_):
            try:
                raw = self._documents.raw(key)
            except Invalid as error:
                problems += error.problems
                continue
            if raw is None:
                continue
            entity, found = document_check.check_document(key, raw, self._catalog, self.registered)
            problems += found
            if entity is not None and not found:
                entities.append(entity)
        return Loaded(entities, problems)

    def prefetch(self, keys: Iterable[Key] | None = None) -> None:
        """Do nothing: the documents are at hand."""

    def registered(self, type_: str, flavor: str) -> Data | None:
        """Return the document of a flavor that is registered here, or None (also where it is invalid)."""
        place = (type_, flavor)
        if place not in self._registered:
            self._registered[place] = flavor_of(self, type_, flavor)
        return self._registered[place]


class Overlay:
    """A snapshot with edits laid over it: what a change would make of it."""

    def __init__(self, below: Snapshot, texts: Mapping[Key, str | None], catalog: "Catalog") -> None:
        """Lay texts (None: deleted) over a snapshot."""
        self._below = below
        self._texts = texts
        self._over = DocumentSnapshot(_TextDocuments({k: t for k, t in texts.items() if t is not None}), catalog)
        self._catalog = catalog
        self._data: dict[Key, Data] = {}
        self._problems: dict[Key, list[Problem]] = {}
        self._registered: dict[tuple[str, str], Data | None] = {}

    def data(self, key: Key) -> Data | None:
        """Return what the edit of a key makes of it, as `data_of` does."""
        text = self._texts[key]
        if text is None:
            return None
        if key not in self._data:
            self._data[key] = data_of(key, text) or {}
        return self._data[key]

    def problems(self, key: Key) -> list[Problem]:
        """List what the document of an edit breaks by itself, as `document_check.check_document` does."""
        if key not in self._problems:
            self._problems[key] = self._checked(key)
        return self._problems[key]

    def _checked(self, key: Key) -> list[Problem]:
        from zenprofile.core import document_check

        text, data = self._texts[key], self.data(key)
        if text is None:
            return []
        if not data:  # for the reasons
            return document_check.check_document(key, text, self._catalog, self.registered)[1]
        return document_check.problems_of(key, text, data, self._catalog, self.registered, is_clean=self._are_clean)

    @cached_property
    def _are_clean(self) -> bool:
        from zenprofile.core.secrets import plaintext

        return plaintext.are_clean(text for text in self._texts.values() if text is not None)

    def registered(self, type_: str, flavor: str) -> Data | None:
        """Return the document of a flavor that is registered here, or None (also where it is invalid)."""
        place = (type_, flavor)
        if place not in self._registered:
            self._registered[place] = flavor_of(self, type_, flavor)
        return self._registered[place]

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        kept = [key for key in self._below.keys(kind, type_) if key not in self._texts]
        return sorted([*kept, *self._over.keys(kind, type_)])

    def spelling(self, key: Key) -> Key | None:
        new = self._over.spelling(key)
        if new is not None:
            return new
        old = self._below.spelling(key)
        if old is not None and old in self._texts:
            return spelled(key, self.keys(key.kind, key.type))
        return old

    def text(self, key: Key) -> str | None:
        return self._texts[key] if key in self._texts else self._below.text(key)

    def raw(self, key: Key) -> bytes | str | None:
        return self._texts[key] if key in self._texts else self._below.raw(key)

    def get(self, key: Key) -> Entity | None:
        return self._over.get(key) if key in self._texts else self._below.get(key)

    def load(self, kind: str = "", type_: str = "") -> Loaded:
        below = self._below.load(kind, type_)
        over = self._over.load(kind, type_)
        entities = [e for e in below.entities if e.key not in self._texts]
        paths = {key.path for key in self._texts}
        problems = [p for p in below.problems if p.file not in paths]
        return Loaded(sorted([*entities, *over.entities], key=lambda e: e.key), [*problems, *over.problems])

    def prefetch(self, keys: Iterable[Key] | None = None) -> None:
        self._below.prefetch(None if keys is None else [key for key in keys if key not in self._texts])


class _TextDocuments:
    """Documents held in a mapping."""

    def __init__(self, texts: Mapping[Key, str]) -> None:
        self._texts = texts

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        return sorted(k for k in self._texts if kind in {"", k.kind} and type_ in {"", k.type})

    def raw(self, key: Key) -> str | None:
        return self._texts.get(key)


def from_texts(texts: Mapping[Key, str], catalog: "Catalog") -> DocumentSnapshot:
    """Return the snapshot of documents held in memory."""
    return DocumentSnapshot(_TextDocuments(texts), catalog)


def parse(key: Key, raw: bytes | str) -> Entity:
    """Read one document as the entity that its place names.

    Raises:
        Invalid: it cannot be read, or names another entity.
    """
    return Entity(key, _read(key, raw))


def _read(key: Key, raw: bytes | str) -> Data:
    from zenprofile.core import document_check
    from zenprofile.core.document import reader

    data = reader.read(raw, key.path)
    wrong = document_check.misplaced(key, data)
    if wrong:
        raise Invalid.of(document_check.locate(key, reader.decode(raw), wrong))
    return data


def data_of(key: Key, raw: bytes | str | None) -> Data | None:
    """Return a document's data for history: None for no document, {} for one that cannot be read."""
    if raw is None:
        return None
    try:
        return _read(key, raw)
    except Invalid:
        return {}


def spelled(key: Key, among: list[Key]) -> Key | None:
    """Return the exact key among others, else one that differs only in case, else None."""
    if key in among:
        return key
    folded = key.folded
    return next((other for other in among if other.folded == folded), None)


def flavor_of(snapshot: Snapshot, type_: str, flavor: str) -> Data | None:
    """Return a registered flavor's document as data, or None where there is none that can be read."""
    try:
        entity = snapshot.get(Key("flavor", type_, flavor))
    except Invalid:
        return None
    return None if entity is None else entity.data
