"""From a URL to an engine: the only place that knows one database from another."""

import contextlib
import errno
import logging
import math
import os
import weakref
from functools import partial
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext

from zenprofile.drivers.sql import statements, tables, tls
from zenprofile.drivers.sql.address import Address, address
from zenprofile.drivers.sql.failures import code_of
from zenprofile.drivers.sql.watchdog import Watchdog
from zenprofile.errors import StoreBroken, Unsupported
from zenprofile.store.base import Options
from zenprofile.store.url import check, dialect_of, path_of, scheme_of, without_secrets

_MAGIC = b"SQLite format 3\0"
_WAL = b"\2\2"  # read and write version of a file's header, at byte 18
_HEADERS: dict[tuple[int, int], bytes] = {}  # by device and inode
_SETTINGS = (
    "PRAGMA trusted_schema = OFF",  # a foreign file's views and triggers run nothing
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",  # what is recorded survives a power cut, in WAL too
)
# MariaDB alone reads what stands in /*M!...*/: on a node of a Galera cluster, wait for what other nodes have committed.
_SESSION = "SET SESSION innodb_lock_wait_timeout = {0}, lock_wait_timeout = {0} /*M!100301 , wsrep_sync_wait = 7 */"
_UNKNOWN_VARIABLE = "1193"
_NODE_IS_OUT = "1047"
_GRACE = 1.0  # seconds after the deadline, for a server's own word that a lock was not to be had
_WAITS = "zenprofile_waits"  # of a MySQL connection: seconds that it waits for a row
_WATCHDOGS: "weakref.WeakKeyDictionary[Engine, Watchdog]" = weakref.WeakKeyDictionary()
# SQLAlchemy prints a traceback where a connection that is lost cannot be rolled back; our error says it.
logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())


def is_sqlite(url: str) -> bool:
    """Return whether the URL names an SQLite file."""
    return dialect_of(url) == "sqlite"


def exists(url: str) -> bool:
    """Return whether an SQLite file is there; of a database on a server, True: asking it tells.

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
    where = address(url, options.password)
    client = where.url.drivername.partition("+")[2]
    seconds = max(1, math.ceil(options.timeout))
    if client == "pymysql":
        return _mysql(where, options.timeout, seconds)
    if client == "psycopg":
        return _postgresql(where, options.timeout, seconds)
    return create_engine(where.url, pool_pre_ping=True)


def _mysql(where: Address, timeout: float, seconds: int) -> Engine:
    # A server that waits for a lock is to say so before the client gives it up.
    waits = {"connect_timeout": seconds, "read_timeout": seconds + 1, "write_timeout": seconds + 1}
    url, secured = tls.split_options(where.url)
    given = {name: value for name, value in waits.items() if name not in url.query}
    database = create_engine(url, connect_args={**given, **secured}, pool_pre_ping=True)

    watchdog = _watched(database, timeout)
    event.listen(database, "do_connect", partial(_connect_in_time, watchdog, ("connect_timeout", "read_timeout")))
    event.listen(database, "connect", lambda connection, record: _set_up_mysql(connection, record, seconds))
    event.listen(database, "handle_error", _node_is_out)
    if len(where.hosts) > 1:
        event.listen(database, "do_connect", partial(_first_that_answers, where))
    return database


def _watched(database: Engine, timeout: float) -> Watchdog:
    watchdog = _WATCHDOGS[database] = Watchdog(timeout, _GRACE)
    event.listen(database, "connect", lambda connection, _record: watchdog.watch(connection))
    return watchdog


def _connect_in_time(
    watchdog: Watchdog, names: tuple[str, ...], _dialect: Any, _record: object, _args: Any, values: dict[str, Any]
) -> None:
    """Limit connecting to the time that the operation has left; both clients count whole seconds."""
    for name in names:
        values[name] = min(int(values[name]), max(2, math.ceil(watchdog.seconds_left)))


def _set_up_mysql(connection: Any, record: Any, seconds: int) -> None:
    record.info[_WAITS] = seconds
    connection._read_timeout = seconds + 1  # while it connected, it had no more than was left
    with connection.cursor() as cursor:
        statement = _SESSION.format(seconds)
        try:
            cursor.execute(statement)
        except Exception as error:
            if code_of(error) != _UNKNOWN_VARIABLE:
                raise
            cursor.execute(statement.partition(" /*")[0])


def _first_that_answers(where: Address, dialect: Any, _record: object, args: Any, values: Any) -> Any:
    """Connect to the first of several hosts that answers a query."""
    failed: Exception | None = None
    for host, port in where.hosts:
        try:
            connection = dialect.connect(*args, **{**values, "host": host, **({"port": port} if port else {})})
            _check_answers(connection)
        except dialect.loaded_dbapi.OperationalError as error:
            failed = failed or error
        else:
            return connection
    assert failed is not None  # noqa: S101 - there are hosts
    raise failed


def _check_answers(connection: Any) -> None:
    """Ask a node of a cluster for a table, which one that has lost the others refuses.

    Raises:
        OperationalError: it does, with errno 1047.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM information_schema.schemata")


def _node_is_out(context: ExceptionContext) -> None:
    """Count a node that refuses queries as a lost connection, so that the next attempt looks for another one."""
    if code_of(context.original_exception) == _NODE_IS_OUT:
        context.is_disconnect = True


def _postgresql(where: Address, timeout: float, seconds: int) -> Engine:
    # Prepared statements do not survive a pooler such as pgbouncer, nor a change of the tables by another session.
    values: dict[str, Any] = {"prepare_threshold": None}
    if "connect_timeout" not in where.url.query:
        values["connect_timeout"] = max(2, seconds)  # libpq takes no less
    if len(where.hosts) > 1:
        values["host"] = ",".join(host for host, _ in where.hosts)
        values["port"] = ",".join(str(port or 5432) for _, port in where.hosts)
    database = create_engine(where.url, connect_args=values, pool_pre_ping=True)
    event.listen(database, "do_connect", partial(_connect_in_time, _watched(database, timeout), ("connect_timeout",)))
    return database


def bounded(database: Engine, seconds: float | None = None) -> contextlib.AbstractContextManager[None]:
    """Hold what runs inside to the engine's deadline, or to so many seconds; a file needs none."""
    watchdog = _WATCHDOGS.get(database)
    return contextlib.nullcontext() if watchdog is None else watchdog.running(seconds)


def committing(database: Engine) -> contextlib.AbstractContextManager[None]:
    """Hold a COMMIT to half of the time that is left: where its reply is lost, the other half is for a look."""
    watchdog = _WATCHDOGS.get(database)
    return contextlib.nullcontext() if watchdog is None else watchdog.running(watchdog.seconds_left / 2)


def _sqlite(url: str, options: Options, mode: str) -> Engine:
    if scheme_of(url) not in {"sqlite", "sqlite+pysqlite"}:
        hint = "write sqlite:////path"
        raise Unsupported(f"{without_secrets(url)}: only Python's own SQLite can be used", hint=hint)
    query = {"mode": mode, "uri": "true"}
    if mode != "rwc" and _is_settled(path_of(url)) and (mode == "ro" or _is_closed(path_of(url))):
        query |= {"mode": "ro", "immutable": "1"}
    place = URL.create("sqlite", database=f"file:{quote(path_of(url))}", query=query)
    database = create_engine(place, connect_args={"timeout": options.timeout})
    event.listen(database, "connect", _set_up)
    return database


def _is_settled(path: str) -> bool:
    """Return whether a file is in WAL mode and has no log: otherwise SQLite creates two files beside it to read it."""
    return _header(path)[18:] == _WAL and not os.path.exists(f"{path}-wal")


def _is_closed(path: str) -> bool:
    """Return whether no file can be made beside a file: then SQLite cannot read one in WAL mode as it usually does."""
    effective = os.access in os.supports_effective_ids
    return not os.access(os.path.dirname(path), os.W_OK, effective_ids=effective)


def _set_up(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where `begin` says, and reads need none
    for statement in _SETTINGS:
        connection.execute(statement)


def begin(connection: Connection, timeout: float = 30.0) -> None:
    """Begin a transaction that writes: it waits for others here, so many seconds, and not in its middle."""
    if connection.dialect.name == "sqlite":
        if not connection.in_transaction():
            connection.begin()  # to SQLAlchemy; to SQLite it says nothing
        statements.run(connection, "BEGIN IMMEDIATE")
        return
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, math.ceil(timeout * 900))}")
    elif connection.dialect.name in {"mysql", "mariadb"}:
        _wait_at_most(connection, max(1, math.ceil(timeout)))
    connection.execute(tables.LOCK)


def _wait_at_most(connection: Connection, seconds: int) -> None:
    """Set how long a session waits for locked rows, where it is not set so already."""
    if connection.info.get(_WAITS, seconds) != seconds:
        connection.exec_driver_sql(f"SET SESSION innodb_lock_wait_timeout = {seconds}")
        connection.info[_WAITS] = seconds


def write_ahead(connection: Connection) -> None:
    """Set an SQLite file to WAL mode: readers go on during writes, and single commits are far faster."""
    if connection.dialect.name == "sqlite" and not _has_tables(connection):
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def _has_tables(connection: Connection) -> bool:
    return connection.exec_driver_sql("SELECT 1 FROM sqlite_master LIMIT 1").first() is not None
