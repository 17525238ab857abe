"""A live server over a new SQLite store, asked by plain HTTP: no library in between."""

import http.client
import json
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.contract import serving
from tests.server.processes import Running
from zenprofile.store.base import Options
from zenprofile.store.registry import create_store

Headers = Mapping[str, str]


class Said(NamedTuple):
    """An answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Ask = Callable[..., Said]


def asking(address: str, token: str = serving.TOKEN) -> Ask:
    """Return what sends a request to an address, with a token unless the headers have another or none (None)."""
    parts = urlsplit(address)

    def ask(method: str, path: str, body: Any = None, headers: Mapping[str, str | None] | None = None) -> Said:
        sent: dict[str, str | None] = {"Authorization": f"Bearer {token}", **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            plain = {name: value for name, value in sent.items() if value is not None}
            connection.request(method, parts.path + path, body, plain)
            answer = connection.getresponse()
            return Said(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    return ask


@pytest.fixture
def address(tmp_path: Path) -> str:
    """Return the address of a new store with the defaults."""
    url = f"sqlite:///{tmp_path}/store.db"
    create_store(url, Options(user="ada")).close()
    return serving.address_of(url)


@pytest.fixture
def ask(address: str) -> Ask:
    """Return what asks the server as an admin."""
    return asking(address)


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Running]]:
    """Give what starts a server of the active profile."""
    monkeypatch.chdir(tmp_path)
    started: list[Running] = []

    def start(*arguments: str) -> Running:
        started.append(Running(*arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)
