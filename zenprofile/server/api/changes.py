"""History, and change sets: several edits as one change, all or nothing."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from zenprofile.core import change as core_change
from zenprofile.core.change import Change, Edit, Recorded
from zenprofile.core.entity import Key
from zenprofile.errors import AccessDenied, Stale, UsageError
from zenprofile.server import auth, openapi
from zenprofile.server.api import wire
from zenprofile.server.exchange import (
    BODY_LIMIT,
    BULK_LIMIT,
    HttpError,
    Operation,
    Request,
    Resource,
    Response,
    as_json,
)
from zenprofile.store.undo import Past
from zenprofile.usecases import entities, history, stale, undo

# Who people are, and what they may do elsewhere, is for admins to write.
_PEOPLE = frozenset({"user", "team", "role", "project"})
_PAGE = 100
_MOST = 1000
_KEY_MOST = 200


def find(asked: Request) -> Response:
    """Answer with recorded changes, newest first, a page at a time."""
    store = asked.store
    key = _entity(asked)
    limit = wire.limit(asked, _PAGE, _MOST)
    records = store.history(key)
    after = asked.one("cursor")
    if after:
        records = _behind(records, after)
    page = list(islice(records, limit + 1))
    rows = [wire.recorded(record, full=bool(asked.one("full"))) for record in page[:limit]]
    return as_json({"items": rows, "next": page[limit - 1].rev if len(page) > limit else None})


def _behind(records: Any, rev: str) -> Any:
    for record in records:
        if record.rev == rev:
            return records
    raise UsageError("the cursor names no change", hint="begin again without it")


def _entity(asked: Request) -> Key | None:
    text = asked.one("entity")
    return wire.key_named(text) if text else None


def show(asked: Request) -> Response:
    """Answer with one recorded change."""
    found = history.undoing(asked.store).past(asked.params["rev"])
    if asked.one("texts"):
        return as_json(wire.past(found))
    return as_json(wire.recorded(found.recorded, full=bool(asked.one("full"))))


def undoable(asked: Request) -> Response:
    """Answer with what the machine that asks has changed and not taken back, newest first."""
    return _of_machine(asked, history.undoing(asked.store).own)


def redoable(asked: Request) -> Response:
    """Answer with what the machine that asks has taken back and can do again, newest first."""
    return _of_machine(asked, history.undoing(asked.store).undos)


def _of_machine(asked: Request, find: Callable[[], Iterator[Past]]) -> Response:
    found = find() if asked.headers.get("zenprofile-machine") else iter(())
    return as_json({"items": [wire.past(one) for one in islice(found, wire.limit(asked, _PAGE, _MOST))]})


def diff(asked: Request) -> Response:
    """Answer with what differs between two moments."""
    store = asked.store
    before = store.snapshot(asked.one("from") or "HEAD")
    after = store.snapshot(asked.one("to") or None)
    return as_json({"changes": [core_change.as_json(one) for one in history.differences(before, after)]})


def apply(asked: Request) -> Response:
    """Write a change set, and answer with what was recorded."""
    sent = asked.json()
    # What a client says of an earlier time is looked up: else it could name anything an old problem.
    edits = tuple(undo.with_known_stem(asked.store, edit) for edit in wire.edits_of(sent))
    message = wire.text_of(sent, "message")
    undone = wire.text_of(sent, "undoes")
    key = asked.headers.get("idempotency-key", "")
    if len(key) > _KEY_MOST or not key.isprintable():
        raise UsageError(f"an Idempotency-Key has at most {_KEY_MOST} characters", hint="send a UUID")
    # Keys of different clients are not each other's.
    scoped = f"{asked.principal.token}/{key}" if key and asked.principal else ""
    done = write(asked, Change(edits, message, scoped), undone)
    return as_json(wire.recorded(done, full=True), 201 if done.rev else 200)


def write(asked: Request, change: Change, undone: str = "") -> Recorded:
    """Write a change for who asks.

    Raises:
        HttpError: the role does not allow it (403); an entity has another revision (412, with the merge to send).
    """
    must_be_allowed(asked, (edit.key for edit in change.edits))
    store = asked.store
    entities.must_leave_one(lambda kind: store.snapshot().keys(kind), change.edits)
    try:
        done = history.undoing(store).take_back(change, undone) if undone else store.apply(change)
    except Stale as error:
        raise HttpError(412, error, **_late(asked, change)) from None
    if done.changes:
        asked.site.settings.wrote()
    return done


def must_be_allowed(asked: Request, keys: Any) -> None:
    """Let editors write what stacks are made of, and admins everything.

    Raises:
        HttpError: 403.
    """
    if asked.principal is None:
        raise HttpError(401, AccessDenied("this needs a token", hint="log in: zenprofile login"))
    auth.allow(asked.principal, "admin" if any(key.kind in _PEOPLE for key in keys) else "editor")


def _late(asked: Request, change: Change) -> dict[str, Any]:
    store = asked.store
    snapshot = store.snapshot()
    merge = stale.merged(store, change)
    return {
        "current": [_current(snapshot, edit) for edit in change.edits],
        "merge": None if merge is None else {"edits": [wire.edit(edit) for edit in merge.edits]},
    }


def _current(snapshot: Any, edit: Edit) -> dict[str, Any]:
    from zenprofile.store.prepare import revision_of, stored

    text = stored(snapshot, edit.key)
    if text is None:
        return {**wire.key(edit.key), "revision": None}
    return {**wire.key(edit.key), "revision": revision_of(edit.key, text), **wire.raw(text)}


_FOUND = {
    "parameters": openapi.query(
        entity="stack/NAME or component/TYPE/NAME", limit="at most so many", cursor="'next' of the page before"
    )
}
_APPLIED = {
    "parameters": openapi.conditions("Idempotency-Key"),
    "requestBody": openapi.body("application/json", required=("edits",)),
    "responses": {status: {"description": text} for status, text in (("200", "Nothing to do"), ("201", "Recorded"))},
}
_DIFFERS = {"parameters": openapi.query(**{"from": "a change or date", "to": "likewise; without it now"})}

RESOURCES: tuple[Resource, ...] = (
    Resource(
        "/api/v1/changes",
        {
            "GET": Operation(find, "Recorded changes, newest first", describe=_FOUND, cached=True),
            "POST": Operation(
                apply, "Several edits as one change", needs="editor", limit=BODY_LIMIT, describe=_APPLIED
            ),
        },
    ),
    Resource("/api/v1/changes/{rev:path}", {"GET": Operation(show, "One recorded change")}),
    Resource(
        "/api/v1/bulk",
        {
            "POST": Operation(
                apply, "A change set of up to 16 MiB, as one change", "editor", limit=BULK_LIMIT, describe=_APPLIED
            )
        },
    ),
    Resource("/api/v1/undoable", {"GET": Operation(undoable, "Changes of this machine that can be taken back")}),
    Resource("/api/v1/redoable", {"GET": Operation(redoable, "What this machine has taken back and can do again")}),
    Resource("/api/v1/diff", {"GET": Operation(diff, "What differs between two moments", describe=_DIFFERS)}),
)
