"""References to entities that are renamed or deleted: rewritten or removed wherever `profile_check` finds them."""

from collections.abc import Iterator, Set
from typing import Any

from zenprofile.core import paths, profile_check
from zenprofile.core.entity import Data, Entity, Key
from zenprofile.core.snapshot import Snapshot
from zenprofile.errors import Invalid


def replaced(snapshot: Snapshot, key: Key, new: str) -> Iterator[tuple[Entity, Data]]:
    """Yield the entities that refer to a renamed one, each with its data as it is to be.

    Args:
        snapshot: where to look. Documents that cannot be read refer to nothing.
        key: of the entity that is renamed.
        new: its new name.
    """
    for kind in profile_check.REFERRERS.get(key.kind, ()):
        # Only components of the flavor's own type can refer to it.
        keys = snapshot.keys(kind, key.type if kind == "component" else "")
        snapshot.prefetch(keys)
        for by in keys:
            entity = _readable(snapshot, by)
            places = [] if entity is None else _places(entity, {key})
            if entity is not None and places:
                data: Any = entity.data
                for place in places:
                    data = _set_at(data, place, new)
                yield entity, data


def without_references(snapshot: Snapshot, removed: Set[Key]) -> Iterator[tuple[Entity, Data]]:
    """Yield the entities that list deleted ones, each with its data as it is to be.

    An assignment goes whole: to drop only its project would widen the role.

    Args:
        snapshot: where to look. Documents that cannot be read refer to nothing.
        removed: keys of the deleted entities; entities among them are left out.
    """
    for kind in dict.fromkeys(kind for key in removed for kind in profile_check.REFERRERS.get(key.kind, ())):
        keys = snapshot.keys(kind)
        snapshot.prefetch(keys)
        for by in keys:
            entity = _readable(snapshot, by) if by not in removed else None
            places = [] if entity is None else _places(entity, removed)
            if entity is not None and places:
                yield entity, _remove_members(entity.data, {(place[0], place[1]) for place in places})


def _readable(snapshot: Snapshot, key: Key) -> Entity | None:
    try:
        return snapshot.get(key)
    except Invalid:
        return None


def _places(entity: Entity, keys: Set[Key]) -> list[paths.Path]:
    flavor = entity.data.get("flavor")
    if entity.key.kind == "component" and isinstance(flavor, str):
        return [("flavor",)] if Key("flavor", entity.key.type, flavor) in keys else []
    return [path for path, target in profile_check.references(entity.key, entity.data) if target in keys]


def _set_at(value: Any, path: paths.Path, new: str) -> Any:
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, list):
        return [_set_at(member, rest, new) if number == step else member for number, member in enumerate(value)]
    return {**value, step: _set_at(value[step], rest, new)}


def _remove_members(data: Data, places: set[tuple[str | int, str | int]]) -> Data:
    """Return data without the members of lists at (field, position)."""
    result = dict(data)
    for field in {str(field) for field, _ in places}:
        result[field] = [member for number, member in enumerate(data[field]) if (field, number) not in places]
    return result
