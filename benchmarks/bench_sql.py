"""An SQL store on SQLite, in process, beside raw sqlite3 in WAL that does the same statements and nothing else."""

import itertools
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import profiles
from measure import Table, rounds

from zenprofile import resources
from zenprofile.core import document_check
from zenprofile.core.change import Change, Edit
from zenprofile.core.document import writer
from zenprofile.core.entity import Key
from zenprofile.drivers.sql import DRIVER
from zenprofile.store.base import Options


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure list, bulk insert and one insert."""
    size, count = (1000, 3) if quick else (10000, 7)
    texts = {str(key): text for key, text in profiles.documents(size).items()}
    raw = _raw(home / "raw.db", texts)
    store = DRIVER.create(f"sqlite:///{home / 'ours.db'}", Options(), profiles.change(size))

    def listed() -> None:
        rows = raw.execute("select key, data from entity").fetchall()
        assert len([json.loads(data) for _, data in rows]) >= size

    def loaded() -> None:
        assert len(store.snapshot().load().entities) >= size

    numbers = itertools.count()
    lists = rounds({"raw": listed, "ours": loaded}, count)  # before either side has more rows than the other
    ones = rounds(
        {"raw": _raw_insert(raw, numbers, 1), "ours": lambda: store.apply(_new(numbers, 1))},
        20 * count,  # a sync of the disk takes twice as long as another, or half
    )
    many = rounds(
        {
            "raw": _checked(_raw_insert(raw, numbers, 1000), numbers),
            "ours": lambda: store.apply(_new(numbers, 1000)),
        },
        count,
    )
    store.close()
    raw.close()
    table.row(f"SQLite: list {size:,}", lists["ours"], lists["raw"], "raw sqlite3 and json", "1.3x")
    beside = "raw sqlite3, and the same documents checked alone"
    table.row("SQLite: insert 1,000 in one change, checked", many["ours"], many["raw"], beside, "1.2x")
    table.row("SQLite: insert one, checked", ones["ours"], ones["raw"], "raw sqlite3", "2x")


def _raw(path: Path, texts: dict[str, str]) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode=wal")
    connection.execute("create table entity (key text primary key, document text, data text)")
    connection.execute("begin")
    rows = ((key, text, json.dumps({"text": text})) for key, text in texts.items())
    connection.executemany("insert into entity values (?, ?, ?)", rows)
    connection.execute("commit")
    return connection


def _raw_insert(connection: sqlite3.Connection, numbers: "itertools.count[int]", many: int) -> Callable[[], None]:
    def insert() -> None:
        rows = [(f"raw-{next(numbers)}", "name: x\n", '{"name": "x"}') for _ in range(many)]
        connection.execute("begin immediate")
        connection.executemany("insert into entity values (?, ?, ?)", rows)
        connection.execute("commit")

    return insert


def _checked(insert: Callable[[], None], numbers: "itertools.count[int]") -> Callable[[], None]:
    """Return what inserts rows and checks as many documents as a change of them has."""

    def check() -> None:
        insert()
        for edit in _new(numbers, 1000).edits:
            assert edit.text is not None
            _, problems = document_check.check_document(
                edit.key, edit.text, resources.catalog(), lambda _type, _flavor: None
            )
            assert not problems

    return check


def _new(numbers: "itertools.count[int]", many: int) -> Change:
    edits = []
    for _ in range(many):
        name = f"new-{next(numbers)}"
        text = writer.write("stack", {"name": name, "components": {"orchestrator": "orchestrator-1"}})
        edits.append(Edit(Key("stack", "", name), None, text))
    return Change(tuple(edits))
