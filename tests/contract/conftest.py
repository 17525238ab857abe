"""Every test of the contract runs once for each driver; names of drivers stand in the table of `kit` alone."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import databases
import pytest

from tests.contract import serving
from tests.contract.kit import DRIVERS, Place
from zenprofile.store.base import Store
from zenprofile.store.registry import create_store


def _params(names: Iterable[str]) -> list[Any]:
    """Return drivers as parameters; a cluster takes its time."""
    return [pytest.param(name, marks=[pytest.mark.slow] if name == "galera" else []) for name in names]


def _placed(name: str, folder: Path, request: pytest.FixtureRequest) -> Place:
    place = DRIVERS[name]
    served = place.url.startswith("{server}")
    name = name.removeprefix("rest-")
    if place.url.endswith(f"{{{name}}}"):
        server = request.getfixturevalue("servers").get(name)
        database = databases.new_database(server)
        urls = [server.url(database, node) for node in range(len(server.ports_of_clients))]
    else:
        urls = [place.url.removeprefix("{server}").format(folder=folder)]
    if served:  # by two servers, that know of each other only what the store tells them
        urls = [serving.address_of(urls[0], server) for server in range(2)]
    return place._replace(url=urls[0], others=tuple(urls[1:]))


@pytest.fixture(params=_params(DRIVERS))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Return an empty place."""
    return _placed(request.param, tmp_path, request)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """Return a new store."""
    made = create_store(place.url, place.options)
    yield made
    made.close()


@pytest.fixture(params=_params(name for name, place in DRIVERS.items() if place.records))
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Return a new store in which every write is recorded."""
    place = _placed(request.param, tmp_path, request)
    made = create_store(place.url, place.options)
    yield made
    made.close()
