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
from zenprofile.store.undo import ChangeWithTexts
from zenprofile.usecases import entities, history, stale, undo

# Who people are, and what they may do elsewhere, is for admins to write.
_PEOPLE = frozenset({"user", "team", "role", "project"})
_PAGE = 100
_MOST = 1000
_KEY_MOST = 200


def find(request: Request) -> Response:
    """Answer with recorded changes, newest first, a page at a time."""
    store = request.store
    key = _entity(request)
    limit = wire.limit(request, _PAGE, _MOST)
    records = store.history(key)
    after = request.query_value("cursor")
    if after:
        records = _after(records, after)
    page = list(islice(records, limit + 1))
    rows = [wire.recorded(record, full=bool(request.query_value("full"))) for record in page[:limit]]
    return as_json({"items": rows, "next": page[limit - 1].rev if len(page) > limit else None})


def _after(records: Any, rev: str) -> Any:
    for record in records:
        if record.rev == rev:
            return records
    raise UsageError("the cursor names no change", hint="begin again without it")


def _entity(request: Request) -> Key | None:
    text = request.query_value("entity")
    return wire.key_named(text) if text else None


def show(request: Request) -> Response:
    """Answer with one recorded change."""
    found = history.require_undoing(request.store).find_change(request.params["rev"])
    if request.query_value("texts"):
        return as_json(wire.change_with_texts(found))
    return as_json(wire.recorded(found.recorded, full=bool(request.query_value("full"))))


def undoable(request: Request) -> Response:
    """Answer with what the machine that asks has changed and not taken back, newest first."""
    return _of_machine(request, history.require_undoing(request.store).own_changes)


def redoable(request: Request) -> Response:
    """Answer with what the machine that asks has taken back and can do again, newest first."""
    return _of_machine(request, history.require_undoing(request.store).undos)


def _of_machine(request: Request, find: Callable[[], Iterator[ChangeWithTexts]]) -> Response:
    found = find() if request.headers.get("zenprofile-machine") else iter(())
    return as_json({"items": [wire.change_with_texts(one) for one in islice(found, wire.limit(request, _PAGE, _MOST))]})


def diff(request: Request) -> Response:
    """Answer with what differs between two moments."""
    store = request.store
    before = store.snapshot(request.query_value("from") or "HEAD")
    after = store.snapshot(request.query_value("to") or None)
    return as_json({"changes": [core_change.as_json(one) for one in history.diff_snapshots(before, after)]})


def apply(request: Request) -> Response:
    """Write a change set, and answer with what was recorded."""
    sent = request.json()
    # What a client says of an earlier time is looked up: else it could name anything an old problem.
    edits = tuple(undo.with_known_stem(request.store, edit) for edit in wire.edits_of(sent))
    message = wire.text_of(sent, "message")
    undone = wire.text_of(sent, "undoes")
    key = request.headers.get("idempotency-key", "")
    if len(key) > _KEY_MOST or not key.isprintable():
        raise UsageError(f"an Idempotency-Key has at most {_KEY_MOST} characters", hint="send a UUID")
    # Keys of different clients are not each other's.
    scoped = f"{request.principal.token}/{key}" if key and request.principal else ""
    recorded_change = write(request, Change(edits, message, scoped), undone)
    return as_json(wire.recorded(recorded_change, full=True), 201 if recorded_change.rev else 200)


def write(request: Request, change: Change, undone: str = "") -> Recorded:
    """Write a change for who asks.

    Raises:
        HttpError: the role does not allow it (403); an entity has another revision (412, with the merge to send).
    """
    check_allowed(request, (edit.key for edit in change.edits))
    store = request.store
    entities.must_leave_one(lambda kind: store.snapshot().keys(kind), change.edits)
    try:
        recorded_change = history.require_undoing(store).apply_undo(change, undone) if undone else store.apply(change)
    except Stale as error:
        raise HttpError(412, error, **_stale_answer(request, change)) from None
    if recorded_change.changes:
        request.site.settings.wrote()
    return recorded_change


def check_allowed(request: Request, keys: Any) -> None:
    """Raise unless the role may write: editors what stacks are made of, admins everything.

    Raises:
        HttpError: 403.
    """
    if request.principal is None:
        raise HttpError(401, AccessDenied("this needs a token", hint="log in: zenprofile login"))
    auth.allow(request.principal, "admin" if any(key.kind in _PEOPLE for key in keys) else "editor")


def _stale_answer(request: Request, change: Change) -> dict[str, Any]:
    store = request.store
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
