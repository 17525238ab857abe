"""This machine: its profiles, the active one, overrides. One JSON file, read without any other library.

The file is replaced as a whole, under a lock, after it has reached the disk. One that cannot be read is never written
over.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from zenprofile.core import names, suggestions
from zenprofile.errors import NewerFormat, NotFound, StoreBroken
from zenprofile.fs import atomic, lock

FORMAT = 1
FILE = "profiles.json"
DEFAULT = "default"
SYNC_MODES = ("manual", "commit", "push")
LOCK = "profiles.lock"
_NONE: Mapping[str, Any] = {}


class Profile(NamedTuple):
    """A name on this machine for a store.

    Attributes:
        name: unique without regard to case.
        store_url: without any password.
        store_type: ``local``, ``sql`` or ``rest``.
        active_stack: name of a stack in the store.
        active_user: name of a user in the store.
        overrides: by entity (``component/artifact_store/s3``), then by path of the field.
        sync: ``manual``, ``commit``, ``push``, or "" for the store's own default.
        run_hooks: whether a commit runs the repository's own hooks.
        message: template of a commit's message, with ``{changes}``; "" for the words alone.
        watch: settings of its watcher (`zenprofile.watch.settings`).
        password: whether the store has one, in the keyring or in a variable.
        path: working tree of a clone that zenprofile made; "" for none.
        made: what zenprofile made for it, below the configuration folder; `delete` removes this and nothing else.
        checkout: folder of a profile that is found in a checkout and has no name of this machine's; "" for others.
        unknown: keys of the entry that this version does not know; kept.
        problem: why the entry is invalid; "" where it is valid.
    """

    name: str
    store_url: str
    store_type: str
    active_stack: str = DEFAULT
    active_user: str = DEFAULT
    overrides: Mapping[str, Mapping[str, Any]] = _NONE
    sync: str = ""
    run_hooks: bool = False
    message: str = ""
    watch: Mapping[str, Any] = _NONE
    password: bool = False
    path: str = ""
    made: tuple[str, ...] = ()
    checkout: str = ""
    unknown: Mapping[str, Any] = _NONE
    problem: str = ""

    @property
    def id(self) -> str:
        """What files of this machine's are named after: the name; of a checkout, also where it is."""
        if not self.checkout:
            return self.name
        from binascii import crc32

        # No name begins with a dot, so that none is taken for this.
        return f".{self.name}-{crc32(os.fsencode(self.checkout)):08x}"


# What the file may hold for each field; the rest of the entry is kept as it is.
_TYPES: dict[str, type] = {
    "store_url": str,
    "store_type": str,
    "active_stack": str,
    "active_user": str,
    "overrides": dict,
    "sync": str,
    "run_hooks": bool,
    "message": str,
    "watch": dict,
    "password": bool,
    "path": str,
    "made": list,
}


# What a person chooses for the profile of a checkout.
_CHOSEN = ("active_stack", "active_user", "overrides", "sync", "run_hooks", "message", "watch")


def _from_json(name: str, entry: Any) -> Profile:
    wrong = _invalid_reason(name, entry)
    if wrong:
        return Profile(name, "", "", unknown=entry if isinstance(entry, dict) else {}, problem=wrong)
    known = {field: value for field, value in entry.items() if field in _TYPES}
    known["made"] = tuple(known.get("made", ()))
    return Profile(name, **known, unknown={field: value for field, value in entry.items() if field not in _TYPES})


def _invalid_reason(name: str, entry: Any) -> str:
    if names.why_not(name):
        return names.why_not(name)
    if not isinstance(entry, dict):
        return "its entry is not an object"
    if not entry.get("store_url") or not entry.get("store_type"):
        return "its entry lacks store_url or store_type"
    for field, value in entry.items():
        if not isinstance(value, _TYPES.get(field, object)):
            return f"its entry has a wrong {field}"
    if not all(isinstance(values, dict) for values in entry.get("overrides", {}).values()):
        return "its entry has wrong overrides"
    return "" if all(map(is_ours, entry.get("made", ()))) else "its entry has a wrong made"


def is_ours(made: object) -> bool:
    """Return whether a path may stand for what zenprofile made: relative, below the configuration folder."""
    return isinstance(made, str) and bool(made) and not made.startswith("/") and ".." not in made.split("/")


def _to_json(profile: Profile) -> dict[str, Any]:
    if profile.problem:
        return dict(profile.unknown)
    standard = Profile("", "", "")
    known = {field: getattr(profile, field) for field in _TYPES if getattr(profile, field) != getattr(standard, field)}
    known.update(active_stack=profile.active_stack, active_user=profile.active_user)
    return {**{field: known[field] for field in _TYPES if field in known}, **profile.unknown}


class ProfilesFile:
    """Content of the file.

    Attributes:
        active: name of the global active profile.
        profiles: by name.
        trash: paths below the configuration folder that are still to be removed.
        checkouts: what was chosen for a checkout on this machine, by its folder.
        unknown: keys that this version does not know; kept.
    """

    def __init__(self, data: dict[str, Any] | None = None) -> None:
        data = data or {}
        self.active: str = data.get("active", DEFAULT)
        self.profiles = {name: _from_json(name, entry) for name, entry in data.get("profiles", {}).items()}
        self.trash: list[str] = [path for path in data.get("trash", []) if is_ours(path)]
        self.checkouts: dict[str, dict[str, Any]] = {
            folder: entry for folder, entry in data.get("checkouts", {}).items() if isinstance(entry, dict)
        }
        known = {"format", "active", "profiles", "trash", "checkouts"}
        self.unknown = {key: value for key, value in data.items() if key not in known}

    def find(self, name: str) -> Profile:
        """Return a profile, also one that is invalid.

        Raises:
            NotFound: there is none of that name.
        """
        if name not in self.profiles:
            hint = suggestions.nearest(name, self.profiles) or "see 'zenprofile list'"
            raise NotFound(f"there is no profile '{name}' on this machine", hint=hint)
        return self.profiles[name]

    def clashing_name(self, name: str) -> str:
        """Return the name, as it is spelt, that a new one would clash with; "" for none."""
        return next((known for known in self.profiles if names.fold(known) == names.fold(name)), "")

    def choices(self, folder: str) -> dict[str, str]:
        """Return what was chosen for a checkout, as far as it is text: active stack and user, project, profile."""
        return {field: value for field, value in self.checkouts.get(folder, {}).items() if isinstance(value, str)}

    def checkout(self, folder: str, name: str) -> Profile:
        """Return the profile of a checkout with what was chosen for it on this machine."""
        entry = {field: value for field, value in self.checkouts.get(folder, {}).items() if field in _CHOSEN}
        found = _from_json(name, {"store_url": folder, "store_type": "local", **entry})
        return found._replace(checkout=folder)

    def adopted(self, profile: Profile) -> Profile:
        """Return a new profile with what was chosen for the checkout that it names, which goes over to it."""
        entry = self.checkouts.get(folder_of(profile), {})
        chosen = {field: entry.pop(field) for field in _CHOSEN if isinstance(entry.get(field), _TYPES[field])}
        return profile._replace(**chosen)

    def choose(self, folder: str, choices: Mapping[str, Any]) -> None:
        """Set choices for a checkout; empty values are removed."""
        kept = {**self.checkouts.get(folder, {}), **choices}
        self.checkouts[folder] = {field: value for field, value in kept.items() if value}

    def put(self, profile: Profile) -> None:
        """Add a profile, or replace the one of its name."""
        self.profiles[profile.name] = profile

    def as_json(self) -> dict[str, Any]:
        """Return what the file is to hold."""
        data: dict[str, Any] = {"format": FORMAT, "active": self.active}
        data["profiles"] = {name: _to_json(profile) for name, profile in sorted(self.profiles.items())}
        if self.trash:
            data["trash"] = self.trash
        checkouts = {folder: entry for folder, entry in sorted(self.checkouts.items()) if entry}
        if checkouts:
            data["checkouts"] = checkouts
        return {**data, **self.unknown}


def config_folder() -> str:
    """Return the configuration folder: ``ZENPROFILE_CONFIG_DIR``, else the platform's own."""
    chosen = os.environ.get("ZENPROFILE_CONFIG_DIR")
    if chosen:
        return os.path.abspath(os.path.expanduser(chosen))
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Application Support/zenprofile")
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return os.path.join(base if base.startswith("/") else os.path.expanduser("~/.config"), "zenprofile")


class Profiles:
    """The profiles of this machine.

    Args:
        folder: the configuration folder, absolute; `config_folder` where none is given.
    """

    def __init__(self, folder: str = "") -> None:
        self.folder = folder or config_folder()
        self.file = os.path.join(self.folder, FILE)

    def exist(self) -> bool:
        """Return whether any profile was ever made here and one is left."""
        return os.path.lexists(self.file) and bool(self.state().profiles)

    def state(self) -> ProfilesFile:
        """Read the file; an empty state where there is none.

        Raises:
            StoreBroken: it cannot be read, or is damaged.
            NewerFormat: a newer zenprofile wrote it.
        """
        try:
            with open(self.file, "rb") as file:
                data = json.loads(file.read())
        except FileNotFoundError:
            return ProfilesFile()
        except OSError as error:
            raise StoreBroken(
                f"the list of profiles cannot be read: {error.strerror}", file=self.file, hint="check its permissions"
            ) from None
        except (ValueError, RecursionError):
            raise self._damaged("it is not JSON") from None
        return self._checked(data)

    def _checked(self, data: Any) -> ProfilesFile:
        if not isinstance(data, dict) or type(data.get("format")) is not int:
            raise self._damaged("it is not an object with a format")
        if data["format"] > FORMAT:
            raise NewerFormat(
                f"the list of profiles has format {data['format']}; this zenprofile knows {FORMAT}",
                file=self.file,
                hint="upgrade zenprofile",
            )
        expected = {"active": str, "profiles": dict, "trash": list, "checkouts": dict}
        wrong = [key for key, kind in expected.items() if not isinstance(data.get(key, kind()), kind)]
        if wrong:
            raise self._damaged(f"its {wrong[0]} is invalid")
        return ProfilesFile(data)

    def _damaged(self, reason: str) -> StoreBroken:
        hint = "fix the file, or move it away to start anew; zenprofile leaves it as it is"
        return StoreBroken(f"the list of profiles is damaged: {reason}", file=self.file, hint=hint)

    def names(self) -> list[str]:
        """Return the profiles' names, sorted."""
        return sorted(self.state().profiles)

    def find(self, name: str) -> Profile:
        """Return a valid profile.

        Raises:
            NotFound: there is none of that name.
            StoreBroken: its entry is invalid.
        """
        return usable(self.state().find(name), self.file)

    @contextmanager
    def locked(self, name: str, *, passing: bool = False) -> Iterator[None]:
        """Hold one of the locks in the configuration folder, which is made where it is missing.

        Raises:
            Locked: another process held it too long.
            StoreBroken: the folder cannot be made or written.
        """
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
        except OSError as error:
            message = f"the configuration folder {self.folder} cannot be made: {error.strerror}"
            raise StoreBroken(message, hint="name another by ZENPROFILE_CONFIG_DIR") from None
        with lock.exclusive(os.path.join(self.folder, name), mode=0o600, passing=passing):
            yield

    @contextmanager
    def edit(self) -> Iterator[ProfilesFile]:
        """Yield the state to change; it is written when the block ends without an exception.

        Raises:
            Locked: another process held the list too long.
            StoreBroken: the file is damaged, or cannot be written.
        """
        with self.locked(LOCK):
            state = self.state()
            before = state.as_json()
            yield state
            if state.as_json() != before or not os.path.exists(self.file):
                write_json(self.file, state.as_json())

    def choose(self, folder: str, choices: Mapping[str, str]) -> None:
        """Save a person's choices for a checkout on this machine; empty values are removed."""
        with self.edit() as state:
            state.choose(folder, choices)

    def change(self, which: Profile | str, **fields: Any) -> Profile:
        """Set fields of a profile and return it as it is then; raises as `update`."""
        return self.update(which, lambda _: fields)

    def update(self, which: Profile | str, fields: Callable[[Profile], Mapping[str, Any]]) -> Profile:
        """Set fields of a profile to what is computed from it as it is now, and return it as it is then.

        Args:
            which: the profile, of whose fields only what names it counts; or its name.
            fields: computed while the list is held.

        Raises:
            NotFound: there is none of that name.
            StoreBroken: its entry is invalid.
        """
        name, checkout = (which, "") if isinstance(which, str) else (which.name, which.checkout)
        with self.edit() as state:
            now = state.checkout(checkout, name) if checkout else state.find(name)
            found = usable(now, self.file)
            new = fields(found)
            if checkout:
                state.choose(checkout, new)
            else:
                state.put(found._replace(**new))
        return found._replace(**new)


def usable(profile: Profile, file: str) -> Profile:
    """Return the profile.

    Raises:
        StoreBroken: its entry is invalid.
    """
    if profile.problem:
        hint = f"fix it there, or 'zenprofile delete {profile.name}'"
        raise StoreBroken(f"the profile '{profile.name}' is invalid: {profile.problem}", file=file, hint=hint)
    return profile


def folder_of(profile: Profile) -> str:
    """Return the folder of a local profile, links followed; "" for one that is not local, or whose URL is invalid."""
    if profile.store_type != "local" or profile.problem:
        return ""
    from zenprofile.errors import ZenprofileError

    try:
        if profile.path:
            from zenprofile.store import clones

            return os.path.realpath(os.path.join(profile.path, clones.parse(profile.store_url).subdirectory))
        from zenprofile.store.url import path_of

        return os.path.realpath(path_of(profile.store_url))
    except (ZenprofileError, ValueError):
        return ""


def write_json(path: str, data: Any, mode: int = 0o600) -> None:
    """Replace a file of this machine's by JSON: whole or not at all, also across a crash. A link stays."""
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    atomic.replace(os.path.realpath(path), text.encode("utf-8", "surrogatepass"), mode)


def made_paths(profiles: Profiles, profile: Profile) -> list[str]:
    """Return the paths of what zenprofile made for a profile."""
    return [os.path.join(profiles.folder, made) for made in profile.made]


def remove(paths: Iterable[str]) -> None:
    """Remove files and whole folders; links in them are not followed, what is not there does not matter."""
    import shutil

    for path in paths:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)
