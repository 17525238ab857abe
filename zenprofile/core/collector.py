"""Python's collector of reference cycles, which reading many documents sets off again and again."""

import contextlib
import gc
import itertools
from collections.abc import Iterator

_MANY = 10_000  # objects that one pause has made
_large = itertools.count(1)


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Keep Python from looking for cycles while documents are read: there are none, and it takes half the time."""
    ran = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if ran:
            if gc.get_count()[0] > _MANY and next(_large) % 10:
                _age()
            gc.enable()


def _age() -> None:
    """Count what is there as old, so that enabling does not look through all of it: one pause in ten has that done."""
    gc.freeze()
    gc.unfreeze()
