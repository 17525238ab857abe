"""How statements run: by SQLAlchemy on a server, on SQLite by its own cursor.

A statement takes SQLite some microseconds, and SQLAlchemy thirty to get there. The text is SQLAlchemy's all the same,
made once a statement.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import DBAPIError

from zenprofile.drivers.sql import tables

# SQLAlchemy 2.0 and 2.1 type their rows differently, and SQLite's own are tuples: columns are taken by their place.
Rows = Sequence[Any]
Values = Mapping[str, Any]


def rows(connection: Connection, statement: Executable, values: Values) -> Rows:
    """Run a select and return all of its rows.

    Raises:
        DBAPIError: what the database reports.
    """
    raw = _sqlite(connection)
    if raw is None:
        return connection.execute(statement, values).all()
    if statement is tables.MANY:
        statement, values = tables.MANY_OF_JSON, {"places": json.dumps(values["places"])}
    text, names, constants = _compiled(statement)
    placed = [values[name] if name in values else constants[name] for name in names]
    try:
        return raw.execute(text, placed).fetchall()
    except sqlite3.Error as error:
        raise _failure(text, error) from error


def run(connection: Connection, text: str) -> None:
    """Run SQLite's own text, which gives no rows.

    Raises:
        DBAPIError: what it reports.
    """
    raw = _sqlite(connection)
    assert raw is not None  # noqa: S101 - of an SQLite engine
    try:
        raw.execute(text)
    except sqlite3.Error as error:
        raise _failure(text, error) from error


def write(connection: Connection, statement: Executable, many: list[dict[str, Any]]) -> int:
    """Run a statement for each set of values; return how many rows it changed, which not all databases say of INSERT.

    Raises:
        DBAPIError: what the database reports.
    """
    raw = _sqlite(connection)
    if raw is None:
        return connection.execute(statement, many).rowcount
    text, names, _ = _compiled(statement)
    try:
        # By their place: by their names they take a fifth longer.
        return raw.executemany(text, map(itemgetter(*names), many)).rowcount
    except sqlite3.Error as error:
        raise _failure(text, error) from error


def _sqlite(connection: Connection) -> sqlite3.Connection | None:
    raw: Any = connection.connection.dbapi_connection
    return raw if isinstance(raw, sqlite3.Connection) else None


@cache
def _compiled(statement: Any) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """Return a statement as SQLite takes it, the names of its values in their order, and those that it has itself."""
    from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

    found = statement.compile(dialect=SQLiteDialect_pysqlite(paramstyle="qmark"))
    own = {name: value for name, value in found.params.items() if value is not None}
    return str(found), tuple(found.positiontup), own


def _failure(text: str, error: sqlite3.Error) -> Exception:
    return DBAPIError.instance(text, None, error, sqlite3.Error)
