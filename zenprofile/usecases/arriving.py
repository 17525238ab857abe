"""What arrives from others and concerns what this machine says about entities: a rename takes that along."""

from collections.abc import Sequence
from typing import Any

from zenprofile.core.change import Changed, label
from zenprofile.core.entity import Data, Key
from zenprofile.machine.active import Active
from zenprofile.machine.profiles import Profiles
from zenprofile.usecases.current import follow


def renames(changes: Sequence[Changed]) -> dict[Key, Key]:
    """Return the entities that came under another name and are otherwise as they were, by their old keys."""
    new = {changed.key: changed.after for changed in changes if changed.before is None and changed.after is not None}
    found: dict[Key, Key] = {}
    # Stacks last: they follow the names of their components.
    for changed in sorted(changes, key=lambda c: c.key.kind == "stack"):
        if changed.after is not None or changed.before is None:
            continue
        then = _nameless(changed.before, found)
        fits = [key for key, data in new.items() if key[:2] == changed.key[:2] and _nameless(data, {}) == then]
        if len(fits) == 1 and fits[0] not in found.values():
            found[changed.key] = fits[0]
    return found


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
