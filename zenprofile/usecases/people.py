"""Members of teams and assignments of roles; the rest of users, teams, roles and projects is as for any entity."""

from collections.abc import Iterable
from typing import Any

from zenprofile.core.change import Recorded
from zenprofile.core.entity import Data, Entity
from zenprofile.core.snapshot import Snapshot
from zenprofile.core.suggestions import nearest
from zenprofile.errors import NotFound, UsageError
from zenprofile.store.base import Store
from zenprofile.usecases import entities, lookup


def add(store: Store, team: str, users: Iterable[str], message: str = "") -> Recorded:
    """Add users to a team; who is a member already stays one.

    Raises:
        NotFound: no such team or user.
    """
    snapshot = store.snapshot()
    wanted = [lookup.find(snapshot, "user", user).name for user in users]
    return _changed(store, snapshot, "team", team, "members", lambda old: [*old, *_new(old, wanted)], message)


def remove(store: Store, team: str, users: Iterable[str], message: str = "") -> Recorded:
    """Take users out of a team.

    Raises:
        NotFound: no such team, or one of them is not its member.
    """
    gone = list(users)

    def without(old: list[Any]) -> list[Any]:
        for user in gone:
            if user not in old:
                hint = nearest(user, filter(_is_text, old)) or f"zenprofile team describe {team} shows its members"
                raise NotFound(f"team '{team}' has no member {user[:140]!r}", hint=hint)
        return [user for user in old if user not in gone]

    return _changed(store, store.snapshot(), "team", team, "members", without, message)


def assign(
    store: Store, role: str, users: Iterable[str], teams: Iterable[str], project: str = "", message: str = ""
) -> Recorded:
    """Assign a role to users and teams, in one project or (without one) in all; what is assigned already stays.

    Raises:
        NotFound: no such role, user, team or project.
        UsageError: neither users nor teams.
    """
    rows = _rows(users, teams, project)
    snapshot = store.snapshot()
    for row in rows:
        for kind, name in row.items():
            lookup.find(snapshot, kind, name)
    return _changed(store, snapshot, "role", role, "assignments", lambda old: [*old, *_new(old, rows)], message)


def revoke(
    store: Store, role: str, users: Iterable[str], teams: Iterable[str], project: str = "", message: str = ""
) -> Recorded:
    """Take a role from users and teams: the assignments with just this project, or without one.

    Raises:
        NotFound: no such role, or it is not assigned so.
        UsageError: neither users nor teams.
    """
    rows = _rows(users, teams, project)

    def without(old: list[Any]) -> list[Any]:
        for row in rows:
            if row not in old:
                text = ", ".join(f"{kind} '{name[:140]}'" for kind, name in row.items())
                hint = "zenprofile role assignment list shows who has it, and in which project"
                raise NotFound(f"role '{role}' is not assigned to {text}", hint=hint)
        return [row for row in old if row not in rows]

    return _changed(store, store.snapshot(), "role", role, "assignments", without, message)


def assignments(roles: Iterable[Entity]) -> list[Data]:
    """List who has which role: rows of ``role``, ``user`` or ``team``, and ``project`` where there is one."""
    return [{"role": role.key.name, **row} for role in roles for row in role.data.get("assignments") or ()]


def _rows(users: Iterable[str], teams: Iterable[str], project: str) -> list[Data]:
    where = {"project": project} if project else {}
    rows = [{kind: name, **where} for kind, names in (("user", users), ("team", teams)) for name in names]
    if not rows:
        raise UsageError("a role goes to users or teams", hint="add --user NAME or --team NAME")
    return rows


def _new(old: list[Any], wanted: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in wanted:
        if item not in old and item not in found:
            found.append(item)
    return found


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _changed(store: Store, snapshot: Snapshot, kind: str, name: str, field: str, change: Any, message: str) -> Recorded:
    key = lookup.find(snapshot, kind, name)
    entity = lookup.read(snapshot, key)
    data = {**entity.data, field: change(entities.field_of(snapshot, entity, field, list))}
    return entities.update(store, entity, snapshot.text(key), data, message)
