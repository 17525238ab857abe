"""The store behind a server. What is checked, merged and recorded is the server's to do."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from zenprofile.core.change import Change, Recorded
from zenprofile.core.entity import Key
from zenprofile.drivers.rest import wire
from zenprofile.drivers.rest.client import Client, failure
from zenprofile.drivers.rest.snapshot import RestSnapshot
from zenprofile.errors import NotFound, Stale
from zenprofile.store import dates
from zenprofile.store.base import Options
from zenprofile.store.undo import ChangeWithTexts
from zenprofile.store.url import without_secrets

_FIRST, _PAGE = "20", "500"


class RestStore:
    """See `zenprofile.store.base.Store` and `zenprofile.store.capabilities.Undoing`."""

    driver = "rest"

    def __init__(self, url: str, options: Options) -> None:
        self.url = without_secrets(url)
        self._client = Client(url, options)
        self._resends = options.resends

    def head(self) -> str:
        return str(self._client.get("/api/v1/profile")["head"])

    def snapshot(self, at: str | None = None) -> RestSnapshot:
        if at is None:
            return RestSnapshot(self._client)
        then = RestSnapshot(self._client, _moment(at))
        then.keys()  # whether there is such a moment, the server knows
        return then

    def apply(self, change: Change) -> Recorded:
        return self.apply_undo(change, "")

    def apply_undo(self, change: Change, undone: str) -> Recorded:
        if not change.edits and not change.message:
            return Recorded("", "", "", "", ())
        body: dict[str, Any] = {"message": change.message, "edits": [wire.edit(edit) for edit in change.edits]}
        if undone:
            body["undoes"] = undone
        headers, sent = {"Idempotency-Key": change.idempotency_key or str(uuid4())}, wire.encoded(body)
        reply = self._client.ask("POST", wire.changes_path(sent), body=sent, headers=headers)
        if reply.status < 400:
            return wire.recorded(reply.data)
        error = failure(reply)
        merge = reply.data.get("merge") if isinstance(error, Stale) else None
        if merge and self._resends:
            # What others wrote meanwhile touched other fields: both stand.
            edits = tuple(map(wire.edit_of, merge["edits"]))
            return self.apply_undo(change._replace(edits=edits, idempotency_key=""), undone)
        raise error

    def history(self, key: Key | None = None) -> Iterator[Recorded]:
        entity, cursor, limit = str(key) if key else "", "", _FIRST
        while True:
            page = self._client.get("/api/v1/changes", entity=entity, full="1", limit=limit, cursor=cursor)
            yield from map(wire.recorded, page["items"])
            cursor, limit = page["next"] or "", _PAGE
            if not cursor:
                return

    def find_change(self, rev: str) -> ChangeWithTexts:
        moment = _moment(rev)
        return wire.change_with_texts(self._client.get(f"/api/v1/changes/{quote(moment, safe='')}", texts="1"))

    def own_changes(self) -> Iterator[ChangeWithTexts]:
        return map(wire.change_with_texts, self._client.get("/api/v1/undoable")["items"])

    def undos(self) -> Iterator[ChangeWithTexts]:
        return map(wire.change_with_texts, self._client.get("/api/v1/redoable")["items"])

    def user_and_role(self) -> tuple[str, str]:
        """Return user and role of the token."""
        answer = self._client.get("/api/v1/profile")
        return str(answer["user"]), str(answer["role"])

    def close(self) -> None:
        self._client.close()


def _moment(rev: str) -> str:
    """Return a rev as the server is asked for it: a date is meant in this machine's zone.

    Raises:
        NotFound: no server is asked for such a text.
    """
    if not rev.strip("."):
        raise NotFound(f"there is no change {rev[:140]!r}", hint="see: zenprofile log")
    seconds = dates.parse(rev)
    return rev if seconds is None else dates.rfc3339(seconds)
