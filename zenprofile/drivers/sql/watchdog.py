"""A deadline for databases whose client waits for an answer without end (psycopg)."""

import contextlib
import os
import socket
import threading
import weakref
from collections.abc import Iterator
from typing import Any


class Watchdog:
    """Ends an engine's connections when an operation takes longer than allowed; one thread uses the engine.

    Attributes:
        expired: whether the last operation was ended so.
    """

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self._seconds = seconds
        self._connections: weakref.WeakSet[Any] = weakref.WeakSet()

    def watch(self, connection: Any) -> None:
        """Watch a connection of psycopg from now on."""
        self._connections.add(connection)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Allow what runs inside its time."""
        self.expired = False
        timer = threading.Timer(self._seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _end(self) -> None:
        self.expired = True
        for connection in list(self._connections):
            # The client's own thread waits at this socket: it sees an end, as if the server had gone.
            with contextlib.suppress(Exception):
                copy = socket.socket(fileno=os.dup(connection.pgconn.socket))
                try:
                    copy.shutdown(socket.SHUT_RDWR)
                finally:
                    copy.close()
