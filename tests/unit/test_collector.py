"""Python's collector of cycles, kept from what has none."""

import gc

from zenprofile.core import garbage_collection


def test_a_pause_ends_with_the_collector_on_and_nothing_young_to_look_through() -> None:
    for _ in range(20):
        with garbage_collection.paused():
            assert not gc.isenabled()
            made: list[list[int]] = [[] for _ in range(50_000)]
        assert gc.isenabled()
        assert len(made) == 50_000
        assert gc.get_count()[0] < 50_000


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    try:
        with garbage_collection.paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
