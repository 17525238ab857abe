"""Whether a watcher may do anything now: looks at a few files, reads no document and starts no process."""

import os
import time
from collections.abc import Mapping
from typing import Any

from zenprofile.drivers.local import watch_record
from zenprofile.errors import StoreBroken
from zenprofile.git.repository import Repository
from zenprofile.watch.events import Confirm, Event, Gate, Moved, Trigger

GONE = 10.0  # seconds without the repository, after which the watcher ends
_Stamp = tuple[int, int]


class Guard:
    """Watches what is beside the documents: git's operations, a switched branch, requests by a person.

    Attributes:
        head: the commit of HEAD, when something could last be done.

    Args:
        repository: of the profile.
        root: the profile's folder.
    """

    def __init__(self, repository: Repository, root: str) -> None:
        self._repository = repository
        self._root = root
        self.head = repository.head().oid
        self._followed = repository.head().ref
        self._asked: dict[str, Any] = {}
        self._asked_stamp: _Stamp | None = None
        self._resumed: Any = None
        self._gone_since: float | None = None
        self._synced: _Stamp | None = _stamp(repository.own_file("state.json"))
        self._config: _Stamp | None = None
        self._confirmed = ""
        self._read_request()
        self._resumed = self._asked.get("resumed")

    def check(self, head: str) -> list[Event]:
        """Return the events for the state machine; ``head`` is the last commit that the watcher knows of.

        Raises:
            StoreBroken: the repository is gone, and does not come back.
        """
        try:
            events = self._requests()
            gate = self._gate()
            now = self._repository.head().oid
        except StoreBroken as error:  # removed between two looks, or somebody else's to mend
            return [self._gate_if_deleted() or Gate(error.message, error.hint)]
        events.append(gate)
        if not gate.closed:
            self.head = now
            if now != head:
                events.append(Moved())
            if self._changed():
                events.append(Trigger())
        return events

    def settings_changed(self) -> bool:
        """Return whether git's settings were written since the last question: the remote may be another."""
        now = _stamp(self._repository.common_file("config"))
        changed, self._config = now != self._config, now
        return changed

    def after_own_action(self, head: str) -> None:
        """Note what the watcher itself has written, so that it is not taken for another's change."""
        self.head = head
        self._synced = _stamp(self._repository.own_file("state.json"))

    def _changed(self) -> bool:
        """Return whether another command has talked to the remote."""
        before, self._synced = self._synced, _stamp(self._repository.own_file("state.json"))
        return self._synced is not None and self._synced != before

    def _requests(self) -> list[Event]:
        """Return what a person asks anew; a confirmation counts that was given while no watcher ran."""
        self._read_request()
        events: list[Event] = []
        confirmed, self._confirmed = self._confirmed, str(self._asked.get("confirmed", ""))
        if self._confirmed and self._confirmed != confirmed:
            events.append(Confirm(self._confirmed))
        if self._asked.get("resumed") != self._resumed:
            self._resumed = self._asked.get("resumed")
            self._followed = self._repository.head().ref
            events.append(Trigger())
        return events

    def _read_request(self) -> None:
        now = _stamp(watch_record.request_file(self._repository))
        if now != self._asked_stamp:
            self._asked_stamp = now
            self._asked = watch_record.load_request(self._repository)

    def _gate(self) -> Gate:
        gone = self._gate_if_deleted()
        if gone:
            return gone
        until = self._asked.get("until")
        if is_paused(self._asked):
            when = f" until {time.strftime('%H:%M:%S', time.localtime(until))}" if until else ""
            return Gate(f"a person has paused it{when}", "zenprofile watch resume")
        what, how = self._repository.operation_in_progress()
        if what:
            return Gate(f"{what} is under way", how)
        return self._head_gate()

    def _head_gate(self) -> Gate:
        head = self._repository.head()
        if not head.ref:
            return Gate("HEAD is detached", "git switch BRANCH")
        self._followed = self._followed or head.ref  # HEAD was detached when the watcher began
        if head.ref != self._followed:
            branch = self._followed.removeprefix("refs/heads/")
            advice = f"git switch {branch}, or to follow this branch: zenprofile watch resume"
            return Gate(f"the branch is '{head.branch}', and '{branch}' is watched", advice)
        if os.path.exists(self._repository.git_file("index.lock")):
            return Gate("git holds index.lock", "wait for it to end; if no git is running, delete that file")
        return Gate("")

    def _gate_if_deleted(self) -> Gate | None:
        if os.path.isdir(self._root) and os.path.exists(self._repository.git_file("HEAD")):
            self._gone_since = None
            return None
        now = time.monotonic()
        self._gone_since = now if self._gone_since is None else self._gone_since
        if now - self._gone_since > GONE:
            raise StoreBroken(f"the profile's folder {self._root} is gone", hint="put it back, and start the watcher")
        return Gate(f"the folder {self._root} is gone", "put it back")


def is_paused(asked: Mapping[str, Any]) -> bool:
    """Return whether a request of a person keeps a watcher from doing anything now."""
    until = asked.get("until")
    return bool(asked.get("paused")) and not (isinstance(until, int | float) and until <= time.time())


def _stamp(path: str) -> _Stamp | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
