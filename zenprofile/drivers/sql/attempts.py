"""How often a transaction is tried again: with jitter, until its time is over."""

import itertools
import random
import time
from collections.abc import Iterator

_FIRST, _LONGEST = 0.005, 0.5  # seconds
_TOO_LITTLE = 0.1  # of the whole time


class Attempt:
    """One attempt.

    Attributes:
        number: from 0.
    """

    def __init__(self, number: int, end: float, least: float) -> None:
        self.number = number
        self._end = end
        self._least = least

    @property
    def seconds_left(self) -> float:
        """Seconds until the time for attempts is over."""
        return max(self._end - time.monotonic(), 0.0)

    @property
    def is_last(self) -> bool:
        """Whether too little time is left by now for another one."""
        return self.seconds_left <= self._least


def attempts(seconds: float) -> Iterator[Attempt]:
    """Yield attempts without end, a pause before every one but the first; the caller gives up after the last one."""
    end = time.monotonic() + seconds
    for number in itertools.count():
        if number:
            time.sleep(random.uniform(0, min(_FIRST * 2 ** min(number, 20), _LONGEST)))  # noqa: S311 - no secret
        yield Attempt(number, end, seconds * _TOO_LITTLE)
