"""Components that a flavor's new schema refuses: one side changed the schema, the other one the component."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from zenprofile.core.change import MISSING, label
from zenprofile.core.entity import Data, Key, key_of_path
from zenprofile.core.merge.data import Choices, Conflict, chosen
from zenprofile.errors import Problem

Texts = Mapping[Key, str]
GetData = Callable[[Key], Data | None]
_PATH = ("configuration",)


class Sides(NamedTuple):
    """The documents that the sides of a merge changed, and what reads one."""

    base: Texts
    ours: Texts
    theirs: Texts
    read: Callable[[Key, str | None], Data | None]


class _RefusedComponent(NamedTuple):
    """A component that its flavor's schema refuses once both sides' changes are together.

    Attributes:
        key: of the component.
        flavor: of the flavor.
        by_us: whether the schema is our side's, and the component theirs.
        why: the first problem.
    """

    key: Key
    flavor: Key
    by_us: bool
    reason: str


def resolve(
    documents: dict[Key, str | None],
    left: Callable[[], Sequence[Problem]],
    merged: GetData,
    sides: Sides,
    choices: Mapping[Key, Choices],
) -> tuple[list[Conflict], list[Problem]]:
    """Settle refused components as chosen.

    Args:
        documents: the merged documents; what is chosen changes them.
        left: lists the problems of the merged whole as it is now.
        merged: an entity's data in it.
        sides: of the merge.
        choices: by component. The schema's side: the component is as that side has it, or goes. The component's side:
            the flavor is as that side has it; components of the other side may be refused by that, and are asked about.

    Returns:
        The conflicts that stay, one for each component, and the problems that are none of these.
    """
    back: set[Key] = set()  # flavors that a choice has put back
    done: set[tuple[Key, bool]] = set()
    while True:
        refused, others = _split_problems(left(), merged, sides, back)
        made: dict[Key, str | None] = {}
        for one in refused:
            choice = chosen(choices.get(one.key, {}), _PATH)
            if not isinstance(choice, str) or (one.key, one.by_us) in done:
                continue
            done.add((one.key, one.by_us))
            schemas, components = (sides.ours, sides.theirs) if one.by_us else (sides.theirs, sides.ours)
            if (choice == "ours") == one.by_us:
                made[one.key] = schemas.get(one.key)
            else:
                made[one.flavor] = components.get(one.flavor)
        if not made:
            return [_conflict(one, sides) for one in refused], others
        back ^= {key for key in made if key.kind == "flavor"}
        documents.update(made)


def _split_problems(
    problems: Sequence[Problem], merged: GetData, sides: Sides, back: set[Key]
) -> tuple[list[_RefusedComponent], list[Problem]]:
    """Split the problems of a merged profile: components that a changed schema refuses (one problem each), the rest."""
    refused: dict[Key, _RefusedComponent] = {}
    others: list[Problem] = []
    for problem in problems:
        key = key_of_path(problem.file)
        flavor = _flavor(key, merged) if key is not None else None
        here, there = (sides.base.get(flavor) != side.get(flavor) for side in sides[1:3]) if flavor else (False, False)
        if key is None or flavor is None or here == there:
            others.append(problem)
        else:
            refused.setdefault(key, _RefusedComponent(key, flavor, here != (flavor in back), problem.message))
    return list(refused.values()), others


def _flavor(key: Key, merged: GetData) -> Key | None:
    name = (merged(key) or {}).get("flavor") if key.kind == "component" else None
    return Key("flavor", key.type, name) if isinstance(name, str) else None


def _conflict(one: _RefusedComponent, sides: Sides) -> Conflict:
    """Return the conflict of a refused component, which names both changes and what each choice does."""
    where, other = ("here", "there") if one.by_us else ("there", "here")
    keeps, gives = ("ours", "theirs") if one.by_us else ("theirs", "ours")
    texts = sides.ours.get(one.key), sides.theirs.get(one.key)
    name, flavor = label(one.key), label(one.flavor)
    kept = f"takes {name} as it is {where}" if texts[0 if one.by_us else 1] is not None else f"deletes {name}"
    detail = f"the schema of {flavor} as it is {where} refuses {name} as it is {other}: {one.reason}; {keeps} {kept}, "
    detail += f"{gives} takes {flavor} as it is {other}"
    ours, theirs = ((sides.read(one.key, text) or {}).get("configuration", MISSING) for text in texts)
    return Conflict(one.key, _PATH, MISSING, ours, theirs, "reference", detail)
