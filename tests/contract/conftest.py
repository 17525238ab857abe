"""Every test of the contract runs once for each driver; names of drivers stand in the table of `kit` alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract import serving
from tests.contract.kit import DRIVERS, Place
from zenprofile.store.base import Store
from zenprofile.store.registry import create_store

RECORDING = [name for name, place in DRIVERS.items() if place.records]


def _placed(name: str, folder: Path) -> Place:
    place = DRIVERS[name]
    url = place.url.removeprefix("{server}").format(folder=folder)
    return place._replace(url=serving.address_of(url) if place.url.startswith("{server}") else url)


@pytest.fixture(params=DRIVERS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Return an empty place."""
    return _placed(request.param, tmp_path)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """Return a new store."""
    made = create_store(place.url, place.options)
    yield made
    made.close()


@pytest.fixture(params=RECORDING)
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Return a new store in which every write is recorded."""
    place = _placed(request.param, tmp_path)
    made = create_store(place.url, place.options)
    yield made
    made.close()
