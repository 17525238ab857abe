"""Checks of a whole profile: references, names that clash, and what a change adds to its problems."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zenprofile.core import paths, suggestions
from zenprofile.core.document_check import MAX_PROBLEMS, check_document
from zenprofile.core.entity import Data, Entity, Key, component_keys
from zenprofile.core.snapshot import Loaded, Overlay, Snapshot, flavor_of
from zenprofile.errors import Invalid, Problem

if TYPE_CHECKING:
    from zenprofile.core.document.positions import Positions
    from zenprofile.core.schema.catalog import Catalog

_REFERRING = frozenset({"stack", "team", "role"})  # as `references` lists them
REFERENCE = "broken-reference"
IN_USE = "in-use"
CLASH = "name-clash"
_COMPARED = (
    20_000  # names that unknown ones are compared with: thousands of files half written name what is yet to come
)
# Who can refer to an entity of a kind; a component's flavor is a reference too.
REFERRERS = {
    "component": ("stack",),
    "user": ("team", "role"),
    "team": ("role",),
    "project": ("role",),
    "flavor": ("component",),
}


def references(key: Key, data: Data) -> list[tuple[paths.Path, Key]]:
    """List what an entity's data refers to, with the places; what breaks its schema is passed over."""
    if key.kind == "stack":
        return _components(data)
    if key.kind == "team":
        return [(("members", i), Key("user", "", name)) for i, name in _texts(data.get("members"))]
    if key.kind == "role":
        return _assignments(data)
    return []


def refers_to(key: Key, data: Data) -> list[tuple[paths.Path, Key]]:
    """List an entity's references with their places, a component's flavor among them."""
    found = references(key, data)
    if key.kind == "component" and isinstance(data.get("flavor"), str):
        found.append((("flavor",), Key("flavor", key.type, data["flavor"])))
    return found


def _components(data: Data) -> list[tuple[paths.Path, Key]]:
    found: list[tuple[paths.Path, Key]] = []
    components = data.get("components")
    for type_, value in components.items() if isinstance(components, dict) else ():
        if isinstance(value, str):
            found.append((("components", type_), Key("component", type_, value)))
        else:
            found += [(("components", type_, i), Key("component", type_, name)) for i, name in _texts(value)]
    return found


def _assignments(data: Data) -> list[tuple[paths.Path, Key]]:
    found: list[tuple[paths.Path, Key]] = []
    assignments = data.get("assignments")
    for i, row in enumerate(assignments if isinstance(assignments, list) else ()):
        for kind in ("user", "team", "project"):
            if isinstance(row, dict) and isinstance(row.get(kind), str):
                found.append((("assignments", i, kind), Key(kind, "", row[kind])))
    return found


def _texts(value: Any) -> list[tuple[int, str]]:
    return [(i, name) for i, name in enumerate(value) if isinstance(name, str)] if isinstance(value, list) else []


def check_all(snapshot: Snapshot) -> list[Problem]:
    """List every problem of a profile: of each document, of references between them, of names that clash."""
    return check_loaded(snapshot, snapshot.load())


def check_loaded(snapshot: Snapshot, loaded: Loaded) -> list[Problem]:
    """List what `check_all` does, of a profile whose documents are loaded."""
    keys = keys_of(snapshot, loaded)
    there = set(keys)
    problems = list(loaded.problems)
    near = _NearestNames(snapshot)
    components = {(type_, name) for kind, type_, name in keys if kind == "component"}
    for entity in loaded.entities:
        kind = entity.key.kind
        if kind in _REFERRING and not (kind == "stack" and _are_all_in(components, entity.data)):
            problems += _broken(entity, snapshot, near, there)
    folded: dict[Key, Key] = {}
    for key in keys if _may_be_alike(keys) else ():
        first = folded.setdefault(key.folded, key)
        if first != key:
            problems.append(clash(key, first))
    return sorted(problems, key=lambda p: (p.file, p.line, p.column))


def _are_all_in(components: set[tuple[str, str]], stack: Data) -> bool:
    """Say of most stacks whose components are there that they are: that is a sixth of the time that `_broken` takes."""
    named = stack.get("components")
    try:
        return isinstance(named, dict) and named.items() <= components
    except TypeError:  # several of a type
        return False


def _may_be_alike(keys: list[Key]) -> bool:
    """Return whether two keys differ only in case; names without capitals are looked at as one text."""
    text = "/".join(key.name for key in keys)
    return text != text.casefold() and len({(kind, type_, name.casefold()) for kind, type_, name in keys}) < len(keys)


def keys_of(snapshot: Snapshot, loaded: Loaded) -> list[Key]:
    """Return all keys of a profile that is loaded: without problems, its documents are all that there is."""
    return snapshot.keys() if loaded.problems else [entity.key for entity in loaded.entities]


class _NearestNames:
    """Finds entities, and the names nearest to unknown ones; those cost a look at all known names, so only so many."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._said: dict[Key, str] = {}
        self._exists: dict[Key, bool] = {}
        self._left = _COMPARED

    def exists(self, target: Key) -> bool:
        """Return whether an entity is there; asked for once."""
        if target not in self._exists:
            self._exists[target] = self._snapshot.raw(target) is not None
        return self._exists[target]

    def suffix(self, target: Key) -> str:
        """Return the end of a message on an entity that does not exist; "" once enough names were compared."""
        if target not in self._said:
            if len(self._said) >= MAX_PROBLEMS or self._left <= 0:
                return ""
            known = [key.name for key in self._snapshot.keys(target.kind, target.type)]
            self._left -= len(known)
            self._said[target] = suggestions.suffix(target.name, known)
        return self._said[target]


def _broken(entity: Entity, snapshot: Snapshot, near: _NearestNames, there: set[Key] | None = None) -> list[Problem]:
    """List references that lead nowhere, a hundred at most; ``there`` are all keys, where they are known."""
    exists = there.__contains__ if there is not None else near.exists
    lost = [found for found in references(entity.key, entity.data) if not exists(found[1])][:MAX_PROBLEMS]
    if not lost:
        return []
    from zenprofile.core.document.positions import Positions

    places = Positions(snapshot.text(entity.key) or "")
    return [_dangling_reference(entity.key, places, near, *found) for found in lost]


def _dangling_reference(key: Key, places: "Positions", near: _NearestNames, path: paths.Path, target: Key) -> Problem:
    what = f"{target.type} '{target.name}'" if target.type else f"{target.kind} '{target.name}'"
    message = f"{key.kind} {key.name} refers to {what}, which does not exist{near.suffix(target)}"
    hint = "register it, or take the reference out"
    # The position in a set says nothing: without it the problem stays the same when the list moves.
    shown = paths.show(tuple(step for step in path if not isinstance(step, int)))
    return Problem(key.path, *places.of(path), shown, message, hint, REFERENCE)


def clash(key: Key, other: Key) -> Problem:
    """Return the problem of two names that differ only in case."""
    message = f"{key.kind} '{key.name}' and '{other.name}' differ only in case"
    return Problem(key.path, 1, 1, "name", message, "rename one of them", CLASH)


def added_problems(
    before: Snapshot, texts: Mapping[Key, str | None], catalog: "Catalog", after: Overlay | None = None
) -> list[Problem]:
    """List the problems that a change would add, looking only at what it touches.

    Args:
        before: what the change starts from.
        texts: the new documents; None deletes one.
        catalog: the schemas that ship.
        after: `before` with these texts laid over it, where the caller has that.

    Returns:
        Problems that `before` does not have; of code `IN_USE` where the change takes away what another entity needs.
    """
    after = after or Overlay(before, texts, catalog)
    problems: list[Problem] = []
    spellings: dict[Key, list[Key]] = {}
    near = (_NearestNames(before), _NearestNames(after))
    for key, text in texts.items():
        if text is not None:
            problems += _added_by(key, before, after, near, catalog)
            spellings.setdefault(key.folded, []).append(key)
    # Against what was there already, `zenprofile.store.prepare` has looked.
    problems += [clash(key, same[i - 1]) for same in spellings.values() if len(same) > 1 for i, key in enumerate(same)]
    removed = [key for key, text in texts.items() if text is None]
    problems += _dangling_references(removed, after, texts)
    return problems + _newly_invalid(before, after, texts, catalog)


def _added_by(
    key: Key, before: Snapshot, after: Overlay, near: tuple[_NearestNames, _NearestNames], catalog: "Catalog"
) -> list[Problem]:
    data, new = after.data(key), after.problems(key)
    if data:
        new = new + _broken(Entity(key, data), after, near[1])
    if not new:
        return []
    had = Counter(problem.identity for problem in _own_problems(key, before, near[0], catalog))
    kept = []
    for problem in new:
        had[problem.identity] -= 1
        if had[problem.identity] < 0:
            kept.append(problem)
    return kept


def check_one(key: Key, snapshot: Snapshot, catalog: "Catalog") -> tuple[Entity | None, list[Problem]]:
    """Check one document of a snapshot by itself, references aside; the entity is None where it is unreadable."""
    try:
        raw = snapshot.text(key)
    except Invalid as error:
        return None, list(error.problems)
    if raw is None:
        return None, []
    return check_document(key, raw, catalog, lambda type_, name: flavor_of(snapshot, type_, name))


def _own_problems(key: Key, snapshot: Snapshot, near: _NearestNames, catalog: "Catalog") -> list[Problem]:
    """List the problems of one document in a snapshot, its references included."""
    entity, problems = check_one(key, snapshot, catalog)
    return problems + (_broken(entity, snapshot, near) if entity is not None else [])


def _dangling_references(removed: list[Key], after: Snapshot, texts: Mapping[Key, str | None]) -> list[Problem]:
    """List references to deleted entities in documents that the change does not write."""
    problems = []
    by_target = _users({kind for key in removed for kind in REFERRERS.get(key.kind, ())}, after, texts)
    for key in removed:
        users = by_target.get(key)
        if users:
            shown = ", ".join(users[:10]) + (f" and {len(users) - 10} more" if len(users) > 10 else "")
            what = f"{key.type} '{key.name}'" if key.kind == "component" else f"{key.kind} '{key.name}'"
            hint = f"take it out of {'it' if len(users) == 1 else 'them'} first"
            problems.append(Problem(key.path, 0, 0, "", f"{what} is in use by {shown}", hint, IN_USE))
    return problems


def _users(kinds: set[str], after: Snapshot, texts: Mapping[Key, str | None]) -> dict[Key, list[str]]:
    """Return, by what they refer to, the entities of kinds that a change does not write."""
    found: dict[Key, list[str]] = {}
    for entity in (e for kind in sorted(kinds) for e in after.load(kind).entities if e.key not in texts):
        for target in dict.fromkeys(target for _, target in refers_to(entity.key, entity.data)):
            found.setdefault(target, []).append(f"{entity.key.kind} {entity.key.name}")
    return found


def _newly_invalid(
    before: Snapshot, after: Snapshot, texts: Mapping[Key, str | None], catalog: "Catalog"
) -> list[Problem]:
    """List components that a changed flavor's schema makes invalid."""
    changed = [key for key, text in texts.items() if key.kind == "flavor" and text is not None]
    if not changed:
        return []
    problems: list[Problem] = []
    names_ = {(key.type, key.name) for key in changed}
    near = _NearestNames(after)
    for entity in (e for type_ in {t for t, _ in names_} for e in before.load("component", type_).entities):
        if entity.key not in texts and (entity.key.type, entity.data.get("flavor")) in names_:
            problems += _own_problems(entity.key, after, near, catalog)
    return problems


def warnings(data: Data) -> list[str]:
    """Return what a stack lacks that ZenML needs (it is accepted with a warning)."""
    types = {key.type for key in component_keys(data)}
    return [f"the stack has no {t}" for t in ("orchestrator", "artifact_store") if t not in types]
