"""Undo: restore an entity, revert a recorded change, undo and redo this machine's last ones.

Nothing is taken out of history: each writes a new change.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from zenprofile.core import paths
from zenprofile.core.change import Change, Changed, Edit, Recorded, is_rename, label, same
from zenprofile.core.document import edit
from zenprofile.core.document import reader as texts
from zenprofile.core.entity import Key
from zenprofile.core.merge import documents as merge
from zenprofile.core.snapshot import Snapshot, data_of
from zenprofile.errors import ConflictError, InUse, Invalid, NotFound, Stale, Unsupported
from zenprofile.store.base import Store
from zenprofile.store.prepare import revision_of
from zenprofile.store.undo import ChangeWithTexts, Text
from zenprofile.usecases import earlier_names, history

_TRIES = 5  # against others who write at the same moment
_UNDO, _REDO = "Undo: ", "Redo: "
_NOTHING = {
    _UNDO: (
        "nothing is left to undo: no change made by a command of this machine",
        "zenprofile log shows every change, zenprofile revert REV takes one back",
    ),
    _REDO: (
        "nothing is left to redo: no undo on this machine since its last change",
        "zenprofile log shows every change, zenprofile restore ENTITY --to REV brings a document back",
    ),
}
Texts = Mapping[Key, str | None]


def restore(store: Store, text: str, at: str, message: str = "") -> tuple[Key, Recorded]:
    """Give an entity the document that it had after a change, byte for byte; a deleted one comes back.

    One that was renamed since keeps its name of now.

    Args:
        store: where.
        text: what names the entity.
        at: the change, a REV.
        message: why; "" says what it is.

    Returns:
        Its key, and what was recorded: nothing where it is as it was then.

    Raises:
        NotFound: there is no such change, or no such entity at it.
        Ambiguous: a bare name fits several.
        Invalid: the document is no longer valid.
    """
    now, then = store.snapshot(), store.snapshot(at)
    key = history.find(store, text, then)
    old = earlier_names.name_at(store, then, key)
    document = then.text(old) if old is not None else None
    if old is None or document is None:
        raise NotFound(f"there was no {label(key)} at {at[:140]!r}", hint=f"see: zenprofile log {key}")
    if old != key:
        document = edit.edit(document, {**texts.read(document), "name": key.name})
    change = _change(now, {key: document}, message or f"Restore {label(key)} as of {at}", {key: document})
    return key, store.apply(change)


def revert(store: Store, at: str, active: Container[str] = (), message: str = "") -> Recorded:
    """Take one recorded change back, merged by meaning with what came after it.

    Args:
        store: where.
        at: names the change.
        active: names of stacks that are active on this machine; they are not deleted.
        message: why; "" says what it is.

    Returns:
        What was recorded; without changes where all is as it was before that change already.

    Raises:
        NotFound: there is no such change.
        ConflictError: the same fields were changed since; nothing was written.
        Unsupported: the change joined two histories.
        InUse, Invalid: what would result is invalid.
    """
    past = history.require_undoing(store).find_change(at)
    if past.joins:
        message = f"{past.recorded.rev[:10]} is a merge, which is not taken back"
        raise Unsupported(message, hint="revert what it brought, one by one; see: zenprofile log")
    now = store.snapshot()
    found = _inverse(now, past)
    _check_deletions(now, found, active)
    words = message or f"Revert {past.recorded.rev[:10]}: {_first_line(past)}"
    return store.apply(_change(now, found, words, _stems(past)))


def undo(store: Store, active: Container[str] = (), message: str = "") -> Recorded:
    """Take back the last change that a command of this machine made and that is not taken back yet.

    Changes of which nothing is left are passed over.

    Args:
        store: where.
        active: names of stacks that are active on this machine; they are not deleted.
        message: why; "" says what it is.

    Raises:
        NotFound: nothing is left to undo.
        ConflictError: others changed the same fields since; nothing was written.
        InUse, Invalid: what would result is invalid.
    """
    return _undo_first(store, history.require_undoing(store).own_changes, _UNDO, active, message)


def redo(store: Store, active: Container[str] = (), message: str = "") -> Recorded:
    """Do again what the last `undo` of this machine took back; once more, what the one before it did.

    A change by any other command of this machine ends what can be done again. Arguments and errors are those of `undo`.
    """
    return _undo_first(store, history.require_undoing(store).undos, _REDO, active, message)


def _undo_first(
    store: Store, find: Callable[[], Iterator[ChangeWithTexts]], verb: str, active: Container[str], message: str
) -> Recorded:
    """Undo the first of some changes that still has an effect.

    Raises:
        NotFound: of none of them; and what `undo` raises.
    """
    for _ in range(_TRIES):
        now = store.snapshot()
        try:
            for past in find():
                found = _inverse(now, past)
                if found:
                    _check_deletions(now, found, active)
                    words = message or verb + _first_line(past).removeprefix(_UNDO if verb == _REDO else "")
                    return history.require_undoing(store).apply_undo(_change(now, found, words, _stems(past)), past.id)
        except Stale as error:
            stale = error
        else:
            message, hint = _NOTHING[verb]
            raise NotFound(message, hint=hint)
    raise stale


def _first_line(past: ChangeWithTexts) -> str:
    return past.recorded.message.partition("\n")[0]


def _inverse(now: Snapshot, past: ChangeWithTexts) -> dict[Key, str | None]:
    """Return the documents that undo a change: a three-way merge whose base is what the change wrote."""
    base = {text.key: text.after for text in past.texts if text.after is not None}
    theirs = {text.key: text.before for text in past.texts if text.before is not None}
    ours = _current_documents(now, past)
    merged = merge.merge(base, ours, theirs, strict=True)
    names = [f"{c.key} {paths.show(c.path)}".strip() for c in merged.conflicts]
    names = names or [str(text.key) for text in past.texts if _edit_survives(text, merged.documents, ours)]
    if names:
        shown = ", ".join(dict.fromkeys(names))
        message = f"changed since, so that '{_first_line(past)}' cannot be taken back: {shown}; nothing was written"
        raise ConflictError(
            message, hint=f"see what changed: zenprofile log {past.texts[0].key}; then write what is meant"
        )
    return dict(merged.documents)


def _current_documents(now: Snapshot, past: ChangeWithTexts) -> dict[Key, str]:
    """Return the present documents that the merge needs: the change's own; all, where a rename is involved."""
    keys = {text.key for text in past.texts}
    now.prefetch(keys)
    found = {key: now.text(key) for key in keys}
    others = [key for key in _mentioning(now, past) if key not in keys]
    now.prefetch(others)
    found |= {key: _text(now, key) for key in others}
    return {key: text for key, text in found.items() if text is not None}


def _mentioning(now: Snapshot, past: ChangeWithTexts) -> list[Key]:
    removed = any(text.after is not None and now.spelling(text.key) != text.key for text in past.texts)
    renames = {t.key[:2] for t in past.texts if t.before is None} & {t.key[:2] for t in past.texts if t.after is None}
    return now.keys() if removed or renames else []


def _edit_survives(text: Text, documents: Texts, ours: Mapping[Key, str]) -> bool:
    """Return whether a merge kept an edit against a deletion (nothing is undone), or restored a deleted document."""
    result = documents.get(text.key, ours.get(text.key))
    if text.before is None:
        return result is not None
    return text.after is not None and text.key not in ours and result is not None


def _text(snapshot: Snapshot, key: Key) -> str | None:
    try:
        return snapshot.text(key)
    except Invalid:
        return None


def with_known_stem(store: Store, one: Edit) -> Edit:
    """Return an edit; its document of an earlier time counts only where the store's history has it, of any name."""
    stem = None if one.stem is None else data_of(one.key, one.stem)
    if not stem:
        return one._replace(stem=None)
    sides = (
        side
        for record in store.history(one.key)
        for changed in record.changes
        if changed.key[:2] == one.key[:2]
        for side in (changed.before, changed.after)
    )
    known = any(side is not None and same({**side, "name": ""}, {**stem, "name": ""}) for side in sides)
    return one if known else one._replace(stem=None)


def _stems(past: ChangeWithTexts) -> Texts:
    return {text.key: text.before for text in past.texts}


def _change(now: Snapshot, documents: Texts, message: str, stems: Texts) -> Change:
    edits = []
    for key, text in documents.items():
        old = now.text(key)
        if text is not None or old is not None:
            edits.append(Edit(key, None if old is None else revision_of(key, old), text, stems.get(key)))
    return Change(tuple(edits), message)


def _check_deletions(now: Snapshot, documents: Texts, active: Container[str]) -> None:
    """Refuse what `delete` refuses: an active stack, the last user. A renamed one is no deleted one."""
    changes = [Changed(key, data_of(key, _text(now, key)), data_of(key, text)) for key, text in documents.items()]
    removed = {changed.key for changed in changes if changed.after is None} - renames(changes).keys()
    stacks = [key.name for key in removed if key.kind == "stack" and key.name in active]
    if stacks:
        hint = "make another one active first: zenprofile stack set NAME"
        raise InUse(f"stack '{stacks[0]}' is the profile's active stack", hint=hint)
    if any(key.kind == "user" for key in removed) and removed.issuperset(now.keys("user")):
        raise InUse("the last user would be deleted", hint="create another user first")


def renames(changes: Iterable[Changed]) -> dict[Key, Key]:
    """Return the new keys of entities that a change only gave another name, by their old ones."""
    changed = list(changes)
    come = [changed for changed in changed if changed.action == "added"]
    found: dict[Key, Key] = {}
    for old in changed:
        if old.action == "removed":
            new = next((c.key for c in come if is_rename(old, c) and c.key not in found.values()), None)
            if new is not None:
                found[old.key] = new
    return found
