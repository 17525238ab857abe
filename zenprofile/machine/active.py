"""Which profile is active, and what a repository root says about it."""

import json
import os
import stat
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from zenprofile.core import names
from zenprofile.errors import Invalid, NotFound, StoreBroken, Unsafe
from zenprofile.fs import atomic, nofollow
from zenprofile.machine.profiles import DEFAULT, Profile, Profiles, usable

REPOSITORY_FILE = ".zenprofile.json"
ZENML_FILE = os.path.join(".zen", "config.yaml")
_LOCK = "roots.lock"
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
        Unsafe: it is a link or another user's.
    """
    try:
        start = folder or os.getcwd()
    except OSError:  # the current folder was removed
        return None
    for wanted, read in ((REPOSITORY_FILE, _read_repository), (ZENML_FILE, _read_zenml)):
        at = start
        while True:
            if _stands(os.path.join(at, wanted)):
                text = _text_of(at, wanted)
                if text is not None:
                    return read(at, text)
            at, last = os.path.dirname(at), at
            if at == last:
                break
    return None


def _stands(file: str) -> bool:
    """Say whether a file, or a link that stands for one, is there; of a folder or a pipe nothing is thought."""
    try:
        mode = os.lstat(file).st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)


def _text_of(root: str, name: str) -> str | None:
    """Return what a root's file says; None where there is none.

    Raises:
        Unsafe: it is a link, or another user's: whoever can fill the folder would choose what is written where.
        Invalid: it is no text, or far too long.
    """
    file = os.path.join(root, name)
    try:
        raw = nofollow.read_own(root, name.replace(os.sep, "/"), _MAX_BYTES)
        return None if raw is None else raw.decode()
    except UnicodeDecodeError:
        raise Invalid("the file is not UTF-8", file=file, hint="fix it, or 'zenprofile init' anew") from None
    except Invalid as error:
        raise Invalid(error.message, file=file, hint="fix it, or 'zenprofile init' anew") from None
    except StoreBroken as error:
        raise StoreBroken(f"it cannot be read: {error.message}", file=file, hint="check its permissions") from None
    except Unsafe as error:
        raise Unsafe(error.message, hint=error.hint, file=file) from None


def _said_by(root: str, text: str) -> dict[str, Any]:
    """Return what a root's ``.zenprofile.json`` holds."""
    file = os.path.join(root, REPOSITORY_FILE)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        hint = 'it holds {"profile": NAME, "stack": NAME}'
        raise Invalid(f"not JSON: {error.msg}", file=file, line=error.lineno, column=error.colno, hint=hint) from None
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise Invalid("not a JSON object", file=file, line=1, column=1, hint='write {"profile": NAME}')
    return data


def _read_repository(root: str, text: str) -> Repository:
    data = _said_by(root, text)
    file = os.path.join(root, REPOSITORY_FILE)
    return _named(Repository(root, file, data.get("profile") or "", data.get("stack") or ""))


def _named(found: Repository) -> Repository:
    for field, name in (("profile", found.profile), ("stack", found.stack)):
        if name and names.why_not(name):
            raise Invalid(f"the {field} is invalid: {names.why_not(name)}", file=found.file, hint="correct the name")
    return found


def _read_zenml(root: str, text: str) -> Repository:
    # Two keys at the margin with a name each: read without the YAML library, which costs as much as the whole command.
    said: dict[str, str] = {}
    file = os.path.join(root, ZENML_FILE)
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon and key in {"active_profile_name", "active_stack_name"}:
            name = value.split(" #", 1)[0].strip().strip("'\"")
            said[key] = "" if name in {"null", "~"} else name
    return _named(Repository(root, file, said.get("active_profile_name", ""), said.get("active_stack_name", "")))


def change_repository(
    profiles: Profiles, root: str, change: Callable[[dict[str, Any]], Mapping[str, Any]], *, fix: bool = False
) -> str:
    """Change what a root's ``.zenprofile.json`` says, in one step among this machine's processes; return its path.

    Args:
        profiles: of this machine.
        root: the folder.
        change: gets what the file holds (of a root that ZenML's file alone marks, what that says) and returns what it
            is to hold.
        fix: whether a file that is invalid is written anew.

    Raises:
        Unsafe: the file is a link or another user's; nothing is written then.
        Invalid: it is invalid, and ``fix`` is not given.
    """
    file = os.path.join(root, REPOSITORY_FILE)
    with profiles.locked(_LOCK):
        before: dict[str, Any] = {}
        try:
            before = held(root)
        except Invalid:
            if not fix:
                raise
        after = dict(change(dict(before)))
        if after != before or not os.path.lexists(file):
            content = json.dumps(after, indent=2, ensure_ascii=False) + "\n"
            atomic.replace(file, content.encode("utf-8", "surrogatepass"))
    return file


def held(root: str) -> dict[str, Any]:
    """Return what a root's ``.zenprofile.json`` holds; where ZenML's file alone marks the root, what that says.

    Raises:
        Unsafe, Invalid: as `find_repository`.
    """
    text = _text_of(root, REPOSITORY_FILE)
    if text is not None:
        _read_repository(root, text)
        return _said_by(root, text)
    zenml = _text_of(root, ZENML_FILE)
    found = _read_zenml(root, zenml) if zenml is not None else Repository(root, "")
    return {field: name for field, name in (("profile", found.profile), ("stack", found.stack)) if name}


def write_repository(profiles: Profiles, root: str, profile: str, stack: str, *, fix: bool = False) -> str:
    """Write a root's ``.zenprofile.json``, fit to be committed, and return its path.

    Other keys in it stay; one that is invalid is written anew where ``fix`` says so.
    """
    return change_repository(profiles, root, lambda said: {**said, "profile": profile, "stack": stack}, fix=fix)


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
    except (Invalid, StoreBroken, Unsafe) as error:
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
