"""Runs the state machine's actions: scan, commit, sync. All commits go through the store."""

import os
from collections.abc import Callable
from typing import NamedTuple

from zenprofile.core.change import Changed, summary
from zenprofile.core.entity import KINDS, MANIFEST
from zenprofile.drivers.local import merge_errors
from zenprofile.drivers.local.cache import Stamp, is_old_enough, stamp
from zenprofile.drivers.local.store import LocalStore
from zenprofile.errors import (
    AccessDenied,
    ConflictError,
    Invalid,
    Locked,
    Paused,
    Stale,
    Stopped,
    Unreachable,
    ZenprofileError,
)
from zenprofile.store.sharing import PartialSharing
from zenprofile.usecases import sharing as usecase
from zenprofile.watch.events import Action, Commit, Committed, Event, Failed, Look, Looked, Scan, Scanned, Sync, Synced

_NO_CHANGES: tuple[Changed, ...] = ()
Stamps = tuple[tuple[str, int, int, int, int], ...]


class ActionResult(NamedTuple):
    """What was done, for people.

    Attributes:
        what: ``committed``, ``pulled`` or ``pushed``.
        text: in a line.
        changes: of entities.
        rev: the commit, where there is one.
    """

    what: str
    text: str
    changes: tuple[Changed, ...] = ()
    rev: str = ""


class Actions:
    """Carries out actions on one profile. A store is opened where it is needed, and closed by `close`.

    Args:
        open_store: opens the profile's store.
        report: takes what was done.
        warn: takes what was decided by itself and should be said.
    """

    def __init__(
        self, open_store: Callable[[], LocalStore], report: Callable[[ActionResult], None], warn: Callable[[str], None]
    ) -> None:
        self._open = open_store
        self._report = report
        self._warn = warn
        self._store: LocalStore | None = None
        self._clean: tuple[str, Stamps] = ("", ())
        self._contents: dict[str, tuple[Stamp, str]] = {}
        self._theirs = ""
        self.head = ""  # the last commit that this watcher knows of
        self._confirmed = ""

    def __call__(self, action: Action) -> Event:
        """Carry an action out and return what it came to."""
        try:
            match action:
                case Scan():
                    return self._scan()
                case Commit(mark):
                    return self._commit(mark)
                case Sync(push):
                    return self._sync(push)
                case Look():
                    return self._ask_remote()
        except ZenprofileError as error:
            at_hand = isinstance(action, Scan | Commit)
            return Failed(_kind(error, at_hand=at_hand), _line(error), error.hint)
        except OSError as error:
            reason = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
            return Failed("broken" if isinstance(action, Scan | Commit) else "refused", reason, "look at the disk")
        raise AssertionError(action)

    def close(self) -> None:
        """Close the store until the next action."""
        store, self._store = self._store, None
        if store is not None:
            store.close()

    def store(self) -> LocalStore:
        """Return the profile's store, open."""
        if self._store is None:
            self._store = self._open()
            self._store.contents = self._contents
        return self._store

    def has_remote(self, before: bool) -> bool:
        """Return whether the branch has a remote; as before where that cannot be found out."""
        try:
            store = self.store()
            return store.repository is not None and bool(store.sharing().relation().remote)
        except ZenprofileError:
            return before

    def _scan(self) -> Event:
        store = self.store()
        store.recover()
        head = store.head()
        stamps = _stamps(store.folder)
        if stamps and self._clean == (head, stamps):
            return Scanned("", unpushed=head != self._confirmed)
        found = store.edits()
        # Files that are young may change again without a change of their times.
        self._clean = (head, stamps) if not found.mark and _are_settled(stamps) else ("", ())
        problem = found.problems[0] if found.problems else None
        more = f" (and {len(found.problems) - 1} more)" if len(found.problems) > 1 else ""
        return Scanned(
            found.mark,
            found.removed,
            found.documents,
            f"{problem}{more}" if problem else "",
            (problem.hint or "fix it; zenprofile validate names all") if problem else "",
            unpushed=head != self._confirmed,
        )

    def _commit(self, mark: str) -> Event:
        recorded = self.store().commit(mark=mark)
        if recorded.rev:
            self.head = recorded.rev
            self._report(ActionResult("committed", recorded.message.partition("\n")[0], recorded.changes, recorded.rev))
        return Committed()

    def _sync(self, push: bool) -> Event:
        side = self._side()
        store = self.store()
        try:
            pulled, notes, sent, head = self._shared(store, side, push=push)
        except ConflictError as error:
            return self._share_unconflicted(side, error, push=push)
        except ZenprofileError:
            self.head = store.head()
            raise
        # Not what is here by now: a commit that came meanwhile is none that the remote has.
        self.head = head or store.head()
        self._theirs = side.relation().theirs
        self._confirmed = self.head if push else self._confirmed
        self._report_merged(pulled, notes)
        if sent:
            self._report(ActionResult("pushed", f"{sent} commit{'' if sent == 1 else 's'}", _NO_CHANGES, self.head))
        return Synced()

    def _shared(
        self, store: LocalStore, side: PartialSharing, *, push: bool
    ) -> tuple[tuple[Changed, ...], tuple[str, ...], int, str]:
        """Pull, and push where that is wanted.

        Returns:
            What came, what is said of it, how many commits went, and which one the remote is known to have ("": none).
        """
        if not push:
            got = side.pull()
            return got.changes, got.notes, 0, ""
        sent = usecase.push_if_current(side, self._warn)
        if sent is not None:
            return (), (), sent.sent, sent.head
        done = usecase.sync(store, side, self._warn, commits=False)
        return done.pulled, done.notes, done.sent, done.head

    def _share_unconflicted(self, side: PartialSharing, error: ConflictError, *, push: bool) -> Event:
        """Share what is not in conflict."""
        flowed = usecase.share_unconflicted(side, self._warn, push=push)
        self.head, self._theirs = flowed.head or self.store().head(), side.relation().theirs
        self._report_merged(flowed.changes, ())
        if flowed.sent:
            text = f"what is not in conflict: {summary(flowed.sent).partition(chr(10))[0]}"
            self._report(ActionResult("pushed", text, _NO_CHANGES, self.head))
        if flowed.stale:
            return Failed("busy", "what was in conflict no longer is", "")
        if flowed.to:
            error = merge_errors.open_conflicts_error(
                flowed.conflicts, rest="all else is shared" if push else "all else arrives"
            )
        return Failed("conflict", _line(error), error.hint)

    def _report_merged(self, pulled: tuple[Changed, ...], notes: tuple[str, ...]) -> None:
        if pulled:
            self._report(ActionResult("pulled", summary(pulled).partition("\n")[0], pulled, self.head))
        for note in notes:
            self._warn(note)

    def _ask_remote(self) -> Event:
        there = self._side().remote_head()
        differs, self._theirs = there != self._theirs, there
        return Looked(differs)

    def _side(self) -> PartialSharing:
        return self.store().sharing()


def _kind(error: ZenprofileError, *, at_hand: bool) -> str:
    """Return the kind of a failure, as the state machine knows it."""
    rows: tuple[tuple[tuple[type[ZenprofileError], ...], str, str], ...] = (
        ((Stopped,), "stopped", "stopped"),
        ((Stale,), "stale", "conflict"),
        ((Paused, Locked), "paused", "busy"),
        ((Invalid,), "invalid", "conflict"),
        ((Unreachable,), "broken", "offline"),
        ((AccessDenied,), "broken", "blocked"),
        ((ConflictError,), "broken", "conflict"),
        ((ZenprofileError,), "broken", "refused"),
    )
    return next((here if at_hand else remote) for classes, here, remote in rows if isinstance(error, classes))


def _line(error: ZenprofileError) -> str:
    place = f"{error.file}:{error.line}:{error.column}: " if error.line else f"{error.file}: " if error.file else ""
    return f"{place}{error.message}"


def _stamps(root: str) -> Stamps:
    """Return name, inode, size and times of every file in a profile's folders; no link is followed."""
    found = []
    todo = [os.path.join(root, kind.folder) for kind in KINDS.values()]
    while todo:
        folder = todo.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    else:
                        found.append((entry.path, *stamp(entry.stat(follow_symlinks=False))))
        except (FileNotFoundError, NotADirectoryError):
            continue
    try:
        found.append((MANIFEST, *stamp(os.stat(os.path.join(root, MANIFEST), follow_symlinks=False))))
    except OSError:
        return ()
    return tuple(sorted(found))


def _are_settled(stamps: Stamps) -> bool:
    import time

    now = time.time_ns()
    return all(is_old_enough(mark[1:], now) for mark in stamps)
