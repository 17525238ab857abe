"""Documents in bulk, for the driver: keys, texts or data of a kind, of all, or of those that are named."""

from typing import Any

from zenprofile.core.entity import KINDS, Key
from zenprofile.core.snapshot import Snapshot
from zenprofile.errors import Invalid, Problem
from zenprofile.server.api import wire
from zenprofile.server.exchange import BULK_LIMIT, Operation, Request, Resource, Response, as_json

FIELDS = ("key", "data", "text", "all")


def find(request: Request) -> Response:
    """Answer with what is there of a kind and type, of one entity, or of all; with data, also with what is named."""
    kind, type_, name = request.query_value("kind"), request.query_value("type"), request.query_value("name")
    fields = request.query_value("fields", "text")
    if fields not in FIELDS or (kind and kind not in KINDS):
        raise wire.invalid_body("'fields' is key, data, text or all; 'kind' is one of an entity")
    snapshot = request.snapshot()
    if name:
        keys = [wire.key_of({"kind": kind, "type": type_, "name": name})]
        return as_json(_documents_of(snapshot, keys, fields))
    if fields == "data":
        also = [wire.key_named(text) for text in request.query_value("also").split(",") if text]
        more = {"also": _documents_of(snapshot, also, "all")["documents"]} if also else {}
        return as_json({**_loaded(snapshot, kind, type_), **more})
    keys = snapshot.keys(kind, type_)
    if fields != "key":
        snapshot.prefetch(keys)
    return as_json(_documents_of(snapshot, keys, fields))


def chosen(request: Request) -> Response:
    """Answer with the texts of the entities that the body names; a read that a long list of keys makes a POST."""
    sent = request.json()
    rows = sent.get("keys") if isinstance(sent, dict) else None
    if not isinstance(rows, list):
        raise wire.invalid_body("the body is an object whose 'keys' is a list")
    keys = list(dict.fromkeys(map(wire.key_of, rows)))
    at = wire.text_of(sent, "at")
    snapshot = request.store.snapshot(at or None)
    snapshot.prefetch(keys)
    return as_json(_documents_of(snapshot, keys, "text"))


def _documents_of(snapshot: Snapshot, keys: list[Key], fields: str) -> dict[str, Any]:
    if fields == "key":
        return {"documents": [wire.key(key) for key in keys]}
    read = {"text": _text, "data": _entity, "all": _both}[fields]
    return {"documents": [row for key in keys if (row := read(snapshot, key)) is not None]}


def _text(snapshot: Snapshot, key: Key) -> dict[str, Any] | None:
    try:
        raw = snapshot.raw(key)
    except Invalid as error:
        return {**wire.key(key), "problems": _problems(error.problems)}
    return None if raw is None else {**wire.key(key), **wire.raw(raw)}


def _entity(snapshot: Snapshot, key: Key) -> dict[str, Any] | None:
    try:
        found = snapshot.get(key)
    except Invalid as error:
        return {**wire.key(key), "problems": _problems(error.problems)}
    return None if found is None else {**wire.key(key), "revision": found.revision, "data": found.data}


def _both(snapshot: Snapshot, key: Key) -> dict[str, Any] | None:
    """Return text and data of an entity: what a command needs that changes it."""
    text = _text(snapshot, key)
    return None if text is None else {**text, **(_entity(snapshot, key) or {})}


def _loaded(snapshot: Snapshot, kind: str, type_: str) -> dict[str, Any]:
    loaded = snapshot.load(kind, type_)
    rows = [{**wire.key(e.key), "revision": e.revision, "data": e.data} for e in loaded.entities]
    there = {entity.key for entity in loaded.entities}
    invalid = [wire.key(key) for key in snapshot.keys(kind, type_) if key not in there] if loaded.problems else []
    return {"documents": rows, "invalid": invalid, "problems": _problems(loaded.problems)}


def _problems(problems: Any) -> list[dict[str, Any]]:
    found: list[Problem] = list(problems)
    return [problem._asdict() for problem in found]


RESOURCES: tuple[Resource, ...] = (
    Resource(
        "/api/v1/documents",
        {
            "GET": Operation(find, "Documents as they are stored, many at once", cached=True),
            "POST": Operation(chosen, "The documents of the named entities", limit=BULK_LIMIT),
        },
    ),
)
