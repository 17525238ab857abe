"""Stores in an SQL database: one row an entity, every change kept beside them."""

import contextlib
import hashlib
import os
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Executable
from sqlalchemy.exc import DBAPIError

from zenprofile import resources
from zenprofile.core import garbage_collection
from zenprofile.core.change import Change, Recorded
from zenprofile.core.entity import Key
from zenprofile.core.snapshot import DocumentSnapshot
from zenprofile.drivers.sql import statements, tables
from zenprofile.drivers.sql.attempts import attempts
from zenprofile.drivers.sql.engine import begin, bounded, committing
from zenprofile.drivers.sql.failures import failure, is_contention, is_duplicate_key, is_lost, translating_errors
from zenprofile.drivers.sql.rows import edits_between, edits_of, records, rows_of, write_rows
from zenprofile.drivers.sql.snapshot import Read, SqlSnapshot, as_of
from zenprofile.drivers.sql.statements import Rows
from zenprofile.errors import Locked, Unreachable, ZenprofileError
from zenprofile.store import changelog
from zenprofile.store.base import Options
from zenprofile.store.prepare import prepare
from zenprofile.store.undo import ChangeWithTexts, Text, redoable_ids, standing_ids
from zenprofile.store.undo import mark as mark_of
from zenprofile.store.url import without_secrets

if TYPE_CHECKING:
    from zenprofile.drivers.sql.change_counter import FileChangeCounter
    from zenprofile.drivers.sql.tokens import SqlTokens

_PAGE = 100
_MARKS = 5000
_ENDLESS = 2**62


class SqlStore:
    """See `zenprofile.store.base.Store`. The engine stays open until `close`."""

    driver = "sql"

    def __init__(self, url: str, engine: Engine, options: Options) -> None:
        self.url = without_secrets(url, password=bool(options.password))
        self._engine = engine
        self._user = options.user
        self._machine = options.machine
        self._timeout = options.timeout
        self._packs = engine.dialect.name == "sqlite"
        # What was read of a moment need not be read again by the change that is made of it.
        self._latest: Callable[[], SqlSnapshot | None] = lambda: None

    def _read(self, statement: Executable, values: dict[str, Any]) -> Rows:
        with translating_errors(self.url):
            for attempt in attempts(self._timeout):
                try:
                    with bounded(self._engine, attempt.seconds_left), self._engine.connect() as connection:
                        return statements.rows(connection, statement, values)
                except DBAPIError as error:
                    # One that a server or a pooler has dropped; a node of a cluster that others have to stand in for.
                    if attempt.number or attempt.is_last or not (is_lost(error) or is_contention(error)):
                        raise
        raise AssertionError  # pragma: no cover - attempts end by an answer or an error

    def _head(self) -> int:
        number: int = self._read(tables.HEAD, {})[0][0]
        return number

    def head(self) -> str:
        return str(self._head() or "")

    def snapshot(self, at: str | None = None) -> DocumentSnapshot:
        if at is None:
            snapshot = SqlSnapshot(self._read, packs=self._packs)
            self._latest = weakref.ref(snapshot)
            return snapshot
        return as_of(self._read, changelog.number(at, self._head(), self._last_until))

    def _last_until(self, moment: str) -> int:
        rows = self._read(tables.LAST_UNTIL, {"until": moment})
        return rows[0][0] if rows else 0

    def apply(self, change: Change) -> Recorded:
        return self.apply_undo(change, "")

    def apply_undo(self, change: Change, undone: str) -> Recorded:
        look = bool(change.idempotency_key)
        keyed = change if look else change._replace(idempotency_key=os.urandom(16).hex())
        lost, overtaken_at = False, -1
        with translating_errors(self.url):
            for attempt in attempts(self._timeout):
                try:
                    return self._attempt(keyed, undone, look, attempt.seconds_left)
                except Overtaken as error:
                    # Twice at the same moment nobody was faster: the rows are not what the tables promise.
                    if attempt.is_last or error.number == overtaken_at:
                        raise error.as_error(self.url) from error
                    overtaken_at = error.number
                except DBAPIError as error:
                    if is_lost(error) or lost:
                        if attempt.is_last:
                            raise _unknown(self.url) from error
                        lost = True
                    elif attempt.is_last or not is_contention(error):
                        raise
                look = True
        raise AssertionError  # pragma: no cover - attempts end by an answer or an error

    def _attempt(self, change: Change, undone: str, look: bool, seconds: float) -> Recorded:
        """Write a change in one transaction.

        Args:
            change: with its idempotency key.
            undone: the number of the change that it takes back; "" for none.
            look: whether it may have been written already.
            seconds: that it may take on a server.

        Raises:
            Overtaken: somebody else wrote what was read here.
            DBAPIError: anything else that the database reports.
        """
        with bounded(self._engine, seconds), garbage_collection.paused():
            connection = self._connected(look)
            try:
                begin(connection, seconds)
                recorded = self._find_by_key(connection, change) if look else None
                if recorded is None:
                    recorded = self.write(connection, change, undone)
                    with committing(self._engine):
                        connection.commit()
                return recorded
            except BaseException:
                # What ended the attempt counts. A Galera cluster reports its conflicts here once more.
                with contextlib.suppress(DBAPIError):
                    connection.rollback()
                raise
            finally:
                with contextlib.suppress(DBAPIError):
                    connection.close()

    def _connected(self, look: bool) -> Connection:
        try:
            return self._engine.connect()
        except DBAPIError as error:
            if look:
                raise
            raise failure(self.url, error) from error  # nothing was sent, and nothing is to be looked for

    def _find_by_key(self, connection: Connection, change: Change) -> Recorded | None:
        """Return what was recorded with a change's idempotency key, or None."""
        read = _reader(connection)
        found = read(tables.MADE_WITH_KEY, {"key": _key(change)})
        if not found:
            return None
        number = found[0][0]
        rows = read(tables.CHANGES_BELOW, {"below": number + 1, "most": 1})
        return next(records(rows, edits_between(read, number, number)))

    def write(self, connection: Connection, change: Change, undone: str = "") -> Recorded:
        """Write a change in a transaction that has begun; the caller commits."""
        read = _reader(connection)
        number: int = read(tables.HEAD, {})[0][0] + 1
        known = self._latest()
        same = known if known is not None and known.number == number - 1 else None
        before = SqlSnapshot(read, number - 1, same, packs=self._packs)
        prepared = prepare(before, change, resources.catalog())
        if not prepared.writes:
            return changelog.nothing(prepared.message)
        changes = tuple(sorted(prepared.changes, key=lambda changed: changed.key))
        recorded = Recorded(str(number), self._user, changelog.timestamp(), prepared.message, changes)
        rows = rows_of(before, prepared, number)
        values = {"who": recorded.who, "made_at": recorded.when, "message": recorded.message}
        own = {
            "mark": mark_of(self._machine(), number),
            "undone": int(undone) if undone else None,
            "idempotency_key": _key(change),
        }
        try:
            # The number is the lock where the database has no better one: two changes cannot have the same.
            statements.write(connection, tables.INSERT_CHANGE, [{"number": number, **values, **own}])
            statements.write(connection, tables.INSERT_EDITS, edits_of(prepared, number))
            whole = write_rows(connection, rows)
        except DBAPIError as error:
            if is_duplicate_key(error):
                raise Overtaken(number, error) from error
            raise
        if not whole:
            raise Overtaken(number)
        return recorded

    def history(self, key: Key | None = None) -> Iterator[Recorded]:
        return self._history_of_all() if key is None else self._history_of(key)

    def _history_of_all(self) -> Iterator[Recorded]:
        below = _ENDLESS
        while rows := self._read(tables.CHANGES_BELOW, {"below": below, "most": _PAGE}):
            yield from self._records(rows)
            below = rows[-1][0]

    def _history_of(self, key: Key) -> Iterator[Recorded]:
        below: int | None = _ENDLESS
        while True:
            values = {"kind": key.kind, "type": key.type, "name": key.name, "below": below}
            below = self._read(tables.LAST_OF_ENTITY, values)[0][0]
            if below is None:
                return
            (record,) = self._records(self._read(tables.CHANGES_BELOW, {"below": below + 1, "most": 1}))
            part, key = changelog.about(record, key)
            yield part

    def _records(self, rows: Rows) -> Iterator[Recorded]:
        return records(rows, self._edits(rows[-1][0], rows[0][0]))

    def _edits(self, first: int, last: int) -> dict[int, list[Any]]:
        return edits_between(self._read, first, last)

    def find_change(self, at: str) -> ChangeWithTexts:
        return self._change_with_texts(changelog.number(at, self._head(), self._last_until))

    def _change_with_texts(self, number: int) -> ChangeWithTexts:
        (record,) = self._records(self._read(tables.CHANGES_BELOW, {"below": number + 1, "most": 1}))
        texts = (Text(Key(*row[1:4]), row[4], row[5]) for row in self._edits(number, number)[number])
        return ChangeWithTexts(record.rev, record, tuple(texts))

    def own_changes(self) -> Iterator[ChangeWithTexts]:
        return (self._change_with_texts(int(number)) for number in standing_ids(self._own_marks()))

    def undos(self) -> Iterator[ChangeWithTexts]:
        return (self._change_with_texts(int(number)) for number in redoable_ids(self._own_marks()))

    def _own_marks(self) -> Iterator[tuple[str, str]]:
        """Yield this machine's changes but the first of all, newest first, each with what it takes back."""
        secret, below = self._machine(), _ENDLESS
        while secret and (rows := self._read(tables.MARKS_BELOW, {"below": below, "most": _MARKS})):
            for number, mark, undone in rows:
                if number > 1 and mark == mark_of(secret, number):
                    yield str(number), str(undone or "")
            below = rows[-1][0]

    def tokens(self) -> "SqlTokens":
        from zenprofile.drivers.sql.tokens import SqlTokens

        return SqlTokens(self.url, self._engine, self._timeout)

    def change_counter(self) -> "FileChangeCounter | None":
        from zenprofile.drivers.sql import change_counter

        return change_counter.counter_of(self._engine)

    def act_for(self, user: str, machine: str) -> None:
        self._user = user
        self._machine = lambda: machine

    def close(self) -> None:
        self._engine.dispose()


class Overtaken(Exception):
    """Another process's change has taken this one's number, or changed a row.

    Attributes:
        number: of the change that was not written.
    """

    def __init__(self, number: int, error: DBAPIError | None = None) -> None:
        super().__init__()
        self.number = number
        self._error = error

    def as_error(self, url: str) -> ZenprofileError:
        """Return it as an error for the user, where it is no race or the retries ended."""
        if self._error is not None:
            return failure(url, self._error)
        hint = "repeat the command; if it stays so, somebody has changed the tables by hand"
        return Locked(f"the rows in {url} are not as they were read; nothing was written", hint=hint)


def _unknown(url: str) -> Unreachable:
    message = f"{url} ceased to answer while a change was written; it may be recorded or not"
    return Unreachable(message, hint="look at 'zenprofile log' once it answers, before you repeat the command")


def _key(change: Change) -> str:
    return hashlib.sha256(change.idempotency_key.encode()).hexdigest()


def _reader(connection: Connection) -> Read:
    def read(statement: Executable, values: dict[str, Any]) -> Rows:
        return statements.rows(connection, statement, values)

    return read
