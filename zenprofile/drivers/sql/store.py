"""Stores in an SQL database: one row an entity, every change kept beside them."""

import json
import random
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, Engine, Executable
from sqlalchemy.exc import IntegrityError

from zenprofile import resources
from zenprofile.core import document_check
from zenprofile.core.change import Change, Changed, Recorded
from zenprofile.core.document_check import Registered
from zenprofile.core.entity import Data, Key, revision
from zenprofile.core.secrets import plaintext
from zenprofile.core.snapshot import DocumentSnapshot, data_of
from zenprofile.drivers.sql import tables
from zenprofile.drivers.sql.engine import begin
from zenprofile.drivers.sql.failures import told
from zenprofile.drivers.sql.snapshot import Rows, SqlSnapshot, as_of, seal, where
from zenprofile.errors import Locked
from zenprofile.store import revs
from zenprofile.store.base import Options
from zenprofile.store.prepare import Prepared, prepare, revision_of
from zenprofile.store.undo import Past, Text, standing
from zenprofile.store.undo import mark as mark_of
from zenprofile.store.url import hidden

if TYPE_CHECKING:
    from zenprofile.drivers.sql.tokens import SqlTokens

_ATTEMPTS = 20
_PAGE = 100
_MARKS = 5000
_ENDLESS = 2**62


class SqlStore:
    """See `zenprofile.store.base.Store`. The engine stays open until `close`."""

    driver = "sql"

    def __init__(self, url: str, engine: Engine, options: Options) -> None:
        self.url = hidden(url, password=bool(options.password))
        self._engine = engine
        self._user = options.user
        self._machine = options.machine

    def _read(self, statement: Executable, values: dict[str, Any]) -> Rows:
        with told(self.url), self._engine.connect() as connection:
            return connection.execute(statement, values).all()

    def _head(self) -> int:
        number: int = self._read(tables.HEAD, {})[0][0]
        return number

    def head(self) -> str:
        return str(self._head() or "")

    def snapshot(self, at: str | None = None) -> DocumentSnapshot:
        head = self._head()
        if at is None:
            return SqlSnapshot(self._read, head)
        return as_of(self._read, revs.number(at, head, self._last_until))

    def _last_until(self, moment: str) -> int:
        rows = self._read(tables.LAST_UNTIL, {"until": moment})
        return rows[0][0] if rows else 0

    def apply(self, change: Change) -> Recorded:
        return self.take_back(change, "")

    def take_back(self, change: Change, undone: str) -> Recorded:
        for attempt in range(_ATTEMPTS):
            with told(self.url), self._engine.connect() as connection:
                begin(connection)
                try:
                    recorded = self.write(connection, change, undone)
                    connection.commit()
                    return recorded
                except IntegrityError:
                    # Somebody recorded the same number first: what they wrote counts, and this is looked at anew.
                    connection.rollback()
            time.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 6)))  # noqa: S311 - jitter, no secret
        raise Locked(f"others kept writing to {self.url}", hint="repeat the command")

    def write(self, connection: Connection, change: Change, undone: str = "") -> Recorded:
        """Write a change in a transaction that has begun; the caller commits."""

        def read(statement: Executable, values: dict[str, Any]) -> Rows:
            return connection.execute(statement, values).all()

        number: int = read(tables.HEAD, {})[0][0] + 1
        before = SqlSnapshot(read, number - 1)
        prepared = prepare(before, change, resources.catalog())
        if not prepared.writes:
            return revs.nothing(prepared.message)
        changes = tuple(sorted(prepared.changes, key=lambda changed: changed.key))
        recorded = Recorded(str(number), self._user, revs.now(), prepared.message, changes)
        rows = _rows(before, prepared, number)
        # The number is the lock where the database has no better one: two changes cannot have the same.
        said = {"who": recorded.who, "made_at": recorded.when, "message": recorded.message}
        own = {"mark": mark_of(self._machine(), number), "undone": int(undone) if undone else None}
        connection.execute(tables.changes.insert(), {"number": number, **said, **own})
        connection.execute(
            tables.change_entities.insert(),
            [
                {
                    "number": number,
                    "kind": k.kind,
                    "type": k.type,
                    "name": k.name,
                    "text_before": _told(b),
                    "text_after": a,
                }
                for k, b, a in prepared.writes
            ],
        )
        _write_rows(connection, rows)
        return recorded

    def history(self, key: Key | None = None) -> Iterator[Recorded]:
        return self._all() if key is None else self._of(key)

    def _all(self) -> Iterator[Recorded]:
        below = _ENDLESS
        while rows := self._read(tables.CHANGES_BELOW, {"below": below, "most": _PAGE}):
            yield from self._records(rows)
            below = rows[-1].number

    def _of(self, key: Key) -> Iterator[Recorded]:
        below: int | None = _ENDLESS
        while True:
            values = {"kind": key.kind, "type": key.type, "name": key.name, "below": below}
            below = self._read(tables.LAST_OF_ENTITY, values)[0][0]
            if below is None:
                return
            (record,) = self._records(self._read(tables.CHANGES_BELOW, {"below": below + 1, "most": 1}))
            part, key = revs.about(record, key)
            yield part

    def _records(self, rows: Rows) -> Iterator[Recorded]:
        edits = self._edits(rows[-1].number, rows[0].number)
        for number, who, when, message in rows:
            found = ((Key(*row[1:4]), row[4], row[5]) for row in edits.get(number, ()))
            changed = (Changed(key, data_of(key, before), data_of(key, after)) for key, before, after in found)
            yield Recorded(str(number), who, when, message, tuple(sorted(changed, key=lambda c: c.key)))

    def _edits(self, first: int, last: int) -> dict[int, list[Any]]:
        edits: dict[int, list[Any]] = {}
        for row in self._read(tables.EDITS_BETWEEN, {"first": first, "last": last}):
            edits.setdefault(row.number, []).append(row)
        return edits

    def past(self, at: str) -> Past:
        return self._past(revs.number(at, self._head(), self._last_until))

    def _past(self, number: int) -> Past:
        (record,) = self._records(self._read(tables.CHANGES_BELOW, {"below": number + 1, "most": 1}))
        texts = (Text(Key(*row[1:4]), row[4], row[5]) for row in self._edits(number, number)[number])
        return Past(record.rev, record, tuple(texts))

    def own(self) -> Iterator[Past]:
        return (self._past(int(number)) for number in standing(self._marked()))

    def _marked(self) -> Iterator[tuple[str, str]]:
        """Yield this machine's changes but the first of all, newest first, each with what it takes back."""
        secret, below = self._machine(), _ENDLESS
        while secret and (rows := self._read(tables.MARKS_BELOW, {"below": below, "most": _MARKS})):
            for number, mark, undone in rows:
                if number > 1 and mark == mark_of(secret, number):
                    yield str(number), str(undone or "")
            below = rows[-1].number

    def tokens(self) -> "SqlTokens":
        from zenprofile.drivers.sql.tokens import SqlTokens

        return SqlTokens(self.url, self._engine)

    def act_for(self, user: str, machine: str) -> None:
        self._user = user
        self._machine = lambda: machine

    def close(self) -> None:
        self._engine.dispose()


class _Rows(NamedTuple):
    """What a change does to the entities' rows: the values of `tables.DELETE`, `UPDATE` and `INSERT`."""

    deletes: list[dict[str, Any]]
    updates: list[dict[str, Any]]
    inserts: list[dict[str, Any]]


def _rows(before: SqlSnapshot, prepared: Prepared, number: int) -> _Rows:
    """Return what a change does to the rows; reads what it replaces, so it comes before anything is written."""
    datas = {changed.key: changed.after for changed in prepared.changes}

    def registered(type_: str, flavor: str) -> Data | None:
        key = Key("flavor", type_, flavor)
        return datas[key] if key in datas else before.registered(type_, flavor)

    rows = _Rows([], [], [])
    for key, old, new in prepared.writes:
        at = {**where(key), "name": key.name}
        stored = "" if old is None else _stored_revision(before, key)
        if new is None:
            rows.deletes.append({**at, "revision": stored})
            continue
        content = {**_content(key, new, datas[key], registered), "number": number}
        if old is None:
            rows.inserts.append({**at, **content})
        else:
            at = {f"at_{column}": value for column, value in {**at, "revision": stored}.items()}
            rows.updates.append({**at, **content})
    return rows


def _write_rows(connection: Connection, rows: _Rows) -> None:
    """Write rows; each statement holds only for the revision that was read."""
    for statement, values in ((tables.DELETE, rows.deletes), (tables.UPDATE, rows.updates)):
        if values and connection.execute(statement, values).rowcount != len(values):
            raise IntegrityError("a row was changed by somebody else", None, Exception())
    if rows.inserts:
        connection.execute(tables.INSERT, rows.inserts)


def _told(text: str | None) -> str | None:
    """Return a replaced document as history keeps it: what was no text has no bytes there."""
    return None if text is None else text.encode("utf-8", "replace").decode()


def _stored_revision(before: SqlSnapshot, key: Key) -> str:
    row = before.row(key)
    return "" if row is None else str(row.revision)


def _content(key: Key, text: str, data: Data | None, registered: Registered) -> dict[str, Any]:
    """Return the columns of a document; its data only where it holds, so that it can be believed later."""
    if not data or plaintext.document(text) or document_check.findings(key, data, resources.catalog(), registered):
        return {"document": text, "data": None, "revision": revision_of(key, text), "seal": 0}
    said = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    fingerprint = revision(key, data)
    return {"document": text, "data": said, "revision": fingerprint, "seal": seal(text, said, fingerprint)}
