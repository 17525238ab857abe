"""Renames by others: this machine's overrides, active stack and active user follow them."""

from collections.abc import Sequence
from typing import Any

from zenprofile.core.change import Changed, label
from zenprofile.core.entity import Data, Key
from zenprofile.machine.active import Active
from zenprofile.machine.profiles import Profiles
from zenprofile.usecases.current import follow_rename


def find_renames(changes: Sequence[Changed]) -> dict[Key, Key]:
    """Return the new keys of renamed entities by their old keys, also of those edited in the same change.

    What is edited is told as a merge tells it, by what is still equal (`zenprofile.core.merge.rename_detection`).
    """
    removed = {changed.key: changed.before for changed in changes if changed.after is None and changed.before}
    added = {changed.key: changed.after for changed in changes if changed.before is None and changed.after}
    found: dict[Key, Key] = {}
    for stacks in (False, True):  # stacks last: they follow the names of their components
        old = {key: data for key, data in removed.items() if (key.kind == "stack") is stacks}
        found |= _equal(old, added, found)
        left = {key: data for key, data in old.items() if key not in found}
        found |= _similar(left, {key: data for key, data in added.items() if key not in found.values()}, found)
    return found


def _equal(removed: dict[Key, Data], added: dict[Key, Data], known: dict[Key, Key]) -> dict[Key, Key]:
    """Pair what is equal in all but the name."""
    found: dict[Key, Key] = {}
    for old, data in removed.items():
        then = _without_name(data, known)
        fits = [key for key, now in added.items() if key[:2] == old[:2] and _without_name(now, {}) == then]
        if len(fits) == 1 and fits[0] not in found.values():
            found[old] = fits[0]
    return found


def _similar(removed: dict[Key, Data], added: dict[Key, Data], known: dict[Key, Key]) -> dict[Key, Key]:
    if not removed or not added:
        return {}
    from zenprofile.core.document.writer import write
    from zenprofile.core.merge import rename_detection

    base = {key: write(key.kind, {"name": key.name, **_without_name(data, known)}) for key, data in removed.items()}
    side = {key: write(key.kind, {"name": key.name, **_without_name(data, {})}) for key, data in added.items()}
    return rename_detection.detect(base, side, {})


def _without_name(data: Data, found: dict[Key, Key]) -> Data:
    """Return a document but for its name, components of a stack under the names that they have now."""
    kept = {field: value for field, value in data.items() if field != "name"}
    components = kept.get("components")
    if isinstance(components, dict):
        now = {(old.type, old.name): new.name for old, new in found.items() if old.kind == "component"}
        kept["components"] = {type_: _current_names(type_, names, now) for type_, names in components.items()}
    return kept


def _current_names(type_: str, names: Any, now: dict[tuple[str, str], str]) -> list[str]:
    return [now.get((type_, str(name)), str(name)) for name in (names if isinstance(names, list) else [names])]


def follow_renames(profiles: Profiles, active: Active, changes: Sequence[Changed]) -> list[str]:
    """Update this machine's overrides, active stack and active user after renames; return what was updated."""
    lines = []
    for old, new in find_renames(changes).items():
        profile = active.existing()
        is_active = old.kind == "stack" and active.stack == old.name
        is_user = old.kind == "user" and profile.active_user == old.name
        overridden = str(old) in profile.overrides
        if not (is_active or is_user or overridden):
            continue
        follow_rename(profiles, active, old, new)
        what = [
            name for name, holds in (("override", overridden), ("active stack", is_active), ("user", is_user)) if holds
        ]
        lines.append(f"{label(old)} was renamed to {new.name}: this machine's {' and '.join(what)} follows")
    return lines
