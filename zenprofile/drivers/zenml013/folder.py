"""A store of ZenML 0.13 in files: ``stacks.yaml``, and a file for each component's settings."""

import os
import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from zenprofile.core.document import reader
from zenprofile.core.entity import COMPONENT_TYPES, Data
from zenprofile.drivers.zenml013.source import Ids, LegacyComponent, Pair, Source, assignments, stack
from zenprofile.errors import Invalid, StoreBroken
from zenprofile.fs import nofollow

FILE = "stacks.yaml"
RUNS = "pipeline_runs.yaml"
_MOST = 64 << 20
# What only ZenML's own file begins a line with.
_OURS = re.compile(rb"^(?:stack_components|stack_component_flavors|store_associations|team_assignments):", re.MULTILINE)
_RUN = re.compile(rb"^  - ", re.MULTILINE)
_FOLDERS = {
    type_: f"{type_[:-1]}ies" if type_.endswith("y") and not type_.endswith("ay") else f"{type_}s"
    for type_ in COMPONENT_TYPES
}


def holds(root: str) -> bool:
    """Return whether ZenML 0.13 wrote a folder, by its files."""
    try:
        raw = nofollow.read(root, FILE, _MOST)
    except (Invalid, OSError):
        return False
    if raw is None:
        return False
    return bool(_OURS.search(raw)) or (not raw.strip() and any(_is_there(root, name) for name in _beside()))


def _beside() -> list[str]:
    return [RUNS, *_FOLDERS.values()]


def _is_there(root: str, name: str) -> bool:
    return os.path.lexists(os.path.join(root, name))


def read(root: str) -> Source:
    """Read a folder.

    Raises:
        StoreBroken: ``stacks.yaml`` cannot be read at all.
    """
    data = _main(root)
    problems: list[str] = []
    if not data:
        problems.append(f"{FILE}: it is empty, so nothing says which flavor a component has, or what the stacks are")
    listed = _listed(root, data, problems)
    users = _named(data, "users", problems)
    teams = _named(data, "teams", problems)
    roles = _named(data, "roles", problems)
    projects = _named(data, "projects", problems)
    records = {"user": users, "team": teams, "role": roles, "project": projects}
    ids = {kind: Ids(kind, found, problems) for kind, found in records.items()}
    return Source(
        listed=listed,
        stacks=_stacks(data, listed, problems),
        flavors=[_flavor(record) for record in _named(data, "stack_component_flavors", problems)],
        users=[record["name"] for record in users],
        teams=_teams(data, teams, users, problems),
        roles=[record["name"] for record in roles],
        assignments=assignments(_records(data, "role_assignments", problems), ids, FILE, problems),
        projects={record["name"]: str(record.get("description") or "") for record in projects},
        components=partial(_components, root, listed),
        runs=partial(_runs, root),
        problems=problems,
    )


def _main(root: str) -> Data:
    try:
        raw = nofollow.read(root, FILE, _MOST)
        return reader.read(raw, FILE) if raw and raw.strip() else {}
    except Invalid as error:
        place = f"{os.path.join(root, FILE)}:{error.line}:{error.column}"
        hint = "correct that line, or open a copy of the folder"
        raise StoreBroken(f"{place}: {error.message}", hint=hint) from None


def _mapping(data: Data, field: str, problems: list[str]) -> dict[str, Any]:
    value = data.get(field)
    if isinstance(value, dict):
        return value
    if value is not None:
        problems.append(f"{FILE}: {field} is no mapping; it is left out")
    return {}


def _records(data: Data, field: str, problems: list[str]) -> list[Data]:
    value = data.get(field)
    found = [record for record in value if isinstance(record, dict)] if isinstance(value, list) else []
    if value is not None and (not isinstance(value, list) or len(found) < len(value)):
        problems.append(f"{FILE}: {field} holds what is no record; it is left out")
    return found


def _named(data: Data, field: str, problems: list[str]) -> list[Data]:
    """Return the records of a field that have a name, each name once."""
    found: dict[tuple[object, str], Data] = {}
    for record in _records(data, field, problems):
        name = record.get("name")
        if not isinstance(name, str) or (record.get("type"), name) in found:
            problems.append(f"{FILE}: {field} holds a record without a name of its own; it is left out")
        else:
            found[record.get("type"), name] = record
    return list(found.values())


def _listed(root: str, data: Data, problems: list[str]) -> dict[Pair, str]:
    """Return the components that are listed and have a file; each that has one of both alone is a problem."""
    listed: dict[Pair, str] = {}
    by_type = _mapping(data, "stack_components", problems)
    for type_, flavors in by_type.items():
        if type_ not in COMPONENT_TYPES or not isinstance(flavors, dict):
            problems.append(f"{FILE}: stack_components has '{type_}', which is no type of components; it is left out")
    for type_ in COMPONENT_TYPES:
        flavors = by_type.get(type_)
        flavors = flavors if isinstance(flavors, dict) else {}
        files = _files(root, type_)
        for name, flavor in flavors.items():
            if name in files:
                listed[type_, name] = str(flavor)
            else:
                problems.append(f"{_file(type_, name)} is gone, though {FILE} lists it; it is left out")
        problems += [
            f"{_file(type_, name)}: {FILE} does not list it, so its flavor is not known; it is left out"
            for name in sorted(files - flavors.keys())
        ]
    return listed


def _file(type_: str, name: str) -> str:
    return f"{_FOLDERS[type_]}/{name}.yaml"


def _files(root: str, type_: str) -> set[str]:
    try:
        names = os.listdir(os.path.join(root, _FOLDERS[type_]))
    except OSError:
        return set()
    return {name.removesuffix(".yaml") for name in names if name.endswith(".yaml")}


def _stacks(data: Data, listed: Mapping[Pair, str], problems: list[str]) -> dict[str, list[Pair]]:
    found = {}
    for name, components in _mapping(data, "stacks", problems).items():
        if not isinstance(components, dict):
            problems.append(f"{FILE}: stack '{name}' is no mapping; it is left out")
            continue
        pairs = [(type_, str(component)) for type_, component in components.items()]
        found[name] = stack(name, pairs, listed, problems, FILE)
    return found


def _flavor(record: Data) -> dict[str, str]:
    return {field: str(record.get(field) or "") for field in ("type", "name", "source")}


def _teams(data: Data, teams: Iterable[Data], users: Iterable[Data], problems: list[str]) -> dict[str, list[str]]:
    known = {user["name"] for user in users}
    found: dict[str, list[str]] = {team["name"]: [] for team in teams}
    for team, members in _mapping(data, "team_assignments", problems).items():
        if team not in found:
            problems.append(f"{FILE}: team_assignments names the team '{team}', which is gone; it is left out")
            continue
        for member in members if isinstance(members, list) else ():
            if member in known:
                found[team].append(member)
            else:
                problems.append(f"{FILE}: team '{team}' has the member '{member}', who is gone; it is left out")
    return found


def _components(root: str, listed: Mapping[Pair, str]) -> list[LegacyComponent]:
    return [_component(root, type_, name, flavor) for (type_, name), flavor in listed.items()]


def _component(root: str, type_: str, name: str, flavor: str) -> LegacyComponent:
    place = _file(type_, name)
    try:
        raw = nofollow.read(root, place)
        data = reader.read(raw, place) if raw and raw.strip() else {}
    except Invalid as error:
        why = f"{place}:{error.line}:{error.column}: {error.message}; its settings are lost"
        return LegacyComponent(type_, name, flavor, {}, place, why)
    problem = "" if data else f"{place}: it is empty, its settings are lost"
    return LegacyComponent(type_, name, flavor, settings(data), place, problem)


def settings(data: Data) -> Data:
    """Return a component's settings: what it holds beside its name and id."""
    return {field: value for field, value in data.items() if field not in {"name", "uuid"}}


def _runs(root: str) -> int:
    """Count the runs: the file may be large, and each is an item of a list two blanks in."""
    try:
        raw = nofollow.read(root, RUNS, 1 << 30)
    except (Invalid, OSError):
        return 0
    return len(_RUN.findall(raw or b""))
