"""Renames in a merge: each entity is followed through both sides' renames; a collision of names is a conflict."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations, islice
from typing import NamedTuple

from zenprofile.core.change import MISSING, label, same
from zenprofile.core.entity import Key
from zenprofile.core.merge import rename_detection
from zenprofile.core.merge.data import Choice, Choices, Conflict, Value, chosen
from zenprofile.core.merge.references import edited, with_new_names
from zenprofile.core.merge.rename_detection import Documents, Renames, read
from zenprofile.core.profile_check import REFERRERS
from zenprofile.errors import Invalid

_NAME = ("name",)
Renamed = Mapping[Key, str]
_MOST = 100  # pairs of entities whose names differ only by case
_SIDES = ("here", "there")


class Job(NamedTuple):
    """One document to merge.

    Attributes:
        key: what it is called in the result.
        at: what it is called here, in conflicts and choices.
        base: text in the common ancestor, with the name of ``key``; None for none. Likewise ``ours`` and ``theirs``.
    """

    key: Key
    at: Key
    base: str | None
    ours: str | None
    theirs: str | None


class MergePlan(NamedTuple):
    """The documents to merge once names are resolved; ``gone`` are old keys of renamed entities."""

    jobs: list[Job]
    gone: set[Key]
    conflicts: list[Conflict]
    notes: list[str]


class _Lineage:
    """One entity with its keys in the common ancestor, here and there (None: it is not there), and in the result."""

    def __init__(self, old: Key | None, here: Key | None, there: Key | None) -> None:
        self.old, self.here, self.there = old, here, there
        self.key = here or there or old or Key("", "", "")
        self.has_two_names = False
        self.dropped = False

    @property
    def keys(self) -> tuple[Key | None, Key | None, Key | None]:
        return self.old, self.here, self.there

    @property
    def is_renamed(self) -> bool:
        return any(key is not None and key != self.key for key in self.keys)


def plan(
    base: Documents,
    ours: Documents,
    theirs: Documents,
    choices: Mapping[Key, Choices],
    from_history: tuple[Renames, Renames],
) -> MergePlan:
    """Pair the documents of three sides, renames followed: those that the documents show, and those ``from_history``.

    A job is made for whatever the other side changed; what only we changed stays as it is.
    """
    return _Planner(base, ours, theirs, choices, from_history).planned()


class _Planner:
    def __init__(
        self,
        base: Documents,
        ours: Documents,
        theirs: Documents,
        choices: Mapping[Key, Choices],
        from_history: tuple[Renames, Renames],
    ) -> None:
        self.base, self.ours, self.theirs = dict(base), dict(ours), dict(theirs)
        self.choices = choices
        self.plan = MergePlan([], set(), [], [])
        apart = any(base.get(k) != ours.get(k) for k in base.keys() | ours.keys()) and any(
            base.get(k) != theirs.get(k) for k in base.keys() | theirs.keys()
        )
        here, there = (
            rename_detection.detect(base, side, from_history[n]) if apart else {}
            for n, side in enumerate((ours, theirs))
        )
        also = _renamed_by_both(base, ours, here, there), _renamed_by_both(base, theirs, there, here)
        self.entities = _entities(base, ours, theirs, here | also[0], there | also[1])
        self.by_name: dict[Key, list[_Lineage]] = defaultdict(list)

    def planned(self) -> MergePlan:
        for entity in self.entities:
            self._name(entity)
        self._separate_collisions()
        self._rewrite_names()
        for entity in self.entities:
            self._job(entity)
        return self.plan

    def _name(self, entity: _Lineage) -> None:
        """Give an entity its name in the result: a new one wins over the old; of two new ones a person chooses."""
        old, here, there = entity.keys
        if here and there and old and here != there:
            if here == old:
                entity.key = there
            elif there != old:
                self._conflict_of_names(entity, old, here, there)
        if old and (here is None) != (there is None) and entity.key != old:
            sides = _SIDES if here is None else _SIDES[::-1]
            self.plan.notes.append(
                f"{label(old)}: deleted {sides[0]}, renamed to {entity.key.name} {sides[1]}: it stays"
            )
        elif old and here and there:
            self._note_rename(entity, old, here, there)

    def _note_rename(self, entity: _Lineage, old: Key, here: Key, there: Key) -> None:
        if (here == old) == (there == old):
            return
        renamed, edited_, text = (
            ("there", "here", self.ours[here]) if here == old else ("here", "there", self.theirs[there])
        )
        if text != self.base[old]:
            name = entity.key.name
            self.plan.notes.append(f"{label(old)}: renamed to {name} {renamed}, edited {edited_}: the edit follows")

    def _conflict_of_names(self, entity: _Lineage, old: Key, here: Key, there: Key) -> None:
        choice = chosen(self.choices.get(here, {}), _NAME)
        if choice is None:
            detail = f"{label(old)} was renamed to {here.name} here and to {there.name} there"
            self.plan.conflicts.append(Conflict(here, _NAME, old.name, here.name, there.name, "name", detail))
            entity.has_two_names = True
        entity.key = here._replace(name=_chosen_name(choice, here, there))

    def _separate_collisions(self) -> None:
        """Separate entities of the two sides that ended with the same name, or names that differ only by case."""
        for entity in self.entities:
            if self._survives(entity):
                self.by_name[entity.key.folded].append(entity)
        for group in [group for group in self.by_name.values() if len(group) > 1]:
            for one, other in islice(combinations(group, 2), _MOST):
                if not one.dropped and not other.dropped and one.key.folded == other.key.folded:
                    self._resolve_collision(*((one, other) if _is_renamed_by_us(one, other) else (other, one)))

    def _survives(self, entity: _Lineage) -> bool:
        """Return whether an entity will be in the result: no side deleted it, or the other one changed it."""
        old, here, there = entity.keys
        if old is None or (here and there):
            return True
        side = self.ours.get(here) if here else self.theirs.get(there) if there else None
        return side is not None and (entity.key != old or side != self.base[old])

    def _resolve_collision(self, mine: _Lineage, other: _Lineage) -> None:
        if mine.here is None or other.there is None or _are_in_one_place(mine, other):
            return  # one side alone has, or made, both
        if mine.has_two_names or other.has_two_names:
            return  # a name is to be chosen first
        choice = chosen(self.choices.get(mine.here, {}), _NAME)
        if isinstance(choice, Value):
            settled = self._rename(mine, mine.key._replace(name=str(choice.value)))
        else:
            settled = choice is not None and self._restore_or_drop(
                *((other, mine) if choice == "ours" else (mine, other))
            )
        if not settled:
            before = next((e.old.name for e in (mine, other) if e.old is not None and e.old == e.key), MISSING)
            conflict = Conflict(
                mine.here, _NAME, before, mine.key.name, other.key.name, "name", _collision_message(mine, other)
            )
            self.plan.conflicts.append(conflict)

    def _rename(self, entity: _Lineage, key: Key) -> bool:
        """Give an entity another name; return False where that is taken."""
        if any(not other.dropped and other.key.folded == key.folded for other in self.by_name.get(key.folded, ())):
            return False
        entity.key = key
        self.by_name[key.folded].append(entity)
        return True

    def _restore_or_drop(self, loser: _Lineage, winner: _Lineage) -> bool:
        """Give a renamed entity its old name back; drop a new one, as the conflict says."""
        if loser.old is not None and loser.old.folded != winner.key.folded:
            return self._rename(loser, loser.old)
        loser.dropped = True
        loser.key = winner.key  # who refers to it refers to the other one
        return True

    def _rewrite_names(self) -> None:
        """Write each entity's new name into its document, and those of others into its references."""
        names: tuple[dict[Key, str], dict[Key, str], dict[Key, str]] = ({}, {}, {})
        renamed = [entity for entity in self.entities if entity.is_renamed]
        for entity in renamed:
            for side, key in zip(names, entity.keys, strict=True):
                if key is not None and key.name != entity.key.name:
                    side[key] = entity.key.name
        kinds = {kind for entity in renamed for kind in REFERRERS.get(entity.key.kind, ())}
        for entity in self.entities if renamed else ():
            if entity.is_renamed or entity.key.kind in kinds:
                self._rename_references(entity, names)

    def _texts(self, entity: _Lineage) -> tuple[str | None, str | None, str | None]:
        old, here, there = entity.keys
        return (
            self.base.get(old) if old else None, self.ours.get(here) if here else None,
            self.theirs.get(there) if there else None,
        )  # fmt: skip

    def _rename_references(self, entity: _Lineage, names: tuple[Renamed, Renamed, Renamed]) -> None:
        texts = self._texts(entity)
        before = texts[0]
        if texts[1] == before == texts[2]:
            return
        sides = (self.base, self.ours, self.theirs)
        for number, (side, key, text) in enumerate(zip(sides, entity.keys, texts, strict=True)):
            if key is None or text is None:
                continue
            if number and entity.old is not None and text == before:
                side[key] = self.base[entity.old]  # untouched there
            else:
                side[key] = _with_name(_with_new_names(key, text, names[number]), key, entity.key.name)
        self._drop_if_only_followed(entity, before)

    def _drop_if_only_followed(self, entity: _Lineage, before: str | None) -> None:
        """Where one side deleted a document and the other only followed a rename in it, that is no edit."""
        old, kept = entity.old, [key for key in (entity.here, entity.there) if key is not None]
        if old is None or before is None or len(kept) != 1 or self.base[old] == before:
            return
        text = (self.ours if entity.here else self.theirs)[kept[0]]
        one, other = read(text), read(self.base[old])
        if one is not None and other is not None and same(one, other):
            self.base[old] = text

    def _job(self, entity: _Lineage) -> None:
        base, ours, theirs = self._texts(entity)
        if entity.here and (entity.dropped or entity.here != entity.key):
            self.plan.gone.add(entity.here)
        if entity.dropped:
            return
        if entity.old and entity.key != entity.old and (ours is None or theirs is None):
            base = None  # a rename stays against a deletion
            if ours is None and theirs is None:
                return
        self.plan.jobs.append(Job(entity.key, entity.here or entity.key, base, ours, theirs))


def _renamed_by_both(base: Documents, side: Documents, found: Renames, others: Renames) -> dict[Key, Key]:
    """Return what a side renamed as the other one did, although its documents alone do not show it."""
    taken = set(found.values())
    return {
        old: new
        for old, new in others.items()
        if old not in found and old not in side and new in side and new not in base and new not in taken
    }


def _entities(base: Documents, ours: Documents, theirs: Documents, here: Renames, there: Renames) -> list[_Lineage]:
    """Pair the keys of the three sides; what all have alike is left out."""
    taken = set(here.values()), set(there.values())

    def now(key: Key, side: Documents, renames: Renames, taken_: set[Key]) -> Key | None:
        return renames.get(key, key if key in side and key not in taken_ else None)

    found = []
    for old in base:
        mine, other = now(old, ours, here, taken[0]), now(old, theirs, there, taken[1])
        if not (mine == old == other and base[old] == ours[old] == theirs[old]):
            found.append(_Lineage(old, mine, other))
    new = [
        {key for key in side if key not in taken_ and (key not in base or key in renames)}
        for side, taken_, renames in zip((ours, theirs), taken, (here, there), strict=True)
    ]
    found += [_Lineage(None, *(key if key in side else None for side in new)) for key in new[0] | new[1]]
    return sorted(found, key=lambda entity: (entity.key, entity.old or entity.key))


def _is_renamed_by_us(one: _Lineage, other: _Lineage) -> bool:
    """Return whether the first of two entities that meet has its name from our side."""
    if (one.there is None) != (other.there is None):
        return one.there is None
    if (one.here is None) != (other.here is None):
        return one.here is not None
    return one.here == one.key


def _are_in_one_place(one: _Lineage, other: _Lineage) -> bool:
    """Return whether a side has two entities under names that differ only by case."""
    pairs = ((one.here, other.here), (one.there, other.there))
    return any(first is not None and second is not None and first.folded == second.folded for first, second in pairs)


def _collision_message(mine: _Lineage, other: _Lineage) -> str:
    """Return the message about two entities with one name, and what each choice does."""
    if mine.key == other.key:
        what = f"{_display_name(mine)} here and {_display_name(other)} there are two entities of one name"
    else:
        what = f"{label(mine.key)} here and {label(other.key)} there differ only in case"
    return f"{what}; ours {_loser_outcome(other, mine)}, theirs {_loser_outcome(mine, other)}; rename one to keep both"


def _display_name(entity: _Lineage) -> str:
    renamed = entity.old is not None and entity.old != entity.key
    return f"{label(entity.key)} ({entity.old.name} before)" if renamed and entity.old else label(entity.key)


def _loser_outcome(loser: _Lineage, winner: _Lineage) -> str:
    if loser.old is not None and loser.old.folded != winner.key.folded:
        return f"calls the other one {loser.old.name} again"
    return f"leaves out {loser.key.name} as it is {'here' if loser.there is None else 'there'}"


def _chosen_name(choice: Choice | None, mine: Key, other: Key) -> str:
    if isinstance(choice, Value):
        return str(choice.value)
    return other.name if choice == "theirs" else mine.name


def _with_new_names(key: Key, text: str, names: Renamed) -> str:
    try:
        return with_new_names(key, text, names)
    except Invalid:
        return text  # what cannot be read refers to nothing


def _with_name(text: str, key: Key, name: str) -> str:
    data = read(text) if key.name != name else None
    return text if data is None else edited(text, {**data, "name": name})
