"""References in a merge that only both sides together break, and how a choice resolves them."""

from collections.abc import Callable, Mapping
from typing import Any

from zenprofile.core import paths
from zenprofile.core.change import MISSING, label
from zenprofile.core.document import reader as texts
from zenprofile.core.entity import Data, Key
from zenprofile.core.merge.data import Choice, Conflict, Value
from zenprofile.core.profile_check import refers_to

GetData = Callable[[Key], Data | None]
GetText = Callable[[Key], str | None]
_FEW = 10  # names that a text is searched for before it is read


def with_new_names(key: Key, text: str, names: Mapping[Key, str]) -> str:
    """Return a document whose references follow renames.

    Args:
        key: of the document.
        text: of the document; one that `zenprofile.core.document.reader.read` accepts.
        names: the new name of each entity that was renamed.
    """
    if not names or (len(names) < _FEW and not any(old.name in text for old in names)):
        return text
    data = texts.read(text)
    places = [(path, names[to]) for path, to in refers_to(key, data) if to in names]
    if not places:
        return text
    for path, name in places:
        into, last = _inside(data, path)
        into[last] = name
    for path in dict.fromkeys(path[:-1] for path, _ in places if isinstance(path[-1], int)):
        into, last = _inside(data, path)
        into[last] = list(dict.fromkeys(into[last]))  # two that have one name now
    return edited(text, data)


def broken_references(
    merged: GetData, ours: set[Key], theirs: set[Key], is_flavor: Callable[[str, str], bool] = lambda type_, name: False
) -> list[Conflict]:
    """Find references that only both changes together broke: one side deleted what the other refers to.

    Args:
        merged: an entity's data in the merged whole, {} where it cannot be read; None where there is none.
        ours: keys of the entities that we changed, added or deleted since the common ancestor.
        theirs: likewise there.
        is_flavor: whether a component type has a flavor without anybody registering it.

    Returns:
        Conflicts of class ``reference`` at the place that refers; the side that deleted has no value. What one side
        broke by itself is no conflict, and is left to `zenprofile.core.profile_check`.
    """
    found: list[Conflict] = []
    here: Any
    there: Any
    for key in sorted(ours | theirs):
        for path, target in refers_to(key, merged(key) or {}):
            if merged(target) is not None or (target.kind == "flavor" and is_flavor(target.type, target.name)):
                continue
            if target in ours and key in theirs:
                uses, gone, here, there = "there", "here", MISSING, target.name
            elif target in theirs and key in ours:
                uses, gone, here, there = "here", "there", target.name, MISSING
            else:
                continue
            detail = f"{label(key)} refers {uses} to {label(target)}, which was deleted {gone}"
            found.append(Conflict(key, path, MISSING, here, there, "reference", detail))
    return found


def settle(conflict: Conflict, choice: Choice, merged: GetText, base: GetText) -> dict[Key, str | None]:
    """Settle a conflict of class ``reference``.

    Args:
        conflict: as `broken_references` returns it.
        choice: the side that refers: what it refers to comes back; the side that deleted: the reference goes (a
            component whose flavor is gone goes whole); a `Value`: the reference names another entity.
        merged: a document of the merged whole.
        base: a document of the common ancestor.

    Returns:
        Documents to change in the merged whole; none where the document no longer holds the reference.
    """
    text = merged(conflict.key)
    data = texts.read(text) if text is not None else {}
    target = target_of(conflict)
    path = next((p for p, to in refers_to(conflict.key, data) if to == target), None)
    if text is None or path is None:
        return {}
    if isinstance(choice, Value):
        _set_name(data, path, choice.value)
        return {conflict.key: edited(text, data)}
    if (conflict.ours if choice == "ours" else conflict.theirs) is not MISSING:
        return {target: base(target)}
    if target.kind == "flavor":
        return {conflict.key: None}
    _remove(data, path)
    return {conflict.key: edited(text, data)}


def target_of(conflict: Conflict) -> Key:
    """Return what the reference in a conflict of class ``reference`` refers to."""
    name = str(conflict.theirs if conflict.ours is MISSING else conflict.ours)
    kind, *inside = (step for step in conflict.path if isinstance(step, str))
    if kind == "components":
        return Key("component", inside[0], name)
    if kind == "flavor":
        return Key("flavor", conflict.key.type, name)
    return Key("user" if kind == "members" else inside[0], "", name)


def deleted(conflict: Conflict) -> Key | None:
    """Return what a side of a conflict deleted and the other side refers to; None where it is another conflict."""
    one_side = conflict.class_ == "reference" and (conflict.ours is MISSING) != (conflict.theirs is MISSING)
    return target_of(conflict) if one_side and conflict.path and conflict.path != ("configuration",) else None


def as_seen(found: list[Conflict], ours: GetData, theirs: GetData) -> list[Conflict]:
    """Return conflicts with the places in the document that one sees: ours, or theirs where ours has no such place."""
    taken: set[tuple[Key, paths.Path]] = set()
    shown = []
    for conflict in found:
        target = target_of(conflict)
        sides = (refers_to(conflict.key, side(conflict.key) or {}) for side in (ours, theirs))
        places = (path for side in sides for path, to in side if to == target)
        path = next((path for path in (*places, conflict.path) if (conflict.key, path) not in taken), conflict.path)
        taken.add((conflict.key, path))
        shown.append(conflict._replace(path=path))
    return shown


def edited(text: str, data: Data) -> str:
    """Return a document changed to hold other data, as `edit` does; imported here, since most merges need no edit."""
    from zenprofile.core.document.edit import edit

    return edit(text, data)


def _inside(data: Data, path: paths.Path) -> tuple[Any, Any]:
    """Return the mapping or list that holds a place, and the last step to it."""
    into: Any = data
    for step in path[:-1]:
        into = into[step]
    return into, path[-1]


def _set_name(data: Data, path: paths.Path, value: Any) -> None:
    """Set a name at a path; in a list that has it already, remove the member."""
    into, last = _inside(data, path)
    if isinstance(into, list) and value in into:
        del into[last]
    else:
        into[last] = value


def _remove(data: Data, path: paths.Path) -> None:
    """Remove a reference, with its whole list member: an assignment without its project would grant more."""
    into: Any = data
    last = next((number for number, step in enumerate(path) if isinstance(step, int)), len(path) - 1)
    for step in path[:last]:
        into = into[step]
    del into[path[last]]
    if not into and path[0] == "components":
        data["components"].pop(path[1], None)
