"""The profiles of the repository that one stands in, for commands that judge them all."""

import os

from zenprofile.machine import roots, tracked
from zenprofile.machine.active import Active
from zenprofile.machine.profiles import Profile, Profiles, folder_of


def folders() -> list[str] | None:
    """Return the folders of these profiles; None where one stands in no repository."""
    top = _top()
    return tracked.profiles_below(top, roots.nearby_profiles(top)) if top else None


def nearby_folders() -> list[str] | None:
    """Return what `folders` does, and look for what git does not track only where no profile is near.

    No process is started where the repository has one profile, and one stands near it.
    """
    top = _top()
    if not top:
        return None
    near = roots.nearby_profiles(top)
    if len(near) == 1 and not tracked.may_hold_several(top):
        return sorted(near)
    return tracked.profiles_below(top, near)


def any_exists(profiles: Profiles) -> bool:
    """Return whether there is a profile at all: of this machine, or of the checkout that one stands in."""
    return profiles.exist() or bool(roots.find_root().store)


def _top() -> str:
    try:
        return roots.top_of(os.getcwd())
    except OSError:
        return ""


def profile_at(profiles: Profiles, root: str) -> Profile | None:
    """Return this machine's profile of a folder, or None."""
    place = os.path.realpath(root)
    return next((profile for profile in profiles.state().profiles.values() if folder_of(profile) == place), None)


def profile_of(profiles: Profiles, active: Active, folder: str) -> Profile:
    """Return the profile of a folder: the active one, this machine's, or the checkout's own."""
    place = os.path.realpath(folder)
    if active.profile is not None and folder_of(active.profile) == place:
        return active.profile
    return profile_at(profiles, place) or profiles.state().checkout(place, roots.find_root(place).name)
