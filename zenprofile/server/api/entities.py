"""Entities, one by one and listed: the same handlers for every kind."""

import base64
import hashlib
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import COMPONENT_TYPES, KINDS, Data, Entity, Key, Kind
from zenprofile.errors import Exists, NotFound, Stale, UsageError
from zenprofile.server import openapi
from zenprofile.server.api import wire
from zenprofile.server.api.changes import check_allowed, write
from zenprofile.server.exchange import (
    DOCUMENT_LIMIT,
    JSON,
    YAML,
    HttpError,
    Operation,
    Request,
    Resource,
    Response,
    as_json,
    dump,
    strict_json,
)
from zenprofile.store.prepare import revision_of, stored
from zenprofile.usecases import lookup
from zenprofile.usecases.entities import deletion

_MOST = 10_000


def find(request: Request, kind: str) -> Response:
    """Answer with the entities of a kind, filtered, a page at a time."""
    type_ = request.query_value("type")
    if type_ and (not KINDS[kind].typed or type_ not in COMPONENT_TYPES):
        raise NotFound(f"there is no component type {type_[:40]!r}", hint="leave 'type' out, or look at /openapi.json")
    limit = wire.limit(request, _MOST, _MOST)
    loaded = request.snapshot().load(kind, type_)
    entities = [entity for entity in loaded.entities if _matches(request, entity)]
    start = _index_after(request.query_value("cursor"), entities)
    page = entities[start : start + limit]
    more = start + limit < len(entities)
    body = dump(
        {
            "items": [lookup.as_json(entity) for entity in page],
            "next": _cursor(page[-1].key) if more and page else None,
            "problems": [problem._asdict() for problem in loaded.problems],
        }
    )
    return _tagged(Response(200, body), hashlib.sha256(body).hexdigest()[:32])


def _matches(request: Request, entity: Entity) -> bool:
    if not request.query:
        return True
    flavor, name, label = request.query_value("flavor"), request.query_value("name"), request.query_value("label")
    field, equals, value = label.partition("=")
    labels: Any = entity.data.get("labels") or {}
    return (
        (not flavor or entity.data.get("flavor") == flavor)
        and (not name or fnmatchcase(entity.key.name, name))
        and (not label or (field in labels and (not equals or labels[field] == value)))
    )


def _cursor(key: Key) -> str:
    return base64.urlsafe_b64encode(f"{key.type}/{key.name}".encode()).decode().rstrip("=")


def _index_after(cursor: str, entities: list[Entity]) -> int:
    """Return the number of the first entity behind a cursor; the entity that it names may be gone."""
    if not cursor:
        return 0
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True).decode()
    except ValueError:
        raise UsageError("that is no cursor", hint="take it from 'next' of the page before") from None
    type_, _, name = text.partition("/")
    return sum((entity.key.type, entity.key.name) <= (type_, name) for entity in entities)


def get(request: Request, kind: str) -> Response:
    """Answer with one entity, as JSON or as the text that is stored."""
    key, snapshot = _key(request, kind), request.snapshot()
    if _wants_text(request):
        text = stored(snapshot, key)
        if text is None:
            raise _missing(key)
        answer = Response(200, text.encode("utf-8", "surrogateescape"), f"{YAML}; charset=utf-8")
        return _tagged(answer, revision_of(key, text))
    entity = snapshot.get(key)
    if entity is None:
        raise _missing(key)
    return _tagged(as_json(lookup.as_json(entity)), entity.revision)


def put(request: Request, kind: str) -> Response:
    """Create an entity, or replace the one that has the revision of ``If-Match``."""
    key = _key(request, kind)
    check_allowed(request, (key,))
    snapshot = request.store.snapshot()
    text = stored(snapshot, key)
    if text is None and "if-match" in request.headers:
        raise _missing(key)
    media = request.sent(JSON, YAML)
    sent = _object(request.body or b"") if media == JSON else None
    creates = request.headers.get("if-none-match", "").strip() == "*"
    if not creates and "if-match" not in request.headers:
        raise _no_condition()
    replaces = None if creates else _replaced(request, key, text or "")
    new = _decoded(request.body or b"") if sent is None else _merged_text(key, text, sent, replaces)
    try:
        recorded_change = write(request, Change((Edit(key, replaces, new),), request.query_value("message")))
    except Exists as error:
        raise _exists(key, text, error) from None
    revision = revision_of(key, new)
    shown = {**lookup.as_json(Entity(key, _data(key, new)))}
    headers = (("ETag", f'"{revision}"'), ("Zenprofile-Rev", recorded_change.rev))
    return as_json(shown, 201 if creates else 200, headers)


def delete(request: Request, kind: str) -> Response:
    """Delete the entity that has the revision of ``If-Match``, and take it out of teams and assignments."""
    key = _key(request, kind)
    check_allowed(request, (key,))
    snapshot = request.store.snapshot()
    text = stored(snapshot, key)
    if text is None:
        raise _missing(key)
    if "if-match" not in request.headers:
        raise _no_condition()
    own = Edit(key, _replaced(request, key, text), None)
    recorded_change = write(request, Change((own, *deletion(snapshot, key)[1:]), request.query_value("message")))
    return Response(204, b"", JSON, (("Zenprofile-Rev", recorded_change.rev),))


def _key(request: Request, kind: str) -> Key:
    type_ = request.params.get("type", "")
    key = Key(kind, type_, request.params["name"])
    if type_ and type_ not in COMPONENT_TYPES:
        raise _missing(key)
    return key


def _missing(key: Key) -> NotFound:
    return NotFound(
        f"there is no {lookup.describe_key(key)}", hint=f"/api/v1/{KINDS[key.kind].folder} lists what there is"
    )


def _no_condition() -> HttpError:
    hint = "send If-Match with the ETag that was read, or If-None-Match: * to create"
    return HttpError(428, UsageError("a write says which revision it replaces", hint=hint))


def _exists(key: Key, text: str | None, error: Exists) -> Exception:
    if text is None:  # in another spelling of case
        return error
    current = {**wire.key(key), "revision": revision_of(key, text), **wire.raw(text)}
    return HttpError(412, Stale(error.message, hint=error.hint), current=[current], merge=None)


def _replaced(request: Request, key: Key, text: str) -> str:
    """Return the revision that a write says it replaces: the present one where ``If-Match`` allows it."""
    now = revision_of(key, text)
    tags = [tag.strip() for tag in request.headers["if-match"].split(",")]
    if "*" in tags or f'"{now}"' in tags:
        return now
    return tags[0].strip('"')


def _object(body: bytes) -> Data:
    sent = strict_json(body)
    if not isinstance(sent, dict):
        raise wire.invalid_body("the body is the document, as an object")
    return sent


def _merged_text(key: Key, text: str | None, sent: Data, replaces: str | None) -> str:
    """Return the document of what was sent, in the text that is stored where it replaces that."""
    from zenprofile.core.document import edit, writer

    data: Data = {name: value for name, value in sent.items() if name not in {"kind", "revision"}}
    if sent.get("kind", key.kind) != key.kind or sent.get("revision", replaces or "") != (replaces or ""):
        raise wire.invalid_body("'kind' or 'revision' of the body is not that of the request", "leave them out")
    if text is None or replaces != revision_of(key, text) or replaces.startswith("unreadable-"):
        return writer.write(key.kind, data)
    return edit.edit(text, data, key.kind)


def _decoded(body: bytes) -> str:
    from zenprofile.core.document import reader

    return reader.decode(body)


def _data(key: Key, text: str) -> Data:
    from zenprofile.core.snapshot import parse

    return parse(key, text).data


def _wants_text(request: Request) -> bool:
    accepted = [part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")]
    return YAML in accepted and JSON not in accepted


def _tagged(answer: Response, tag: str) -> Response:
    """Return the answer with its ETag."""
    headers = (("ETag", f'"{tag}"'), ("Vary", "Accept, Authorization"), ("Cache-Control", "private, no-cache"))
    return answer._replace(headers=headers)


_AT = openapi.query(at="a change, HEAD or a date: as it was then")
_LISTED = {
    "parameters": [
        *openapi.query(
            type="a component type",
            flavor="of components",
            name="a pattern with * and ?",
            label="KEY, or KEY=VALUE",
            limit="at most so many",
            cursor="'next' of the page before",
        ),
        *_AT,
        *openapi.conditions("If-None-Match"),
    ],
    "responses": openapi.tagged(JSON),
}
_READ = {"parameters": [*_AT, *openapi.conditions("If-None-Match")], "responses": openapi.tagged(JSON, YAML)}
_WRITTEN = {
    "parameters": [*openapi.query(message="why"), *openapi.conditions("If-Match", "If-None-Match")],
    "requestBody": openapi.body(JSON, YAML, required=("name",)),
    "responses": {status: {"description": text} for status, text in (("200", "Replaced"), ("201", "Created"))},
}
_DELETED = {
    "parameters": [*openapi.query(message="why"), *openapi.conditions("If-Match")],
    "responses": {"204": {"description": "Deleted"}, **openapi.refusals("409", "412", "428")},
}


def _resources(kind: Kind) -> tuple[Resource, Resource]:
    base = f"/api/v1/{kind.folder}"
    one = f"{base}/{{type}}/{{name}}" if kind.typed else f"{base}/{{name}}"
    name = kind.name
    listed = Operation(partial(find, kind=name), f"{kind.folder.capitalize()}, listed", describe=_LISTED, cached=True)
    read = Operation(partial(get, kind=name), f"One {name}", describe=_READ, cached=True)
    written = Operation(partial(put, kind=name), f"Write one {name}", "editor", limit=DOCUMENT_LIMIT, describe=_WRITTEN)
    deleted = Operation(partial(delete, kind=name), f"Delete one {name}", "editor", describe=_DELETED)
    return Resource(base, {"GET": listed}), Resource(one, {"GET": read, "PUT": written, "DELETE": deleted})


RESOURCES: tuple[Resource, ...] = tuple(resource for kind in KINDS.values() for resource in _resources(kind))
