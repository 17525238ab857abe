"""Stores in an SQL database, on SQLAlchemy Core (never ORM objects: a list of 10,000 would take ten times as long)."""

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from zenprofile.core.change import Change
from zenprofile.drivers.sql import tables
from zenprofile.drivers.sql.engine import begin, engine, exists, write_ahead
from zenprofile.drivers.sql.failures import told
from zenprofile.drivers.sql.store import SqlStore
from zenprofile.errors import NewerFormat
from zenprofile.store.base import Options, Store
from zenprofile.store.registry import missing
from zenprofile.store.url import hidden


class SqlDriver:
    """See `zenprofile.store.base.Driver`."""

    name = "sql"

    def holds(self, url: str, options: Options) -> bool:
        if not exists(url):
            return False
        return _look(url, options) != ""

    def create(self, url: str, options: Options, defaults: Change) -> Store:
        exists(url)
        with told(url):
            made = engine(url, options, create=True)
            store = SqlStore(url, made, options)
            with made.connect() as connection:
                _try_write_ahead(connection)
                begin(connection)
                # Another process may have been faster: then this one opens what is there.
                if not _version_in(connection):
                    tables.metadata.create_all(connection)
                    store.write(connection, defaults)
                    connection.execute(tables.version.insert(), {"version_num": tables.VERSION})
                connection.commit()
        store.close()
        return self.open(url, options)

    def open(self, url: str, options: Options) -> Store:
        if not exists(url):
            raise missing(url)
        version = _look(url, options)
        if not version:
            raise missing(url)
        if version != tables.VERSION:
            message = f"{hidden(url)} was written by a newer zenprofile (its tables have version {version[:40]})"
            raise NewerFormat(message, hint="upgrade zenprofile")
        with told(url):
            return SqlStore(url, engine(url, options), options)


def _look(url: str, options: Options) -> str:
    """Return the version of our tables, "" where there are none; a database of another program stays as it is."""
    with told(url):
        made = engine(url, options, read_only=True)
        try:
            with made.connect() as connection:
                return _version_in(connection)
        finally:
            made.dispose()


def _version_in(connection: Connection) -> str:
    """Return the version of our tables, "" where they are not (or not all) there."""
    if not connection.dialect.has_table(connection, tables.version.name):
        return ""
    return str(connection.execute(tables.version.select()).scalar() or "")


def _try_write_ahead(connection: Connection) -> None:
    try:
        write_ahead(connection)
    except OperationalError as error:
        # Another process is making the same store, and has set it.
        if not getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
            raise


DRIVER = SqlDriver()
