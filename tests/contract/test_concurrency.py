"""Several processes at one store: nothing acknowledged is lost, nobody writes over what they have not seen.

A store that only this process can reach is used by threads instead.
"""

import itertools
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.contract import worker
from tests.contract.kit import Place, apply, document, new
from zenprofile.core.entity import Key
from zenprofile.store.base import Store

pytestmark = pytest.mark.slow


def together(place: Place, *jobs: list[str]) -> list[str]:
    """Do jobs at the same time, each with the store opened anew; return what each says."""
    return _threads(place, jobs) if place.alone else _processes(place, jobs)


def _threads(place: Place, jobs: tuple[list[str], ...]) -> list[str]:
    barrier = Barrier(len(jobs))
    with ThreadPoolExecutor(len(jobs)) as pool:
        running = [
            pool.submit(worker.work, job, place.url, place.options.mode, words, barrier.wait) for job, *words in jobs
        ]
        return [job.result() for job in running]


def _processes(place: Place, jobs: tuple[list[str], ...]) -> list[str]:
    command = [sys.executable, worker.__file__]
    urls = itertools.cycle((place.url, *place.others))
    running = [
        subprocess.Popen(
            [*command, job, next(urls), place.options.mode, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "CONTRACT_PASSWORD": place.options.password},
        )
        for job, *words in jobs
    ]
    worker.begin(running)
    said = []
    for process in running:
        out, err = process.communicate(timeout=300)
        said.append(out.strip() if process.returncode == 0 else err)
    return said


def test_no_registration_is_lost(store: Store, place: Place) -> None:
    before = len(list(store.history()))

    said = together(place, *(["register", f"s{number}", "25"] for number in range(8)))

    assert said == ["done"] * 8
    wanted = {Key("stack", "", f"s{one}-{other}") for one in range(8) for other in range(25)}
    assert set(store.snapshot().keys("stack")) == wanted | {Key("stack", "", "default")}
    assert store.snapshot().load().problems == []
    if place.records:
        told = list(store.history())[:200]
        assert len(list(store.history())) == before + 200
        assert {changed.key for record in told for changed in record.changes} == wanted


def test_a_name_that_twenty_want_goes_to_one(store: Store, place: Place) -> None:
    said = together(place, *(["claim", "wanted", str(number)] for number in range(20)))

    assert Counter(said) == {"made": 1, "exists": 19}
    winner = store.snapshot().get(Key("user", "", "wanted"))
    assert winner is not None
    assert winner.data["description"] == str(said.index("made"))


def test_no_update_is_lost(store: Store, place: Place) -> None:
    apply(store, new(document("user", "counter", description="0")))
    each = 50 if store.driver == "sql" else 10

    said = together(place, *(["count", "counter", str(each)] for _ in range(8)))

    assert said == ["done"] * 8
    counted = store.snapshot().get(Key("user", "", "counter"))
    assert counted is not None
    assert counted.data["description"] == str(8 * each)


def test_nobody_sees_half_of_a_change(store: Store, place: Place) -> None:
    apply(store, *(new(document("user", name, description="0")) for name in ("one", "other")))

    said = together(place, ["both", "one", "other", "30"], *(["watch", "one", "other", "30"] for _ in range(2)))

    assert said == ["done", "0 halves", "0 halves"]
