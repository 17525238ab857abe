"""Three-way merge of one entity's data: mappings by key, sets by member, long texts by line, all else whole."""

import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from zenprofile.core import paths
from zenprofile.core.change import MISSING, same
from zenprofile.core.entity import Data, Key
from zenprofile.core.merge import diff3

# Lists whose order says nothing; a stack's components of one type are the third of their kind.
_SETS = {"team": "members", "role": "assignments"}
_OF_FLAVOR = ("flavor", "configuration")


class Conflict(NamedTuple):
    """What a person has to decide.

    Attributes:
        key: the entity, by its name on our side where it has one there.
        path: of the field.
        base: its value in the common ancestor; `MISSING` where a side has none.
        ours: its value here.
        theirs: its value there.
        class_: ``field``, ``reference``, ``name`` or ``outside``.
        detail: what happened, for people; may be "".
        place: folder, from the repository's top, of the profile that it is in; "" for the one that is merged.
    """

    key: Key
    path: paths.Path
    base: Any
    ours: Any
    theirs: Any
    class_: str
    detail: str
    place: str = ""


class Value(NamedTuple):
    """A value that a person typed in place of both sides' (`MISSING` takes the field out)."""

    value: Any


Choice = Literal["ours", "theirs"] | Value
# A path stands for all conflicts at and below it, () for the whole document's; the longest one counts. A `Value` counts
# at its own path alone.
Choices = Mapping[paths.Path, Choice]


class KeptEdit(NamedTuple):
    """A field that one side edited and the other removed: the edit stays.

    Attributes:
        path: of the field.
        here: whether it was our side that took it out.
    """

    path: paths.Path
    here: bool


def merge_data(
    key: Key, base: Data, ours: Data, theirs: Data, choices: Choices | None = None, kept: list[KeptEdit] | None = None
) -> tuple[Data, list[Conflict]]:
    """Merge the data of one entity.

    Args:
        key: of the entity.
        base: its data in the common ancestor; {} where there was none.
        ours: its data here; its order of keys is kept.
        theirs: its data there.
        choices: how conflicts are settled.
        kept: takes the fields that one side edited and the other took out; None: each is a conflict.

    Returns:
        The merged data, ours where there is a conflict, and the conflicts that no choice settles.
    """
    merger = _Merger(key, choices or {}, kept)
    if key.kind == "component" and "flavor" not in base and "flavor" in ours.keys() & theirs.keys():
        ours, theirs = merger.flavored(ours, theirs)
    merged = merger.mapping((), base, ours, theirs)
    return merged, merger.conflicts


def chosen(choices: Choices, path: paths.Path) -> Choice | None:
    """Return the choice that settles a conflict at a path."""
    exact = choices.get(path)
    if exact is not None:
        return exact
    above = (choices.get(path[:length]) for length in range(len(path) - 1, -1, -1))
    return next((choice for choice in above if isinstance(choice, str)), None)


class _Merger:
    def __init__(self, key: Key, choices: Choices, kept: list[KeptEdit] | None) -> None:
        self.key = key
        self.choices = choices
        self.kept = kept
        self.conflicts: list[Conflict] = []

    def mapping(self, path: paths.Path, base: Data, ours: Data, theirs: Data) -> Data:
        merged: Data = {}
        for name in _in_order(ours, theirs):
            sides = (side.get(name, MISSING) for side in (base, ours, theirs))
            value = self.value((*path, name), *sides)
            if value is not MISSING:
                merged[name] = value
        return merged

    def flavored(self, ours: Data, theirs: Data) -> tuple[Data, Data]:
        """Return a component that both sides added with the flavor of one, and the configuration that goes with it."""
        path, mine, other = ("flavor",), ours["flavor"], theirs["flavor"]
        choice = chosen(self.choices, path)
        if same(mine, other) or isinstance(choice, Value):
            return ours, theirs
        if choice is None:
            detail = "each side added it with a flavor and a configuration of its own; they are chosen together"
            self.conflicts.append(Conflict(self.key, path, MISSING, mine, other, "field", detail))
        side = theirs if choice == "theirs" else ours
        own = {field: side[field] for field in _OF_FLAVOR if field in side}
        first, second = ({k: v for k, v in data.items() if k not in _OF_FLAVOR or k in own} for data in (ours, theirs))
        return {**first, **own}, {**second, **own}

    def value(self, path: paths.Path, base: Any, ours: Any, theirs: Any) -> Any:
        plain_base, plain_ours, plain_theirs = (self._plain(path, side) for side in (base, ours, theirs))
        if same(plain_ours, plain_theirs) or same(plain_base, plain_theirs):
            return ours
        if same(plain_base, plain_ours):
            return theirs
        if isinstance(ours, dict) and isinstance(theirs, dict):
            return self.mapping(path, base if isinstance(base, dict) else {}, ours, theirs)
        sides = self._members(path, base, ours, theirs)
        members = _union(*sides) if sides is not None else []
        # What a stack has of a type is never merged away: where each side keeps another one, a person says which.
        if sides is not None and (members or self.key.kind != "stack"):
            return self._set(members, ours, theirs)
        if all(isinstance(side, str) and "\n" in side for side in (base, ours, theirs)):
            text = diff3.merge_texts(base, ours, theirs)
            if text is not None:
                return text
        return self._choice_or_conflict(path, base, ours, theirs)

    def _is_type_of_stack(self, path: paths.Path) -> bool:
        return self.key.kind == "stack" and len(path) == 2 and path[0] == "components"

    def _plain(self, path: paths.Path, value: Any) -> Any:
        """Return a stack's list of one as the name that it equals."""
        if isinstance(value, list) and len(value) == 1 and self._is_type_of_stack(path):
            return value[0]
        return value

    def _members(self, path: paths.Path, *sides: Any) -> list[list[Any]] | None:
        """Return the three sides of a set; None where the value is none."""
        if self._is_type_of_stack(path):
            sides = tuple([side] if isinstance(side, str) else side for side in sides)
            if not any(isinstance(side, list) and len(side) > 1 for side in sides):
                return None
        elif path != (_SETS.get(self.key.kind),):
            return None
        lists = [[] if side is MISSING else side for side in sides]
        return lists if all(isinstance(side, list) for side in lists) else None

    def _set(self, members: list[Any], ours: Any, theirs: Any) -> Any:
        if self.key.kind != "stack":
            return MISSING if not members and (ours is MISSING or theirs is MISSING) else members
        # A side that says the same keeps its form: a name, or a list of one.
        for side in (ours, theirs):
            if members in (side, [side]):
                return side
        return members if len(members) > 1 else members[0]

    def _choice_or_conflict(self, path: paths.Path, base: Any, ours: Any, theirs: Any) -> Any:
        if self.kept is not None and base is not MISSING and (ours is MISSING or theirs is MISSING):
            self.kept.append(KeptEdit(path, ours is MISSING))
            return theirs if ours is MISSING else ours
        choice = chosen(self.choices, path)
        if choice is None:
            class_ = "name" if path == ("name",) else "field"
            self.conflicts.append(Conflict(self.key, path, base, ours, theirs, class_, ""))
            return ours
        if isinstance(choice, Value):
            return choice.value
        return theirs if choice == "theirs" else ours


def _in_order(ours: Data, theirs: Data) -> list[str]:
    """Return our keys in our order, each new one of theirs behind what it follows there (and behind our new ones)."""
    new: dict[str | None, list[str]] = {}
    anchor: str | None = None
    for name in theirs:
        if name in ours:
            anchor = name
        else:
            new.setdefault(anchor, []).append(name)
    order: list[str] = []
    waiting = new.get(None, [])
    for name in ours:
        if name in theirs:
            order += waiting
            waiting = new.get(name, [])
        order.append(name)
    return order + waiting


def _union(base: list[Any], ours: list[Any], theirs: list[Any]) -> list[Any]:
    """Merge sets: what either side added, without what either removed; our order, then theirs."""
    before, mine, other = ({identity(member) for member in side} for side in (base, ours, theirs))
    removed = before - mine | before - other
    kept = [member for member in ours if identity(member) not in removed]
    seen = mine | removed
    for member in theirs:
        found = identity(member)
        if found not in seen:
            seen.add(found)
            kept.append(member)
    return kept


def identity(member: Any) -> str:
    """Return what members of a set share when they are one: their canonical JSON."""
    return json.dumps(member, sort_keys=True)
