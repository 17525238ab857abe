"""Python's collector of reference cycles, which reading many documents sets off again and again."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Keep Python from looking for cycles while documents are read: there are none, and it takes half the time."""
    ran = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if ran:
            gc.enable()
