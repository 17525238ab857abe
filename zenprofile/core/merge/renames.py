"""Names in a merge: renames that the other side's edits and references follow, and names that clash."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from zenprofile.core.change import MISSING, label, same
from zenprofile.core.document import reader as texts
from zenprofile.core.entity import Data, Key
from zenprofile.core.merge.data import Choice, Choices, Conflict, Value, chosen
from zenprofile.core.merge.references import carried, edited
from zenprofile.core.profile_check import REFERRERS
from zenprofile.errors import Invalid

Documents = Mapping[Key, str]
Renames = Mapping[Key, Key]
_NAME = ("name",)
_REFERRING = frozenset(kind for kinds in REFERRERS.values() for kind in kinds)


class Job(NamedTuple):
    """One document to merge.

    Attributes:
        key: what it is called in the result.
        at: what it is called here, in conflicts and choices.
        base: text in the common ancestor, None for none; likewise ``ours`` and ``theirs``.
    """

    key: Key
    at: Key
    base: str | None
    ours: str | None
    theirs: str | None


class Plan(NamedTuple):
    """What there is to merge once names are settled; ``gone`` are keys that another name takes the place of."""

    jobs: list[Job]
    gone: set[Key]
    conflicts: list[Conflict]
    notes: list[str]


def plan(
    base: Documents, ours: Documents, theirs: Documents, choices: Mapping[Key, Choices], told: tuple[Renames, Renames]
) -> Plan:
    """Pair the documents of three sides, renames followed: those that the documents show, and those ``told``.

    A job is made for whatever the other side changed; what only we changed stays as it is.
    """
    here = {key for key in base.keys() | ours.keys() if base.get(key) != ours.get(key)}
    there = {key for key in base.keys() | theirs.keys() if base.get(key) != theirs.get(key)}
    planner = _Planner(base, ours, theirs)
    if here and there:
        planner.pair(_renames(base, ours, here, told[0]), _renames(base, theirs, there, told[1]), choices)
        planner.carry(here | there)
    for key in sorted((here | there) - planner.done):
        job = planner.job(key, key, key, key)
        if job.theirs != job.base or job.ours != ours.get(key):
            planner.plan.jobs.append(job)
    return planner.plan


class _Planner:
    def __init__(self, base: Documents, ours: Documents, theirs: Documents) -> None:
        self.base, self.ours, self.theirs = dict(base), dict(ours), dict(theirs)
        self.plan = Plan([], set(), [], [])
        self.done: set[Key] = set()
        # What the documents of a side have to call an entity by from now on.
        self.names: tuple[dict[Key, str], dict[Key, str], dict[Key, str]] = ({}, {}, {})
        self.pairs: list[tuple[Key, Key, Key, Key]] = []

    def job(self, key: Key, old: Key, mine: Key, other: Key) -> Job:
        at = mine if mine in self.ours else key
        return Job(key, at, self.base.get(old), self.ours.get(mine), self.theirs.get(other))

    def pair(self, here: dict[Key, Key], there: dict[Key, Key], choices: Mapping[Key, Choices]) -> None:
        for old in sorted(here.keys() | there.keys()):
            mine, other = here.get(old), there.get(old)
            if mine and other and mine != other:
                self._both(old, mine, other, choices.get(mine, {}))
            elif mine:
                self._one(old, mine, self.theirs, ("there", "here"))
            else:
                self._one(old, there[old], self.ours, ("here", "there"))

    def _one(self, old: Key, new: Key, stays: Documents, words: tuple[str, str]) -> None:
        """Follow a rename that one side made, or both alike; ``stays`` are the other side's documents."""
        if old in stays and new in stays:
            return  # over there the new name is another entity
        where, renamed = words
        self._rename(self.names[0], old, new.name)
        if old not in stays:
            if new in stays:
                self._pair(new, old, new, new)
            else:
                self.plan.notes.append(f"{label(old)}: deleted {where}, renamed to {new.name} {renamed}: it stays")
            return
        if stays[old] != self.base[old]:
            self.plan.notes.append(f"{label(old)}: renamed to {new.name} {renamed}, edited {where}: the edit follows")
        mine, other = (old, new) if where == "here" else (new, old)
        self._rename(self.names[1 if where == "here" else 2], old, new.name)
        self._pair(new, old, mine, other)

    def _both(self, old: Key, mine: Key, other: Key, choices: Choices) -> None:
        choice = chosen(choices, _NAME)
        name = _chosen_name(choice, mine, other)
        for names, key in zip(self.names, (old, mine, other), strict=True):
            self._rename(names, key, name)
        if choice is None:
            detail = f"{label(old)} was renamed to {mine.name} here and to {other.name} there"
            self.plan.conflicts.append(Conflict(mine, _NAME, old.name, mine.name, other.name, "name", detail))
            self.done |= {old, mine, other}
        else:
            self._pair(mine._replace(name=name), old, mine, other)

    def _rename(self, names: dict[Key, str], key: Key, name: str) -> None:
        if key.name != name:
            names[key] = name

    def _pair(self, key: Key, old: Key, mine: Key, other: Key) -> None:
        self.pairs.append((key, old, mine, other))
        self.done |= {key, old, mine, other}
        if mine != key:
            self.plan.gone.add(mine)

    def carry(self, changed: set[Key]) -> None:
        """Let references of every side follow the renames of the others, then pair what was renamed."""
        sides = (self.base, self.ours, self.theirs)
        for key in sorted(changed):
            if key.kind not in _REFERRING:
                continue
            before = self.base.get(key)
            for side, names in zip(sides, self.names, strict=True):
                if key in side and (side is self.base or side[key] != before):
                    side[key] = _carried(key, side[key], names)
            for side in sides[1:]:
                if side.get(key) == before and before is not None:
                    side[key] = self.base[key]
            self._only_followed(key, before)
        for key, old, mine, other in self.pairs:
            self.plan.jobs.append(self.job(key, old, mine, other))

    def _only_followed(self, key: Key, before: str | None) -> None:
        """Where one side deleted a document and the other only followed a rename in it, that is no edit."""
        kept = [side[key] for side in (self.ours, self.theirs) if key in side]
        if before is None or len(kept) != 1 or self.base[key] == before:
            return
        one, other = _data(kept[0]), _data(self.base[key])
        if one is not None and other is not None and same(one, other):
            self.base[key] = kept[0]


def _chosen_name(choice: Choice | None, mine: Key, other: Key) -> str:
    if isinstance(choice, Value):
        return str(choice.value)
    return other.name if choice == "theirs" else mine.name


def _renames(base: Documents, side: Documents, changed: Iterable[Key], told: Renames) -> dict[Key, Key]:
    """Find what a side renamed: one entity gone and one come, alike in all but the name, or in all but its case.

    Where two would fit, and where a name is all there is, nothing is guessed.
    """
    gone = [key for key in changed if key not in side]
    groups = {key[:2] for key in gone}
    come = [key for key in changed if key not in base and key[:2] in groups]
    if not come:
        return {}
    by_fold = {key.folded: key for key in come}
    found = {key: by_fold[key.folded] for key in gone if key.folded in by_fold}
    found |= {key: told[key] for key in gone if told.get(key) in come}
    by_content: dict[tuple[str, str, str], tuple[list[Key], list[Key]]] = defaultdict(lambda: ([], []))
    new = set(found.values())
    for number, (keys, texts_) in enumerate(((gone, base), (come, side))):
        for key in keys:
            content = _content(texts_[key]) if key not in found and key not in new else ""
            if content:
                by_content[key.kind, key.type, content][number].append(key)
    return found | {old[0]: new[0] for old, new in by_content.values() if len(old) == len(new) == 1}


def _content(text: str) -> str:
    data = _data(text)
    rest = {field: value for field, value in (data or {}).items() if field != "name"}
    return json.dumps(rest, sort_keys=True) if rest.keys() - {"type"} else ""


def _carried(key: Key, text: str, names: Mapping[Key, str]) -> str:
    try:
        return carried(key, text, names)
    except Invalid:
        return text  # what cannot be read refers to nothing


def _data(text: str) -> Data | None:
    try:
        return texts.read(text)
    except Invalid:
        return None


class Clash(NamedTuple):
    """What clashing names come to: documents to change, and what is left to decide."""

    documents: dict[Key, str | None]
    conflicts: list[Conflict]


def clashes(
    documents: Mapping[Key, str | None],
    base: Documents,
    ours: Documents,
    theirs: Documents,
    choices: Mapping[Key, Choices],
) -> Clash:
    """Find names that differ only by case and come from different sides.

    Args:
        documents: what the merge changes in ours.
        base: the common ancestor's documents.
        ours: the documents here.
        theirs: the documents there.
        choices: how conflicts are settled: one side's entity stays, or ours takes a new name.
    """
    result = Clash({}, [])
    there = {key.folded: key for key, text in documents.items() if text is not None and key not in ours}
    for mine in (key for key in ours if key.folded in there and documents.get(key, "") is not None):
        other = there[mine.folded]
        if mine in theirs:
            continue  # both stand there
        choice = chosen(choices.get(mine, {}), _NAME)
        if choice is None:
            before = next((key.name for key in (mine, other) if key in base), MISSING)
            detail = f"{label(mine)} here and {label(other)} there differ only in case"
            result.conflicts.append(Conflict(mine, _NAME, before, mine.name, other.name, "name", detail))
            continue
        name = _chosen_name(choice, mine, other)
        if name == mine.name:
            result.documents[other] = None
            continue
        result.documents[mine] = None
        if name != other.name:
            text = documents.get(mine) or ours[mine]
            result.documents[mine._replace(name=name)] = edited(text, {**texts.read(text), "name": name})
    return result
