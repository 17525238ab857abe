"""Problems that a document brings along from where it stands already: of another name, or of an earlier time.

After an upgrade a flavor may refuse what it took before. Such a document can still be renamed, copied and given back.
Secrets are never inherited: each new text with one is another place that holds it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from zenprofile.core import document_check, paths, profile_check
from zenprofile.core.change import same
from zenprofile.core.entity import Data, Key, key_of_path
from zenprofile.core.snapshot import Snapshot, flavor_of
from zenprofile.errors import Invalid, Problem

if TYPE_CHECKING:
    from zenprofile.core.schema.catalog import Catalog

SECRETS = frozenset({"plain-secret", "secret"})  # codes of problems
_NEVER = SECRETS | {profile_check.CLASH, profile_check.IN_USE}
_Mark = tuple[str, str]  # path and code


def dropped(
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
    """Return what the entity lacks of which a new one has all data but the name."""
    data = _data(after, key)
    if data is None or before.spelling(key) == key:
        return set()
    for other in before.keys(key.kind, key.type):
        old = _data(before, other)
        if old is not None and same({**old, "name": ""}, {**data, "name": ""}):
            return _of_document(other, before.text(other), before, catalog) | _lost(other, old, before)
    return set()


def _data(snapshot: Snapshot, key: Key) -> Data | None:
    try:
        entity = snapshot.get(key)
    except Invalid:
        return None
    return None if entity is None else entity.data


def _of_stem(key: Key, stem: str | None, before: Snapshot, catalog: "Catalog") -> set[_Mark]:
    return set() if stem is None else _of_document(key, stem, before, catalog)


def _of_document(key: Key, text: str | None, before: Snapshot, catalog: "Catalog") -> set[_Mark]:
    found = document_check.document(key, text or "", catalog, lambda type_, name: flavor_of(before, type_, name))[1]
    return {(problem.path, problem.code) for problem in found}


def _lost(key: Key, data: Data, before: Snapshot) -> set[_Mark]:
    """Return the references of an entity that lead nowhere, as `profile_check` tells them."""
    return {
        (paths.show(tuple(step for step in path if not isinstance(step, int))), profile_check.REFERENCE)
        for path, target in profile_check.references(key, data)
        if before.spelling(target) != target
    }
