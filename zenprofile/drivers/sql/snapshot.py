"""Snapshots of a database: rows of now for as long as nothing was recorded since, from then on the recorded texts."""

import json
from collections.abc import Callable, Iterable
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import Any
from zlib import crc32

from sqlalchemy import Executable
from sqlalchemy.exc import DBAPIError

from zenprofile import __version__, resources
from zenprofile.core import document_check, garbage_collection
from zenprofile.core.entity import Entity, Key
from zenprofile.core.snapshot import DocumentSnapshot, Loaded, from_texts, parse
from zenprofile.drivers.sql import packed, tables
from zenprofile.drivers.sql.statements import Rows
from zenprofile.errors import Problem, StoreBroken, Unreachable

# Runs a select and gives all of its rows.
Read = Callable[[Executable, dict[str, Any]], Rows]

# Another version may check more, or read otherwise: it does not believe this one's seals.
_SEED = crc32(__version__.encode())

# Places of `tables`' columns of a row.
_NAME, _DOCUMENT, _DATA, REVISION, _SEAL = range(2, 7)
_SEALED = slice(_DOCUMENT, _SEAL)
_new = tuple.__new__  # of a named tuple, at half its price

# Documents in one statement: each takes three of SQLite's 32,766 variables; longer statements gain nothing.
_TOGETHER = 1000


def seal(document: str, data: str, revision: str) -> int:
    """Return a checksum which proves that the data is the document's, is valid, and has the revision."""
    return crc32(f"{document}{data}{revision}".encode(), _SEED)


def where(key: Key) -> dict[str, Any]:
    """Return the values that find a key's row."""
    return {"kind": key.kind, "type": key.type, "folded": key.name.casefold()}


def _columns(key: Key) -> tuple[str, str, str]:
    return key.kind, key.type, key.name.casefold()


def as_of(read: Read, number: int) -> DocumentSnapshot:
    """Return the snapshot of the entities as they were after a change."""
    rows = read(tables.AS_OF, {"number": number})
    return from_texts({Key(*row[:3]): row[3] for row in rows if row[3] is not None}, resources.catalog())


class _Documents:
    """The rows' documents, for what is written once for all snapshots."""

    def __init__(self, snapshot: "SqlSnapshot") -> None:
        self._snapshot = snapshot

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        return self._snapshot.keys(kind, type_)

    def raw(self, key: Key) -> bytes | str | None:
        return self._snapshot.raw(key)


class SqlSnapshot(DocumentSnapshot):
    """The entities as they are after a change that is the last one at the first read; it may not be for long.

    Rows that were read once are kept: a moment does not change.
    """

    def __init__(
        self, read: Read, number: int | None = None, known: "SqlSnapshot | None" = None, *, packs: bool = False
    ) -> None:
        """Take a moment.

        Args:
            read: runs a select.
            number: of the change after which it is; None for the last one at the first read.
            known: a snapshot of the same moment, whose rows need not be read again.
            packs: whether the database can join values of any length, so that all of them come in few rows.
        """
        super().__init__(_Documents(self), resources.catalog())
        self._read = read
        self.number = number
        self._packs = packs
        self._moved = False
        self._rows: dict[tuple[str, str, str], Any] = {} if known is None else known._rows
        self._keys: dict[tuple[str, str], list[Key]] = {} if known is None else known._keys

    def _rows_now(self, statement: Executable, values: dict[str, Any]) -> Rows | None:
        """Return rows of the present, or None once something was recorded after this snapshot.

        Numbers only grow: where the head is still the same after the rows were read, they are its rows.
        """
        if self._moved:
            return None
        rows = self._read(statement, values)
        if self.number is None:
            if not rows:  # without a row there is no head beside it
                self.number = self._head()
                return self._rows_now(statement, values)
            self.number = rows[0][-1]
        if self.number == (rows[0][-1] if rows else self._head()):
            return rows
        self._moved = True
        return None

    def _head(self) -> int:
        number: int = self._read(tables.HEAD, {})[0][0]
        return number

    @cached_property
    def _recorded_snapshot(self) -> DocumentSnapshot:
        return as_of(self._read, self.number or 0)

    def keys(self, kind: str = "", type_: str = "") -> list[Key]:
        found = self._keys.get((kind, type_))
        if found is None:
            rows = self._rows_now(tables.KEYS[bool(kind), bool(type_)], {"kind": kind, "type": type_})
            if rows is None:
                return self._recorded_snapshot.keys(kind, type_)
            found = self._keys[kind, type_] = sorted(Key(*row[:3]) for row in rows)
        return found[:]

    def spelling(self, key: Key) -> Key | None:
        found = self._row_in_any_case(key)
        if found is None:
            return self._recorded_snapshot.spelling(key) if self._moved else None
        return key._replace(name=found[_NAME])

    def prefetch(self, keys: Iterable[Key] | None = None) -> None:
        if keys is None:
            rows = self._rows_now(tables.ENTITIES[False, False], {"kind": "", "type": ""})
            self._cache_rows(rows or ())
            return
        missing = sorted({place for place in map(_columns, keys) if place not in self._rows})
        for start in range(0, len(missing), _TOGETHER):
            places = missing[start : start + _TOGETHER]
            rows = self._rows_now(tables.MANY, {"places": places})
            if rows is None:
                return
            self._rows.update(dict.fromkeys(places))
            self._cache_rows(rows)

    def _cache_rows(self, rows: Rows) -> None:
        self._rows.update({(row[0], row[1], row[_NAME].casefold()): row for row in rows})

    def row(self, key: Key) -> Any | None:
        """Return a key's row of the present, which has to be the moment of this snapshot."""
        found = self._row_in_any_case(key)
        return found if found is not None and found[_NAME] == key.name else None

    def _row_in_any_case(self, key: Key) -> Any | None:
        place = _columns(key)
        if place not in self._rows:
            rows = self._rows_now(tables.ENTITY, where(key))
            if rows is None:
                return None
            self._rows[place] = rows[0] if rows else None
        return self._rows[place]

    def raw(self, key: Key) -> bytes | str | None:
        """Return a document as it is stored, or None where there is none."""
        row = self.row(key)
        if row is None:
            return self._recorded_snapshot.text(key) if self._moved else None
        document: bytes | str = row[_DOCUMENT]
        return document

    def get(self, key: Key) -> Entity | None:
        row = self.row(key)
        if row is None:
            return self._recorded_snapshot.get(key) if self._moved else None
        return (
            Entity(key, json.loads(row[_DATA]), row[REVISION]) if _has_valid_seal(row) else parse(key, row[_DOCUMENT])
        )

    def load(self, kind: str = "", type_: str = "") -> Loaded:
        with garbage_collection.paused():
            loaded = self._loaded(kind, type_)
        return self._recorded_snapshot.load(kind, type_) if loaded is None else loaded

    def _loaded(self, kind: str, type_: str) -> Loaded | None:
        """Return what is there now, None once that is no more the moment of this snapshot."""
        keys = self._keys.get((kind, type_))
        if keys and all(self._rows.get(_columns(key)) is not None for key in keys):
            return self._checked([self._rows[_columns(key)] for key in keys])
        loaded = self._packed(kind, type_) if self._packs else None
        return self._by_rows(kind, type_) if loaded is None else loaded

    def _packed(self, kind: str, type_: str) -> Loaded | None:
        """Return what is there now by one row for each kind and type, None where those do not tell it."""
        try:
            rows = self._rows_now(tables.PACKED[bool(kind), bool(type_)], {"kind": kind, "type": type_})
        except (DBAPIError, StoreBroken, Unreachable):  # too much for one value, or no text: the rows tell
            return None
        if rows is None:
            return None
        whole = Loaded([], [])
        for row in sorted(rows, key=itemgetter(0, 1)):
            found = packed.entities(row, _SEED)
            part = self._by_rows(row[0], row[1]) if found is None else Loaded(found, [])
            if part is None:
                return None
            whole.entities.extend(part.entities)
            whole.problems.extend(part.problems)
        whole.entities.sort(key=attrgetter("key"))
        return whole

    def _by_rows(self, kind: str, type_: str) -> Loaded | None:
        rows = self._rows_now(tables.ENTITIES[bool(kind), bool(type_)], {"kind": kind, "type": type_})
        return None if rows is None else self._checked(rows)

    def _checked(self, rows: Rows) -> Loaded:
        """Return the entities of rows, and what is wrong with the others."""
        good = _with_valid_seal(rows)
        # One call over all of them takes half the time of one for each.
        datas = json.loads(f"[{','.join([row[_DATA] for row in good])}]")
        entities = list(map(Entity, [_new(Key, row[:3]) for row in good], datas, [row[REVISION] for row in good]))
        others = [row for row in rows if not _has_valid_seal(row)] if len(good) < len(rows) else []
        problems: list[Problem] = []
        for row in sorted(others, key=itemgetter(0, 1, _NAME)):
            entity, found = document_check.check_document(Key(*row[:3]), row[_DOCUMENT], self._catalog, self.registered)
            problems += found
            entities += [entity] if entity is not None and not found else []
        entities.sort(key=attrgetter("key"))
        return Loaded(entities, problems)


def _with_valid_seal(rows: Rows) -> Rows:
    """Return the rows whose seal fits, with as little work on each as can be: most often they are all of them."""
    join, seed = "".join, _SEED
    try:
        return [row for row in rows if crc32(join(row[_SEALED]).encode(), seed) == row[_SEAL]]
    except (TypeError, UnicodeEncodeError):  # one without data, or whose document is no text
        return [row for row in rows if _has_valid_seal(row)]


def _has_valid_seal(row: Any) -> bool:
    document, data, fingerprint = row[_SEALED]
    return isinstance(data, str) and isinstance(document, str) and seal(document, data, fingerprint) == row[_SEAL]
