"""Decisions of a merge in fields that both sides had changed, as a change from the discarded value."""

import copy
from typing import Any

from zenprofile.core.change import MISSING, Changed, fields, same
from zenprofile.core.entity import Data, Key
from zenprofile.core.paths import Path


def decided_change(
    key: Key, base: Data | None, sides: tuple[Data | None, Data | None], after: Data | None
) -> Changed | None:
    """Return a merge's decisions about an entity as a change, None where there was nothing to decide.

    Args:
        key: of the entity.
        base: its data at the common ancestor.
        sides: its data at the two parents.
        after: its data in the merge.
    """
    ours, theirs = sides
    if base is None or ours is None or theirs is None or after is None:
        return None
    changed = [{field.path for field in fields(Changed(key, base, side))} for side in (ours, theirs)]
    before = copy.deepcopy(after)
    for path in sorted(changed[0] & changed[1], key=repr):
        values = _at(ours, path), _at(theirs, path)
        if not same(*values):
            _set_at(before, path, values[1] if same(_at(after, path), values[0]) else values[0])
    return None if same(before, after) else Changed(key, before, after)


def _at(data: Any, path: Path) -> Any:
    for step in path:
        if not isinstance(data, dict) or step not in data:
            return MISSING
        data = data[step]
    return data


def _set_at(data: Any, path: Path, value: Any) -> None:
    for step in path[:-1]:
        if not isinstance(data, dict):
            return
        data = data.setdefault(step, {})
    if not isinstance(data, dict):
        return
    if value is MISSING:
        data.pop(path[-1], None)
    else:
        data[path[-1]] = value
