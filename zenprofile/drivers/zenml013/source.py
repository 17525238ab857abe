"""What a store of ZenML 0.13 holds, whichever way it was kept: in files or in tables. Names are ZenML's own here."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from zenprofile.core.entity import COMPONENT_TYPES, Data

# A component as a stack names it: its type and its name.
Pair = tuple[str, str]


class LegacyComponent(NamedTuple):
    """One component; ``place`` says where it stands, ``problem`` what is wrong with it ("" for nothing)."""

    type: str
    name: str
    flavor: str
    configuration: Data
    location: str
    problem: str = ""


class Assignment(NamedTuple):
    """A role that a user or a team has, in a project ("" for everywhere); one of ``user`` and ``team`` is ""."""

    role: str
    user: str
    team: str
    project: str


class Source(NamedTuple):
    """Everything that is kept. What takes time to read is a function.

    Attributes:
        listed: the components, by type and name, with their flavor.
        stacks: by name, the components.
        flavors: with ``type``, ``name`` and ``source``.
        users: their names.
        teams: by name, the users in it.
        roles: their names.
        assignments: of roles.
        projects: by name, the description.
        components: reads the components' settings.
        runs: counts the pipeline runs.
        problems: what is damaged, a line each.
    """

    listed: Mapping[Pair, str]
    stacks: Mapping[str, list[Pair]]
    flavors: list[dict[str, str]]
    users: list[str]
    teams: Mapping[str, list[str]]
    roles: list[str]
    assignments: list[Assignment]
    projects: Mapping[str, str]
    components: Callable[[], list[LegacyComponent]]
    runs: Callable[[], int]
    problems: list[str]


class Ids:
    """Names by id. An id that nothing has is a problem, named once."""

    def __init__(self, kind: str, records: Iterable[Mapping[str, Any]], problems: list[str]) -> None:
        self._what = kind
        self._names = {hex_(record.get("id")): str(record["name"]) for record in records}
        self._problems = problems

    def name(self, id_: object, place: str) -> str:
        """Return the name of an id, "" for none, None's too."""
        if id_ is None:
            return ""
        found = self._names.get(hex_(id_), "")
        if not found:
            self._problems.append(f"{place}: no {self._what} has the id {str(id_)[:40]}; it is left out")
        return found


def hex_(id_: object) -> str:
    """Return a uuid as its 32 digits, however it is written."""
    return str(id_).replace("-", "").lower()


def assignments(
    records: Iterable[Mapping[str, Any]], ids: Mapping[str, Ids], place: str, problems: list[str]
) -> list[Assignment]:
    """Return the assignments of roles; what names an id that nothing has is left out, as a problem."""
    found = []
    for record in records:
        names = {kind: ids[kind].name(record.get(f"{kind}_id"), place) for kind in ("role", "user", "team", "project")}
        lost = any(record.get(f"{kind}_id") is not None and not name for kind, name in names.items())
        if lost:
            continue
        if names["role"] and bool(names["user"]) != bool(names["team"]):
            found.append(Assignment(**names))
        else:
            problems.append(f"{place}: an assignment names no role, or not one user or team; it is left out")
    return found


def stack(name: str, pairs: Iterable[Pair], listed: Mapping[Pair, str], problems: list[str], place: str) -> list[Pair]:
    """Return a stack's components that are there; each that is not is a problem."""
    kept = []
    for type_, component in pairs:
        if type_ not in COMPONENT_TYPES:
            problems.append(f"{place}: stack '{name}' has a component of the unknown type '{type_}'; it is left out")
        elif (type_, component) not in listed:
            problems.append(f"{place}: stack '{name}' names {type_} '{component}', which is gone; it is left out")
        else:
            kept.append((type_, component))
    return kept
