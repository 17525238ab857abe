"""Rename detection: what a side renamed since the merge base, by history or by equal or similar contents."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from zenprofile.core.change import Content, content
from zenprofile.core.document import reader as texts
from zenprofile.core.entity import Data, Key
from zenprofile.errors import Invalid

Documents = Mapping[Key, str]
Renames = Mapping[Key, Key]
_Leaf = tuple[str, str, str, str]
_COMMON = 10  # entities; a value that more of them have tells none from the others


def detect(base: Documents, side: Documents, from_history: Renames) -> dict[Key, Key]:
    """Return the old and the new key of each entity that a side renamed, by its documents and what history tells.

    Where two would fit, and where a name is all there is, nothing is guessed.
    """
    old, new = _changed(base, side)
    result = {key: to for key, to in from_history.items() if key != to and key in old and to in new}
    by_fold = {key.folded: key for key in new - old}
    result |= {key: by_fold[key.folded] for key in old - new - result.keys() if key.folded in by_fold}
    groups = {key[:2] for key in old - new} & {key[:2] for key in new - old}
    if not groups:
        return result
    left = (
        [key for key in sorted(keys - done) if key[:2] in groups]
        for keys, done in ((old, result.keys()), (new, set(result.values())))
    )
    result |= _without_cycles(_equal(base, side, *left), new - old)
    removed = [key for key in sorted(old - new - result.keys()) if key[:2] in groups]
    added = [key for key in sorted(new - old - set(result.values())) if key[:2] in groups]
    return result | _nearly_equal(base, side, removed, added)


def history_may_tell(base: Documents, side: Documents, other: Documents) -> bool:
    """Return whether history could know of a rename that a side's documents do not show, and that counts.

    It counts where the other side changed or took away the entity as well.
    """
    old, new = _changed(base, side)
    both = [key for key in old if other.get(key) != base[key]]
    added = {key[:2] for key in new - old}
    if any(key not in new and key[:2] in added for key in both):
        return True
    in_place: dict[tuple[str, str], list[Key]] = defaultdict(list)
    for key in old & new:
        in_place[key[:2]].append(key)
    asked = {key[:2] for key in both if key in new}
    return any(_changed_places(base, side, group) for kind, group in in_place.items() if kind in asked)


def _changed(base: Documents, side: Documents) -> tuple[set[Key], set[Key]]:
    """Return the keys of a base's and of a side's documents that the other has not, or not so."""
    changed = {key for key in base.keys() | side.keys() if base.get(key) != side.get(key)}
    return {key for key in changed if key in base}, {key for key in changed if key in side}


def _changed_places(base: Documents, side: Documents, group: list[Key]) -> bool:
    """Return whether an entity of a group has now more of what another one had than of what it had itself."""
    if len(group) < 2:
        return False
    holders: dict[_Leaf, list[Key]] = defaultdict(list)
    for key in group:
        for leaf in set(_leaves(base[key])):
            holders[leaf].append(key)
    for key in group:
        had = (holders.get(leaf, []) for leaf in set(_leaves(side[key])))
        shares = Counter(holder for keys in had if len(keys) <= _COMMON for holder in keys)
        if shares and shares.most_common(1)[0][1] > shares[key]:
            return True
    return False


def _equal(base: Documents, side: Documents, old: list[Key], new: list[Key]) -> dict[Key, Key]:
    """Pair what is equal in all but the name, where just one on each side is."""
    pairs: dict[Content, tuple[list[Key], list[Key]]] = defaultdict(lambda: ([], []))
    for number, (keys, documents) in enumerate(((old, base), (new, side))):
        for key in keys:
            data = read(documents[key])
            if data is not None and data.keys() - {"name", "type"}:
                pairs[content(key, data)][number].append(key)
    return {before[0]: after[0] for before, after in pairs.values() if len(before) == len(after) == 1}


def _without_cycles(pairs: dict[Key, Key], added: set[Key]) -> dict[Key, Key]:
    """Leave out cycles: two entities that swapped their values look like two that swapped names."""
    result: dict[Key, Key] = {}
    before = {new: old for old, new in pairs.items()}
    for end in added & before.keys():
        key: Key | None = end
        while key is not None and key in before:
            result[before[key]] = key
            key = before[key]
    return {old: new for old, new in result.items() if old != new}


def _nearly_equal(base: Documents, side: Documents, removed: list[Key], added: list[Key]) -> dict[Key, Key]:
    """Pair what has half of its values, and the flavor, in common, where one is nearer than all others."""
    if not removed or not added:
        return {}
    had, has = ({key: set(_leaves(side_[key])) for key in keys} for side_, keys in ((base, removed), (side, added)))
    holders: dict[tuple[tuple[str, str], _Leaf], list[Key]] = defaultdict(list)
    for key, leaves in has.items():
        for leaf in leaves:
            holders[key[:2], leaf].append(key)
    near: dict[Key, Counter[Key]] = defaultdict(Counter)
    back: dict[Key, Counter[Key]] = defaultdict(Counter)
    for key, leaves in had.items():
        found_ = (holders.get((key[:2], leaf), []) for leaf in leaves)
        for other in {other for keys in found_ if len(keys) <= _COMMON for other in keys}:
            share = len(leaves & has[other])
            if 2 * share >= max(len(leaves), len(has[other])):
                near[key][other] = back[other][key] = share
    best = {key: _first(counted) for key, counted in near.items()}
    return {key: other for key, other in best.items() if other is not None and _first(back[other]) == key}


def _first(counted: "Counter[Key]") -> Key | None:
    """Return the key that counts most, None where two do."""
    ranked = counted.most_common(2)
    return ranked[0][0] if len(ranked) == 1 or ranked[0][1] > ranked[1][1] else None


def _leaves(text: str) -> Iterator[_Leaf]:
    """Yield the values of a document with their places, without name and type; a component's each with its flavor."""
    data = read(text) or {}
    flavor = str(data.get("flavor", ""))
    for field in data.keys() - {"name", "type", "flavor"}:
        yield from _below(flavor, field, data[field])


def _below(flavor: str, path: str, value: Any) -> Iterator[_Leaf]:
    if isinstance(value, dict) and value:
        for key, member in value.items():
            yield from _below(flavor, f"{path}\0{key}", member)
    elif isinstance(value, list) and value:
        for member in value:
            yield from _below(flavor, f"{path}\0", member)
    else:
        yield flavor, path, type(value).__name__, str(value)


def read(text: str) -> Data | None:
    """Return a document's data, which is not to be changed; None where it cannot be read."""
    try:
        return texts.look(text)
    except Invalid:
        return None
