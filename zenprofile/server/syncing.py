"""Syncs a served Git store with its remote: soon after each write, and periodically."""

import threading
from collections.abc import Callable

from zenprofile.errors import ZenprofileError
from zenprofile.store.base import Store
from zenprofile.usecases import sharing

EVERY = 60.0  # seconds between looks at the remote
_QUIET = 0.2  # seconds in which further writes go along


class Syncing:
    """Syncs in a thread of its own, with a store of its own; what fails is said once and tried again.

    Args:
        open: opens the store.
        echo: takes a line for the log.
        every: seconds between looks at the remote.
    """

    def __init__(self, open_: Callable[[], Store], echo: Callable[[str], None], every: float = EVERY) -> None:
        self._open = open_
        self._echo = echo
        self._every = every
        self._due = threading.Event()
        self._ends = threading.Event()
        self._reported = ""
        self._thread = threading.Thread(target=self._run, name="zenprofile-sync", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wrote(self) -> None:
        """Note that something was written."""
        self._due.set()

    def stop(self, seconds: float) -> None:
        """End; what is under way is waited for so long, and cut off where the next start finishes it."""
        self._ends.set()
        self._due.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._ends.is_set():
            self._due.wait(self._every)
            if self._ends.wait(_QUIET):
                return
            self._due.clear()
            self._once()

    def _once(self) -> None:
        try:
            store = self._open()
            try:
                side = sharing.remote_side(store)
                if side is not None:
                    sharing.sync(store, side, self._report, commits=False)
            finally:
                store.close()
        except ZenprofileError as error:
            self._report(f"not synced: {error.message}; {error.hint}")
        else:
            self._reported = ""

    def _report(self, line: str) -> None:
        if line != self._reported:
            self._reported = line
            self._echo(line)
