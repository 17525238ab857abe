"""Cached responses: the same as others, and never those of an earlier state."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.contract import serving
from tests.server.conftest import Ask, asking
from zenprofile.server.cache import ResponseCache, bearer
from zenprofile.server.exchange import Principal, Response
from zenprofile.store.base import Options
from zenprofile.store.capabilities import CountsChanges
from zenprofile.store.registry import create_store

LIST = "/api/v1/users"
SOMEBODY = Principal("ada", "viewer", "0")


def create(ask: Ask, name: str) -> None:
    assert ask("PUT", f"{LIST}/{name}", {"name": name}, {"If-None-Match": "*"}).status == 201


def names(ask: Ask) -> list[str]:
    return [row["name"] for row in ask("GET", LIST).json["items"]]


def test_a_cached_response_is_the_response(ask: Ask) -> None:
    said = [ask("GET", LIST) for _ in range(3)]

    assert len({one.body for one in said}) == 1
    plain = [{name: value for name, value in one.headers.items() if name != "date"} for one in said]
    assert plain[0] == plain[1] == plain[2]
    assert ask("GET", LIST, headers={"If-None-Match": said[0].headers["ETag"]}).status == 304
    assert ask("GET", f"{LIST}?name=x").json["items"] == []
    text = {"Accept": "application/yaml"}
    assert ask("GET", f"{LIST}/default").json["name"] == "default"
    assert [ask("GET", f"{LIST}/default", headers=text).body for _ in range(2)] == [b"name: default\n"] * 2


@pytest.mark.parametrize("number", range(2))
def test_what_another_server_or_program_writes_is_seen_at_once(address: str, number: int) -> None:
    url = serving.store_of(address)
    ask, other = asking(address), asking(serving.address_of(url, 1))
    assert names(ask) == names(ask) == names(other) == ["default"]

    create(other if number else ask, "eve")
    assert names(ask) == names(other) == ["default", "eve"]

    with closing(sqlite3.connect(url.partition(":///")[2], isolation_level=None)) as connection:
        connection.execute("DELETE FROM zenprofile_entities WHERE name = 'eve'")
    assert names(ask) == names(other) == ["default"]


def test_what_is_cached_is_for_who_has_a_token(address: str) -> None:
    assert names(asking(address)) == ["default"]

    for token in ("", serving.TOKEN + "x", serving.TOKEN[:-1], serving.TOKEN.upper()):
        assert asking(address, token)("GET", LIST).status == 401
    assert asking(address)("GET", LIST, headers={"Host": "evil.example"}).status == 400
    assert asking(address, serving.VIEWER)("GET", LIST).status == 200


def test_a_page_is_cached_for_who_has_seen_it_alone(address: str) -> None:
    def page(token: str) -> str:
        cookie: dict[str, Any] = {"Authorization": None, "Cookie": f"zenprofile={token}"}
        return asking(address)("GET", "/", headers=cookie).body.decode()

    assert page(serving.TOKEN) == page(serving.TOKEN)
    assert "Everything is valid" in page(serving.VIEWER)
    assert "Everything is valid" not in page("")


def test_another_count_empties_it() -> None:
    cache, key, response = ResponseCache(), ("/x", b"", ""), Response(200, b"1")
    cache.add("1", key, response)
    cache.add_principal("1", "token", SOMEBODY)
    assert (cache.response("1", key), cache.principal("1", "token")) == (response, SOMEBODY)
    assert (cache.response("", key), cache.principal("", "token")) == (None, None)

    assert (cache.response("2", key), cache.principal("2", "token")) == (None, None)
    cache.add_principal("2", "other", SOMEBODY)

    assert (cache.response("2", key), cache.principal("2", "token")) == (None, None)


def test_it_is_bounded() -> None:
    cache, body = ResponseCache(), bytes(1024 * 1024)
    for number in range(100):
        cache.add("1", (f"/{number}", b"", ""), Response(200, body))

    kept = sum(cache.response("1", (f"/{number}", b"", "")) is not None for number in range(100))
    assert 20 < kept < 32


def test_a_file_tells_whether_others_have_written_to_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    store = create_store(url, Options())
    assert isinstance(store, CountsChanges)
    found = store.change_counter()
    assert found is not None
    first = found.value()
    assert first == found.value() != ""

    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
        other.execute("CREATE TABLE mine (x)")
    assert found.value() not in {first, ""}
    found.close()
    assert found.value() == ""
    store.close()


@pytest.mark.parametrize(
    ("header", "token"), [("Bearer x", "x"), ("bearer  x ", "x"), ("Basic x", ""), ("", ""), ("Bearer", "")]
)
def test_a_token_is_what_stands_behind_the_scheme(header: str, token: str) -> None:
    assert bearer(header) == token
