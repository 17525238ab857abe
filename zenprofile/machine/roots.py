"""The repository root above the current folder: its ``.zenprofile.json``, and the profile of a checkout.

No process is started: every command passes through here.
"""

import json
import os
import stat
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from zenprofile.core import names
from zenprofile.core.entity import MANIFEST
from zenprofile.errors import Invalid, NotFound, StoreBroken, Unsafe
from zenprofile.fs import atomic, nofollow
from zenprofile.machine import tracked
from zenprofile.machine.profiles import Profiles

REPOSITORY_FILE = ".zenprofile.json"
ZENML_FILE = os.path.join(".zen", "config.yaml")
_LOCK = "roots.lock"
_MAX_BYTES = 64 * 1024
_NAMED = ("profile", "stack", "project")


class RootMarker(NamedTuple):
    """What a repository root says: names that are empty where it says nothing.

    Attributes:
        root: the folder that holds the file.
        file: ``.zenprofile.json``, or ZenML 0.13's ``.zen/config.yaml``.
        store: the profile's folder as it is written, relative to the root.
    """

    root: str
    file: str
    profile: str = ""
    stack: str = ""
    project: str = ""
    store: str = ""


class CheckoutLocation(NamedTuple):
    """The checkout that the current folder is in.

    Attributes:
        root: the folder that marks it: that of the file, else the repository's top, else the profile's; "" for none.
        marker: what the root's file says; None where there is none, or a profile stands nearer.
        store: the profile's folder in this checkout, absolute and without links; "" for none.
        top: the repository's top; "" for none.
        overruled: the file of a root further up in the repository that names another profile; "" for none.
    """

    root: str = ""
    marker: RootMarker | None = None
    store: str = ""
    top: str = ""
    overruled: str = ""

    @property
    def name(self) -> str:
        """What the checkout's profile is called: as its file says, else after its folder."""
        return (self.marker.profile if self.marker else "") or _name_of(self.top, self.store)


def find_root(folder: str = "") -> CheckoutLocation:
    """Find the nearest root file or profile, from a folder (the current one) upwards.

    ZenML 0.13's file counts where there is none of ours.

    Raises:
        Invalid: the file that decides is invalid.
        Unsafe: it, or the profile's folder, is a link or another user's, or lies outside the repository.
        NotFound: it names a folder that is not there.
    """
    try:
        start = folder or os.getcwd()
    except OSError:  # the current folder was removed
        return CheckoutLocation()
    marker: RootMarker | None = None
    store = top = ""
    for at in _upwards(start):
        marked = _exists(os.path.join(at, REPOSITORY_FILE))
        if marker is None and marked:
            marker = _nearer(at, store)
        if not top:
            is_top = os.path.lexists(os.path.join(at, ".git"))
            store = store or _profile_in(at, is_top=is_top)
            top = at if is_top else ""
        if (marker is not None and (top or marker.store)) or (store and top):
            break
    if marker is not None and marker.store:
        store = _named_folder(marker)
    if store:
        _check_trusted(store, top)
        return CheckoutLocation(marker.root if marker else top or store, marker, store, top, _overruled(marker))
    marker = marker or _zenml_above(start)
    tracked.check_profile_checked_out("" if marker else top)
    return CheckoutLocation(marker.root if marker else "", marker, "", top, _overruled(marker))


def find_marker(folder: str = "") -> RootMarker | None:
    """Return what the root's file says that decides for a folder (the current one); raises as `find_root`."""
    return find_root(folder).marker


def _upwards(folder: str) -> list[str]:
    found = [folder]
    while (above := os.path.dirname(folder)) != folder:
        found.append(above)
        folder = above
    return found


def _profile_in(at: str, *, is_top: bool) -> str:
    """Return the folder of the profile that one stands in at a folder; "" for none."""
    if os.path.lexists(os.path.join(at, MANIFEST)):
        return at
    below = os.path.join(at, tracked.FOLDER)
    return below if is_top and os.path.lexists(os.path.join(below, MANIFEST)) else ""


def _nearer(at: str, store: str) -> RootMarker | None:
    """Return what a root's file says; where a profile stands nearer, only if the file names that profile's folder."""
    if not store or store == at:
        return _read_at(at)
    try:
        marker = _read_at(at)
        return marker if marker and marker.store and _named_folder(marker) == store else None
    except (Invalid, Unsafe, NotFound, StoreBroken):  # it does not decide
        return None


def _read_at(at: str) -> RootMarker | None:
    text = _text_of(at, REPOSITORY_FILE)
    return None if text is None else _read_marker(at, text)


def _overruled(marker: RootMarker | None) -> str:
    """Return the file of a root further up, within the repository, that names another profile than the one nearer."""
    top = top_of(marker.root) if marker is not None else ""
    if marker is None or not top or marker.root == top:
        return ""
    for at in _upwards(os.path.dirname(marker.root)):
        if _exists(os.path.join(at, REPOSITORY_FILE)):
            try:
                other = _read_at(at)
            except (Invalid, Unsafe, NotFound, StoreBroken):  # it does not decide
                other = None
            if other is not None and _disagree(marker, other):
                return other.file
        if at == top:
            break
    return ""


def _disagree(one: RootMarker, other: RootMarker) -> bool:
    stores = [os.path.normpath(os.path.join(each.root, each.store)) if each.store else "" for each in (one, other)]
    pairs = ((one.profile, other.profile), stores)
    return any(mine and theirs and mine != theirs for mine, theirs in pairs)


def _zenml_above(start: str) -> RootMarker | None:
    for at in _upwards(start):
        if _exists(os.path.join(at, ZENML_FILE)):
            text = _text_of(at, ZENML_FILE)
            if text is not None:
                return _read_zenml(at, text)
    return None


def _named_folder(marker: RootMarker) -> str:
    """Return the folder of the profile that a root's file names.

    Raises:
        Unsafe: it lies outside the repository (or, in none, outside the root), or behind a link.
        NotFound: it is not there, or holds no profile.
    """
    within = top_of(marker.root) or marker.root
    found = os.path.normpath(os.path.join(marker.root, marker.store))
    below = os.path.relpath(found, within).replace(os.sep, "/")
    shown = marker.store[:140]
    if os.path.isabs(marker.store) or (below != "." and not nofollow.is_inside(below)):
        hint = 'write a folder of this repository: {"store": ".zenprofile"}'
        raise Unsafe(f"the store {shown!r} leads out of the repository", hint=hint, file=marker.file)
    step = within
    for name in below.split("/"):
        step = os.path.normpath(os.path.join(step, name))
        if os.path.islink(step):
            raise Unsafe(f"the store {shown!r} lies behind a link", hint="name the folder itself", file=marker.file)
    if not os.path.lexists(os.path.join(found, MANIFEST)):
        problem = "holds no profile" if os.path.isdir(found) else "is not there"
        hint = "check it out, correct the file, or make one: zenprofile create NAME --url FOLDER"
        raise NotFound(f"the store {shown!r} {problem}", hint=hint, file=marker.file)
    return found


def of_store(root: str, store: str) -> str:
    """Return the folder of the profile that a root's file is to name; raises as `find_root`."""
    found = _named_folder(RootMarker(root, os.path.join(root, REPOSITORY_FILE), store=store))
    _check_trusted(found, top_of(found))
    return found


def nearby_profiles(top: str) -> set[str]:
    """Return the folders of the profiles that stand at a repository's top, and around the current folder."""
    return {*filter(None, [_profile_in(top, is_top=True), find_root().store])}


def top_of(folder: str) -> str:
    """Return the top of the repository that a folder is in; "" for none."""
    return next((at for at in _upwards(folder) if os.path.lexists(os.path.join(at, ".git"))), "")


def _check_trusted(store: str, top: str) -> None:
    """Refuse a profile's folder that is a link, or another user's in a repository that git does not trust either."""
    found = os.lstat(store)
    if stat.S_ISLNK(found.st_mode):
        raise Unsafe(f"{store} is a link, which is not followed", hint="put the folder itself there", file=store)
    if found.st_uid in nofollow.owners():
        return
    if top:
        from zenprofile.git.repository import check_ownership

        check_ownership(top)
        return
    hint = "look at it; if you trust it, make a copy of it yours, or name it: zenprofile create NAME --url FOLDER"
    raise Unsafe(f"{store} belongs to another user, and is not used unasked", hint=hint, file=store)


def _name_of(top: str, store: str) -> str:
    """Return the name of a repository's folder as that of a profile, what a name may not hold replaced."""
    from zenprofile.git.repository import name_of

    text = name_of(top) if top else os.path.basename(store)
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in text).lstrip("._-")[:128]
    return kept if kept and not names.why_not(kept) else "checkout"


def _exists(file: str) -> bool:
    """Return whether a file, or a link in its place, exists; a folder or a pipe does not count."""
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


def _read_marker(root: str, text: str) -> RootMarker:
    data = _said_by(root, text)
    file = os.path.join(root, REPOSITORY_FILE)
    texts = {field: data.get(field) or "" for field in (*_NAMED, "store")}
    wrong = next((field for field, text in texts.items() if not isinstance(text, str)), "")
    if wrong:
        raise Invalid(f"the {wrong} is no text", file=file, hint="correct it, or 'zenprofile init' anew")
    return _checked(RootMarker(root, file, **texts))


def _checked(found: RootMarker) -> RootMarker:
    for field, name in (("profile", found.profile), ("stack", found.stack)):
        if name and names.why_not(name):
            raise Invalid(f"the {field} is invalid: {names.why_not(name)}", file=found.file, hint="correct the name")
    return found


def _read_zenml(root: str, text: str) -> RootMarker:
    # Two keys at the margin with a name each: read without the YAML library, which costs as much as the whole command.
    marker: dict[str, str] = {}
    file = os.path.join(root, ZENML_FILE)
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon and key in {"active_profile_name", "active_stack_name"}:
            name = value.split(" #", 1)[0].strip().strip("'\"")
            marker[key] = "" if name in {"null", "~"} else name
    return _checked(RootMarker(root, file, marker.get("active_profile_name", ""), marker.get("active_stack_name", "")))


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
            before = read_repository(root)
        except Invalid:
            if not fix:
                raise
        after = dict(change(dict(before)))
        if after != before or not os.path.lexists(file):
            content = json.dumps(after, indent=2, ensure_ascii=False) + "\n"
            atomic.replace(file, content.encode("utf-8", "surrogatepass"))
    return file


def read_repository(root: str) -> dict[str, Any]:
    """Return what a root's ``.zenprofile.json`` holds; where ZenML's file alone marks the root, what that says.

    Raises:
        Unsafe, Invalid: as `find_marker`.
    """
    text = _text_of(root, REPOSITORY_FILE)
    if text is not None:
        _read_marker(root, text)
        return _said_by(root, text)
    zenml = _text_of(root, ZENML_FILE)
    found = _read_zenml(root, zenml) if zenml is not None else RootMarker(root, "")
    return {field: name for field, name in (("profile", found.profile), ("stack", found.stack)) if name}


def write_repository(
    profiles: Profiles, root: str, profile: str, stack: str, *, store: str = "", fix: bool = False
) -> str:
    """Write a root's ``.zenprofile.json``, fit to be committed, and return its path.

    Other keys in it stay; one that is invalid is written anew where ``fix`` says so.

    Args:
        profiles: of this machine.
        root: the folder.
        profile: its name.
        stack: the active one.
        store: the profile's folder relative to the root; "" for that of the profile of this name on each machine.
        fix: whether a file that is invalid is written anew.
    """

    def changed(marker: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in marker.items() if key != "store"}
        return {**kept, "profile": profile, **({"store": store} if store else {}), "stack": stack}

    return change_repository(profiles, root, changed, fix=fix)
