"""Runs a watcher process for each profile, so that none delays another or fails with it."""

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from zenprofile.watch import processes

AGAIN = (1.0, 300.0)  # seconds until a watcher that failed is started again: the first time, and at most
STEADY = 60.0  # seconds after which a watcher counts as well
_INTERVAL = 0.2
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Member(NamedTuple):
    """One profile's watcher.

    Attributes:
        process: it; None while it waits to be started again.
        since: when it was started, or when it ended.
        failures: in a row.
    """

    process: processes.Process | None
    since: float
    failures: int = 0


def watch(commands: Mapping[str, Sequence[str]], report: Callable[[str, str], None], *, once: bool = False) -> int:
    """Run a watcher per profile until a signal comes (it is passed on); restart those that fail.

    Args:
        commands: of each profile's watcher.
        report: takes a profile's name and a line.
        once: whether each does one round and is not started again.

    Returns:
        The highest exit status of one round; where a signal has ended them 0, or 130 for Ctrl-C.
    """
    ended: list[int] = []
    before = {n: signal.signal(n, lambda number, _: ended.append(number)) for n in _SIGNALS}
    members = {name: Member(processes.start(command), time.monotonic()) for name, command in commands.items()}
    results: dict[str, int] = {}
    try:
        while not ended and len(results) < len(commands):
            for name, member in members.items():
                members[name] = _supervised(name, member, commands[name], report, results, once=once)
            time.sleep(_INTERVAL)
    finally:
        for member in members.values():
            if member.process is not None:
                member.process.terminate()
        for member in members.values():
            if member.process is not None:
                member.process.wait()
        for number, handler in before.items():
            signal.signal(number, handler)
    return _status(ended, results)


def _status(signals: Sequence[int], results: Mapping[str, int]) -> int:
    if signals:
        return 130 if signals[0] == signal.SIGINT else 0
    return max(results.values(), default=0)


def _supervised(
    name: str,
    member: Member,
    command: Sequence[str],
    report: Callable[[str, str], None],
    results: dict[str, int],
    *,
    once: bool,
) -> Member:
    """Return a member as it is now; started again where that is due."""
    now = time.monotonic()
    if member.process is None:
        if name in results or now - member.since < min(AGAIN[0] * 2 ** (member.failures - 1), AGAIN[1]):
            return member
        return Member(processes.start(command), now, member.failures)
    status = member.process.poll()
    if status is None:
        return member
    if once:
        results[name] = status if status >= 0 else 1
        return Member(None, now)
    failures = 1 if now - member.since >= STEADY else member.failures + 1
    report(name, f"its watcher ended with status {status}; it is started again")
    return Member(None, now, failures)
