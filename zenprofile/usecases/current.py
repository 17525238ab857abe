"""What this machine says about entities: the active stack and user, overrides; kept true when entities are renamed."""

from zenprofile.active import Active, find_repository, write_repository
from zenprofile.core.entity import Key
from zenprofile.profiles import Profile, Profiles
from zenprofile.store.base import Store
from zenprofile.usecases import entities

_VARIABLE = "ZENPROFILE_ACTIVE_PROFILE"


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
    entities.find(store.snapshot(), "stack", name)
    if active.root and not everywhere and active.said_by not in {"--profile", _VARIABLE}:
        write_repository(active.root, active.name if active.scope == "local" else "", name)
        return "local"
    profiles.change(active.name, active_stack=name)
    return "global"


def set_user(profiles: Profiles, profile: Profile, store: Store, name: str) -> None:
    """Make a user the profile's active one.

    Raises:
        NotFound: there is no such user.
    """
    entities.find(store.snapshot(), "user", name)
    profiles.change(profile.name, active_user=name)


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
        write_repository(repository.root, repository.profile, new.name)


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
