"""Signals that end this process, put off while it starts another one that nobody could end yet.

git has a session of its own: a signal for this process does not reach it, and it would go on, with its locks, where an
exception came between its start and the ``try`` that ends it.
"""

import contextlib
import signal
import threading

_DEFAULTS = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}


class _State:
    """Whether signals are put off now, and the one that came meanwhile (0: none)."""

    deferred = False
    came = 0


def defer() -> None:
    """Put SIGINT and SIGTERM off until `deliver`; other handlers than Python's own stay in force."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number, default in _DEFAULTS.items():
        if signal.getsignal(number) is default:
            with contextlib.suppress(ValueError):  # not the main interpreter
                signal.signal(number, _handle)
    _State.deferred = True


def deliver() -> None:
    """Let signals through again, and raise what came meanwhile.

    Raises:
        KeyboardInterrupt: SIGINT came.
        SystemExit: SIGTERM came.
    """
    if _State.deferred and threading.current_thread() is threading.main_thread():
        _State.deferred = False
        number, _State.came = _State.came, 0
        if number:
            _raise(number)


def _handle(number: int, _: object) -> None:
    if _State.deferred:
        _State.came = number
    else:
        _raise(number)


def _raise(number: int) -> None:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
