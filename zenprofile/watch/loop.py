"""The watcher's loop: waits for what happens, lets the state machine decide, has that carried out, one at a time."""

import contextlib
import os
import random
import select
import signal
import time
from collections.abc import Iterator

from zenprofile.drivers.local import watch_record
from zenprofile.fs import cancellation
from zenprofile.git.repository import Repository
from zenprofile.watch import machine
from zenprofile.watch.actions import Actions
from zenprofile.watch.events import Action, Committed, Event, Exit, Hint, Policy, Remote, Scanned, Stop, Tick, Trigger
from zenprofile.watch.file_events import FileEvents
from zenprofile.watch.guard import Guard
from zenprofile.watch.reporter import Reporter

GLANCE = 1.0  # seconds between two looks at what makes no event: git's own files, requests, the folders themselves
JUMP = 5.0  # seconds by which the clock on the wall may differ from the one that stands while the machine sleeps
GRACE = 3.5  # seconds from a signal to the end of whatever is being done
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Watcher:
    """Watches one profile, in the main thread of its process.

    Args:
        repository: of the profile.
        root: the profile's folder.
        policy: what may be done.
        actions: does it.
        reporter: tells of it.
    """

    def __init__(self, repository: Repository, root: str, policy: Policy, actions: Actions, reporter: Reporter) -> None:
        self._repository = repository
        self._policy = policy
        self._actions = actions
        self._reporter = reporter
        self._pipe = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else _pipe()
        self._file_events = FileEvents(root, self._wake)
        self._guard = Guard(repository, root)
        self._heard = float("-inf")
        self._drift = _drift()
        self._ended = False
        self._signal = 0
        actions.head = self._guard.head
        self._state = machine.begin(time.monotonic(), shared=False)

    def run(self, *, once: bool = False) -> machine.View:
        """Watch until a signal comes; with ``once``, until everything has been looked at, committed and shared.

        Returns:
            How it was at the end.

        Raises:
            StoreBroken: the profile is gone.
        """
        with self._signals():
            try:
                while not self._ended:
                    self._run_once()
                    if once and machine.is_at_rest(self._policy, self._state, time.monotonic()):
                        break
                    if not self._ended:
                        self._wait()
            finally:
                self._file_events.close()
                self._actions.close()
                self._reporter.save_end()
                for end in self._pipe:
                    os.close(end)
        return machine.view(self._policy, self._state)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C has ended it."""
        return self._signal == signal.SIGINT

    def _run_once(self) -> None:
        """Handle what has happened, and do what is due."""
        if self._file_events.check():
            self._reporter.save_listening(
                f"polling: {self._file_events.polling}" if self._file_events.polling else "events"
            )
            if self._file_events.polling:
                self._reporter.line(
                    "polling", f"files are looked at again and again, since {self._file_events.polling}"
                )
            self._file_events.hint()
        for event in self._pending_events():
            self._handle(event)
        self._handle(Tick())
        self._actions.close()
        self._view()

    def _pending_events(self) -> Iterator[Event]:
        if self._signal and not self._state.stopping:
            yield Stop()
        drift = _drift()
        if abs(drift - self._drift) > JUMP:
            yield Trigger()
        self._drift = drift
        yield from self._guard.check(self._actions.head)
        self._actions.head = self._guard.head
        if not self._state.gate.closed and self._guard.settings_changed():
            there = self._policy.pulls and self._actions.has_remote(self._state.shared)
            if there != self._state.shared:
                yield Remote(there)
        if self._file_events.heard > self._heard:
            self._heard = self._file_events.heard
            yield Hint(self._heard)

    def _handle(self, event: Event) -> None:
        """Pass an event to the state machine and run its actions until there is none."""
        action = self._step(event)
        while action is not None and not self._ended:
            if isinstance(action, Exit):
                self._ended = True
                return
            with cancellation.cancel_when(lambda: bool(self._signal)):
                outcome = self._actions(action)
            self._guard.after_own_action(self._actions.head)
            if _is_clean(outcome) and watch_record.load_request(self._repository).get("confirmed"):
                watch_record.update_request(self._repository, confirmed="")
            if self._signal and not self._state.stopping:
                self._step(Stop())
            action = self._step(outcome)
            self._view()

    def _step(self, event: Event) -> Action | None:
        now, chance = time.monotonic(), random.random()  # noqa: S311 - spreads intervals
        self._state, action = machine.step(self._policy, self._state, event, now, chance)
        return action

    def _view(self) -> None:
        held = self._state.held
        mark = held.mark if held is not None and held.kind == "deletion" else ""
        self._reporter.save_view(machine.view(self._policy, self._state), mark)

    def _wait(self) -> None:
        """Wait for a change, a signal, or the time when something is due."""
        due = machine.due(self._policy, self._state)
        left = GLANCE if due is None else max(0.0, min(GLANCE, due - time.monotonic()))
        # While files are being changed, the next change need not wake anybody: it is seen when quiet is looked for.
        self._file_events.armed = self._state.first is None
        if self._file_events.armed and self._file_events.heard > self._heard:
            return
        with contextlib.suppress(InterruptedError):
            select.select([self._pipe[0]], [], [], left)
        with contextlib.suppress(BlockingIOError):
            while os.read(self._pipe[0], 4096):
                continue

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it is awake already
            os.write(self._pipe[1], b".")

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Handle signals to end: the running action has `GRACE` seconds, then it is interrupted as by Ctrl-C."""

        def asked(number: int, _: object) -> None:
            self._signal = self._signal or number
            signal.setitimer(signal.ITIMER_REAL, GRACE)
            self._wake()

        def enough(*_: object) -> None:
            raise SystemExit(128 + self._signal)

        before = {number: signal.signal(number, asked) for number in _SIGNALS}
        before[signal.SIGALRM] = signal.signal(signal.SIGALRM, enough)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in before.items():
                signal.signal(number, handler)


def _is_clean(outcome: Event) -> bool:
    """Return whether nothing is deleted any more: it is committed, or the files are back."""
    return isinstance(outcome, Committed) or (isinstance(outcome, Scanned) and not outcome.mark)


def _pipe() -> tuple[int, int]:
    ends = os.pipe()
    for end in ends:
        os.set_blocking(end, False)
        os.set_inheritable(end, False)
    return ends


def _drift() -> float:
    """Return the difference between the wall clock and the clock that stops while the machine sleeps."""
    return time.time() - time.monotonic()
