"""Servers over a real PostgreSQL: it goes away and comes back, and one of two servers is killed while clients write."""

import http.client
import itertools
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import databases
import pytest

from tests.server.conftest import Ask, asking
from tests.server.processes import Running, command, made

CLIENTS, WRITES = 4, 12
Serve = Callable[..., Running]


def user(name: str) -> dict[str, Any]:
    return {"edits": [{"kind": "user", "name": name, "replaces": None, "document": {"name": name}}]}


def added(ask: Ask, name: str) -> list[str]:
    """Return the changes that an entity's history has."""
    return [row["rev"] for row in ask("GET", f"/api/v1/changes?entity=user/{name}").json["items"]]


@pytest.fixture
def postgresql() -> Iterator[databases.Server]:
    """Return a server that nobody else uses."""
    with databases.alone("postgresql") as server:
        yield server


def test_a_database_that_is_away_is_told_and_found_again(serve: Serve, postgresql: databases.Server) -> None:
    token = made("sql", "--url", postgresql.url(databases.new_database(postgresql)))
    address = serve().address
    ask, key = asking(address, token), {"Idempotency-Key": "one"}
    page: dict[str, str | None] = {"Authorization": None, "Cookie": f"zenprofile={token}"}
    command("create", "team", "--url", address)
    assert ask("GET", "/api/v1/users").status == ask("GET", "/health").status == 200

    databases.stop(postgresql)
    away = [
        ask("GET", "/api/v1/users"),
        ask("GET", "/api/v1/users/default"),
        ask("POST", "/api/v1/changes", user("eve"), key),
        ask("GET", "/health"),
    ]
    for said in away:
        assert (said.status, said.headers["Retry-After"]) == (503, "1")
        assert said.headers["Content-Type"] == "application/problem+json"
        assert (said.json["code"], bool(said.json["hint"])) == ("unreachable", True)
    for path in ("/", "/changes"):
        said = ask("GET", path, headers=page)
        assert (said.status, said.headers["Retry-After"]) == (503, "1")
        assert b"<h1>" in said.body
    assert "Error: " in command("user", "create", "bob", "--profile", "team", fails=4, ZENPROFILE_TOKEN=token)
    databases.start(postgresql, 0)

    assert ask("GET", "/api/v1/users").status == ask("GET", "/health").status == 200
    assert ask("POST", "/api/v1/changes", user("eve"), key).status == 201
    assert len(added(ask, "eve")) == 1
    assert b"Everything is valid" in ask("GET", "/", headers=page).body
    command("user", "create", "bob", "--profile", "team", ZENPROFILE_TOKEN=token)


def test_what_was_acknowledged_outlives_one_of_two_servers(serve: Serve, servers: databases.Servers) -> None:
    server = servers.get("postgresql")
    token = made("sql", "--url", server.url(databases.new_database(server)))
    dying, staying = serve(), serve()
    count, lock, middle = itertools.count(1), threading.Lock(), threading.Event()
    acknowledged: dict[str, str] = {}

    def write(client: int) -> None:
        for number in range(WRITES):
            name = f"u{client}-{number}"
            for address in itertools.chain([dying.address], itertools.repeat(staying.address)):
                try:
                    said = asking(address, token)("POST", "/api/v1/changes", user(name), {"Idempotency-Key": name})
                except (OSError, http.client.HTTPException):
                    continue  # no answer: the other server is asked with the same key
                assert said.status == 201, said.body
                with lock:
                    acknowledged[name] = said.json["rev"]
                    if next(count) == CLIENTS * WRITES // 3:
                        middle.set()
                break

    threads = [threading.Thread(target=write, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    assert middle.wait(60)
    dying.end(signal.SIGKILL)
    for thread in threads:
        thread.join()

    assert len(acknowledged) == CLIENTS * WRITES
    log = asking(staying.address, token)("GET", "/api/v1/changes?limit=1000").json["items"]
    recorded = {row["changes"][0]["name"]: row["rev"] for row in log if len(row["changes"]) == 1}
    assert {name: recorded[name] for name in acknowledged} == acknowledged
    assert len(log) == len(acknowledged) + 1
