"""What this machine says about entities: the active stack and user, overrides; kept true when entities are renamed."""

from zenprofile.core.entity import Key
from zenprofile.errors import NotFound
from zenprofile.machine.active import Active, save_choices
from zenprofile.machine.profiles import Profile, Profiles, ProfilesFile
from zenprofile.store.base import Store
from zenprofile.usecases import lookup
from zenprofile.usecases.activation import set_stack as set_active_stack


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
    profiles.change(profile, active_user=name)


def project(active: Active) -> str:
    """Return the checkout's active project.

    Raises:
        NotFound: there is none.
    """
    if not active.project:
        _check_in_checkout(active)
        raise NotFound("no project is active", hint="zenprofile project set NAME makes one active")
    return active.project


def set_project(profiles: Profiles, active: Active, name: str) -> None:
    """Make a project the checkout's active one; "" leaves it without one.

    Raises:
        NotFound: there is no repository root.
    """
    _check_in_checkout(active)
    save_choices(profiles, active, project=name)


def _check_in_checkout(active: Active) -> None:
    if not active.place:
        raise NotFound(
            "a project is active in a repository, and there is no repository root", hint="run zenprofile init"
        )


def follow_rename(profiles: Profiles, active: Active, old: Key, new: Key | None) -> None:
    """Move this machine's settings of an entity to its new name, or (None) delete its overrides."""
    if active.profile is None:
        return
    with profiles.edit() as state:
        for profile in list(state.profiles.values()):
            if profile.store_url == active.profile.store_url and not profile.problem:
                state.put(_with_new_name(profile, old, new))
        if active.profile.checkout:
            _follow_in_checkout(state, active.profile, old, new)
    if new and old.kind == "stack" and active.scope == "local" and active.stack == old.name and active.place:
        save_choices(profiles, active, active_stack=new.name)


def _follow_in_checkout(state: ProfilesFile, profile: Profile, old: Key, new: Key | None) -> None:
    now = state.checkout(profile.checkout, profile.name)
    after = _with_new_name(now, old, new)
    chosen = {"active_stack": after.active_stack, "active_user": after.active_user, "overrides": after.overrides}
    state.choose(profile.checkout, {f: v for f, v in chosen.items() if v != getattr(now, f)})


def _with_new_name(profile: Profile, old: Key, new: Key | None) -> Profile:
    overrides = {entity: values for entity, values in profile.overrides.items() if entity != str(old)}
    if new and str(old) in profile.overrides:
        overrides[str(new)] = dict(profile.overrides[str(old)])
    profile = profile._replace(overrides=overrides)
    if new and old.kind == "stack" and profile.active_stack == old.name:
        return profile._replace(active_stack=new.name)
    if new and old.kind == "user" and profile.active_user == old.name:
        return profile._replace(active_user=new.name)
    return profile
