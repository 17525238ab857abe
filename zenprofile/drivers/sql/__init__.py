"""Stores in an SQL database, on SQLAlchemy Core (never ORM objects: a list of 10,000 would take ten times as long)."""

import contextlib
from collections.abc import Iterator

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.schema import CreateTable

from zenprofile.core.change import Change
from zenprofile.drivers.sql import migrations, tables
from zenprofile.drivers.sql.attempts import attempts
from zenprofile.drivers.sql.engine import bounded, engine, exists, write_ahead
from zenprofile.drivers.sql.failures import code_of, is_contention, is_duplicate_key, translating_errors
from zenprofile.drivers.sql.store import Overtaken, SqlStore
from zenprofile.store.base import Options, Store
from zenprofile.store.registry import nothing_there_error

_THERE_ALREADY = frozenset({"1050", "1061", "42P07"})


class SqlDriver:
    """See `zenprofile.store.base.Driver`."""

    name = "sql"

    def holds(self, url: str, options: Options) -> bool:
        if not exists(url):
            return False
        return _read_version(url, options) != ""

    def create(self, url: str, options: Options, defaults: Change) -> Store:
        exists(url)
        with _open(url, options, create=True) as database:
            store = SqlStore(url, database, options)
            for attempt in attempts(options.timeout):
                try:
                    with bounded(database), database.connect() as connection:
                        _begin(store, connection, defaults, options.timeout)
                    return store
                except (DBAPIError, Overtaken) as error:
                    # Several are making the same store: who comes later opens what is there.
                    if attempt.is_last or not _is_race(error):
                        raise
        raise AssertionError  # pragma: no cover - attempts end by a store or an error

    def open(self, url: str, options: Options) -> Store:
        if not exists(url):
            raise nothing_there_error(url)
        version = _read_version(url, options)
        if not version:
            raise nothing_there_error(url)
        with _open(url, options) as database:
            if version != tables.VERSION:
                migrations.upgrade(database, url, options.timeout)
            return SqlStore(url, database, options)


@contextlib.contextmanager
def _open(url: str, options: Options, *, create: bool = False) -> Iterator[Engine]:
    """Yield a database's engine; close it if the block fails."""
    with translating_errors(url):
        database = engine(url, options, create=create)
        try:
            yield database
        except BaseException:
            database.dispose()
            raise


def _is_race(error: DBAPIError | Overtaken) -> bool:
    if isinstance(error, Overtaken):
        return True
    return is_contention(error) or is_duplicate_key(error) or code_of(error) in _THERE_ALREADY


def _read_version(url: str, options: Options) -> str:
    """Return the version of our tables, "" where there are none; a database of another program stays as it is."""
    with translating_errors(url):
        database = engine(url, options, read_only=True)
        try:
            with bounded(database), database.connect() as connection:
                return migrations.version_in(connection)
        finally:
            database.dispose()


def _begin(store: SqlStore, connection: Connection, defaults: Change, timeout: float) -> None:
    """Make the tables and write what a store begins with, unless another process was faster."""
    _try_write_ahead(connection)
    with migrations.exclusive(connection, timeout):
        if migrations.version_in(connection):
            return
        for table in tables.metadata.sorted_tables:
            # One that a killed process has left, where the database has no transactions for this, is kept.
            connection.execute(CreateTable(table, if_not_exists=True))
            for index in table.indexes:
                index.create(connection, checkfirst=True)
        # The row that all writers lock: of two that insert it, one waits and then finds it there.
        connection.execute(tables.version.insert(), {"version_num": tables.VERSION})
        store.write(connection, defaults)
        connection.commit()


def _try_write_ahead(connection: Connection) -> None:
    try:
        write_ahead(connection)
    except OperationalError as error:
        # Another process is making the same store, and has set it.
        if not code_of(error).startswith("SQLITE_BUSY"):
            raise


DRIVER = SqlDriver()
