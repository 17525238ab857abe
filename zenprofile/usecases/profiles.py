"""Profiles: create or load, make active, rename. What is printed is the caller's."""

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from zenprofile.core import names
from zenprofile.core.entity import DEFAULTS, Key
from zenprofile.errors import Exists, Invalid, StoreBroken, UsageError
from zenprofile.machine import identity, logins, passwords
from zenprofile.machine.active import missing_stack_message
from zenprofile.machine.profiles import DEFAULT, SYNC_MODES, Profile, Profiles, ProfilesFile, made_paths, remove, usable
from zenprofile.store import registry as opener

if TYPE_CHECKING:
    from zenprofile.core.change import Change
    from zenprofile.store.base import Options, Snapshot, Store

Report = Callable[[str], None]
# In a clone until a command has opened it: what a killed `create` has left holds nobody's work.
_UNUSED = os.path.join(".git", "zenprofile", "unused")


class Created(NamedTuple):
    """A profile that was made.

    Attributes:
        profile: as it is stored.
        loaded: whether its entities were there already.
        warnings: what the user should know, a line each.
    """

    profile: Profile
    loaded: bool
    warnings: tuple[str, ...]


class CreateOptions(NamedTuple):
    """What ``create`` was asked for; empty text where nothing was said.

    Attributes:
        force: also in a folder outside git that holds other files.
        new: also in a repository that has a profile elsewhere.
    """

    name: str
    url: str = ""
    store_type: str = ""
    user: str = ""
    force: bool = False
    new: bool = False


def create(
    profiles: Profiles,
    wish: CreateOptions,
    timeout: float,
    report: Report = lambda _: None,
    progress: Report | None = None,
) -> Created:
    """Make a profile; the entities of a store that is there already are loaded, and nothing in it changes.

    Args:
        profiles: of this machine.
        wish: name, and where.
        timeout: seconds without any answer after which it gives up.
        report: gets a line for each step.
        progress: gets what git says while it clones, as it comes; None where nobody looks.

    Raises:
        Invalid: a name breaks the rule.
        Exists: the name is taken.
        ZenprofileError: the store cannot be made or opened; then there is no profile either.
    """
    for what, name in (("profile", wish.name), ("user", wish.user or DEFAULT)):
        if names.why_not(name):
            raise Invalid(f"'{name}' is no name of a {what}: {names.why_not(name)}", hint="choose another name")
    url = opener.normal_url(wish.url, wish.store_type, _cwd())
    bare, password = opener.split_password(url)
    # Whoever makes a profile of that name waits; no other command does, however slow a remote is.
    with profiles.locked(f"creating-{names.fold(wish.name)}.lock", passing=True):
        with profiles.edit() as state:
            _check_name_free(state, wish.name)
            profile = _with_folder(profiles, state, wish, bare)._replace(password=bool(password))
        lines: list[str] = []
        options = options_of(profiles, profile, timeout, password)._replace(
            progress=progress, warn=lines.append, force=wish.force, new=wish.new
        )
        report(f"Initializing profile {wish.name}...")
        with _remove_on_failure(profiles, profile):
            created = _make(profiles, profile, options, bool(wish.user), report)
            created = created._replace(warnings=(*lines, *created.warnings))
            if password and not passwords.save(profile.name, profiles.folder, password):
                created = created._replace(warnings=(*created.warnings, _no_keyring(profile.name)))
            with profiles.edit() as state:
                _check_name_free(state, wish.name)
                created = created._replace(profile=state.adopted(created.profile))
                state.put(created.profile)
    return created


def _check_name_free(state: ProfilesFile, name: str) -> None:
    if state.clashing_name(name):
        hint = f"choose another name, or 'zenprofile delete {state.clashing_name(name)}' first"
        raise Exists(f"there is a profile '{state.clashing_name(name)}' already", hint=hint)


def _no_keyring(name: str) -> str:
    variables = f"{passwords.variable(name)} (or {passwords.VARIABLE})"
    return f"no keyring here keeps the password: set {variables} for later commands"


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError as error:
        raise StoreBroken(f"the current folder is gone: {error.strerror}", hint="go to another folder") from None


def _with_folder(profiles: Profiles, state: ProfilesFile, wish: CreateOptions, url: str) -> Profile:
    """Return the profile with its URL and, where the user named none, a folder of its own."""
    kind = opener.kind_of(url, wish.store_type)
    user = wish.user or DEFAULT
    profile = Profile(wish.name, url, kind, active_user=user)
    if url and not opener.is_clone_url(url):
        return profile
    taken = {path for profile in state.profiles.values() for path in profile.made} | set(state.trash)
    above, number = "clones" if url else "profiles", 2
    made = f"{above}/{wish.name}"
    if url and made not in taken and os.path.lexists(os.path.join(profiles.folder, made, _UNUSED)):
        remove([os.path.join(profiles.folder, made)])
    # A clone that was used belongs to a profile whose entry is lost: its commits may be nowhere else.
    while made in taken or (url and os.path.lexists(os.path.join(profiles.folder, made))):
        made, number = f"{above}/{wish.name}~{number}", number + 1  # which is no profile's name
    folder = os.path.join(profiles.folder, made)
    if url:
        return profile._replace(path=folder, made=(made,))
    return profile._replace(store_url=_own_url(kind, folder), made=(made,))


def _own_url(kind: str, folder: str) -> str:
    from urllib.parse import quote

    if kind == "sql":
        return f"sqlite:///{quote(folder)}/zenprofile.db"
    return f"file://{quote(folder)}"


@contextlib.contextmanager
def _remove_on_failure(profiles: Profiles, profile: Profile) -> Iterator[None]:
    """Remove what was made for a profile if the block fails."""
    new = [path for path in made_paths(profiles, profile) if not os.path.lexists(path)]
    try:
        yield
    except BaseException:
        remove(new)
        raise


def _make(profiles: Profiles, profile: Profile, options: "Options", user_named: bool, report: Report) -> Created:
    if profile.made and profile.store_type == "sql":
        os.makedirs(os.path.join(profiles.folder, profile.made[0]), mode=0o700, exist_ok=True)
    opener.clone_if_missing(profile.store_url, options)
    return _load_existing(profile, options, user_named) or _create_store(profile, options, report)


def _load_existing(profile: Profile, options: "Options", user_named: bool) -> Created | None:
    if not opener.is_profile(profile.store_url, options):
        return None
    if profile.store_type == "rest" and not options.password:
        return Created(profile, True, (f"nobody is logged in: zenprofile login --profile {profile.name}",))
    try:
        return _load(profile, options, user_named)
    except StoreBroken:
        # What a command that was killed had begun there is taken back as the store is opened: the place is empty then.
        if opener.is_profile(profile.store_url, options):
            raise
    return None


def _load(profile: Profile, options: "Options", user_named: bool) -> Created:
    from zenprofile.store.capabilities import Foreign

    store = opener.open_store(profile.store_url, options)
    try:
        snapshot = store.snapshot()
        profile = profile._replace(active_stack=_first(snapshot, "stack"))
        if not user_named:
            profile = profile._replace(active_user=_first(snapshot, "user"))
        problems = [str(problem) for problem in snapshot.load().problems]
        problems += store.notes() if isinstance(store, Foreign) else []
        return Created(profile, True, (*problems, *missing_names(snapshot, profile.active_stack, profile.active_user)))
    finally:
        store.close()


def _first(snapshot: "Snapshot", kind: str) -> str:
    """Return ``default`` where it is there, else the first name, else ``default``."""
    found = [key.name for key in snapshot.keys(kind)]
    return DEFAULT if DEFAULT in found or not found else found[0]


def _create_store(profile: Profile, options: "Options", report: Report) -> Created:
    report("Registering default stack...")
    opener.create_store(profile.store_url, options, _defaults(profile.active_user)).close()
    for key, _ in DEFAULTS:
        if key.kind == "component" and profile.store_type == "local":
            report(f"Registered stack component with type '{key.type}' and name '{key.name}'.")
        elif key.kind == "stack":
            report(f"Registered stack with name '{key.name}'.")
    warnings: tuple[str, ...] = ()
    if opener.is_untried(profile.store_url):
        warnings = ("zenprofile is not tried with this kind of database",)
    return Created(profile, False, warnings)


def _defaults(user: str) -> "Change":
    defaults = opener.default_change()
    if user == DEFAULT:
        return defaults
    from zenprofile.core.change import Edit
    from zenprofile.core.document.writer import write

    return defaults._replace(edits=(*defaults.edits, Edit(Key("user", "", user), None, write("user", {"name": user}))))


def missing_names(snapshot: "Snapshot", stack: str, user: str) -> list[str]:
    """Return which of the active stack and user do not exist (docs/contract.md, "What goes where"), a line each."""
    lines = []
    if Key("stack", "", stack) not in snapshot.keys("stack"):
        lines.append(missing_stack_message(stack))
    if Key("user", "", user) not in snapshot.keys("user"):
        lines.append(f"the active user '{user}' does not exist: 'zenprofile user create {user}' makes it")
    return lines


def make_default(profiles: Profiles) -> None:
    """Make the local profile ``default``, where no profile was made since: what the first command on a machine does."""
    try:
        create(profiles, CreateOptions(DEFAULT), timeout=30.0)
    except Exists:
        return


def options_of(profiles: Profiles, profile: Profile, timeout: float, password: str = "") -> "Options":
    """Return what opening a profile's store needs to know from this machine.

    Args:
        profiles: of this machine.
        profile: whose store it is.
        timeout: seconds without any answer after which a network operation ends.
        password: that the user gave just now.
    """
    from zenprofile.store.base import Options

    if profile.store_type == "rest":
        password = password or logins.token(profile, profiles.folder)
    if profile.store_type == "sql" and not password and not profile.store_url.startswith("sqlite:"):
        look = (
            passwords.password(profile.name, profiles.folder)
            if profile.password
            else passwords.from_variables(profile.name)
        )
        password = look
    return Options(
        user=profile.active_user,
        mode="commit" if profile.sync == "push" else profile.sync,
        password=password,
        timeout=timeout,
        cache=os.path.join(profiles.folder, "cache", profile.id),
        run_hooks=profile.run_hooks,
        template=profile.message,
        own=bool(profile.made) and not profile.path,
        clone=profile.path,
        machine=partial(identity.secret, profiles.folder),
        resends=True,
    )


def open_profile(profiles: Profiles, profile: Profile, timeout: float, warn: Report = lambda _: None) -> "Store":
    """Open a profile's store.

    Args:
        profiles: of this machine.
        profile: whose store it is.
        timeout: seconds without any answer after which a network operation ends.
        warn: takes what the store has to say to the user.

    Raises:
        StoreBroken: the profile's entry is invalid, or the store cannot be read.
        ZenprofileError: as `zenprofile.store.registry.open_store`.
    """
    usable(profile, profiles.file)
    if profile.path:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(profile.path, _UNUSED))
    return opener.open_store(profile.store_url, options_of(profiles, profile, timeout)._replace(warn=warn, known=True))


def settings(
    profiles: Profiles,
    profile: Profile,
    sync: str | None = None,
    run_hooks: bool | None = None,
    message: str | None = None,
    watch: dict[str, Any] | None = None,
) -> Profile:
    """Change what is given of a profile's settings, and return the profile.

    Raises:
        UsageError: there is no such mode, or the message lacks ``{changes}``.
        NotFound: there is no such profile.
    """
    if sync is not None and sync not in SYNC_MODES:
        raise UsageError(f"there is no mode '{sync}'", hint=f"choose one of {', '.join(SYNC_MODES)}")
    if message and "{changes}" not in message:
        hint = "put {changes} where the words for what changed go, such as '[ml] {changes}'"
        raise UsageError("the message has no place for what changed", hint=hint)
    fields: dict[str, Any] = {"sync": sync, "run_hooks": run_hooks, "message": message, "watch": watch}
    fields = {field: value for field, value in fields.items() if value is not None}
    return profiles.change(profile, **fields) if fields else profile


def rename(profiles: Profiles, old: str, new: str) -> Profile:
    """Give a profile another name; its store stays where it is.

    Raises:
        Invalid: the new name breaks the rule.
        Exists: it is taken.
        NotFound: there is no profile of the old name.
    """
    if names.why_not(new):
        raise Invalid(f"'{new}' is no name of a profile: {names.why_not(new)}", hint="choose another name")
    with profiles.edit() as state:
        profile = usable(state.find(old), profiles.file)
        if state.clashing_name(new) not in {"", old}:
            raise Exists(f"there is a profile '{state.clashing_name(new)}' already", hint="choose another name")
        del state.profiles[old]
        state.put(profile._replace(name=new))
        state.active = new if state.active == old else state.active
        if profile.password and old != new:
            _move_password(logins.keyring_entry(profile, profiles.folder), old, new)
    return state.profiles[new]


def _move_password(folder: str, old: str, new: str) -> None:
    secret = passwords.load(old, folder)
    if secret and passwords.save(new, folder, secret):
        passwords.delete(old, folder)
