"""Hooks and the merge driver of a repository: put there, taken away, looked at.

A hook that is there already is kept beside ours and runs first; what another tool wrote is never touched, and where one
rules, its own way of calling zenprofile is told instead.
"""

import os
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from zenprofile import resources
from zenprofile.errors import StoreBroken, Unsupported, ZenprofileError
from zenprofile.fs import atomic, shared
from zenprofile.git import hook_paths
from zenprofile.git.hook_paths import HooksFolder
from zenprofile.git.repository import Repository
from zenprofile.githooks import context, merge_driver_setup
from zenprofile.githooks.merge_driver_setup import InstallStep
from zenprofile.store.base import Store
from zenprofile.store.capabilities import InWorkTree

EVENTS = ("pre-commit", "pre-merge-commit", "pre-push", "post-merge", "post-rewrite", "post-checkout")
SERVER = ("pre-receive",)
SAVED = ".zenprofile-saved"
CHANGED = "it is zenprofile's, changed by hand"
# What other tools call a hook that they found, and go on running (pre-commit) or keep (lefthook).
_SET_ASIDE = (".legacy", ".old")


class Hook(NamedTuple):
    """One hook as it is.

    Attributes:
        event: git's name of it.
        file: absolute.
        state: ``installed``, ``missing``, ``outdated`` (ours, of another installation), ``other`` (a script that can be
            chained) or ``foreign`` (not to be touched).
        detail: why it is foreign, or that another one is chained.
    """

    event: str
    file: str
    state: str
    detail: str


class InstallResult(NamedTuple):
    """What was done, or would be: steps, what could not be, hints, and the snippet of a tool that rules here."""

    steps: tuple[InstallStep, ...]
    left: tuple[Hook, ...]
    notes: tuple[str, ...]
    snippets: tuple[tuple[str, str], ...] = ()


def server(folder: str) -> Repository:
    """Return a bare repository that others push to.

    Raises:
        StoreBroken: it is none.
    """
    return context.bare(folder).repository


def of_store(store: Store) -> Repository:
    """Return the repository of a store.

    Raises:
        Unsupported: it is not kept in Git.
    """
    if not isinstance(store, InWorkTree):
        message = f"hooks are git's, and a profile of type '{store.driver}' is not kept in Git"
        raise Unsupported(message, hint="it checks every write by itself; nothing has to be installed")
    found = store.repository
    if not isinstance(found, Repository):
        raise StoreBroken("this profile is in no repository yet", hint="commit first: zenprofile commit")
    return found


def events(repository: Repository) -> tuple[str, ...]:
    """Return the hooks that zenprofile has for a repository: a bare one is pushed to, nothing is committed in it."""
    return SERVER if str(repository.top) == str(repository.git_dir) else EVENTS


def list_hooks(repository: Repository, place: HooksFolder) -> list[Hook]:
    """Return how each hook is."""
    return (
        [_find_hook(event, os.path.join(place.folder, event)) for event in events(repository)] if place.folder else []
    )


def _find_hook(event: str, path: str) -> Hook:
    if not os.path.lexists(path):
        return Hook(event, path, "missing", "")
    if os.path.islink(path):
        return Hook(event, path, "foreign", f"it is a link to {os.readlink(path)}")
    content = hook_paths.read_start(path)
    if f"# zenprofile hook: {event}.".encode() in content:
        return Hook(event, path, *_ours(event, path, content))
    reason = _foreign_detail(path, content)
    if reason:
        return Hook(event, path, "foreign", reason)
    return Hook(event, path, "other", "it runs first once zenprofile's is installed")


def _ours(event: str, path: str, content: bytes) -> tuple[str, str]:
    """Return state and detail of a hook that zenprofile wrote."""
    if content == script(event):
        return "installed", "another hook runs first" if os.path.lexists(path + SAVED) else ""
    if _is_ours(event, content):
        return "outdated", "it belongs to another installation of zenprofile"
    return "foreign", CHANGED


def _foreign_detail(path: str, content: bytes) -> str:
    tool = hook_paths.manager_of(content)
    if tool:
        return f"{tool} wrote it"
    if not content.startswith(b"#!") or b"\0" in content:
        return "it is no script, so nothing is known of it"
    return f"{path + SAVED} is in the way" if os.path.lexists(path + SAVED) and not _is_kept(path) else ""


def _is_kept(path: str) -> bool:
    """Return whether a hook has its copy beside it already: one that was killed on its way has made it."""
    try:
        return os.path.samefile(path, path + SAVED) and not os.path.islink(path + SAVED)
    except OSError:
        return False


def script(event: str) -> bytes:
    """Return the hook that is installed: it knows this installation by its absolute place."""
    shipped = resources.hook_bytes(event)
    if shipped is None:
        raise StoreBroken(f"zenprofile lacks its hook {event}", hint="install it again: pip install zenprofile")
    python, main = merge_driver_setup.installation()
    filled = shipped.replace(b"'@PYTHON@'", os.fsencode(merge_driver_setup.quoted(python)))
    return filled.replace(b"'@MAIN@'", os.fsencode(merge_driver_setup.quoted(main)))


def _without_places(content: bytes) -> bytes:
    return re.sub(rb"^(python|main)=.*$", rb"\1=", content, flags=re.MULTILINE)


def install(repository: Repository, prefix: str | None, *, dry: bool = False, force: bool = False) -> InstallResult:
    """Put hooks and merge driver in place. A second time changes nothing.

    Args:
        repository: where.
        prefix: a profile's folder in it, with a slash behind it, beside those in the index; None for none.
        dry: only say what would be done.
        force: install although another tool's configuration is there, or in a folder that the user chose.

    Raises:
        ZenprofileError: git looks for hooks where zenprofile does not write; the hint says what to do.
        StoreBroken: the folder cannot be written.
    """
    place = hook_paths.find_hooks_folder(repository)
    rulers = {} if force else hook_paths.find_managers(repository, place, events(repository))
    if rulers and events(repository) == EVENTS:
        return _manager_hints(rulers)
    _check_hooks_folder(repository, place, force=force)
    steps, left = [], []
    for hook in list_hooks(repository, place):
        if hook.state == "foreign":
            left.append(hook)
        elif hook.state != "installed":
            steps += [InstallStep("keep", hook.file + SAVED)] if hook.state == "other" else []
            steps.append(InstallStep("write", hook.file, script(hook.event).decode("utf-8", "surrogateescape")))
    driver = merge_driver_setup.steps(repository, prefix) if events(repository) == EVENTS else []
    if not dry:
        _perform(repository, [*steps, *driver])
    return InstallResult((*steps, *driver), tuple(left), tuple(_notes(repository, place)))


def install_driver(repository: Repository, prefix: str | None, *, dry: bool = False) -> InstallResult:
    """Set the merge driver alone."""
    steps = merge_driver_setup.steps(repository, prefix)
    if not dry:
        _perform(repository, steps)
    return InstallResult(tuple(steps), (), ())


def uninstall(repository: Repository, *, dry: bool = False) -> InstallResult:
    """Take hooks and merge driver away; what was there before comes back."""
    place = hook_paths.find_hooks_folder(repository)
    own = place._replace(folder=_default(repository))  # also where the setting came after the hooks
    steps, left = [], []
    for hook in dict.fromkeys(
        [*(list_hooks(repository, place) if place.is_local else ()), *list_hooks(repository, own)]
    ):
        if hook.state in {"installed", "outdated"}:
            there = os.path.lexists(hook.file + SAVED)
            steps.append(InstallStep("restore" if there else "remove", hook.file))
        elif hook.detail == CHANGED:
            left.append(hook)
        steps += _set_aside(hook)
    if hook_paths.merge_driver(repository, merge_driver_setup.DRIVER):
        steps.append(InstallStep("unset", f"merge.{merge_driver_setup.DRIVER}"))
    file = merge_driver_setup.attributes(repository)
    before = merge_driver_setup.content(file)
    after = merge_driver_setup.without_block(before)
    if after != before:
        steps.append(InstallStep("write" if after else "remove", file, after.decode("utf-8", "surrogateescape")))
    if not dry:
        _perform(repository, steps)
    return InstallResult(tuple(steps), tuple(left), ())


def _set_aside(hook: Hook) -> list[InstallStep]:
    """Return what takes our hook away that another tool has set aside for its own; what was before ours stays there."""
    steps = []
    for ending in _SET_ASIDE:
        file = hook.file + ending
        if _is_ours(hook.event, hook_paths.read_start(file)):
            there = os.path.lexists(hook.file + SAVED) and hook.state not in {"installed", "outdated"}
            steps.append(InstallStep("restore", file, hook.file + SAVED) if there else InstallStep("remove", file))
    return steps


def _is_ours(event: str, content: bytes) -> bool:
    return bool(content) and _without_places(content) == _without_places(resources.hook_bytes(event) or b"")


def status(repository: Repository, prefix: str | None) -> dict[str, Any]:
    """Return how hooks and merge driver are, of JSON's types.

    ``driver`` is ``installed``, ``outdated`` or ``missing``; "" for a server, where nothing is merged.
    """
    place = hook_paths.find_hooks_folder(repository)
    found = list_hooks(repository, place)
    driver = ""
    if events(repository) == EVENTS:
        steps = merge_driver_setup.steps(repository, prefix)
        driver = (
            "installed"
            if not steps
            else "outdated"
            if hook_paths.merge_driver(repository, merge_driver_setup.DRIVER)
            else "missing"
        )
    return {
        "installed": bool(found) and all(h.state == "installed" for h in found) and driver in {"", "installed"},
        "folder": place.folder,
        "scope": place.scope,
        "origin": place.origin,
        "tools": hook_paths.find_managers(repository, place, events(repository)),
        "hooks": [hook._asdict() for hook in found],
        "driver": driver,
    }


def as_json(result: InstallResult) -> dict[str, Any]:
    """Return what was done, of JSON's types."""
    return {
        "steps": [step._asdict() for step in result.steps],
        "left": [hook._asdict() for hook in result.left],
        "notes": list(result.notes),
        "snippets": dict(result.snippets),
    }


def _manager_hints(rulers: dict[str, str]) -> InstallResult:
    from zenprofile.githooks.managers import SNIPPETS

    notes = [
        f"{tool} rules the hooks here ({file}): nothing was written; add to its configuration what is printed"
        for tool, file in rulers.items()
    ]
    notes.append("the merge driver alone: zenprofile hooks install --driver; git's own hooks all the same: --force")
    return InstallResult((), (), tuple(notes), tuple((tool, SNIPPETS[tool]) for tool in rulers))


def _check_hooks_folder(repository: Repository, place: HooksFolder, *, force: bool) -> None:
    """Refuse a place for hooks that is not this repository's own."""
    where = f" in {place.origin}" if place.origin else ""
    if not place.folder:
        message = f"core.hooksPath is {place.value!r} ({place.scope}{where}): git runs no hooks here"
        raise ZenprofileError(message, hint=f"git config --{_scope(place)} --unset core.hooksPath")
    if not place.is_local:
        message = (
            f"core.hooksPath is set for every repository ({place.scope}{where}): {place.folder}; nothing was written"
        )
        hint = 'have that folder\'s hooks call zenprofile: zenprofile hook pre-commit "$@" (and so on); or for this '
        raise ZenprofileError(
            message, hint=f"{hint}repository: git config --local core.hooksPath {_default(repository)}"
        )
    inside = os.path.realpath(place.folder).startswith(os.path.realpath(repository.common_dir) + os.sep)
    if not place.default and not inside and not force:
        message = (
            f"core.hooksPath is {place.value!r} ({place.scope}{where}); others may use that folder; nothing was written"
        )
        hint = "there all the same: zenprofile hooks install --force; or: git config --local --unset core.hooksPath"
        raise ZenprofileError(message, hint=hint)


def _scope(place: HooksFolder) -> str:
    return place.scope if place.scope in {"local", "worktree", "global", "system"} else "local"


def _default(repository: Repository) -> str:
    return os.path.join(str(repository.common_dir), "hooks")


def _notes(repository: Repository, place: HooksFolder) -> list[str]:
    found = []
    if not place.default:
        found.append(f"the hooks are in {place.folder}, where core.hooksPath ({place.scope}) points")
    elif place.scope:
        found.append(f"core.hooksPath ({place.scope}) names the default folder")
    above = hook_paths.superproject(repository) if events(repository) == EVENTS else ""
    if above:
        found.append(
            f"this is a submodule of {above}: its hooks are its own, and a commit here leaves one to make there"
        )
    return found


def _perform(repository: Repository, steps: Sequence[InstallStep]) -> None:
    """Do the steps. A hook is in place at every moment: its copy is made before ours takes its name."""
    for step in steps:
        try:
            _perform_one(repository, step)
        except OSError as error:
            raise merge_driver_setup.unwritable(step.file, error) from None


def _perform_one(repository: Repository, step: InstallStep) -> None:
    if step.what == "keep":
        if not _is_kept(step.file.removesuffix(SAVED)):
            os.link(step.file.removesuffix(SAVED), step.file)
    elif step.what == "write":
        hook = os.path.basename(step.file) in (*EVENTS, *SERVER)
        content = step.content.encode("utf-8", "surrogateescape")
        gits = step.file.startswith(repository.common_file("") + os.sep)
        sharing = repository.shared_mode if gits else shared.NOT
        atomic.replace(step.file, content, 0o755 if hook else None, sharing=sharing)
    elif step.what == "restore":
        os.replace(step.content or step.file + SAVED, step.file)
    elif step.what == "remove":
        os.unlink(step.file)
    elif step.what == "set":
        hook_paths.set_merge_driver(
            repository, merge_driver_setup.DRIVER, {"name": merge_driver_setup.DRIVER_NAME, "driver": step.content}
        )
    else:
        hook_paths.unset_merge_driver(repository, merge_driver_setup.DRIVER)
