"""What the contract's tests are written in: documents, edits of them, and the table of drivers (one line each)."""

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy

from tests.contract import serving
from zenprofile.core.change import Change, Edit, Recorded
from zenprofile.core.document.writer import write
from zenprofile.core.entity import Key, revision
from zenprofile.core.snapshot import parse
from zenprofile.drivers import memory
from zenprofile.drivers.sql.engine import engine
from zenprofile.store.base import Options, Store
from zenprofile.store.prepare import revision_of
from zenprofile.store.registry import path_of

Spoil = Callable[[str, Key, str], None]


def _in_memory(url: str, key: Key, text: str) -> None:
    memory._LOGS[url].moments[-1][1][key] = text


def _in_sqlite(url: str, key: Key, text: str) -> None:
    with sqlite3.connect(path_of(url)) as connection:
        where = "WHERE kind = ? AND type = ? AND name = ?"
        done = connection.execute(f"UPDATE zenprofile_entities SET document = ? {where}", (text, *key))
        assert done.rowcount == 1
    connection.close()


def _in_database(url: str, key: Key, text: str) -> None:
    made = engine(url, Options())
    with made.begin() as connection:
        where = "WHERE kind = :kind AND type = :type AND name = :name"
        statement = sqlalchemy.text(f"UPDATE zenprofile_entities SET document = :text {where}")
        assert connection.execute(statement, {"text": text, **key._asdict()}).rowcount == 1
    made.dispose()


def _in_folder(url: str, key: Key, text: str) -> None:
    Path(path_of(url), key.path).write_bytes(text.encode())


OPTIONS = Options(user="ada", machine=lambda: "this machine's secret")


class Place(NamedTuple):
    """Where a driver of the contract keeps a store.

    Attributes:
        url: ``{folder}`` stands for an empty folder, ``{postgresql}`` and the like for a database of a server.
        spoil: puts a document in the place of another, behind the driver's back.
        options: of the store.
        records: whether every write is recorded (and not left as an uncommitted edit).
        alone: whether only this process can reach it.
        others: other addresses of the same store: the nodes of a cluster.
    """

    url: str
    spoil: Spoil
    options: Options = OPTIONS
    records: bool = True
    alone: bool = False
    others: tuple[str, ...] = ()


def _served(place: Place) -> Place:
    """Return a place behind a server, of which a driver sees nothing but the address."""

    def spoil(url: str, key: Key, text: str) -> None:
        place.spoil(serving.store_of(url), key, text)

    return Place("{server}" + place.url, spoil, OPTIONS._replace(password=serving.TOKEN))


_HERE = {
    "memory": Place("memory:{folder}", _in_memory, alone=True),
    "sqlite": Place("sqlite:///{folder}/store.db", _in_sqlite),
    "postgresql": Place("{postgresql}", _in_database),
    "mysql": Place("{mysql}", _in_database),
    "galera": Place("{galera}", _in_database),
    "git": Place("{folder}/store", _in_folder, OPTIONS._replace(mode="commit")),
    "git-by-hand": Place("{folder}/store", _in_folder, OPTIONS._replace(mode="manual"), records=False),
}
DRIVERS = {**_HERE, **{f"rest-{name}": _served(_HERE[name]) for name in ("sqlite", "postgresql", "git")}}


class Document(NamedTuple):
    """A document and what it is of."""

    key: Key
    text: str

    @property
    def revision(self) -> str:
        return revision(self.key, parse(self.key, self.text).data)


DEFAULT = "default"
USES_DEFAULTS = {"orchestrator": DEFAULT, "artifact_store": DEFAULT}


def document(kind: str, name: str, type_: str = "", **fields: Any) -> Document:
    data = {"name": name, **({"type": type_} if type_ else {}), **fields}
    return Document(Key(kind, type_, name), write(kind, data))


def bucket(name: str = "s3-prod", path: str = "s3://ml-artifacts", **fields: Any) -> Document:
    return document("component", name, "artifact_store", flavor="s3", configuration={"path": path}, **fields)


def stack(name: str = "prod", components: Mapping[str, Any] = USES_DEFAULTS, **fields: Any) -> Document:
    return document("stack", name, components=dict(components), **fields)


def user(name: str) -> Document:
    return document("user", name)


def team(name: str, *members: str) -> Document:
    return document("team", name, members=list(members))


def role(name: str, *assignments: Mapping[str, str]) -> Document:
    return document("role", name, assignments=[dict(a) for a in assignments])


def flavor(name: str, schema: Mapping[str, Any], type_: str = "artifact_store") -> Document:
    return document("flavor", name, type_, schema=dict(schema))


def new(made: Document) -> Edit:
    return Edit(made.key, None, made.text)


def now(store: Store, key: Key) -> str:
    """Return the revision that an entity has now."""
    text = store.snapshot().text(key)
    assert text is not None
    return revision_of(key, text)


def changed(store: Store, made: Document) -> Edit:
    return Edit(made.key, now(store, made.key), made.text)


def gone(store: Store, key: Key) -> Edit:
    return Edit(key, now(store, key), None)


def renamed(store: Store, key: Key, made: Document) -> tuple[Edit, Edit]:
    return gone(store, key), new(made)


def apply(store: Store, *edits: Edit, message: str = "") -> Recorded:
    return store.apply(Change(edits, message))


def put(store: Store, made: Document, replaces: str | None = None) -> str:
    """Write one document; return its revision."""
    apply(store, Edit(made.key, replaces, made.text))
    return made.revision


def everything(store: Store, at: str | None = None) -> dict[Key, str | None]:
    """Return every document of a store."""
    snapshot = store.snapshot(at)
    keys = snapshot.keys()
    return {key: snapshot.text(key) for key in keys}
