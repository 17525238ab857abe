"""Problems that a document inherits: from the one it was renamed or copied from, or from an earlier version.

After an upgrade a flavor may refuse what it took before. Such a document can still be renamed, copied and given back.
Secrets are never inherited: each new text with one is another place that holds it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from zenprofile.core import document_check, paths, profile_check
from zenprofile.core.change import Changed, is_mostly, same
from zenprofile.core.entity import MANIFEST, Data, Key, key_of_path
from zenprofile.core.snapshot import Snapshot, flavor_of
from zenprofile.errors import Invalid, Problem

if TYPE_CHECKING:
    from zenprofile.core.schema.catalog import Catalog

SECRETS = frozenset({"plain-secret", "secret"})  # codes of problems
_NEVER = SECRETS | {profile_check.CLASH, profile_check.IN_USE}
_Mark = tuple[str, str]  # path and code


def without_inherited(
    problems: list[Problem],
    before: Snapshot,
    after: Snapshot,
    catalog: "Catalog",
    stems: Mapping[Key, str] | None = None,
) -> list[Problem]:
    """Return the problems of a change without those that its documents had where they come from.

    Args:
        problems: what the change seems to add.
        before: what it starts from.
        after: what it leads to.
        catalog: the schemas that ship.
        stems: documents of an earlier time that it brings back, by key.
    """
    had: dict[Key, set[_Mark]] = {}
    kept = []
    for problem in problems:
        key = key_of_path(problem.file)
        if key is None or problem.code in _NEVER or problem.path == "name":
            kept.append(problem)
            continue
        if key not in had:
            had[key] = _at_origin(key, before, after, catalog) | _of_stem(key, (stems or {}).get(key), before, catalog)
        if (problem.path, problem.code) not in had[key]:
            kept.append(problem)
    return kept


def _at_origin(key: Key, before: Snapshot, after: Snapshot, catalog: "Catalog") -> set[_Mark]:
    """Return what the entity lacks that a new one is a copy of, or was renamed from."""
    data = _data(after, key)
    if data is None or before.spelling(key) == key:
        return set()
    others = before.keys(key.kind, key.type)
    equal = (other for other in others if _is_equal(_data(before, other), data))
    other = next(equal, None) or _renamed_from(key, data, before, after)
    if other is None:
        return set()
    return _of_document(other, before.text(other), before, catalog) | _dangling_references(
        other, _data(before, other) or {}, before
    )


def _is_equal(old: Data | None, data: Data) -> bool:
    return old is not None and same({**old, "name": ""}, {**data, "name": ""})


def _renamed_from(key: Key, data: Data, before: Snapshot, after: Snapshot) -> Key | None:
    """Return the only entity that went where only this one came, when half of it is the same: it was edited as well."""
    then, now = set(before.keys(key.kind, key.type)), set(after.keys(key.kind, key.type))
    gone = list(then - now)
    if len(gone) != 1 or now - then != {key}:
        return None
    old = _data(before, gone[0])
    return gone[0] if is_mostly(Changed(gone[0], old, None), Changed(key, None, data)) else None


def _data(snapshot: Snapshot, key: Key) -> Data | None:
    try:
        entity = snapshot.get(key)
    except Invalid:
        return None
    return None if entity is None else entity.data


def _of_stem(key: Key, stem: str | None, before: Snapshot, catalog: "Catalog") -> set[_Mark]:
    return set() if stem is None else _of_document(key, stem, before, catalog)


def _of_document(key: Key, text: str | None, before: Snapshot, catalog: "Catalog") -> set[_Mark]:
    found = document_check.check_document(key, text or "", catalog, lambda type_, name: flavor_of(before, type_, name))[
        1
    ]
    return {(problem.path, problem.code) for problem in found}


def _dangling_references(key: Key, data: Data, before: Snapshot) -> set[_Mark]:
    """Return the references of an entity that lead nowhere, as `profile_check` tells them."""
    return {
        (paths.show(tuple(step for step in path if not isinstance(step, int))), profile_check.REFERENCE)
        for path, target in profile_check.references(key, data)
        if before.spelling(target) != target
    }


def moved_from(root: str, changed: Mapping[str, tuple[object, object]]) -> str | None:
    """Return the folder that a profile's folder was moved from in a change; None where it was there, or is new.

    Args:
        root: where it is now, with a slash behind it; "" for the repository's top.
        changed: what stood at each path that differs and what stands there now; None for nothing.
    """
    before, after = changed.get(root + MANIFEST, (None, None))
    if before is not None or after is None:
        return None
    gone = [
        path.removesuffix(MANIFEST)
        for path, (old, new) in changed.items()
        if old is not None and new is None and (path == MANIFEST or path.endswith(f"/{MANIFEST}"))
    ]
    return gone[0] if len(gone) == 1 else None
