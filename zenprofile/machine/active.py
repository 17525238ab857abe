"""Which profile is active, and what a repository root says about it."""

import json
import os
from typing import Any, NamedTuple

from zenprofile.core import names
from zenprofile.errors import Invalid, NotFound, StoreBroken
from zenprofile.machine.profiles import DEFAULT, Profile, Profiles, usable, write_json

REPOSITORY_FILE = ".zenprofile.json"
ZENML_FILE = os.path.join(".zen", "config.yaml")
_MAX_BYTES = 64 * 1024


class Repository(NamedTuple):
    """What a repository root says: names that are empty where it says nothing.

    Attributes:
        root: the folder that holds the file.
        file: ``.zenprofile.json``, or ZenML 0.13's ``.zen/config.yaml``.
    """

    root: str
    file: str
    profile: str = ""
    stack: str = ""


def find_repository(folder: str = "") -> Repository | None:
    """Find the repository root from a folder (the current one) upwards.

    ZenML 0.13's file counts where no folder on the way has zenprofile's own.

    Raises:
        Invalid: the file is invalid.
    """
    try:
        start = folder or os.getcwd()
    except OSError:  # the current folder was removed
        return None
    for wanted, read in ((REPOSITORY_FILE, _read_repository), (ZENML_FILE, _read_zenml)):
        at = start
        while True:
            file = os.path.join(at, wanted)
            if os.path.isfile(file):
                return read(at, file)
            at, last = os.path.dirname(at), at
            if at == last:
                break
    return None


def _text_of(file: str) -> str:
    try:
        with open(file, "rb") as opened:
            return opened.read(_MAX_BYTES).decode()
    except UnicodeDecodeError:
        raise Invalid("the file is not UTF-8", file=file, hint="fix it, or 'zenprofile init' anew") from None
    except OSError as error:
        raise StoreBroken(f"it cannot be read: {error.strerror}", file=file, hint="check its permissions") from None


def _read_repository(root: str, file: str) -> Repository:
    text = _text_of(file)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        hint = 'it holds {"profile": NAME, "stack": NAME}'
        raise Invalid(f"not JSON: {error.msg}", file=file, line=error.lineno, column=error.colno, hint=hint) from None
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise Invalid("not a JSON object", file=file, line=1, column=1, hint='write {"profile": NAME}')
    return _named(Repository(root, file, data.get("profile") or "", data.get("stack") or ""))


def _named(found: Repository) -> Repository:
    for field, name in (("profile", found.profile), ("stack", found.stack)):
        if name and names.why_not(name):
            raise Invalid(f"the {field} is invalid: {names.why_not(name)}", file=found.file, hint="correct the name")
    return found


def _read_zenml(root: str, file: str) -> Repository:
    # Two keys at the margin with a name each: read without the YAML library, which costs as much as the whole command.
    said: dict[str, str] = {}
    for line in _text_of(file).splitlines():
        key, colon, value = line.partition(":")
        if colon and key in {"active_profile_name", "active_stack_name"}:
            name = value.split(" #", 1)[0].strip().strip("'\"")
            said[key] = "" if name in {"null", "~"} else name
    return _named(Repository(root, file, said.get("active_profile_name", ""), said.get("active_stack_name", "")))


def write_repository(root: str, profile: str, stack: str, *, fix: bool = False) -> str:
    """Write a root's ``.zenprofile.json``, fit to be committed, and return its path.

    Other keys in it stay; one that is invalid is written anew where ``fix`` says so.
    """
    file = os.path.join(root, REPOSITORY_FILE)
    kept: Any = {}
    if os.path.isfile(file):
        try:
            _read_repository(root, file)
            kept = json.loads(_text_of(file))
        except Invalid:
            if not fix:
                raise
    write_json(file, {**kept, "profile": profile, "stack": stack}, mode=0o644)
    return file


class Active(NamedTuple):
    """Which profile is active, and why.

    Attributes:
        name: of the profile, whether it is on this machine or not.
        profile: None where it is not on this machine.
        scope: ``local`` where the repository names it, else ``global``.
        root: the repository root; "" for none.
        stack: name of the active stack.
        said_by: what names the profile, for a message.
        file: the list of profiles, for a message.
    """

    name: str
    profile: Profile | None
    scope: str
    root: str
    stack: str
    said_by: str
    file: str

    def existing(self) -> Profile:
        """Return the profile.

        Raises:
            NotFound: it is not on this machine.
            StoreBroken: its entry is invalid.
        """
        if self.profile is None:
            hint = f"'zenprofile create {self.name} --url URL' makes it, 'zenprofile set NAME' names another"
            raise NotFound(f"the profile '{self.name}', which {self.said_by} names, is not on this machine", hint=hint)
        return usable(self.profile, self.file)


def find_active(profiles: Profiles, chosen: str = "", *, lenient: bool = False) -> Active:
    """Say which profile is active (docs/contract.md).

    Args:
        profiles: of this machine.
        chosen: by ``--profile``; "" for none.
        lenient: a repository's file that is invalid names nothing, where it would decide.

    Raises:
        Invalid: the repository's file is invalid, and it is what decides.
        StoreBroken: the list of profiles is damaged.
    """
    state = profiles.state()
    by_variable = os.environ.get("ZENPROFILE_ACTIVE_PROFILE", "")
    name = chosen or by_variable
    try:
        repository = find_repository()
    except (Invalid, StoreBroken) as error:
        if not name and not lenient:
            raise
        repository = Repository(os.path.dirname(error.file), error.file)
    said_by = "--profile" if chosen else "ZENPROFILE_ACTIVE_PROFILE"
    scope, root, stack = "global", repository.root if repository else "", ""
    if not name and repository:
        stack = repository.stack
        if repository.profile:
            name, scope, said_by = repository.profile, "local", repository.file
    if not name:
        name, said_by = state.active, profiles.file
    profile = state.profiles.get(name)
    stack = stack or (profile.active_stack if profile else DEFAULT)
    return Active(name, profile, scope, root, stack, said_by, profiles.file)


def shown_url(profile: Profile) -> str:
    """Return the URL as a person may see it, ``:***@`` where there is a password."""
    from zenprofile.store.url import hidden

    return hidden(profile.store_url, password=profile.password)


def as_json(profile: Profile, active: Active) -> dict[str, Any]:
    """Return a profile as ``describe -o json`` prints it; ``scope`` is null where it is not the active one."""
    is_active = profile.name == active.name
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


def stack_gone(name: str) -> str:
    """Return what is said of an active stack that does not exist."""
    return f"the active stack '{name}' does not exist: 'zenprofile stack set NAME' names another"


def lacks_stack(profile: Profile, stack: str) -> bool:
    """Say whether a local store has no file of a stack; False for any other store, which would have to be opened."""
    from zenprofile.store.url import path_of

    if profile.store_type != "local":
        return False
    folder = os.path.join(profile.path or path_of(profile.store_url), "stacks")
    return os.path.isdir(folder) and not os.path.isfile(os.path.join(folder, f"{stack}.yaml"))
