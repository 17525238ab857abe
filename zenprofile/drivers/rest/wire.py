"""Changes and documents as a server sends and takes them in JSON."""

import base64
import json
from typing import Any

from zenprofile.core.change import Changed, Edit, Recorded
from zenprofile.core.entity import Key
from zenprofile.store.undo import ChangeWithTexts, Text

_MOST = 1024 * 1024  # bytes of a change set; a larger one, of a profile that is copied, has a place of its own


def encoded(body: Any) -> bytes:
    """Return a body as it is sent; text that UTF-8 cannot hold stands escaped."""
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(body, separators=(",", ":")).encode()


def changes_path(body: bytes) -> str:
    """Return the path that takes a change set."""
    return "/api/v1/changes" if len(body) <= _MOST else "/api/v1/bulk"


def edit(one: Edit) -> dict[str, Any]:
    """Return an edit as it is sent."""
    stem = {} if one.stem is None else {"stem": one.stem}
    return {**one.key._asdict(), "replaces": one.replaces, "text": one.text, **stem}


def edit_of(row: Any) -> Edit:
    """Return an edit that the server proposes."""
    return Edit(key(row), row["replaces"], row["text"])


def key(row: Any) -> Key:
    """Return the key that a row names."""
    return Key(row["kind"], row["type"], row["name"])


def content(row: Any) -> str | bytes:
    """Return a document's content: text, or bytes that are none."""
    if "base64" in row:
        return base64.b64decode(row["base64"])
    return str(row["text"])


def recorded(row: Any) -> Recorded:
    """Return a recorded change, sent in full."""
    changes = tuple(Changed(key(one), one["before"], one["after"]) for one in row["changes"])
    return Recorded(row["rev"], row["who"], row["when"], row["message"], changes)


def change_with_texts(row: Any) -> ChangeWithTexts:
    """Return a recorded change with its documents."""
    texts = tuple(Text(key(one), _text(one["before"]), _text(one["after"])) for one in row["texts"])
    return ChangeWithTexts(row["id"], recorded(row["recorded"]), texts, row["joins"])


def _text(row: Any) -> str | None:
    if row is None:
        return None
    found = content(row)
    return found if isinstance(found, str) else found.decode("utf-8", "surrogateescape")
