"""What arrives from others and concerns what this machine says about entities: a rename takes that along."""

from collections.abc import Sequence
from typing import Any

from zenprofile.core.change import Changed, label
from zenprofile.core.entity import Data, Key
from zenprofile.machine.active import Active
from zenprofile.machine.profiles import Profiles
from zenprofile.usecases.current import follow


def renames(changes: Sequence[Changed]) -> dict[Key, Key]:
    """Return the entities that came under another name, by their old keys: those too that were edited with it.

    What is edited is told as a merge tells it, by what is still equal (`zenprofile.core.merge.found_renames`).
    """
    gone = {changed.key: changed.before for changed in changes if changed.after is None and changed.before}
    come = {changed.key: changed.after for changed in changes if changed.before is None and changed.after}
    found: dict[Key, Key] = {}
    for stacks in (False, True):  # stacks last: they follow the names of their components
        old = {key: data for key, data in gone.items() if (key.kind == "stack") is stacks}
        found |= _equal(old, come, found)
        left = {key: data for key, data in old.items() if key not in found}
        found |= _near(left, {key: data for key, data in come.items() if key not in found.values()}, found)
    return found


def _equal(gone: dict[Key, Data], come: dict[Key, Data], known: dict[Key, Key]) -> dict[Key, Key]:
    """Pair what is equal in all but the name."""
    found: dict[Key, Key] = {}
    for old, data in gone.items():
        then = _nameless(data, known)
        fits = [key for key, now in come.items() if key[:2] == old[:2] and _nameless(now, {}) == then]
        if len(fits) == 1 and fits[0] not in found.values():
            found[old] = fits[0]
    return found


def _near(gone: dict[Key, Data], come: dict[Key, Data], known: dict[Key, Key]) -> dict[Key, Key]:
    if not gone or not come:
        return {}
    from zenprofile.core.document.writer import write
    from zenprofile.core.merge import found_renames

    base = {key: write(key.kind, {"name": key.name, **_nameless(data, known)}) for key, data in gone.items()}
    side = {key: write(key.kind, {"name": key.name, **_nameless(data, {})}) for key, data in come.items()}
    return found_renames.found(base, side, {})


def _nameless(data: Data, found: dict[Key, Key]) -> Data:
    """Return a document but for its name, components of a stack under the names that they have now."""
    kept = {field: value for field, value in data.items() if field != "name"}
    components = kept.get("components")
    if isinstance(components, dict):
        now = {(old.type, old.name): new.name for old, new in found.items() if old.kind == "component"}
        kept["components"] = {type_: _now(type_, names, now) for type_, names in components.items()}
    return kept


def _now(type_: str, names: Any, now: dict[tuple[str, str], str]) -> list[str]:
    return [now.get((type_, str(name)), str(name)) for name in (names if isinstance(names, list) else [names])]


def take_along(profiles: Profiles, active: Active, changes: Sequence[Changed]) -> list[str]:
    """Let overrides, active stack and active user of this machine follow renames that arrived; say what followed."""
    said = []
    for old, new in renames(changes).items():
        profile = active.existing()
        is_active = old.kind == "stack" and active.stack == old.name
        is_user = old.kind == "user" and profile.active_user == old.name
        overridden = str(old) in profile.overrides
        if not (is_active or is_user or overridden):
            continue
        follow(profiles, active, old, new)
        what = [
            name for name, holds in (("override", overridden), ("active stack", is_active), ("user", is_user)) if holds
        ]
        said.append(f"{label(old)} was renamed to {new.name}: this machine's {' and '.join(what)} follows")
    return said
