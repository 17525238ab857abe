"""A deadline for servers: their clients wait for an answer without end (psycopg), or as long for each (PyMySQL)."""

import contextlib
import os
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any


class Watchdog:
    """Ends an engine's connections when an operation takes longer than allowed; one thread uses the engine.

    Args:
        seconds: that are allowed where nothing else is said.
        grace: more of them, in which a server may say by itself that it gives up.
    """

    def __init__(self, seconds: float, grace: float) -> None:
        self._seconds = seconds
        self._grace = grace
        self._end: float | None = None
        self._connections: weakref.WeakSet[Any] = weakref.WeakSet()

    def watch(self, connection: Any) -> None:
        """Watch a connection of psycopg or PyMySQL from now on; one that comes too late is closed."""
        self._connections.add(connection)
        if not self.seconds_left:
            connection.close()

    @property
    def seconds_left(self) -> float:
        """Seconds that what runs has left; all of them where nothing does."""
        return self._seconds if self._end is None else max(self._end - time.monotonic(), 0.0)

    @contextlib.contextmanager
    def running(self, seconds: float | None = None) -> Iterator[None]:
        """Allow what runs inside its time, or less of it."""
        outer = self._end
        allowed = self.seconds_left if seconds is None else min(seconds, self.seconds_left)
        self._end = time.monotonic() + allowed
        timer = threading.Timer(allowed + (self._grace if outer is None else 0), self._shut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self._end = outer

    def _shut(self) -> None:
        for connection in list(self._connections):
            # The client's own thread waits at this socket: it sees an end, as if the server had gone.
            with contextlib.suppress(Exception):
                copy = socket.socket(fileno=os.dup(_descriptor(connection)))
                try:
                    copy.shutdown(socket.SHUT_RDWR)
                finally:
                    copy.close()


def _descriptor(connection: Any) -> int:
    """Return the descriptor of a connection's socket; PyMySQL shows it in no public way."""
    found: int = connection.pgconn.socket if hasattr(connection, "pgconn") else connection._sock.fileno()
    return found
