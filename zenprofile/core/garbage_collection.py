"""Python's collector of reference cycles, which reading many documents sets off again and again."""

import contextlib
import gc
from collections.abc import Iterator

_MANY = 10_000  # objects that one pause has made
_MOST = 200_000  # objects that pauses have made since all was looked through
_unseen = 0


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Pause garbage collection while documents are read: they have no cycles, and it takes half the time."""
    ran = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if ran:
            if _may_age(gc.get_count()[0]):
                _age()
            gc.enable()


def _may_age(made: int) -> bool:
    """Return whether objects may be moved to the oldest generation: garbage among them waits for a full collection."""
    global _unseen  # noqa: PLW0603 - of the one collector of the process
    _unseen += made
    if _unseen > _MOST:
        _unseen = 0
        return False
    return made > _MANY


def collect() -> None:
    """Collect garbage at once, in a pause too: for code that makes very much of it."""
    gc.collect()


def _age() -> None:
    """Move all objects to the oldest generation, so that enabling collection does not go through them."""
    gc.freeze()
    gc.unfreeze()
