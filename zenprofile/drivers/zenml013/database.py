"""A store of ZenML 0.13 in an SQLite or MySQL database. Nothing is written: SQLite opens the file to be read alone."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, inspect, text

from zenprofile.core.document import reader
from zenprofile.core.entity import COMPONENT_TYPES, Data
from zenprofile.drivers.sql.engine import engine, exists
from zenprofile.drivers.sql.failures import translating_errors
from zenprofile.drivers.zenml013.folder import settings
from zenprofile.drivers.zenml013.source import Ids, LegacyComponent, Pair, Source, assignments, hex_, stack
from zenprofile.errors import Invalid
from zenprofile.store.base import Options
from zenprofile.store.url import dialect_of

# What tells a database of 0.13 from those of other programs, later releases of ZenML among them.
_OURS = frozenset({"zenstack", "zenstackcomponent", "zenstackdefinition"})
_DIALECTS = frozenset({"sqlite", "mysql", "mariadb"})  # others it never kept a store in
_ORDER = {
    "zenstack": "name",
    "zenstackcomponent": "type, name",
    "zenstackdefinition": "stack_name, component_id",
    "zenflavor": "type, name",
    "usertable": "name",
    "teamtable": "name",
    "projecttable": "name",
    "roletable": "name",
    "teamassignmenttable": "team_id, user_id",
    "roleassignmenttable": "creation_date, id",
}


def holds(url: str, options: Options) -> bool:
    """Return whether ZenML 0.13 wrote a database, by its tables."""
    if dialect_of(url) not in _DIALECTS or not exists(url):
        return False
    with _reading(url, options) as connection:
        return _tables(connection) >= _OURS


@contextmanager
def _reading(url: str, options: Options) -> Iterator[Connection]:
    """Yield a connection that reads one moment and writes nothing."""
    with translating_errors(url):
        database = engine(url, options, read_only=True)
        try:
            with database.connect() as connection:
                if connection.dialect.name != "sqlite":
                    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                else:
                    connection.exec_driver_sql("BEGIN")
                yield connection
        finally:
            database.dispose()


def _tables(connection: Connection) -> set[str]:
    return {name.lower() for name in inspect(connection).get_table_names()}


def read(url: str, options: Options) -> Source:
    """Read a database whole."""
    with _reading(url, options) as connection:
        there = _tables(connection)
        rows = {table: _rows(connection, table) if table in there else [] for table in _ORDER}
        runs = _count(connection, "pipelineruntable") if "pipelineruntable" in there else 0
    return _source(rows, runs)


def _rows(connection: Connection, table: str) -> list[Data]:
    statement = text(f"SELECT * FROM {table} ORDER BY {_ORDER[table]}")  # noqa: S608 - names of this module
    return [dict(row) for row in connection.execute(statement).mappings()]


def _count(connection: Connection, table: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


def _source(rows: Mapping[str, list[Data]], runs: int) -> Source:
    problems: list[str] = []
    found = [row for row in rows["zenstackcomponent"] if _is_typed(row, problems)]
    listed: dict[Pair, str] = {(row["type"], row["name"]): row["flavor"] for row in found}
    tables = {"user": "usertable", "team": "teamtable", "role": "roletable", "project": "projecttable"}
    ids = {kind: Ids(kind, rows[table], problems) for kind, table in tables.items()}
    return Source(
        listed=listed,
        stacks=_stacks(rows, found, listed, problems),
        flavors=[{field: str(row[field] or "") for field in ("type", "name", "source")} for row in rows["zenflavor"]],
        users=[row["name"] for row in rows["usertable"]],
        teams=_teams(rows, ids, problems),
        roles=[row["name"] for row in rows["roletable"]],
        assignments=assignments(rows["roleassignmenttable"], ids, "roleassignmenttable", problems),
        projects={row["name"]: row["description"] or "" for row in rows["projecttable"]},
        components=lambda: [_component(row) for row in found],
        runs=lambda: runs,
        problems=problems,
    )


def _is_typed(row: Data, problems: list[str]) -> bool:
    known = row["type"] in COMPONENT_TYPES
    if not known:
        problems.append(f"zenstackcomponent: '{row['name']}' has the unknown type '{row['type']}'; it is left out")
    return known


def _stacks(
    rows: Mapping[str, list[Data]], components: list[Data], listed: Mapping[Pair, str], problems: list[str]
) -> dict[str, list[Pair]]:
    by_id = {hex_(row["id"]): (row["type"], row["name"]) for row in components}
    found: dict[str, list[Pair]] = {row["name"]: [] for row in rows["zenstack"]}
    for row in rows["zenstackdefinition"]:
        pair = by_id.get(hex_(row["component_id"]))
        if row["stack_name"] not in found:
            problems.append(f"zenstackdefinition: stack '{row['stack_name']}' is gone; its row is left out")
        elif pair is None:
            place = f"zenstackdefinition: stack '{row['stack_name']}'"
            problems.append(f"{place} names the component {row['component_id']}, which is gone; it is left out")
        else:
            found[row["stack_name"]].append(pair)
    return {name: stack(name, pairs, listed, problems, "zenstackdefinition") for name, pairs in found.items()}


def _teams(rows: Mapping[str, list[Data]], ids: Mapping[str, Ids], problems: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {row["name"]: [] for row in rows["teamtable"]}
    for row in rows["teamassignmenttable"]:
        team = ids["team"].name(row["team_id"], "teamassignmenttable")
        user = ids["user"].name(row["user_id"], "teamassignmenttable")
        if team and user:
            found[team].append(user)
    return found


def _component(row: Mapping[str, Any]) -> LegacyComponent:
    place = f"zenstackcomponent, {row['type']} '{row['name']}'"
    try:
        raw = base64.b64decode(row["configuration"], validate=True)
        data = reader.read(raw, place) if raw.strip() else {}
    except (binascii.Error, ValueError):
        return LegacyComponent(
            row["type"], row["name"], row["flavor"], {}, place, f"{place}: its settings are no base64"
        )
    except Invalid as error:
        return LegacyComponent(row["type"], row["name"], row["flavor"], {}, place, f"{place}: {error.message}")
    return LegacyComponent(row["type"], row["name"], row["flavor"], settings(data), place)
