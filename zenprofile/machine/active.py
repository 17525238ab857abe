"""Which profile is active: by option, by variable, by the checkout that one stands in, or of the whole machine."""

import os
from typing import Any, NamedTuple

from zenprofile.core import suggestions
from zenprofile.errors import Invalid, NotFound, StoreBroken, Unsafe
from zenprofile.machine import roots, tracked
from zenprofile.machine.profiles import DEFAULT, Profile, Profiles, ProfilesFile, folder_of, usable


class Active(NamedTuple):
    """Which profile is active, and why.

    Attributes:
        name: of the profile, whether it is on this machine or not.
        profile: None where it is not on this machine.
        scope: ``local`` where the checkout or its root's file names it, else ``global``.
        root: the folder that marks the checkout; "" for none.
        stack: name of the active stack.
        said_by: what names the profile, for a message.
        file: the list of profiles, for a message.
        project: name of the active project; "" for none.
        place: the folder under which a person's choices for this checkout are kept on this machine; "" for none.
        marker: the root's file that takes such choices as long as git does not track it; "" for none.
        near: of a profile that is not on this machine, which one may be meant; "" for none.
        overruled: a root's file further up that names another profile; "" for none.
    """

    name: str
    profile: Profile | None
    scope: str
    root: str
    stack: str
    named_by: str
    file: str
    project: str = ""
    place: str = ""
    marker: str = ""
    near: str = ""
    overruled: str = ""

    def existing(self) -> Profile:
        """Return the profile.

        Raises:
            NotFound: it is not on this machine.
            StoreBroken: its entry is invalid.
        """
        if self.profile is None:
            hint = f"{self.near} " if self.near else ""
            hint += f"'zenprofile create {self.name} --url URL' makes it, 'zenprofile set NAME' names another"
            raise NotFound(f"the profile '{self.name}', which {self.named_by} names, is not on this machine", hint=hint)
        return usable(self.profile, self.file)

    @property
    def by_file(self) -> bool:
        """Whether a root's file names it."""
        return self.named_by.endswith((roots.REPOSITORY_FILE, roots.ZENML_FILE))

    @property
    def is_checkout(self) -> bool:
        """Whether the profile is that of the checkout itself, under no name of this machine's."""
        return self.profile is not None and bool(self.profile.checkout)


def find_active(profiles: Profiles, chosen: str = "", *, lenient: bool = False) -> Active:
    """Return which profile is active (docs/contract.md). Starts no process.

    Args:
        profiles: of this machine.
        chosen: by ``--profile``; "" for none.
        lenient: a root's file that is invalid names nothing, where it would decide.

    Raises:
        Invalid, Unsafe, NotFound: what marks the checkout is invalid, and it is what decides; as `roots.find_root`.
        StoreBroken: the list of profiles is damaged.
    """
    state = profiles.state()
    by_variable = os.environ.get("ZENPROFILE_ACTIVE_PROFILE", "")
    name = chosen or by_variable
    try:
        here = roots.find_root()
    except (Invalid, StoreBroken, Unsafe, NotFound) as error:
        if not name and not lenient:
            raise
        here = roots.CheckoutLocation(os.path.dirname(error.file))
    local = _local(state, here, profiles.file)
    if not name:
        found = local or _global(state, here, state.active, profiles.file, profiles.file)
        return found._replace(overruled=here.overruled) if here.overruled else found
    if local is not None and local.is_checkout and local.name == name and name not in state.profiles:
        return local
    said_by = "--profile" if chosen else "ZENPROFILE_ACTIVE_PROFILE"
    return _global(state, here._replace(marker=None), name, said_by, profiles.file)


def find_profile(profiles: Profiles, name: str) -> Profile:
    """Return the profile of a name: one of this machine's, or the checkout's that one stands in.

    Raises:
        NotFound: there is none.
    """
    found = find_active(profiles, name, lenient=True).profile if name else None
    return profiles.find(name) if found is None else found


def _global(state: ProfilesFile, here: roots.CheckoutLocation, name: str, said_by: str, file: str) -> Active:
    profile = state.profiles.get(name)
    own = profile.active_stack if profile else DEFAULT
    near = "" if profile else suggestions.nearest(name, state.profiles)
    if here.marker is None:
        return Active(name, profile, "global", here.root, own, said_by, file, near=near)
    choice = state.choices(here.root)
    stack = choice.get("active_stack") or here.marker.stack or own
    project = choice.get("project") or here.marker.project
    return Active(name, profile, "global", here.root, stack, said_by, file, project, here.root, here.marker.file, near)


def _local(state: ProfilesFile, here: roots.CheckoutLocation, file: str) -> Active | None:
    """Return the profile that the checkout or its root's file names; None where neither names one."""
    marker = here.marker
    if marker is not None and marker.profile and not marker.store:
        choice = state.choices(marker.root)
        name = choice.get("profile") or marker.profile
        profile = state.profiles.get(name)
        if profile is not None or not here.store:
            stack = choice.get("active_stack") or (marker.stack if name == marker.profile else "")
            stack = stack or (profile.active_stack if profile else DEFAULT)
            project = choice.get("project") or marker.project
            return Active(
                name, profile, "local", marker.root, stack, marker.file, file, project, marker.root, marker.file
            )
    return _checkout(state, here, file) if here.store else None


def _checkout(state: ProfilesFile, here: roots.CheckoutLocation, file: str) -> Active:
    """Return the profile whose folder one stands in: as this machine names it, else as the checkout itself does."""
    choice = state.choices(here.store)
    said_by = here.marker.file if here.marker else here.store
    chosen = state.profiles.get(choice.get("profile", ""))
    profile = chosen or _registered(state, here) or state.checkout(here.store, here.name)
    marker = here.marker if here.marker and chosen is None else roots.RootMarker("", "")
    stack = profile.active_stack
    if chosen is None:
        stack = choice.get("active_stack") or marker.stack or profile.active_stack
        if profile.checkout and not (choice.get("active_stack") or marker.stack):
            stack = first(here.store, "stacks")
    if profile.checkout:
        user = choice.get("active_user") or first(here.store, "users")
        profile = profile._replace(active_stack=stack, active_user=user)
    project = choice.get("project") or marker.project
    return Active(profile.name, profile, "local", here.root, stack, said_by, file, project, here.store)


def _registered(state: ProfilesFile, here: roots.CheckoutLocation) -> Profile | None:
    """Return this machine's profile of a checkout's folder; of several the one that is named there or active."""
    found = {name: p for name, p in state.profiles.items() if not p.problem and folder_of(p) == here.store}
    for name in (here.name, state.active):
        if name in found:
            return found[name]
    return next(iter(found.values()), None)


def first(store: str, folder: str) -> str:
    """Return ``default`` where a profile has a document of that name, else the first name, else ``default``."""
    place = os.path.join(store, folder)
    if os.path.lexists(os.path.join(place, f"{DEFAULT}.yaml")):
        return DEFAULT
    try:
        found = sorted(name.removesuffix(".yaml") for name in os.listdir(place) if name.endswith(".yaml"))
    except OSError:
        return DEFAULT
    return found[0] if found else DEFAULT


def save_choices(profiles: Profiles, active: Active, **choices: str) -> None:
    """Save a person's choices for a checkout: in its root file where git does not track it, else on this machine.

    Args:
        profiles: of this machine.
        active: the active profile, which has a place.
        choices: ``active_stack``, ``project``, ``profile``; "" for none.
    """
    if not active.marker or active.marker.endswith(roots.ZENML_FILE) or tracked.is_tracked(active.marker):
        profiles.choose(active.place, choices)
        return
    names = {field.removeprefix("active_"): value for field, value in choices.items()}

    def changed(marker: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in marker.items() if key not in names}
        first = {"profile": active.name} if active.scope == "local" else {}
        return {**first, **kept, **{key: value for key, value in names.items() if value}}

    roots.change_repository(profiles, active.root, changed)
    if profiles.state().choices(active.place):
        profiles.choose(active.place, dict.fromkeys(choices, ""))


def shown_url(profile: Profile) -> str:
    """Return the URL as a person may see it, ``:***@`` where there is a password."""
    from zenprofile.store.url import without_secrets

    return without_secrets(profile.store_url, password=profile.password)


def as_json(profile: Profile, active: Active) -> dict[str, Any]:
    """Return a profile as ``describe -o json`` prints it; ``scope`` is null where it is not the active one."""
    is_active = profile.name == active.name and profile.checkout == (active.profile or profile).checkout
    data = {
        "name": profile.name,
        "store_url": shown_url(profile),
        "store_type": profile.store_type,
        "active_stack": active.stack if is_active else profile.active_stack,
        "active_user": profile.active_user,
        "active": is_active,
        "scope": active.scope if is_active else None,
    }
    if profile.path:
        data["path"] = profile.path
    return {**data, "problem": profile.problem} if profile.problem else data


def missing_stack_message(name: str) -> str:
    """Return what is said of an active stack that does not exist."""
    return f"the active stack '{name}' does not exist: 'zenprofile stack set NAME' names another"


def lacks_stack(profile: Profile, stack: str) -> bool:
    """Return whether a local store has no file of a stack; False for any other store, which would have to be opened."""
    folder = os.path.join(folder_of(profile) or os.devnull, "stacks")
    return os.path.isdir(folder) and not os.path.isfile(os.path.join(folder, f"{stack}.yaml"))
