"""What one can do to any entity: register, update, rename, copy, delete. Kinds differ in tables alone."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from zenprofile.core import names
from zenprofile.core.change import Change, Edit, Recorded, same
from zenprofile.core.entity import Data, Entity, Key, key_of
from zenprofile.core.snapshot import Snapshot
from zenprofile.core.suggestions import nearest
from zenprofile.errors import InUse, Invalid, NotFound, Problem
from zenprofile.store import changelog
from zenprofile.store.base import Store
from zenprofile.store.prepare import revision_of, stored
from zenprofile.usecases import references
from zenprofile.usecases.lookup import describe_key, problems, read

_Kind = TypeVar("_Kind", dict[str, Any], list[Any])

# Whose deletion takes them out of what names them (docs/contract.md); of the other kinds, what is in use stays.
_VANISHING = frozenset({"user", "team", "project"})
# What a profile never runs out of.
_NEVER_NONE = frozenset({"user"})


class Details(NamedTuple):
    """What every kind of document takes.

    Attributes:
        description: None leaves it as it is, "" takes it away.
        labels: to be set.
        unset_labels: names of labels to be taken away.
        message: why, for the history; "" says what changed.
    """

    description: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    unset_labels: tuple[str, ...] = ()
    message: str = ""

    def applied_to(self, data: Data) -> Data:
        """Return data with these details.

        Raises:
            NotFound: a label to be taken away is not there.
        """
        there = data.get("labels")
        labels = dict(there) if isinstance(there, dict) else {}
        for name in self.unset_labels:
            if labels.pop(name, None) is None:
                raise NotFound(f"there is no label {name!r}", hint=nearest(name, labels) or "describe shows the labels")
        labels.update(self.labels)
        description = data.get("description") if self.description is None else self.description
        kept = there if there and not isinstance(there, dict) and not labels else labels or None
        return optional(data, description=description or None, labels=kept)


PLAIN = Details()


def field_of(snapshot: Snapshot, entity: Entity, field: str, kind: type[_Kind]) -> _Kind:
    """Return a field that is to be changed, an empty one where there is none.

    Raises:
        Invalid: the document has something else there.
    """
    found = entity.data.get(field) or kind()
    if not isinstance(found, kind):
        raise Invalid.of(problems(snapshot, entity))
    return found


def optional(data: Data, **fields: object) -> Data:
    """Return data with optional fields set; None takes a field away."""
    kept = {name: value for name, value in data.items() if fields.get(name, "") is not None}
    return {**kept, **{name: value for name, value in fields.items() if value is not None}}


def register(store: Store, kind: str, data: Data, message: str = "") -> Recorded:
    """Write a new entity.

    Raises:
        Exists: the name is taken, in some spelling of case.
        Invalid: the data is invalid.
    """
    from zenprofile.core.document import writer

    key = _checked_key(key_of(kind, data))
    return _write(store, Edit(key, None, writer.write(kind, data)), message)


def update(store: Store, entity: Entity, text: str | None, data: Data, message: str = "") -> Recorded:
    """Write an entity's new data into its document, or nothing where it is the old.

    Args:
        store: where.
        entity: as it was read.
        text: its document, as it was read.
        data: what it is to hold.
        message: why.
    """
    if text is None or same(entity.data, data):
        return changelog.nothing(message)
    return _write(store, _edited(entity, text, data), message)


def _write(store: Store, edit: Edit, message: str) -> Recorded:
    try:
        return store.apply(Change((edit,), message))
    except Invalid as error:
        from zenprofile.usecases import option_problems

        raise option_problems.in_terms_of_options(error, edit.key) from None


def describe(store: Store, key: Key, details: Details, **fields: str | None) -> Recorded:
    """Change an entity's description and labels, and other optional fields (None takes one away).

    Raises:
        NotFound: there is no such entity, or not the label to be taken away.
    """
    snapshot = store.snapshot()
    entity = read(snapshot, key)
    data = optional(details.applied_to(entity.data), **fields)
    return update(store, entity, snapshot.text(key), data, details.message)


def rename(store: Store, key: Key, new: str, message: str = "") -> Recorded:
    """Give an entity another name, there and in everything that names it, in one change.

    A rename that only changes case is one too.

    Raises:
        Exists: the new name is taken.
        NotFound: there is no such entity.
        Invalid: the name breaks the rule.
    """
    from zenprofile.core.document import edit

    snapshot = store.snapshot()
    entity, target = read(snapshot, key), _checked_key(key._replace(name=new))
    if target == key:
        return changelog.nothing(message)
    text = edit.edit(_text(snapshot, key), {**entity.data, "name": new})
    edits = [Edit(key, entity.revision, None), Edit(target, None, text)]
    edits += [_edited(by, _text(snapshot, by.key), data) for by, data in references.replaced(snapshot, key, new)]
    return store.apply(Change(tuple(edits), message))


def copy(store: Store, key: Key, new: str, message: str = "") -> Recorded:
    """Register an entity once more under another name, its comments included.

    Raises:
        Exists: the name is taken.
        NotFound: there is no such entity.
    """
    from zenprofile.core.document import edit

    snapshot = store.snapshot()
    entity, target = read(snapshot, key), _checked_key(key._replace(name=new))
    text = edit.edit(_text(snapshot, key), {**entity.data, "name": new})
    return store.apply(Change((Edit(target, None, text),), message))


def delete(store: Store, *keys: Key, message: str = "") -> Recorded:
    """Delete entities in one change. Users, teams and projects leave teams and assignments in the same change.

    A document that cannot be read, or is no text at all, is deleted as well.

    Raises:
        InUse: something needs it, or it is the last user.
        NotFound: there is no such entity.
    """
    return store.apply(Change(deletion(store.snapshot(), *keys), message))


def deletion(snapshot: Snapshot, *keys: Key) -> tuple[Edit, ...]:
    """Return the edits that delete entities: theirs first, then those of the entities that list them.

    Raises:
        InUse: one is the last user.
        NotFound: there is no such entity.
    """
    edits: list[Edit] = []
    snapshot.prefetch(keys)
    for key in keys:
        text = stored(snapshot, key)
        if text is None:
            read(snapshot, key)
        edits.append(Edit(key, revision_of(key, text or ""), None))
    must_leave_one(snapshot.keys, edits)
    gone = {key for key in keys if key.kind in _VANISHING}
    edits += [_edited(by, _text(snapshot, by.key), data) for by, data in references.without_references(snapshot, gone)]
    return tuple(edits)


def must_leave_one(keys: Callable[[str], list[Key]], edits: Iterable[Edit]) -> None:
    """Refuse edits that delete the last of a kind which a profile never runs out of.

    Args:
        keys: returns what there is of a kind; asked only where one of it is deleted.
        edits: of one change.

    Raises:
        InUse: one of them does.
    """
    texts = {edit.key: edit.text for edit in edits if edit.key.kind in _NEVER_NONE}
    gone = [key for key, text in texts.items() if text is None]
    for key in gone:
        come = any(text is not None and other.kind == key.kind for other, text in texts.items())
        if not come and set(keys(key.kind)) <= set(gone):
            raise InUse(f"{describe_key(key)} is the last one", hint=f"create another {key.kind} first")


def _edited(entity: Entity, text: str, data: Data) -> Edit:
    from zenprofile.core.document import edit

    return Edit(entity.key, entity.revision, edit.edit(text, data, entity.key.kind))


def _text(snapshot: Snapshot, key: Key) -> str:
    text = snapshot.text(key)
    if text is None:  # pragma: no cover - deleted by hand since it was read
        raise NotFound(f"there is no {describe_key(key)}", hint="it was deleted meanwhile")
    return text


def _checked_key(key: Key) -> Key:
    """Return a key whose name keeps the rule, so that no store sees another."""
    reason = names.why_not(key.name)
    if reason:
        message = f"{key.name[:140]!r} cannot be a {key.kind}'s name: {reason}"
        hint = "choose another name" if names.RULE in reason else f"a name has {names.RULE}"
        raise Invalid.of([Problem("", 0, 0, "name", message, hint, "bad-name")])
    return key
