"""What a change does to the tables' rows, and what recorded rows say."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection

from zenprofile.core.change import Changed, Recorded
from zenprofile.core.entity import Key, each_encoded, revisions
from zenprofile.core.snapshot import data_of
from zenprofile.drivers.sql import tables
from zenprofile.drivers.sql.snapshot import REVISION, Read, SqlSnapshot, seal
from zenprofile.drivers.sql.statements import Rows, write
from zenprofile.store.prepare import Prepared, revision_of

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class EntityRows(NamedTuple):
    """What a change does to the entities' rows: the values of `tables.DELETE`, `UPDATE` and `INSERT`."""

    deletes: list[dict[str, Any]]
    updates: list[dict[str, Any]]
    inserts: list[dict[str, Any]]


def rows_of(before: SqlSnapshot, prepared: Prepared, number: int) -> EntityRows:
    """Return what a change does to the rows; reads what it replaces, so it comes before anything is written."""
    contents = _contents(prepared)
    rows = EntityRows([], [], [])
    for key, old, new in prepared.writes:
        row: dict[str, Any] = {"kind": key.kind, "type": key.type, "folded": key.name.casefold(), "name": key.name}
        if old is not None:
            row = _where_unchanged(row, _stored_revision(before, key))
        if new is not None:
            row["number"] = number
            row.update(contents[key] if key in contents else _unbelieved(key, new))
        (rows.deletes if new is None else rows.inserts if old is None else rows.updates).append(row)
    return rows


def write_rows(connection: Connection, rows: EntityRows) -> bool:
    """Write rows; each statement holds only for the revision that was read. Return whether all of them did."""
    deletes, updates, inserts = rows
    if inserts and updates:
        # Two statements for all of them, instead of three.
        deletes, inserts, updates = [*deletes, *updates], [*map(_inserted, updates), *inserts], []
    for statement, values in ((tables.DELETE, deletes), (tables.UPDATE, updates)):
        if values and write(connection, statement, values) != len(values):
            return False
    if inserts:
        write(connection, tables.INSERT, inserts)
    return True


def _inserted(update: dict[str, Any]) -> dict[str, Any]:
    places = {name: update[f"at_{name}"] for name in ("kind", "type", "folded", "name")}
    return {**{name: value for name, value in update.items() if not name.startswith("at_")}, **places}


def edits_of(prepared: Prepared, number: int) -> list[dict[str, Any]]:
    """Return the rows of a change's documents, before and after."""
    return [
        {
            "number": number,
            "kind": key.kind,
            "type": key.type,
            "name": key.name,
            "text_before": _history_text(before),
            "text_after": after,
        }
        for key, before, after in prepared.writes
    ]


def edits_between(read: Read, first: int, last: int) -> dict[int, list[Any]]:
    """Return the rows of changed documents, by the number of their change."""
    edits: dict[int, list[Any]] = {}
    for row in read(tables.EDITS_BETWEEN, {"first": first, "last": last}):
        edits.setdefault(row[0], []).append(row)
    return edits


def records(rows: Rows, edits: dict[int, list[Any]]) -> Iterator[Recorded]:
    """Yield changes as history tells them, from their rows and those of their documents."""
    for number, who, when, message in rows:
        found = ((Key(*row[1:4]), row[4], row[5]) for row in edits.get(number, ()))
        changed = (Changed(key, data_of(key, before), data_of(key, after)) for key, before, after in found)
        yield Recorded(str(number), who, when, message, tuple(sorted(changed, key=lambda c: c.key)))


def _history_text(text: str | None) -> str | None:
    """Return a replaced document as history keeps it: what was no text has no bytes there."""
    return None if text is None else text.encode("utf-8", "replace").decode()


def _where_unchanged(at: dict[str, Any], stored: str) -> dict[str, Any]:
    """Return the values that find a row as it was read."""
    return {f"at_{column}": value for column, value in {**at, "revision": stored}.items()}


def _stored_revision(before: SqlSnapshot, key: Key) -> str:
    row = before.row(key)
    return "" if row is None else str(row[REVISION])


def _contents(prepared: Prepared) -> dict[Key, dict[str, Any]]:
    """Return the columns of the documents that hold: their data can be believed later."""
    texts = {key: new for key, _, new in prepared.writes if key in prepared.sound and new is not None}
    datas = {changed.key: changed.after for changed in prepared.changes if changed.key in texts and changed.after}
    found = zip(datas, each_encoded(_json, list(datas.values())), revisions(datas.items()), strict=True)
    return {
        key: {"document": texts[key], "data": stored, "revision": revised, "seal": seal(texts[key], stored, revised)}
        for key, stored, revised in found
    }


def _unbelieved(key: Key, text: str) -> dict[str, Any]:
    """Return the columns of a document that has to be read each time."""
    return {"document": text, "data": None, "revision": revision_of(key, text), "seal": 0}
