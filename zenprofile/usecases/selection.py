"""Filters of lists, and where each entity is used."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

from zenprofile.core import profile_check
from zenprofile.core.entity import Entity, Key
from zenprofile.core.snapshot import Snapshot


class Selection(NamedTuple):
    """What a list is filtered by; an empty selection takes every entity.

    Attributes:
        patterns: globs (``*``, ``?``, ``[...]``) of a name, of ``TYPE/NAME`` or of ``KIND/...``; one has to match.
        labels: ``KEY`` or ``KEY=VALUE``; every one has to be there.
        flavor: of components; "" for any.
    """

    patterns: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    flavor: str = ""

    def matches(self, entity: Entity) -> bool:
        """Return whether an entity is selected."""
        key = entity.key
        spellings = (key.name, f"{key.type}/{key.name}", str(key))
        if self.patterns and not any(fnmatchcase(s, pattern) for pattern in self.patterns for s in spellings):
            return False
        return self.flavor in {"", entity.data.get("flavor")} and all(has_label(entity, text) for text in self.labels)


def has_label(entity: Entity, text: str) -> bool:
    """Return whether an entity has the label that ``KEY`` or ``KEY=VALUE`` names."""
    labels = entity.data.get("labels")
    key, equals, value = text.partition("=")
    return isinstance(labels, dict) and key in labels and (not equals or labels[key] == value)


def used_by(snapshot: Snapshot, keys: Iterable[Key]) -> dict[Key, list[Key]]:
    """Return, for each of some entities that is in use, what refers to it, sorted. Each kind is loaded once."""
    wanted = set(keys)
    kinds = dict.fromkeys(kind for key in wanted for kind in profile_check.REFERRERS.get(key.kind, ()))
    found: dict[Key, list[Key]] = {}
    for kind in kinds:
        for entity in snapshot.load(kind).entities:
            for target in dict.fromkeys(_targets(entity)):
                if target in wanted:
                    found.setdefault(target, []).append(entity.key)
    return {key: sorted(users) for key, users in found.items()}


def _targets(entity: Entity) -> list[Key]:
    targets = [target for _, target in profile_check.references(entity.key, entity.data)]
    flavor = entity.data.get("flavor")
    if entity.key.kind == "component" and isinstance(flavor, str):
        targets.append(Key("flavor", entity.key.type, flavor))
    return targets
