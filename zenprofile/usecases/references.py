"""What a rename carries along and a deletion takes out, wherever `profile_check` knows of references."""

from collections.abc import Iterator
from typing import Any

from zenprofile.core import paths, profile_check
from zenprofile.core.entity import Data, Entity, Key
from zenprofile.core.snapshot import Snapshot
from zenprofile.errors import Invalid


def replaced(snapshot: Snapshot, key: Key, new: str | None) -> Iterator[tuple[Entity, Data]]:
    """Yield the entities that refer to ``key``, each with its data as it is to be.

    Args:
        snapshot: where to look. Documents that cannot be read refer to nothing.
        key: of the entity that is renamed or deleted.
        new: its new name; None takes the member out of the list that holds it: an assignment goes whole (to drop only
            its project would widen the role).
    """
    for kind in profile_check.REFERRERS.get(key.kind, ()):
        # Only components of the flavor's own type can refer to it.
        for by in snapshot.keys(kind, key.type if kind == "component" else ""):
            entity = _readable(snapshot, by)
            places = [] if entity is None else _places(entity, key)
            if entity is None or not places:
                continue
            if new is None:
                yield entity, _without(entity.data, {(place[0], place[1]) for place in places})
                continue
            data: Any = entity.data
            for place in places:
                data = _put(data, place, new)
            yield entity, data


def _readable(snapshot: Snapshot, key: Key) -> Entity | None:
    try:
        return snapshot.get(key)
    except Invalid:
        return None


def _places(entity: Entity, key: Key) -> list[paths.Path]:
    if key.kind == "flavor":
        return [("flavor",)] if entity.data.get("flavor") == key.name else []
    return [path for path, target in profile_check.references(entity.key, entity.data) if target == key]


def _put(value: Any, path: paths.Path, new: str) -> Any:
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, list):
        return [_put(member, rest, new) if number == step else member for number, member in enumerate(value)]
    return {**value, step: _put(value[step], rest, new)}


def _without(data: Data, places: set[tuple[str | int, str | int]]) -> Data:
    """Return data without the members of lists at (field, position)."""
    result = dict(data)
    for field in {str(field) for field, _ in places}:
        result[field] = [member for number, member in enumerate(data[field]) if (field, number) not in places]
    return result
