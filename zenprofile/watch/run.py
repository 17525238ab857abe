"""Starts the watcher of a profile; a lock that ends with the process ensures one per profile."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from zenprofile.drivers.local import watch_record
from zenprofile.drivers.local.store import LocalStore
from zenprofile.errors import Locked, NotFound, Unsupported, ZenprofileError
from zenprofile.fs import atomic, lock
from zenprofile.git.repository import Repository
from zenprofile.machine.profiles import Profile
from zenprofile.store.base import Store
from zenprofile.store.capabilities import InWorkTree
from zenprofile.watch import guard, settings
from zenprofile.watch.actions import Actions
from zenprofile.watch.loop import Watcher
from zenprofile.watch.machine import View
from zenprofile.watch.processes import DEADLINE, Hooks
from zenprofile.watch.reporter import Reporter, Show

_AT_ONCE = 1.0  # seconds that another command's look at the lock may take
AT_THE_END = 0.5  # seconds that hook commands get when a signal has ended the watcher
STATUS = {"held": 1, "paused": 1, "conflict": 3, "offline": 4, "blocked": 4}  # exit statuses of one round


def repository_of(store: Store) -> Repository:
    """Return a profile's repository.

    Raises:
        Unsupported: it is kept elsewhere.
        ZenprofileError: nothing is committed there yet.
    """
    if not isinstance(store, LocalStore):
        message = f"a profile of type '{store.driver}' is not watched: what is written to it is shared already"
        raise Unsupported(message, hint="watch is for profiles in Git")
    if store.repository is None:
        raise ZenprofileError("nothing is committed here yet", hint="commit first: zenprofile commit")
    return store.repository


@contextlib.contextmanager
def _exclusive(repository: Repository, name: str) -> Iterator[None]:
    """Hold the profile's lock of watchers.

    Raises:
        Locked: another watcher runs; the message names its process.
    """
    path = watch_record.running_file(repository)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock.exclusive(path, _AT_ONCE, sharing=repository.shared_mode))
        except Locked:
            pid = watch_record.load_state(repository).get("pid") or "unknown"
            message = f"the profile '{name}' is watched already, by process {pid}"
            raise Locked(message, hint="see: zenprofile watch status") from None
        except OSError as error:
            atomic.raise_write_error(error, repository.folder)
        yield


def watch(
    profile: Profile,
    open_store: Callable[[Callable[[str], None]], Store],
    show: Show,
    *,
    push: bool = True,
    once: bool = False,
    begun: Callable[[], None] = lambda: None,
) -> tuple[View, bool]:
    """Watch a profile until a signal comes, or for one round.

    Args:
        profile: as this machine knows it.
        open_store: opens its store; given what takes the store's warnings.
        show: prints data (as JSON), or a line for people.
        push: whether commits are sent.
        once: whether it ends when everything has been looked at, committed and shared.
        begun: called once it is sure that no other watcher runs.

    Returns:
        How it was at the end, and whether Ctrl-C ended it.

    Raises:
        Unsupported: the profile is not in Git.
        Locked: another watcher runs.
        StoreBroken: the profile is gone.
    """
    first = open_store(lambda _: None)
    try:
        repository = repository_of(first)
        root = first.folder if isinstance(first, InWorkTree) else ""
    finally:
        first.close()
    with _exclusive(repository, profile.name):
        begun()
        watcher, hooks = _make_watcher(profile, repository, root, open_store, show, push=push)
        try:
            return watcher.run(once=once), watcher.interrupted
        finally:
            hooks.close(DEADLINE if once else AT_THE_END)


def _make_watcher(
    profile: Profile,
    repository: Repository,
    root: str,
    open_store: Callable[[Callable[[str], None]], Store],
    show: Show,
    *,
    push: bool,
) -> tuple[Watcher, Hooks]:
    def warned(text: str) -> None:
        reporter.line("note", text)

    def opened() -> LocalStore:
        store = open_store(warned)
        repository_of(store)
        assert isinstance(store, LocalStore)  # noqa: S101 - the line above refuses others
        return store

    hooks = Hooks(settings.hooks(profile.watch), warned)
    reporter = Reporter(repository, profile.name, show, hooks)
    actions = Actions(opened, reporter.report_action, warned)
    policy = settings.policy(profile.watch, push=push)
    return Watcher(repository, root, policy, actions, reporter), hooks


def status(repository: Repository, profile: str) -> Mapping[str, Any]:
    """Return how the profile's watcher is, as ``watch status -o json`` prints it."""
    known = watch_record.load_state(repository)
    running = watch_record.is_running(repository)
    row = {"profile": profile, "running": running, **{k: v for k, v in known.items() if k not in {"format", "profile"}}}
    if not running:
        paused = "; one that starts is paused" if guard.is_paused(watch_record.load_request(repository)) else ""
        reason = f"no watcher runs{paused}"
        row |= {"state": "stopped", "pid": 0, "next_at": "", "next": "zenprofile watch", "reason": reason}
    return row


def is_running(repository: Repository) -> bool:
    """Return whether a watcher of the repository's profile runs."""
    return watch_record.is_running(repository)


def pause(repository: Repository, seconds: float | None) -> None:
    """Ask the watcher to do nothing, for some seconds (None: until `resume`)."""
    watch_record.update_request(repository, paused=True, until=None if seconds is None else time.time() + seconds)


def resume(repository: Repository) -> None:
    """Ask the watcher to go on, on the branch that is checked out."""
    watch_record.update_request(repository, paused=False, until=None, resumed=time.time_ns())


def confirm(repository: Repository) -> str:
    """Tell the watcher that the deletion which it holds is meant; return what that is.

    Raises:
        NotFound: it holds none.
    """
    found = watch_record.load_state(repository)
    if not found.get("mark"):
        raise NotFound("no deletion waits to be confirmed", hint="see: zenprofile watch status")
    watch_record.update_request(repository, confirmed=found["mark"])
    return str(found.get("reason", ""))
