"""Reports what a watcher does: a line an action, its state for other commands, a person's hook commands."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from zenprofile.core import change
from zenprofile.drivers.local import watch_record
from zenprofile.git.repository import Repository
from zenprofile.store import dates
from zenprofile.watch.actions import ActionResult
from zenprofile.watch.machine import View
from zenprofile.watch.processes import Hooks

PATIENCE = 2.0  # seconds: git holds its index for moments all the time
_WELL = frozenset({"watching", "settling"})
Show = Callable[[Mapping[str, Any], str], None]


class Reporter:
    """Reports what a watcher does.

    Args:
        repository: of the profile.
        profile: its name.
        show: prints data (as JSON), or a line for people.
        hooks: a person's commands.
    """

    def __init__(self, repository: Repository, profile: str, show: Show, hooks: Hooks) -> None:
        self._repository = repository
        self._show = show
        self._hooks = hooks
        self._view = View("", "")
        self._since = 0.0  # monotonic
        self._reported = View("watching", "")
        now = dates.rfc3339(time.time())
        self._state: dict[str, Any] = {
            "format": 1, "profile": profile, "pid": os.getpid(), "started": now, "state": "", "since": now,
            "reason": "", "next": "", "next_at": "", "mark": "", "last_error": "", "last_error_at": "",
            "last_commit": "", "last_commit_at": "", "last_push_at": "", "last_pull_at": "", "listens": "",
        }  # fmt: skip

    def line(self, event: str, text: str, **data: Any) -> None:
        """Print one line."""
        when = time.time()
        head = time.strftime("%H:%M:%S", time.localtime(when))
        row = {"when": dates.rfc3339(when), "event": event, "profile": self._state["profile"], "text": text, **data}
        self._show(row, f"{head} {event}: {text}")

    def save_listening(self, how: str) -> None:
        """Save how changes are listened for (events or polling)."""
        self._state["listens"] = how

    def report_action(self, done: ActionResult) -> None:
        """Report an action that was done."""
        changes = [change.as_json(changed) for changed in done.changes]
        self.line(done.what, done.text, rev=done.rev, changes=changes)
        now = dates.rfc3339(time.time())
        if done.what == "committed":
            self._state.update(last_commit=done.rev, last_commit_at=now)
        else:
            self._state[f"last_{done.what.removesuffix('ed')}_at"] = now
        if changes:
            name = self._state["profile"]
            self._hooks.run("change", {"profile": name, "event": done.what, "rev": done.rev, "changes": changes})

    def save_view(self, view: View, mark: str = "") -> None:
        """Save the watcher's state for other commands; report a problem once, and its end."""
        now = time.monotonic()
        if view[:3] != self._view[:3]:
            self._since = now
        at = "" if view.at is None else dates.rfc3339(time.time() + max(0.0, view.at - now))
        if view[:3] != self._view[:3] or at != self._state["next_at"] or mark != self._state["mark"]:
            self._write(view, at, mark)
        self._view = view
        if view.state != "paused" or now - self._since >= PATIENCE:
            self._report_problem(view)

    def save_end(self) -> None:
        """Save that the watcher has ended."""
        self._report_problem(self._view)
        self._state.update(state="stopped", reason="it has ended", next="zenprofile watch", next_at="", pid=0)
        watch_record.save_state(self._repository, self._state)

    def _write(self, view: View, at: str, mark: str) -> None:
        if view[:3] != self._view[:3]:
            self._state["since"] = dates.rfc3339(time.time())
        self._state.update(state=view.state, reason=view.reason, next=view.next, next_at=at, mark=mark)
        if view.state in {"offline", "blocked", "held", "conflict"}:
            self._state.update(last_error=view.reason, last_error_at=dates.rfc3339(time.time()))
        watch_record.save_state(self._repository, self._state)

    def _report_problem(self, view: View) -> None:
        problem, before = view.state not in _WELL, self._reported.state not in _WELL
        if (problem or before) and view[:2] != self._reported[:2] and view.state != "settling":
            if problem:
                advice = f"; {view.next}" if view.next else ""
                self.line(view.state, f"{view.reason}{advice}", reason=view.reason, next=view.next)
                row = {"state": view.state, "reason": view.reason, "next": view.next}
                self._hooks.run("problem", {"profile": self._state["profile"], **row})
            else:
                self.line("resumed", f"no longer {self._reported.state}")
            self._reported = view
