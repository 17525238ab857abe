"""Sharing a profile through its remote: pull, push, sync, and what a person has to settle."""

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from zenprofile.core import change, paths
from zenprofile.core.change import MISSING, Changed, Recorded
from zenprofile.core.entity import Key
from zenprofile.errors import ConflictError, Invalid, Unreachable, ZenprofileError
from zenprofile.fs import cancellation
from zenprofile.store.base import Edits, Store
from zenprofile.store.capabilities import Committing, Shareable
from zenprofile.store.sharing import (
    OpenConflicts,
    PartialShareResult,
    PartialSharing,
    Proposed,
    PullResult,
    PushResult,
    Sharing,
    Typed,
)

if TYPE_CHECKING:
    from zenprofile.core import portable
    from zenprofile.core.merge.data import Choice
    from zenprofile.core.merge.documents import Conflict

_SPREAD, _WIDEST = 0.25, 1.0  # seconds; of the order of one fetch, merge and push
_TIMEOUT = 30.0  # seconds
_MANY = 6  # documents; of fewer, half is soon deleted on purpose
_LOCK_HINT = "local work is kept; try again, and if nothing runs there, have that file deleted"
_TOLD = 50  # conflicts of which it is told who made each change: each asks git twice
Warn = Callable[[str], None]
Confirm = Callable[[str], bool]


class SyncResult(NamedTuple):
    """What a sync did.

    Attributes:
        committed: the edits by hand that it committed, or None.
        pulled: entities as they arrived.
        notes: what was decided by itself.
        sent: number of commits that the remote took.
        to: remote and branch that they went to; "" where nothing was sent.
        waiting: commits that wait for review, which are not sent to the branch itself.
        head: the commit that the remote has confirmed; "" for none.
    """

    committed: Recorded | None
    pulled: tuple[Changed, ...]
    notes: tuple[str, ...]
    sent: int
    to: str = ""
    waiting: tuple[Proposed, ...] = ()
    head: str = ""


def remote_side(store: Store, progress: Callable[[str], None] | None = None) -> Sharing | None:
    """Return a store's remote side; None where the store is shared by what it is."""
    return store.sharing(progress) if isinstance(store, Shareable) else None


def push(sharing: Sharing, warn: Warn, *, strict: bool = False, with_others: bool = False) -> PushResult:
    """Send the commits that are only here.

    Raises:
        Invalid: ``strict``, and something in them is bound to this machine.
        ZenprofileError: the remote has commits that are not here; and as `Sharing.push`.
    """
    _check_machine_bound(sharing, warn, strict=strict)
    pushed = sharing.push(with_others=with_others)
    if pushed.reason:
        raise Unreachable(f"{pushed.reason}; nothing was sent", hint=_LOCK_HINT)
    if pushed.stale:
        raise ZenprofileError("the remote has changes that are not here; nothing was sent", hint="run: zenprofile sync")
    return pushed


def _check_machine_bound(sharing: Sharing, warn: Warn, *, strict: bool) -> None:
    found = _bound(sharing.outgoing())
    if found and strict:
        first = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        message = f"not pushed: {first.key} {paths.show(first.path)}: {first.reason}{more}"
        raise Invalid(message, hint=first.advice, file=first.key.path)
    _warn_of_bound(found, warn)


def _bound(outgoing: Sequence[Changed]) -> "list[portable.MachineBound]":
    """List what of changes means nothing on another machine."""
    outgoing = [one for one in outgoing if one.after is not None]
    if not outgoing:
        return []
    from zenprofile.core import portable

    return [bound for one in outgoing for bound in portable.find_machine_bound(one.key, one.after or {})]


def _warn_of_bound(found: "Sequence[portable.MachineBound]", warn: Warn) -> None:
    for one in found:
        warn(f"{one.key} {paths.show(one.path)}: {one.reason}; {one.advice}")


def sync(
    store: Store,
    sharing: Sharing,
    warn: Warn,
    *,
    commits: bool,
    strict: bool = False,
    with_others: bool = False,
    timeout: float = _TIMEOUT,
    confirm: Confirm | None = None,
) -> SyncResult:
    """Commit valid edits (where writes are commits), pull, push, until the remote has what is here.

    Args:
        store: whose edits are committed.
        sharing: its remote side.
        warn: takes lines for the user.
        commits: whether writes are commits.
        strict: as for `push`.
        with_others: as for `push`.
        timeout: seconds for which it goes on while others push at the same time.
        confirm: asks a person whether so many documents are really to be deleted; None where nobody can be asked.

    Raises:
        ConflictError: a person must choose.
        Unreachable: the remote moved again and again, or held a lock.
        Stopped: it was told to stop (`zenprofile.fs.cancellation`), between two steps or while waiting for the remote.
        ZenprofileError: as `Sharing.pull` and `Sharing.push`.
    """
    committed = _commit(store, warn, confirm) if commits else None
    pulled: list[Changed] = []
    notes: list[str] = []
    deadline, round_ = time.monotonic() + timeout, 0
    while True:
        got = sharing.pull()
        pulled += got.changes
        notes += got.notes
        if got.equal:
            head = sharing.relation().theirs
            return SyncResult(committed, tuple(pulled), tuple(notes), 0, head=head)
        waiting = sharing.relation().proposed
        if waiting:
            return SyncResult(committed, tuple(pulled), tuple(notes), 0, waiting=waiting)
        if not round_:
            _check_machine_bound(sharing, warn, strict=strict)
        pushed = sharing.push(with_others=with_others)
        if pushed.confirmed:
            return SyncResult(committed, tuple(pulled), tuple(notes), pushed.sent, pushed.to, head=pushed.head)
        round_ += 1
        _pause(round_, deadline, pushed.reason)


def push_if_current(sharing: PartialSharing, warn: Warn) -> PushResult | None:
    """Push without a pull where, as far as is known, the remote has nothing new: one round trip instead of two.

    Returns:
        None where that may be otherwise, or the remote has not confirmed it: `sync` finds out.

    Raises:
        ZenprofileError: as `Sharing.push`.
    """
    if not sharing.can_push_without_pull():
        return None
    _check_machine_bound(sharing, warn, strict=False)
    pushed = sharing.push()
    return pushed if pushed.confirmed else None


def share_unconflicted(
    sharing: PartialSharing, warn: Warn, *, push: bool, timeout: float = _TIMEOUT
) -> PartialShareResult:
    """Share what is not in conflict, after a pull that stopped at conflicts.

    Args:
        sharing: the remote side.
        warn: takes lines for the user.
        push: whether anything is sent.
        timeout: seconds for which it goes on while others push at the same time.

    Returns:
        What was shared; ``stale`` where the conflicts are gone, and another sync is to send what is here.

    Raises:
        ZenprofileError: as `sync`.
    """
    changes: list[Changed] = []
    deadline, round_ = time.monotonic() + timeout, 0
    while True:
        flowed = sharing.share_unconflicted(push=push)
        changes += flowed.changes
        if not flowed.stale:
            _warn_of_bound(_bound(flowed.sent), warn)
            return flowed._replace(changes=tuple(changes))
        round_ += 1
        _pause(round_, deadline, "")
        with contextlib.suppress(ConflictError):
            changes += sharing.pull().changes
            return flowed._replace(changes=tuple(changes))  # there is no conflict any more


def _pause(round_: int, deadline: float, reason: str) -> None:
    """Wait with random backoff before another round, since others push at the same time."""
    import random

    pause = random.uniform(0, min(_SPREAD * 2**round_, _WIDEST))  # noqa: S311
    if time.monotonic() + pause >= deadline:
        text = reason or f"the remote moved {round_} times in a row"
        hint = _LOCK_HINT if reason else "run sync again; --timeout sets how long it goes on"
        raise Unreachable(f"{text}; what is here is kept and not pushed", hint=hint)
    cancellation.sleep(pause)


def _commit(store: Store, warn: Warn, confirm: Confirm | None) -> Recorded | None:
    if not isinstance(store, Committing):
        return None
    try:
        _confirm_mass_deletion(store.edits(), confirm)
        recorded = store.commit()
    except Invalid as error:
        from zenprofile.usecases.documents import relative_path

        file = relative_path(store, error.file)
        warn(f"edits by hand are not committed, since they are invalid: {file}: {error.message}")
        return None
    return recorded if recorded.rev else None


def is_mass_deletion(edits: Edits) -> bool:
    """Return whether edits delete so much that a person is asked first: more than half of at least six documents."""
    return edits.documents >= _MANY and 2 * len(edits.removed) > edits.documents


def _confirm_mass_deletion(edits: Edits, confirm: Confirm | None) -> None:
    """Ask for confirmation before most of a profile is deleted for everybody.

    Raises:
        ZenprofileError: it is not meant, or nobody can be asked.
    """
    if not is_mass_deletion(edits):
        return
    text = f"{len(edits.removed)} of {edits.documents} documents are deleted here"
    if confirm is None or not confirm(f"{text}. Delete them for everybody?"):
        hint = "put them back: git restore .; or if they are to go: zenprofile commit, then sync"
        raise ZenprofileError(f"{text}; nothing was committed or sent", hint=hint)


def push_after_write(store: Store, warn: Warn) -> None:
    """Push what a command has just written; a failure leaves the write standing and is said."""
    sharing = remote_side(store)
    if sharing is None:
        return
    try:
        _check_machine_bound(sharing, warn, strict=False)
        pushed = sharing.push()
        if pushed.stale:
            sync(store, sharing, lambda _: None, commits=False)
    except ZenprofileError as error:
        warn(f"kept, not pushed: {error.message}; {error.hint}")


def propose(
    store: Store, sharing: Sharing, warn: Warn, *, message: str, branch: str, commits: bool, with_others: bool
) -> Proposed:
    """Send the commits that are only here to a branch of their own, for review.

    Args:
        store: whose edits are committed first, where writes are commits or a message is given.
        sharing: its remote side.
        warn: takes lines for the user.
        message: of that commit; "" for what changed in words.
        branch: its name; "" for one of zenprofile's choice.
        commits: whether writes are commits.
        with_others: as for `push`.

    Raises:
        Invalid: the edits are invalid, where a message is given.
        NotFound, ZenprofileError: as `Sharing.propose`.
    """
    if message and isinstance(store, Committing):
        store.commit(message)
    elif commits:
        _commit(store, warn, None)
    _check_machine_bound(sharing, warn, strict=False)
    return sharing.propose(branch, with_others=with_others)


def resolve(sharing: Sharing, key: Key, field: str, choice: "Choice | Typed | None") -> tuple[int, PullResult]:
    """Settle conflicts of an entity (of one field where it is named), or open them again (None).

    Raises:
        NotFound: there is no such conflict.
        ConflictError: it lies outside the profile.
        Invalid: what was typed is invalid.
    """
    open_ = sharing.open_conflicts()
    if any(conflict.class_ == "outside" for conflict in open_.conflicts if conflict.key == key):
        raise _other_profile_error()
    places = [(c.key, c.path) for c in open_.conflicts] + list(open_.settled)
    known = (path for of, path in places if of == key and paths.show(path) == field)
    return sharing.resolve(key, next(known, (field,)) if field else None, choice)


def resolve_all(sharing: Sharing, choice: "Choice") -> tuple[int, PullResult]:
    """Settle every conflict with one side, those too that show only once others are settled.

    Raises:
        NotFound: there is none.
        ConflictError: files outside the profile are among them.
    """
    if any(conflict.class_ == "outside" for conflict in sharing.open_conflicts().conflicts):
        raise _other_profile_error()
    return sharing.resolve(None, None, choice)


def _other_profile_error() -> ConflictError:
    return ConflictError("files outside the profile are git's to merge", hint="pull by hand: git pull")


def conflict_json(conflict: "Conflict", ours: str, theirs: str) -> dict[str, Any]:
    """Return a conflict as ``conflicts -o json`` prints it; a side that has no value lacks the key."""
    from zenprofile.core.secrets import detector, sensitive

    key = conflict.key
    row: dict[str, Any] = {"kind": key.kind, "type": key.type, "name": key.name, "path": paths.show(conflict.path)}
    for name in ("base", "ours", "theirs"):
        value = getattr(conflict, name)
        if value is not MISSING:
            row[name] = sensitive.masked(key, [*sensitive.every_flavor(key), ""], conflict.path, value)
    detail = detector.hidden(conflict.detail)
    row |= {"class": conflict.class_, "detail": detail, "ours_rev": ours, "theirs_rev": theirs}
    return {**row, "profile": conflict.place} if conflict.place else row


def conflict_rows(open_: OpenConflicts) -> list[dict[str, Any]]:
    """Return open conflicts as ``status -o json`` prints them."""
    found = (*open_.conflicts, *open_.elsewhere)
    return [conflict_json(conflict, open_.ours, open_.theirs) for conflict in found]


def conflicts(sharing: Sharing, *, who: bool = False) -> list[dict[str, Any]]:
    """Return open conflicts as ``conflicts -o json`` prints them; ``who``: with the author and time of each side."""
    open_ = sharing.open_conflicts()
    rows = conflict_rows(open_)
    for conflict, row in zip(open_.conflicts[:_TOLD], rows, strict=False) if who else ():
        for name, by in zip(("ours_by", "theirs_by"), sharing.last_changes(conflict), strict=True):
            if by is not None:
                row[name] = {"rev": by.rev, "who": by.who, "when": by.when}
    return rows


def changes_json(changes: tuple[Changed, ...]) -> list[dict[str, Any]]:
    """Return changes as ``diff -o json`` prints them."""
    return [change.as_json(changed) for changed in changes]
