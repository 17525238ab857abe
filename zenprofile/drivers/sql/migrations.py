"""From an earlier version of the tables to the present one, by Alembic.

Each step looks at what is there already: a database without transactions for DDL can have done half of it when a
process was killed, and the next one goes on. Alembic is imported where a database is not up to date, and not before.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, Engine, String, inspect

from zenprofile.drivers.sql import tables
from zenprofile.drivers.sql.engine import begin, is_sqlite
from zenprofile.errors import NewerFormat, StoreBroken
from zenprofile.store.url import path_of, without_secrets

if TYPE_CHECKING:
    from alembic.operations import Operations

_LOCK = 7_295_341  # of PostgreSQL's advisory locks, ours: "zen" on a telephone, and chance


def upgrade(database: Engine, url: str, timeout: float) -> None:
    """Bring the tables to the present version; nothing where they have it.

    Of an SQLite file a copy of before is kept beside it.

    Raises:
        NewerFormat: a newer zenprofile wrote the tables.
        StoreBroken: the copy cannot be made.
    """
    with database.connect() as connection:
        version = version_in(connection)
    if version in {"", tables.VERSION}:
        return
    if version not in _STEPS:
        message = f"{without_secrets(url)} was written by a newer zenprofile (its tables have version {version[:40]})"
        raise NewerFormat(message, hint="upgrade zenprofile")
    with database.connect() as connection, exclusive(connection, timeout):
        if is_sqlite(url):
            _back_up(path_of(url), version_in(connection))
        while (version := version_in(connection)) in _STEPS:
            step, reached = _STEPS[version]
            step(operations(connection))
            connection.execute(tables.version.update(), {"version_num": reached})
        connection.commit()


def operations(connection: Connection) -> "Operations":
    """Return Alembic's operations on a connection, in the transaction that has begun."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    options = {"version_table": tables.version.name, "transactional_ddl": False}
    return Operations(MigrationContext.configure(connection, opts=options))


def version_in(connection: Connection) -> str:
    """Return the version of our tables, "" where they are not (or not all) there."""
    if not connection.dialect.has_table(connection, tables.version.name):
        return ""
    return str(connection.execute(tables.version.select()).scalar() or "")


@contextlib.contextmanager
def exclusive(connection: Connection, timeout: float) -> Iterator[None]:
    """Hold the tables' definitions alone until the transaction ends; MySQL ends it with each definition."""
    if connection.dialect.name == "sqlite":
        begin(connection, timeout)
    elif connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(timeout * 900)}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    yield


def _back_up(path: str, version: str) -> None:
    """Copy an SQLite file, by a connection of its own: the one that holds the lock would wait for itself."""
    copy = f"{path}.before-{tables.VERSION}"
    part = f"{copy}.part"
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)
        with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(part)) as target:
            source.backup(target)
        os.replace(part, copy)
    except (OSError, sqlite3.Error) as error:
        message = f"{path} could not be copied before its tables are brought from version {version} on: {error}"
        raise StoreBroken(message, hint="make space in its folder; nothing was changed") from None


def _to_0002(op: "Operations") -> None:
    """Add the idempotency key of changes; compare names by bytes on PostgreSQL whatever the locale is."""
    found = inspect(op.get_bind())
    name = tables.changes.name
    if "idempotency_key" not in {column["name"] for column in found.get_columns(name)}:
        op.add_column(name, Column("idempotency_key", String(64)))
    index = "zenprofile_changes_idempotency_key"
    if index not in {known["name"] for known in found.get_indexes(name)}:
        op.create_index(index, name, ["idempotency_key"], unique=True)
    if op.get_bind().dialect.name == "postgresql":
        for table in tables.metadata.sorted_tables:
            for column in (column for column in table.columns if _is_exact(column)):
                kind = f"VARCHAR({column.type.length})"  # type: ignore[attr-defined] # of a String
                op.execute(f'ALTER TABLE {table.name} ALTER COLUMN {column.name} TYPE {kind} COLLATE "C"')


def _to_0003(op: "Operations") -> None:
    """Add the table of a server's tokens, which the first of them used to make."""
    tables.tokens.create(op.get_bind(), checkfirst=True)


def _is_exact(column: Column[Any]) -> bool:
    return "postgresql" in getattr(column.type, "_variant_mapping", {}) and isinstance(column.type, String)


# By the version before: what leads on, and the version after.
_STEPS: dict[str, tuple[Callable[["Operations"], None], str]] = {
    "0001": (_to_0002, "0002"),
    "0002": (_to_0003, "0003"),
}


def differences(connection: Connection) -> list[str]:
    """List how the tables differ from what this version makes, in Alembic's words; empty where they do not."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    ours = {table.name for table in tables.metadata.sorted_tables}

    def included(thing: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
        return name in ours if kind == "table" else True

    def kind_differs(_context: Any, _column: Any, _ours: Any, found: Any, wanted: Any) -> bool | None:
        # MySQL tells its LONGTEXT without the length that asks for it.
        return False if found.__visit_name__ == "LONGTEXT" and wanted.__visit_name__ == "text" else None

    options = {"version_table": "zenprofile_no_such_table", "include_object": included, "compare_type": kind_differs}
    context = MigrationContext.configure(connection, opts=options)
    return [str(difference) for difference in compare_metadata(context, tables.metadata)]
