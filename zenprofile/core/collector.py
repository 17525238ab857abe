"""Python's collector of reference cycles, which reading many documents sets off again and again."""

import contextlib
import gc
from collections.abc import Iterator

_MANY = 10_000  # objects that one pause has made
_MOST = 200_000  # objects that pauses have made since all was looked through
_unseen = 0


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Keep Python from looking for cycles while documents are read: there are none, and it takes half the time."""
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
    """Say whether objects may count as old unseen: what is garbage among them stays until all is looked through."""
    global _unseen  # noqa: PLW0603 - of the one collector of the process
    _unseen += made
    if _unseen > _MOST:
        _unseen = 0
        return False
    return made > _MANY


def sweep() -> None:
    """Take away at once what is garbage, in a pause too: for what makes very much of it."""
    gc.collect()


def _age() -> None:
    """Count what is there as old, so that enabling does not look through all of it."""
    gc.freeze()
    gc.unfreeze()
