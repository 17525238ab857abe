"""Changes as JSON: what a client sends, and what is answered. The driver in ``drivers/rest`` speaks the same."""

import base64
from typing import Any

from zenprofile.core import change as changes
from zenprofile.core.change import Changed, Edit, Recorded
from zenprofile.core.document import writer
from zenprofile.core.entity import COMPONENT_TYPES, KINDS, Key
from zenprofile.errors import Invalid, Problem, UsageError
from zenprofile.server.exchange import DOCUMENT_LIMIT, Request
from zenprofile.store.undo import ChangeWithTexts

_EDIT = {"kind", "type", "name", "replaces", "text", "document", "stem"}


def invalid_body(message: str, hint: str = "see /openapi.json") -> UsageError:
    """Return the error of a body that has not the shape it should have."""
    return UsageError(message, hint=hint)


def text_of(sent: Any, name: str) -> str:
    """Return a member that is text; "" where it is missing."""
    value = sent.get(name, "") if isinstance(sent, dict) else ""
    if not isinstance(value, str):
        raise invalid_body(f"'{name}' is text")
    return value


def key_of(row: Any) -> Key:
    """Return the key that an object's kind, type and name say.

    The name is not checked against the rule: the store does that.
    """
    if not isinstance(row, dict):
        raise invalid_body("a key is an object with kind, type and name")
    kind, type_, name = (text_of(row, field) for field in ("kind", "type", "name"))
    if kind not in KINDS or bool(type_) != KINDS[kind].typed or not name:
        raise invalid_body(f"{kind[:40]!r}, {type_[:40]!r}, {name[:140]!r} name no entity")
    if type_ and type_ not in COMPONENT_TYPES:
        problem = Problem("", 0, 0, "type", f"there is no component type {type_[:40]!r}", "", "unknown-type")
        raise Invalid.of([problem])
    return Key(kind, type_, name)


def key_named(text: str) -> Key:
    """Return the key that ``stack/NAME`` or ``component/TYPE/NAME`` says, as `key_of` does."""
    kind, _, rest = text.partition("/")
    type_, _, name = rest.rpartition("/")
    return key_of({"kind": kind, "type": type_, "name": name})


def limit(request: Request, default: int, most: int) -> int:
    """Return how many rows a request asks for.

    Raises:
        UsageError: it is no number from 1 to the most.
    """
    text = request.query_value("limit", str(default))
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= most:
        raise UsageError(f"'limit' is a number from 1 to {most}", hint="leave it out, or follow 'next'")
    return int(text)


def edits_of(sent: Any) -> tuple[Edit, ...]:
    """Return the edits of a change set.

    Raises:
        UsageError: it has another shape, or two edits of one entity.
        Invalid: a document is too large.
    """
    rows = sent.get("edits") if isinstance(sent, dict) else None
    if not isinstance(rows, list):
        raise invalid_body("a change set is an object whose 'edits' is a list")
    edits = tuple(map(_edit, rows))
    if len({edit.key for edit in edits}) != len(edits):
        raise invalid_body("two edits are of one entity", "send one edit for each entity")
    return edits


def _edit(row: Any) -> Edit:
    key = key_of(row)
    if set(row) - _EDIT or "replaces" not in row or ("text" in row) == ("document" in row):
        raise invalid_body("an edit has kind, type, name, replaces, either text or document, and perhaps stem")
    replaces = row["replaces"]
    if replaces is not None and not isinstance(replaces, str):
        raise invalid_body("'replaces' is a revision, or null where the entity must not exist yet")
    text = row["text"] if "text" in row else _written(key, row["document"])
    if text is not None and not isinstance(text, str):
        raise invalid_body("'text' is the document's text, or null to delete it")
    if text is not None and len(text.encode("utf-8", "surrogatepass")) > DOCUMENT_LIMIT:
        problem = Problem(key.path, 0, 0, "", "the document has over 1 MiB", "make it smaller", "too-large")
        raise Invalid.of([problem])
    stem = row.get("stem")
    if stem is not None and not isinstance(stem, str):
        raise invalid_body("'stem' is the text of an earlier time that the edit brings back, or null")
    return Edit(key, replaces, text, stem)


def _written(key: Key, document: Any) -> str | None:
    if document is None:
        return None
    if not isinstance(document, dict):
        raise invalid_body("'document' is an object, or null to delete the entity")
    return writer.write(key.kind, document)


def edit(one: Edit) -> dict[str, Any]:
    """Return an edit as it is sent."""
    return {**key(one.key), "replaces": one.replaces, "text": one.text}


def key(named: Key) -> dict[str, str]:
    """Return a key as it is sent."""
    return {"kind": named.kind, "type": named.type, "name": named.name}


def recorded(record: Recorded, *, full: bool = False) -> dict[str, Any]:
    """Return a recorded change; in full, each entity's data before and after stands beside the fields."""
    rows = [{**changes.as_json(one), **(_before_and_after(one) if full else {})} for one in record.changes]
    return {
        "rev": record.rev,
        "who": record.who,
        "when": record.when,
        "message": record.message,
        "changes": rows,
    }


def _before_and_after(one: Changed) -> dict[str, Any]:
    return {"before": one.before, "after": one.after}


def change_with_texts(found: ChangeWithTexts) -> dict[str, Any]:
    """Return a recorded change with its documents, as `undo` needs it."""
    texts = [{**key(text.key), "before": _raw(text.before), "after": _raw(text.after)} for text in found.texts]
    return {"id": found.id, "joins": found.joins, "recorded": recorded(found.recorded, full=True), "texts": texts}


def _raw(text: str | None) -> dict[str, str] | None:
    return None if text is None else raw(text)


def raw(content: bytes | str) -> dict[str, str]:
    """Return a document's content: its text, or in base64 what is none."""
    if isinstance(content, str):
        try:
            content.encode()
            return {"text": content}
        except UnicodeEncodeError:
            content = content.encode("utf-8", "surrogateescape")
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}
