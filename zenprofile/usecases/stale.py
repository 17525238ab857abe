"""Retry of a stale write: its change merged by meaning with what others wrote meanwhile."""

from itertools import islice

from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import Key
from zenprofile.errors import Invalid
from zenprofile.store.base import Snapshot, Store
from zenprofile.store.prepare import revision_of, stored
from zenprofile.usecases.history import require_undoing

# How many changes of an entity are looked through for the document that a write stands on.
_DEPTH = 100


def merged(store: Store, change: Change) -> Change | None:
    """Return the change to send instead of one that was stale, or None where a person must choose.

    Edits whose entity still has the revision that they replace stay as they are.
    """
    now = store.snapshot()
    edits = []
    for one in change.edits:
        edit = _merged(store, now, one)
        if edit is None:
            return None
        edits.append(edit)
    return change._replace(edits=tuple(edits))


def _merged(store: Store, now: Snapshot, edit: Edit) -> Edit | None:
    try:
        current = stored(now, edit.key)
    except Invalid:
        return None
    if edit.replaces is None or current is None or edit.text is None:
        return edit if (edit.replaces is None) == (current is None) and edit.text is not None else None
    revision = revision_of(edit.key, current)
    if revision == edit.replaces:
        return edit
    from zenprofile.core.merge.documents import merge_document

    base = _document(store, edit.key, edit.replaces)
    if base is None:
        return None
    text, conflicts, _ = merge_document(edit.key, base, current, edit.text)
    return None if conflicts or text is None else Edit(edit.key, revision, text)


def _document(store: Store, key: Key, revision: str) -> str | None:
    """Return the document of an entity that had a revision, from its recorded changes."""
    for recorded in islice(store.history(key), _DEPTH):
        for one in require_undoing(store).find_change(recorded.rev).texts:
            for text in (one.after, one.before):
                if one.key == key and text is not None and revision_of(key, text) == revision:
                    return text
    return None
