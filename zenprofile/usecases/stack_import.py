"""Take a stack with its components from a file into a profile: all of it, or nothing."""

from typing import NamedTuple

from zenprofile.core.change import Change, Edit, Recorded, same
from zenprofile.core.entity import Data, Key, normal
from zenprofile.core.names import fold
from zenprofile.core.snapshot import Snapshot
from zenprofile.errors import Exists
from zenprofile.store import changelog
from zenprofile.store.base import Store
from zenprofile.store.prepare import revision_of
from zenprofile.usecases.lookup import describe_key
from zenprofile.usecases.stack_files import StackFile


class Imported(NamedTuple):
    """What an import did: the change, what was there already, and names that are others now."""

    recorded: Recorded
    reused: list[Key]
    renamed: dict[Key, Key]


def import_(store: Store, found: StackFile, choice: str = "", message: str = "") -> Imported:
    """Register what a file holds, in one change; what is there already with equal content is used as it is.

    Args:
        store: where.
        found: what the file holds.
        choice: what to do where a name is taken by other content: ``rename`` (give the new one another name),
            ``update`` (change the one that is there), or "" (refuse).
        message: why.

    Raises:
        Exists: a name is taken by other content, and no choice was made.
        Invalid: the result is invalid.
    """
    snapshot = store.snapshot()
    renamed: dict[Key, Key] = {}
    reused: list[Key] = []
    edits: list[Edit] = []
    for key, given in found.documents.items():
        data = _renamed_within(key, given, renamed)
        target = _target_key(snapshot, key, data, found, choice)
        if target != key:
            renamed[key] = target
            data = {**data, "name": target.name}
        edit = _edit(snapshot, target, data, found)
        if edit is None:
            reused.append(target)
        else:
            edits.append(edit)
    recorded = store.apply(Change(tuple(edits), message)) if edits else changelog.nothing(message)
    return Imported(recorded, reused, {old: new for old, new in renamed.items() if fold(old.name) != fold(new.name)})


def _renamed_within(key: Key, data: Data, renamed: dict[Key, Key]) -> Data:
    """Return data that names what it needs by the names that these have got."""
    if key.kind == "component":
        flavor = renamed.get(Key("flavor", key.type, str(data.get("flavor"))))
        return data if flavor is None else {**data, "flavor": flavor.name}
    if key.kind != "stack" or not isinstance(data.get("components"), dict):
        return data
    components: Data = {}
    for type_, names in data["components"].items():
        new = [renamed.get(key := Key("component", type_, str(name)), key).name for name in _listed(names)]
        components[type_] = new if isinstance(names, list) else new[0]
    return {**data, "components": components}


def _listed(names: object) -> list[object]:
    return names if isinstance(names, list) else [names]


def _target_key(snapshot: Snapshot, key: Key, data: Data, found: StackFile, choice: str) -> Key:
    """Return the key under which a document is to stand.

    Raises:
        Exists: other content stands there, and no choice was made.
    """
    there = snapshot.spelling(key)
    if there is None or choice == "update" or _equal(snapshot, there, data, found):
        return there or key
    if choice != "rename":
        hint = "add --rename to give the new one another name, or --update to change the one that is there"
        raise Exists(f"there is {describe_key(there)} already, with other content", hint=hint)
    number = 2
    while True:
        other = key._replace(name=f"{key.name[:120]}-{number}")
        there = snapshot.spelling(other)
        if there is None or _equal(snapshot, there, data, found):
            return there or other
        number += 1


def _merged(old: Data, new: Data, found: StackFile) -> Data:
    """Return an entity's new data; what ZenML's formats have no place for stays as it is."""
    if found.format == "zenprofile":
        return new
    kept: Data = {field: old[field] for field in ("description", "labels") if field in old and field not in new}
    return {**new, **kept}


def _equal(snapshot: Snapshot, key: Key, data: Data, found: StackFile) -> bool:
    entity = snapshot.get(key)
    if entity is None:
        return False
    merged = _merged(entity.data, {**data, "name": key.name}, found)
    return same(_plain(key, entity.data), _plain(key, merged))


def _plain(key: Key, data: Data) -> Data:
    """Return data for a comparison: no configuration equals an empty one."""
    return {field: value for field, value in normal(key, data).items() if field != "configuration" or value}


def _edit(snapshot: Snapshot, key: Key, data: Data, found: StackFile) -> Edit | None:
    """Return what makes an entity what the file says, None where it is that already."""
    from zenprofile.core.document import edit, writer

    text = snapshot.text(key)
    if text is None:
        given = found.texts.get(key)
        return Edit(key, None, given if given is not None else writer.write(key.kind, data))
    if _equal(snapshot, key, data, found):
        return None
    entity = snapshot.get(key)
    merged = _merged(entity.data if entity else {}, {**data, "name": key.name}, found)
    return Edit(key, revision_of(key, text), edit.edit(text, merged, key.kind))
