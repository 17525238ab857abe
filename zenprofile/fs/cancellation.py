"""Cancellation: long waits ask here whether they should end, so that a watcher's SIGTERM ends a `sync` in seconds."""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from zenprofile.errors import Stopped

INTERVAL = 0.25  # seconds between two questions while something is waited for


def _never() -> bool:
    return False


_asked: ContextVar[Callable[[], bool]] = ContextVar("stop requested", default=_never)


@contextlib.contextmanager
def cancel_when(requested: Callable[[], bool]) -> Iterator[None]:
    """Cancel operations of this thread, within the block, once ``requested`` returns true."""
    token = _asked.set(requested)
    try:
        yield
    finally:
        _asked.reset(token)


def check() -> None:
    """Raise where the operation was told to stop.

    Raises:
        Stopped: it was; the store is as before or as after.
    """
    if _asked.get()():
        raise Stopped("stopped before it was done", hint="what is here is kept; repeat the command")


def interval(seconds: float) -> float:
    """Return how long one wait may last: up to ``seconds``, and short where the operation can be told to stop."""
    return seconds if _asked.get() is _never else min(seconds, INTERVAL)


def sleep(seconds: float) -> None:
    """Sleep, unless told to stop.

    Raises:
        Stopped: as `check`.
    """
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        check()
        time.sleep(interval(left))
