"""The watcher's decisions: a pure function of state, event and clock. It does nothing and reads no clock.

The rim (`zenprofile.watch.loop`) feeds events, carries out one action at a time, and feeds back what that came to.
Times are seconds of a monotonic clock that the rim owns.

idle --hint--> settling --quiet--> scan --valid--> commit --> sync --> idle
                                    |                           |
                                    +--invalid, deleted--> held +--offline--> backoff   +--refused, conflict--> waits
paused by a person or by git (merge, rebase, another branch): only looks, until that ends.
"""

import hashlib
from typing import NamedTuple

from zenprofile.watch.events import (
    Action,
    Commit,
    Committed,
    Confirm,
    Event,
    Exit,
    Failed,
    Gate,
    Hint,
    Look,
    Looked,
    Moved,
    Policy,
    Remote,
    Scan,
    Scanned,
    Stop,
    Sync,
    Synced,
    Trigger,
)

FIRST_RETRY = 1.0  # seconds; doubled with each failure
LAST_RETRY = 300.0
REFUSED_RETRY = 300.0  # where the remote or this machine refused something that may change by itself
BUSY_RETRY = 2.0  # where another command talks to the remote, or git is in the middle of something
BROKEN_RETRY = 10.0  # where the disk is full, or a file may not be read
SECOND_LOOK = 1.0  # between the two looks that a deletion needs
SPREAD = 0.2  # part of an interval by which it may differ, so that not all machines ask together
MASS = 6  # files of a profile from which on a mass deletion waits for a person
_LONG_AGO, _NEVER = float("-inf"), float("inf")
_RETRIED = frozenset({"offline", "refused", "busy"})
_SYNCED = _RETRIED | {"conflict"}  # in a conflict, what is not in it goes on being shared


# State ----------------------------------------------------------------------------------------------------------------


class Wait(NamedTuple):
    """Why something is not done now.

    Attributes:
        kind: ``invalid``, ``deletion``, ``broken``; of the remote: ``offline``, ``blocked``, ``conflict``, ``refused``.
        reason: in a line.
        advice: what to do about it.
        mark: of the edits that are held; of the files that are gone, where it is a mass deletion.
    """

    kind: str
    reason: str
    advice: str = ""
    mark: str = ""


class WatcherState(NamedTuple):
    """Everything that a watcher remembers.

    Attributes:
        gate: whether anything may be done.
        doing: the action that is under way, or None.
        first: when the first change came that no scan has answered; None for none.
        last: when the last one came.
        rescan_at: when all files are looked at again in any case.
        suspect: mark of edits that were invalid in one look; invalid in the second, they are held.
        gone: files that were gone in the last look, and `gone_at` when the first look saw all of them gone.
        gone_at: see ``gone``.
        ready: mark of edits that may be committed; "" for none.
        confirmed: mark of the deletions that a person has confirmed.
        held: why edits are not committed.
        shared: whether there is a remote.
        wanted: whether a sync is due.
        waits: why the remote is not talked to, or not as it should be.
        failures: of the remote, in a row.
        retry_at: when it is tried again, after ``offline`` or ``refused``.
        poll_at: when it is looked at next.
        pushed_at: when the last push was.
        stopping: whether it is to end.
    """

    gate: Gate = Gate("")
    doing: Action | None = None
    first: float | None = None
    last: float = 0.0
    rescan_at: float = 0.0
    suspect: str = ""
    gone: frozenset[str] = frozenset()
    gone_at: float = 0.0
    ready: str = ""
    confirmed: str = ""
    held: Wait | None = None
    shared: bool = True
    wanted: bool = False
    waits: Wait | None = None
    failures: int = 0
    retry_at: float = 0.0
    poll_at: float = 0.0
    pushed_at: float = _LONG_AGO
    stopping: bool = False


def begin(now: float, *, shared: bool) -> WatcherState:
    """Return the state of a watcher that starts: all files, once they are quiet, and the remote are looked at first."""
    return WatcherState(shared=shared, first=now, last=now, rescan_at=now, wanted=shared, poll_at=now)


def step(
    policy: Policy, state: WatcherState, event: Event, now: float, chance: float = 0.5
) -> tuple[WatcherState, Action | None]:
    """Return the next state, and the action to carry out now (None: wait until `due`, or for an event).

    Args:
        policy: what may be done.
        state: as it is.
        event: what happened.
        now: the time.
        chance: from 0 to 1, spreads intervals.
    """
    state = _after_event(policy, state, event, now, 1 + SPREAD * (2 * chance - 1))
    if state.doing is not None:
        return state, None
    state, action = _decide(policy, state, now)
    return state._replace(doing=action), action


def due(policy: Policy, state: WatcherState) -> float | None:
    """Return when the next `Tick` has something to do; None while an action is under way or the gate is closed."""
    if state.doing is not None or state.gate.closed:
        return None
    return min([_scan_at(policy, state), *_remote_at(policy, state)])


def _scan_at(policy: Policy, state: WatcherState) -> float:
    """Return when all files are looked at next: once they are quiet, where any was changed."""
    if state.first is None:
        return state.rescan_at
    return min(state.last + policy.quiet, state.first + policy.longest)


def _remote_at(policy: Policy, state: WatcherState) -> list[float]:
    """Return when the remote is talked to next; nothing where that needs a person or another event.

    While files are being changed, they are committed first.
    """
    kind = state.waits.kind if state.waits is not None else ""
    if not state.shared or kind == "blocked" or state.first is not None:
        return []
    if kind in _RETRIED:
        return [state.retry_at]
    if _is_sync_next(state):
        return [state.pushed_at + policy.push_every]
    return [state.poll_at]


def _is_sync_next(state: WatcherState) -> bool:
    """Return whether the next talk with the remote is a sync, and not only a look."""
    return state.wanted and (state.waits is None or state.waits.kind in _SYNCED)


# Events into the state ------------------------------------------------------------------------------------------------


def _after_event(policy: Policy, state: WatcherState, event: Event, now: float, spread: float) -> WatcherState:
    """Return the state after an event, before anything is decided."""
    match event:
        case Hint(at):
            state = _after_hint(state, at)
        case Gate():
            state = _after_gate(state, event, now)
        case Remote(there):
            state = _without_waits(state)._replace(shared=there, wanted=there, poll_at=now)
        case Moved() | Trigger():
            state = _without_waits_but_conflict(state)._replace(wanted=state.shared, poll_at=now, rescan_at=now)
        case Confirm():
            state = state._replace(confirmed=event.mark, rescan_at=now)
        case Stop():  # one last look: the hint of what was saved a moment ago may still be on its way
            state = _after_hint(state, now)._replace(stopping=True)
        case Scanned() | Committed() | Synced() | Looked() | Failed():
            state = _after_outcome(policy, state, event, now, spread)._replace(doing=None)
    return state


def _after_hint(state: WatcherState, at: float) -> WatcherState:
    if state.stopping:
        return state
    return state._replace(first=at if state.first is None else state.first, last=max(at, state.last))


def _after_gate(state: WatcherState, gate: Gate, now: float) -> WatcherState:
    if gate == state.gate:
        return state
    if gate.closed:
        return state._replace(gate=gate, ready="")
    # What happened meanwhile was not looked at.
    return state._replace(gate=gate, rescan_at=now, poll_at=now)


def _without_waits(state: WatcherState) -> WatcherState:
    """Return the state without anything that delays contact with the remote."""
    return state._replace(waits=None)


def _without_waits_but_conflict(state: WatcherState) -> WatcherState:
    """Return the state without what delays contact with the remote, except a conflict, which ends with a sync."""
    return state if _is_in_conflict(state) else _without_waits(state)


def _is_in_conflict(state: WatcherState) -> bool:
    return state.waits is not None and state.waits.kind == "conflict"


def _after_outcome(policy: Policy, state: WatcherState, event: Event, now: float, spread: float) -> WatcherState:
    """Return the state after an action's outcome."""
    match event:
        case Scanned():
            state = _after_scan(policy, state._replace(rescan_at=now + policy.rescan, ready=""), event, now)
        case Committed():
            if state.waits is not None and state.waits.kind == "refused":
                state = _without_waits(state)  # that was about what is no longer the newest
            state = state._replace(ready="", held=None, suspect="", wanted=state.shared)
        case Synced():
            poll_at = now + policy.poll * spread
            state = _without_waits(state)._replace(wanted=False, failures=0, poll_at=poll_at, pushed_at=now)
        case Looked(differs):
            state = state._replace(poll_at=now + policy.poll * spread, failures=0, wanted=state.wanted or differs)
            if differs or (state.waits is not None and state.waits.kind == "offline"):
                state = _without_waits_but_conflict(state)
        case Failed():
            state = _after_failure(policy, state, event, now, spread)
    return state


def _after_scan(policy: Policy, state: WatcherState, found: Scanned, now: float) -> WatcherState:
    """Return the state after a look at all files: edits are ready, held, or looked at once more."""
    is_unpushed = found.unpushed and state.shared and policy.pushes and not _is_in_conflict(state)
    state = state._replace(wanted=state.wanted or is_unpushed)
    if not found.mark:
        return state._replace(held=None, suspect="", gone=frozenset(), confirmed="")
    removed = frozenset(found.removed)
    if not removed <= state.gone:
        state = state._replace(gone_at=now)
    state = state._replace(gone=removed)
    if found.problem and state.suspect != found.mark:  # perhaps half written
        return state._replace(suspect=found.mark, rescan_at=now + policy.quiet)
    if not found.problem and removed and now < state.gone_at + SECOND_LOOK:
        return state._replace(suspect="", rescan_at=state.gone_at + SECOND_LOOK)
    held = _why_held(policy, state, found)
    suspect = found.mark if found.problem else ""
    return state._replace(held=held, suspect=suspect, ready="" if held else found.mark)


def _why_held(policy: Policy, state: WatcherState, found: Scanned) -> Wait | None:
    """Return why edits may not be committed; None where they may."""
    if found.problem:
        return Wait("invalid", found.problem, found.advice, found.mark)
    is_mass = found.documents >= MASS and 2 * len(found.removed) > found.documents
    mark = _mark(found.removed)
    if is_mass and mark != state.confirmed:
        reason = f"{len(found.removed)} of {found.documents} files are deleted"
        return Wait("deletion", reason, "if that is meant: zenprofile watch confirm; else put them back", mark)
    if not policy.commits:
        return Wait("manual", "edits wait for a person", "zenprofile commit", found.mark)
    return None


def _mark(removed: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(sorted(removed)).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _after_failure(policy: Policy, state: WatcherState, found: Failed, now: float, spread: float) -> WatcherState:
    """Return the state after an action that failed; ``doing`` is still that action."""
    here = isinstance(state.doing, Scan | Commit)
    return (
        _after_local_failure(policy, state, found, now)
        if here
        else _after_remote_failure(policy, state, found, now, spread)
    )


def _after_local_failure(policy: Policy, state: WatcherState, found: Failed, now: float) -> WatcherState:
    state = state._replace(ready="")
    if found.kind == "stale":
        return state._replace(first=now, last=now)
    if found.kind in {"paused", "stopped"}:
        return state._replace(rescan_at=now + policy.quiet)
    # Invalid after all, or a disk that is full.
    pause = policy.rescan if found.kind == "invalid" else BROKEN_RETRY
    return state._replace(held=Wait(found.kind, found.reason, found.advice), rescan_at=now + pause)


def _after_remote_failure(
    policy: Policy, state: WatcherState, found: Failed, now: float, spread: float
) -> WatcherState:
    state = state._replace(waits=Wait(found.kind, found.reason, found.advice))
    if found.kind == "offline":
        pause = min(LAST_RETRY, FIRST_RETRY * 2.0 ** min(state.failures, 16)) * spread
        return state._replace(failures=state.failures + 1, retry_at=now + pause)
    if found.kind in {"blocked", "conflict"}:
        return state._replace(wanted=found.kind == "blocked", poll_at=now + policy.poll * spread)
    pause = BUSY_RETRY if found.kind in {"busy", "stopped"} else REFUSED_RETRY
    kind = "refused" if pause == REFUSED_RETRY else "busy"
    return state._replace(waits=Wait(kind, found.reason, found.advice), retry_at=now + pause * spread)


# Decisions ------------------------------------------------------------------------------------------------------------


def _decide(policy: Policy, state: WatcherState, now: float) -> tuple[WatcherState, Action | None]:
    """Return what to do now, if anything."""
    if state.gate.closed or (state.stopping and state.first is None and not state.ready):
        return state, Exit() if state.stopping else None
    if state.ready:
        return state, Commit(state.ready)
    if state.stopping or now >= _scan_at(policy, state):
        return state._replace(first=None, last=_LONG_AGO, rescan_at=now + policy.rescan), Scan()
    if min(_remote_at(policy, state), default=_NEVER) <= now:
        return state, Sync(policy.pushes) if _is_sync_next(state) else Look()
    return state, None


class View(NamedTuple):
    """A watcher's state for people.

    Attributes:
        state: ``watching``, ``settling``, or a word of `zenprofile status`: ``uncommitted``, ``held``, ``conflict``,
            ``paused``, ``offline``, ``blocked``.
        reason: why, in a line.
        next: what to do about it; "" for nothing.
        at: when the watcher does something about it by itself; None where it waits for a change.
    """

    state: str
    reason: str = ""
    next: str = ""
    at: float | None = None


_WORDS = {
    "manual": "uncommitted",
    "refused": "blocked",
    "busy": "paused",
    "invalid": "held",
    "deletion": "held",
    "broken": "held",
}


def view(policy: Policy, state: WatcherState) -> View:
    """Return a watcher's state in words: paused, conflict, held, or what keeps it from the remote, in this order."""
    if state.gate.closed:
        return View("paused", state.gate.closed, state.gate.advice)
    waits, held = state.waits, state.held
    if held is not None and not _is_in_conflict(state):
        return View(_WORDS.get(held.kind, held.kind), held.reason, held.advice, state.rescan_at)
    if waits is not None:
        at = min(_remote_at(policy, state), default=None)
        return View(_WORDS.get(waits.kind, waits.kind), waits.reason, waits.advice, at)
    if state.first is not None:
        return View("settling", "files are being changed", "", _scan_at(policy, state))
    return View("watching", "nothing waits", "", due(policy, state))


def is_at_rest(policy: Policy, state: WatcherState, now: float) -> bool:
    """Return whether one round is done: nothing is about to be looked at again, and the remote has had its turn."""
    if state.doing is not None or state.first is not None:
        return False
    if state.gate.closed:
        return True
    soon = now + SECOND_LOOK + policy.quiet
    return state.rescan_at > soon and (not state.wanted or not state.shared or state.waits is not None)
