"""How many statements commands make: on a server each is a round trip."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from tests.contract.kit import USES_DEFAULTS, apply, bucket, new, put, stack
from zenprofile.store.base import Options, Store
from zenprofile.store.registry import create_store
from zenprofile.usecases import documents, entities, history, lookup

STACKS = 400


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """What SQLite runs, BEGIN and COMMIT aside; a write of many rows by one statement counts once."""
    said: list[str] = []

    def tell(statement: str) -> None:
        start = statement[:40]
        again = any(last.startswith(start) for last in said[-1:])
        if start.startswith("SELECT") or (start.startswith(("INSERT", "UPDATE", "DELETE")) and not again):
            said.append(statement)

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(tell)

    event.listen(Engine, "connect", connected)
    yield said
    event.remove(Engine, "connect", connected)


@pytest.fixture
def store(tmp_path: Path, statements: list[str]) -> Iterator[Store]:
    made = create_store(f"sqlite:///{tmp_path}/store.db", Options(user="ada"))
    uses = {**USES_DEFAULTS, "artifact_store": bucket().key.name}
    apply(made, new(bucket()), *(new(stack(f"s{number}", uses)) for number in range(STACKS)))
    statements.clear()
    yield made
    made.close()


def test_a_rename_in_many_stacks(store: Store, statements: list[str]) -> None:
    recorded = entities.rename(store, bucket().key, "s3-new")

    assert len(recorded.changes) == STACKS + 2
    assert len(statements) <= 10


def test_what_differs_since_a_change(store: Store, statements: list[str]) -> None:
    assert len(history.diff(store, "1")) == STACKS + 1
    assert len(statements) <= 5


def test_documents_brought_into_order(store: Store, statements: list[str]) -> None:
    documents.fmt(store)
    assert len(statements) <= 5


def test_a_list_and_a_description(store: Store, statements: list[str]) -> None:
    snapshot = store.snapshot()
    assert len(snapshot.load("stack").entities) == STACKS + 1
    assert len(statements) == 1
    statements.clear()

    lookup.read(store.snapshot(), stack("s7").key)
    assert len(statements) <= 2


def test_one_registration(store: Store, statements: list[str]) -> None:
    put(store, stack("another"))
    assert len(statements) <= 10
