"""Deleting profiles, with what zenprofile made for them, unless it exists nowhere else."""

import os
from typing import TYPE_CHECKING

from zenprofile.core.entity import DEFAULTS
from zenprofile.errors import InUse, StoreBroken, ZenprofileError
from zenprofile.machine import logins, passwords
from zenprofile.machine.active import Active
from zenprofile.machine.profiles import DEFAULT, Profile, Profiles, ProfilesFile, made_paths, remove
from zenprofile.store.capabilities import Distributed
from zenprofile.usecases.profiles import open_profile

if TYPE_CHECKING:
    from zenprofile.store.base import Snapshot


def delete(profiles: Profiles, active: Active, name: str, force: bool) -> Profile:
    """Remove a profile and what zenprofile made for it, never what the user named by URL.

    Args:
        profiles: of this machine.
        active: what is active now.
        name: of the profile.
        force: also where it is active, and where its entities exist nowhere else.

    Raises:
        NotFound: there is no such profile.
        InUse: it is the active one, or what would be removed exists nowhere else.
    """
    with profiles.edit() as state:
        profile = state.find(name)
        if not force:
            _refuse_active(state, active, name)
            _refuse_loss(profiles, profile)
        _check_removable(made_paths(profiles, profile))
        del state.profiles[name]
        state.trash += [*profile.made, f"cache/{name}"]
        if state.active == name:
            state.active = DEFAULT if DEFAULT in state.profiles else min(state.profiles, default=DEFAULT)
    _empty_trash(profiles)
    if profile.password:
        passwords.delete(name, logins.keyring_entry(profile, profiles.folder))
    return profile


def _refuse_active(state: ProfilesFile, active: Active, name: str) -> None:
    if name in {active.name, state.active}:
        message = f"the profile '{name}' is the active one"
        raise InUse(message, hint="'zenprofile set NAME' makes another active first, --force deletes it all the same")


def _refuse_loss(profiles: Profiles, profile: Profile) -> None:
    if not any(map(os.path.lexists, made_paths(profiles, profile))):
        return
    hint = "copy or push them first, or delete with --force"
    try:
        store = open_profile(profiles, profile, timeout=30.0)
    except ZenprofileError as error:
        message = f"what the profile '{profile.name}' holds cannot be looked at ({error.message})"
        raise InUse(message, hint="fix it, or delete with --force") from None
    try:
        only_here = store.unshared() if isinstance(store, Distributed) else None
        if only_here:
            raise InUse(f"the profile '{profile.name}' has {only_here}", hint=hint)
        if only_here is None and _has_own(store.snapshot()):
            raise InUse(f"the entities of profile '{profile.name}' exist nowhere else", hint=hint)
    finally:
        store.close()


def _has_own(snapshot: "Snapshot") -> bool:
    """Return whether a store holds anything beside the defaults, be it a comment in one of them."""
    from zenprofile.core.document import writer

    defaults = {key: writer.write(key.kind, data) for key, data in DEFAULTS}
    loaded = snapshot.load()
    return bool(loaded.problems) or any(
        snapshot.text(entity.key) != defaults.get(entity.key) for entity in loaded.entities
    )


def _check_removable(paths: list[str]) -> None:
    """Refuse to delete a profile whose folders cannot be removed: they would stay, and nobody would know of them.

    Raises:
        StoreBroken: a folder cannot be written.
    """
    for path in paths:
        if not os.path.lexists(path):
            continue
        folders = [os.path.dirname(path), *(folder for folder, _, _ in os.walk(path))]
        closed = next((folder for folder in folders if not os.access(folder, os.W_OK | os.X_OK)), "")
        if closed:
            message = f"{closed} cannot be written, so that nothing can be removed from it; the profile stays"
            raise StoreBroken(message, hint="make it writable, and repeat the command")


def _empty_trash(profiles: Profiles) -> None:
    """Remove what deleted profiles left, also those of a command that was killed before it came to this."""
    with profiles.edit() as state:
        remove(os.path.join(profiles.folder, path) for path in state.trash)
        state.trash = []
