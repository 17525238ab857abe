"""Set the active profile or stack of a checkout or the machine; mark a repository root."""

import os

from zenprofile.machine import roots, tracked
from zenprofile.machine.active import Active, first, save_choices
from zenprofile.machine.profiles import Profiles


def make_active(profiles: Profiles, active: Active, name: str, everywhere: bool) -> list[str]:
    """Make a profile the active one: of the repository, where the current folder is in one, else of the machine.

    Args:
        profiles: of this machine.
        active: what is active now.
        name: of the profile.
        everywhere: of the machine in any case.

    Returns:
        What else the user should know, a line each.

    Raises:
        NotFound: there is no such profile.
    """
    if active.root and not everywhere:
        _make_active_here(profiles, active, name)
        return _overruled(name, "")
    with profiles.edit() as state:
        state.find(name)
        state.active = name
    return _overruled(name, active.named_by if active.scope == "local" and active.name != name else "")


def _make_active_here(profiles: Profiles, active: Active, name: str) -> None:
    """Make a profile the active one of the checkout: in its root's file where git does not track that, else here."""
    here = roots.find_root()
    own = here.name if here.store else ""
    if name == own and name not in profiles.state().profiles:
        profiles.choose(here.store, {"profile": ""})
        return
    profile = profiles.state().find(name)
    if (
        here.marker is not None
        and here.marker.file.endswith(roots.REPOSITORY_FILE)
        and not tracked.is_tracked(here.marker.file)
    ):
        roots.write_repository(profiles, active.root, name, profile.active_stack)
        return
    place = here.marker.root if here.marker and not here.marker.store else here.store or active.root
    profiles.choose(place, {"profile": name, "active_stack": ""})


def _overruled(name: str, file: str) -> list[str]:
    by_variable = os.environ.get("ZENPROFILE_ACTIVE_PROFILE", "")
    if by_variable and by_variable != name:
        return [f"ZENPROFILE_ACTIVE_PROFILE names '{by_variable}', and it wins"]
    return [f"{file} names another profile, and it wins below its folder"] if file else []


def mark_root(profiles: Profiles, active: Active | None, root: str, store: str, chosen: str) -> dict[str, str]:
    """Mark a folder as a repository root, and return its file, profile, stack, and store where there is one.

    Args:
        profiles: of this machine.
        active: the profile that the file is to name; None for that of ``store``.
        root: the folder.
        store: the profile's folder in this checkout, as it was given; "" for what the active profile needs.
        chosen: a name for the profile; "" for that of its repository's folder.

    Raises:
        Unsafe, NotFound: the store lies elsewhere, or holds no profile.
    """
    if active is None or active.is_checkout:
        folder = os.path.abspath(store) if active is None else active.existing().checkout
        below = os.path.relpath(os.path.realpath(os.path.dirname(folder)), os.path.realpath(root))
        below = os.path.normpath(os.path.join(below, os.path.basename(folder))).replace(os.sep, "/")
        found = roots.of_store(root, below)
        here = roots.CheckoutLocation(root, None, found, roots.top_of(found))
        name = chosen or (active.name if active else here.name)
        stack = active.stack if active else first(found, "stacks")
    else:
        below, name, stack = "", active.existing().name, active.stack
    file = roots.write_repository(profiles, root, name, stack, store=below, fix=True)
    return {"file": file, "profile": name, "stack": stack, **({"store": below} if below else {})}


def set_stack(profiles: Profiles, active: Active, name: str, everywhere: bool = False) -> None:
    """Make a stack the active one: the repository's, where the repository names the profile, else the profile's."""
    if active.scope == "local" and not everywhere and (active.is_checkout or active.by_file):
        save_choices(profiles, active, active_stack=name)
    else:
        profiles.change(active.existing(), active_stack=name)
