"""From a URL to an engine: the only place that knows one database from another."""

import errno
import os
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from zenprofile.errors import StoreBroken, Unsupported
from zenprofile.store.base import Options
from zenprofile.store.url import check, dialect_of, hidden, path_of, scheme_of

# Without a suffix: the client libraries that zenprofile brings or names.
_CLIENTS = {"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql", "postgresql": "postgresql+psycopg"}
_MAGIC = b"SQLite format 3\0"
_HEADERS: dict[tuple[int, int], bytes] = {}  # by device and inode
_SETTINGS = (
    "PRAGMA trusted_schema = OFF",  # a foreign file's views and triggers run nothing
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",  # what is recorded survives a power cut, in WAL too
)


def is_sqlite(url: str) -> bool:
    """Say whether the URL names an SQLite file."""
    return dialect_of(url) == "sqlite"


def exists(url: str) -> bool:
    """Say whether an SQLite file is there; of a database on a server, True: asking it tells.

    Raises:
        StoreBroken: the folder is missing, a folder is in the file's place, or the file is something else.
    """
    if not is_sqlite(url):
        return True
    path = path_of(url)
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise StoreBroken(f"the folder {folder} does not exist", hint="make it, or give another URL")
    if os.path.isdir(path):
        raise StoreBroken(f"{path} is a folder, not an SQLite file", hint="give the path of a file in it")
    try:
        start = _header(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreBroken(f"{path} cannot be read: {error.strerror}", hint="look at its permissions") from None
    if start and not start.startswith(_MAGIC):
        raise StoreBroken(f"{path} is not an SQLite database", hint="give the path of another file")
    return True


def _header(path: str) -> bytes:
    """Return the first bytes of a file, as this process read them when it first looked at it.

    A file is opened for that once: whoever closes it lets go of every POSIX lock that the process has on it, those of
    SQLite's connections too, and another process could then delete the log in which they write.

    Raises:
        OSError: it is not there, or may not be read.
    """
    status = os.stat(path)
    file_ = (status.st_dev, status.st_ino)
    if file_ not in _HEADERS:
        with open(path, "rb") as file:
            _HEADERS[file_] = file.read(20)
    elif not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    return _HEADERS[file_]


def engine(url: str, options: Options, *, create: bool = False, read_only: bool = False) -> Engine:
    """Return the engine of a database; connects later.

    Args:
        url: as the profile keeps it, without password.
        options: of this machine.
        create: make an SQLite file that is not there.
        read_only: open an SQLite file so that no byte of it, or beside it, can change.
    """
    check(url)
    if is_sqlite(url):
        return _sqlite(url, options, "ro" if read_only else "rwc" if create else "rw")
    address = make_url(url)
    if scheme_of(url) in _CLIENTS:
        address = address.set(drivername=_CLIENTS[scheme_of(url)])
    if options.password:
        address = address.set(password=options.password)
    return create_engine(address, pool_pre_ping=True)


def _sqlite(url: str, options: Options, mode: str) -> Engine:
    if scheme_of(url) not in {"sqlite", "sqlite+pysqlite"}:
        hint = "write sqlite:////path"
        raise Unsupported(f"{hidden(url)}: only Python's own SQLite can be used", hint=hint)
    query = {"mode": mode, "uri": "true"}
    if mode == "ro" and _is_settled(path_of(url)):
        query["immutable"] = "1"
    address = URL.create("sqlite", database=f"file:{quote(path_of(url))}", query=query)
    made = create_engine(address, connect_args={"timeout": options.timeout})
    event.listen(made, "connect", _set_up)
    return made


def _is_settled(path: str) -> bool:
    """Say whether a file keeps its log apart (WAL) and has none: else SQLite makes two files beside it to read it."""
    return _header(path)[18:] == b"\x02\x02" and not os.path.exists(f"{path}-wal")


def _set_up(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where `begin` says, and reads need none
    for statement in _SETTINGS:
        connection.execute(statement)


def begin(connection: Connection) -> None:
    """Begin a transaction that writes; on SQLite it waits for others here, and not in its middle."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def write_ahead(connection: Connection) -> None:
    """Let readers of an SQLite file go on while somebody writes; kept in the file. Single commits are far faster so."""
    if connection.dialect.name == "sqlite" and not _has_tables(connection):
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def _has_tables(connection: Connection) -> bool:
    return connection.exec_driver_sql("SELECT 1 FROM sqlite_master LIMIT 1").first() is not None
