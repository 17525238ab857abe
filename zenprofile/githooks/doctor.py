"""The checks of `doctor`: each tries something on this machine and says how to fix it."""

import os
import secrets
import sys
from collections.abc import Iterator
from typing import NamedTuple

from zenprofile import __version__
from zenprofile.core.entity import FORMAT, MANIFEST
from zenprofile.errors import ZenprofileError
from zenprofile.git import hook_paths
from zenprofile.git.repository import Repository
from zenprofile.githooks import install, merge_driver_setup
from zenprofile.githooks.canary import Canary, CanaryResult
from zenprofile.machine import passwords
from zenprofile.machine.profiles import Profile
from zenprofile.store.base import Store
from zenprofile.store.capabilities import InWorkTree

_OLDEST_GIT = (2, 31)
_INSTALL = "zenprofile hooks install"
NOT_INSTALLED = "not installed"  # begins what was found where nothing is there that could be broken


class CheckResult(NamedTuple):
    """One thing that was looked at (docs/contract.md, ``doctor``).

    Attributes:
        check: what.
        ok: whether it is as it should be.
        found: what was seen.
        remedy: what to do; "" for nothing.
    """

    check: str
    ok: bool
    found: str
    remedy: str


def run_checks(store: Store, profile: Profile, folder: str, timeout: float) -> Iterator[CheckResult]:
    """Yield the findings, each as soon as it is there.

    Args:
        store: of the profile.
        profile: as this machine knows it.
        folder: the configuration folder.
        timeout: seconds without an answer after which the remote counts as out of reach.
    """
    yield CheckResult("versions", True, f"zenprofile {__version__}, Python {sys.version.split()[0]}", "")
    yield _store(store)
    yield _keyring(profile, folder)
    repository = store.repository if isinstance(store, InWorkTree) else None
    if isinstance(repository, Repository):
        yield _git(repository)
        yield _history(repository)
        yield _identity(repository)
        yield _remote(repository, timeout)
        yield _watcher(repository)
        yield from _hooks(repository)


def _store(store: Store) -> CheckResult:
    try:
        problems = store.snapshot().load().problems
    except ZenprofileError as error:
        return CheckResult("store", False, error.message, error.hint)
    if problems:
        return CheckResult("store", False, f"{problems[0]}", "zenprofile validate names all; fix them")
    return CheckResult("store", True, f"{store.url} opens, and its documents hold", "")


def _keyring(profile: Profile, folder: str) -> CheckResult:
    name, word = "zenprofile-doctor", secrets.token_hex(8)
    try:
        works = passwords.save(name, folder, word)
    finally:
        passwords.delete(name, folder)
    if works:
        return CheckResult("keyring", True, "it keeps a password and gives it back", "")
    needed = profile.store_type != "local"
    remedy = f"set {passwords.variable(profile.name)} where a password is needed, or install a keyring"
    return CheckResult("keyring", not needed, "this machine has no keyring that keeps a password", remedy)


def _git(repository: Repository) -> CheckResult:
    from zenprofile.git import runner

    text = runner.run(["version"], repository.top).out.decode().strip()
    numbers = tuple(int(part) for part in text.split()[2].split(".")[:2] if part.isdigit())
    if numbers < _OLDEST_GIT:
        return CheckResult(
            "git", False, text, "upgrade git to 2.31 or newer; 2.38 merges files outside the profile too"
        )
    return CheckResult("git", True, text, "")


def _history(repository: Repository) -> CheckResult:
    """Read the last commits and their documents twice: by our own reader, and by GitPython's."""
    from zenprofile.git import gitpython

    head = repository.head()
    if not head.oid:
        return CheckResult("history", True, "nothing is committed yet", "")
    if not gitpython.can_read(repository):
        return CheckResult("history", True, "GitPython knows no SHA-256 ids: no second reader compares", "")
    try:
        found = gitpython.compare(repository, head.oid)
    except ZenprofileError as error:
        return CheckResult("history", False, error.message, error.hint)
    if found.differing:
        return CheckResult("history", False, f"{found.differing} is damaged, or misread here", "try: git fsck")
    text = f"zenprofile and GitPython read the last commits ({found.commits}) and their files ({found.files}) alike"
    return CheckResult("history", True, text, "")


def _identity(repository: Repository) -> CheckResult:
    from zenprofile.git.config import GitConfig

    found = GitConfig(repository).identity("author", "")
    if found.own:
        return CheckResult("identity", True, f"{found.name} <{found.email}>", "")
    remedy = "git config --global user.name NAME; git config --global user.email ADDRESS"
    return CheckResult("identity", False, "git does not know who you are", remedy)


def _remote(repository: Repository, timeout: float) -> CheckResult:
    from zenprofile.git import remote
    from zenprofile.git.upstream import upstream

    head = repository.head()
    try:
        up = upstream(repository, head.ref) if head.ref else None
        if up is None:
            return CheckResult("remote", True, "there is none: nothing is shared", "zenprofile remote set URL")
        found = remote.ls_remote(repository, up, timeout=timeout)
    except ZenprofileError as error:
        return CheckResult("remote", False, error.message, error.hint)
    there = f"its branch is at {found[:10]}" if found else "it has no such branch yet"
    return CheckResult("remote", True, f"{up.url} answers: {there}", "" if found else "zenprofile sync")


def _watcher(repository: Repository) -> CheckResult:
    from zenprofile.drivers.local import watch_record

    if not watch_record.is_running(repository):
        return CheckResult("watcher", True, "none runs: commands sync, or zenprofile watch does", "")
    text = watch_record.load_state(repository)
    found = f"process {text.get('pid')}: {text.get('state')} since {text.get('since')}: {text.get('reason')}"
    found += f"; looks again at {text['next_at']}" if text.get("next_at") else ""
    if text.get("last_error") and text["last_error"] != text.get("reason"):
        found += f"; its last error, at {text.get('last_error_at')}: {text['last_error']}"
    well = text.get("state") in {"watching", "settling", "uncommitted"}
    return CheckResult("watcher", well, found, "" if well else str(text.get("next", "")))


def _hooks(repository: Repository) -> Iterator[CheckResult]:
    place = hook_paths.find_hooks_folder(repository)
    yield _hooks_folder(repository, place)
    absent = {hook.event for hook in install.list_hooks(repository, place) if hook.state in {"missing", "other"}}
    where = f"{NOT_INSTALLED} in {place.folder}" if place.scope else NOT_INSTALLED
    with Canary(repository, place, repository.prefix, (MANIFEST, f"format: {FORMAT}\n")) as canary:
        for event in install.EVENTS:
            sung = getattr(canary, event.replace("-", "_"))()
            yield (
                CheckResult(event, False, where, _INSTALL)
                if event in absent and not sung.fired
                else _event(event, sung)
            )
        yield _driver(repository, canary.merge_driver())


def _hooks_folder(repository: Repository, place: hook_paths.HooksFolder) -> CheckResult:
    if not place.scope:
        return CheckResult("hooks folder", True, place.folder, "")
    where = f"core.hooksPath is {place.value!r} ({place.scope}{f', {place.origin}' if place.origin else ''})"
    if not place.folder:
        return CheckResult("hooks folder", False, f"{where}: git runs no hooks", "git config --unset core.hooksPath")
    if not os.path.isdir(place.folder):
        return CheckResult("hooks folder", False, f"{where}: there is no such folder", f"make it, then: {_INSTALL}")
    linked = str(repository.git_dir) != str(repository.common_dir) and not os.path.isabs(place.value)
    remedy = "it is looked for in each work tree: name it absolute" if linked else ""
    return CheckResult("hooks folder", True, where, remedy)


def _event(event: str, sung: CanaryResult) -> CheckResult:
    stops = event.startswith("pre-")
    if sung.fired and sung.worked:
        return CheckResult(event, True, "fires, and stops what is invalid" if stops else "fires", "")
    if sung.fired:
        found = "fires, and lets through what is invalid" if stops else f"fires, and git fails: {sung.output}"
        return CheckResult(event, False, found, "unset ZENPROFILE, and install again: " + _INSTALL)
    other = f"; git said: {sung.output}" if sung.output and sung.worked is stops else ""
    return CheckResult(event, False, f"does not fire{other}", f"{_INSTALL}; zenprofile hooks status says what is there")


def _driver(repository: Repository, sung: CanaryResult) -> CheckResult:
    name = merge_driver_setup.DRIVER
    if sung.worked:
        return CheckResult("merge driver", True, "git merge joins what sync joins", "")
    if sung.fired:
        found = f"fires, and fails: {sung.output}"
    else:
        found = f"git does not run merge.{name}" if hook_paths.merge_driver(repository, name) else NOT_INSTALLED
    return CheckResult("merge driver", False, found, f"{_INSTALL} (or, for it alone: {_INSTALL} --driver)")
