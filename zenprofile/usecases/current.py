"""What this machine says about entities: the active stack and user, overrides; kept true when entities are renamed."""

from typing import Any

from zenprofile.core.entity import Key
from zenprofile.errors import NotFound
from zenprofile.machine.active import Active, change_repository, find_repository, held
from zenprofile.machine.profiles import Profile, Profiles
from zenprofile.store.base import Store
from zenprofile.usecases import lookup
from zenprofile.usecases.profiles import set_stack as set_active_stack


def set_stack(profiles: Profiles, active: Active, store: Store, name: str, *, everywhere: bool) -> str:
    """Make a stack the active one: of the repository where it names the active profile, else of the profile.

    Args:
        profiles: of this machine.
        active: the active profile.
        store: its store.
        name: of a stack in it.
        everywhere: of the profile also where a repository would be asked.

    Returns:
        ``local`` or ``global``.

    Raises:
        NotFound: there is no such stack.
    """
    lookup.find(store.snapshot(), "stack", name)
    set_active_stack(profiles, active, name, everywhere)
    return "global" if everywhere else active.scope


def set_user(profiles: Profiles, profile: Profile, store: Store, name: str) -> None:
    """Make a user the profile's active one.

    Raises:
        NotFound: there is no such user.
    """
    lookup.find(store.snapshot(), "user", name)
    profiles.change(profile.name, active_user=name)


def project(active: Active) -> str:
    """Return the repository's active project.

    Raises:
        NotFound: there is none.
    """
    name = str(held(_root(active)).get("project") or "")
    if not name:
        raise NotFound("no project is active", hint="zenprofile project set NAME makes one active")
    return name


def set_project(profiles: Profiles, active: Active, name: str) -> None:
    """Make a project the repository's active one; "" leaves it without one.

    Raises:
        NotFound: there is no repository root.
    """

    def changed(said: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in said.items() if key != "project"}
        return {**kept, "project": name} if name else kept

    change_repository(profiles, _root(active), changed)


def _root(active: Active) -> str:
    if not active.root:
        raise NotFound(
            "a project is active in a repository, and there is no repository root", hint="run zenprofile init"
        )
    return active.root


def follow(profiles: Profiles, active: Active, old: Key, new: Key | None) -> None:
    """Carry what this machine says about an entity along with its new name, or (None) forget its overrides."""
    if active.profile is None:
        return
    with profiles.edit() as state:
        for profile in list(state.profiles.values()):
            if profile.store_url == active.profile.store_url and not profile.problem:
                state.put(_followed(profile, old, new))
    repository = find_repository() if old.kind == "stack" and new else None
    if new and repository and repository.stack == old.name and active.scope == "local":
        name = new.name
        change_repository(
            profiles,
            repository.root,
            lambda said: {**said, "stack": name} if said.get("stack") == old.name else said,
        )


def _followed(profile: Profile, old: Key, new: Key | None) -> Profile:
    overrides = {entity: values for entity, values in profile.overrides.items() if entity != str(old)}
    if new and str(old) in profile.overrides:
        overrides[str(new)] = dict(profile.overrides[str(old)])
    profile = profile._replace(overrides=overrides)
    if new and old.kind == "stack" and profile.active_stack == old.name:
        return profile._replace(active_stack=new.name)
    if new and old.kind == "user" and profile.active_user == old.name:
        return profile._replace(active_user=new.name)
    return profile
