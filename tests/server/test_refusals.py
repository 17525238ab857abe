"""What is refused, with which status, and in which order."""

import socket
from typing import Any

import pytest

from tests.contract import serving
from tests.server.conftest import Ask, asking
from zenprofile.core.entity import KINDS
from zenprofile.server import api
from zenprofile.server.exchange import BULK_LIMIT, DOCUMENT_LIMIT

STACK = "/api/v1/stacks/default"
NEW = {"name": "new", "components": {"orchestrator": "default", "artifact_store": "default"}}
MATCH = {"If-Match": '"0"'}
LARGE = b"x" * (DOCUMENT_LIMIT + 1)
PLAIN = {"Content-Type": "text/plain"}
CLOSED = [
    (method, resource.path)
    for resource in api.RESOURCES
    for method, operation in resource.operations.items()
    if operation.access == "api"
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize("token", [None, "Basic eDp5", "Bearer", "Bearer zpt_0a1b2c3d_wrong", "Bearer \x7f"])
def test_every_route_asks_for_a_token(ask: Ask, method: str, path: str, token: str | None) -> None:
    path = path.replace("{type}", "artifact_store").replace("{name}", "default").replace("{rev:path}", "1")

    said = ask(method, path, headers={"Authorization": token})

    assert said.status == 401
    assert said.headers["Content-Type"] == "application/problem+json"
    assert said.json["code"] == "access-denied"


def test_what_is_not_there_asks_for_a_token_too(ask: Ask) -> None:
    assert ask("GET", "/nothing", headers={"Authorization": None}).status == 401
    assert ask("GET", "/nothing").status == 404


def test_a_browser_is_told_by_a_page(ask: Ask) -> None:
    html = {"Authorization": None, "Accept": "text/html,*/*;q=0.8"}
    signed_in = {**html, "Cookie": f"zenprofile={serving.TOKEN}"}

    asked = [(ask("GET", "/nothing", headers=headers), status) for headers, status in ((html, 401), (signed_in, 404))]

    assert [(said.status, said.headers["Content-Type"]) for said, _ in asked] == [
        (status, "text/html; charset=utf-8") for _, status in asked
    ]
    assert ask("GET", "/api/v1/nothing", headers=html).headers["Content-Type"] == "application/problem+json"
    again = ask("GET", "/sign-in", headers=html)
    assert (again.status, again.headers["Location"]) == (303, "/")


def test_the_last_user_stays_whatever_deletes_it(ask: Ask) -> None:
    revision = ask("GET", "/api/v1/users/default").json["revision"]
    edit = {"kind": "user", "type": "", "name": "default", "replaces": revision, "text": None}

    assert ask("POST", "/api/v1/changes", {"edits": [edit]}).json["code"] == "in-use"

    new = {"kind": "user", "type": "", "name": "eve", "replaces": None, "text": "name: eve\n"}
    assert ask("POST", "/api/v1/changes", {"edits": [edit, new]}).status == 201


def test_who_is_deleted_leaves_teams_and_assignments_in_the_same_change(ask: Ask) -> None:
    for path, document in (
        ("users/eve", {"name": "eve"}),
        ("teams/ml", {"name": "ml", "members": ["default", "eve"]}),
        ("roles/lead", {"name": "lead", "assignments": [{"user": "eve"}]}),
    ):
        assert ask("PUT", f"/api/v1/{path}", document, {"If-None-Match": "*"}).status == 201

    said = ask("DELETE", "/api/v1/users/eve", headers={"If-Match": "*"})

    assert said.status == 204
    change = ask("GET", f"/api/v1/changes/{said.headers['Zenprofile-Rev']}").json["changes"]
    assert sorted((one["name"], one["action"]) for one in change) == [
        ("eve", "removed"),
        ("lead", "changed"),
        ("ml", "changed"),
    ]
    assert ask("GET", "/api/v1/teams/ml").json["members"] == ["default"]


ORDER: dict[str, tuple[int, str, str, dict[str, Any]]] = {
    "no token": (401, "PUT", "/api/v1/stacks/none", {"body": LARGE, "headers": {"Authorization": None}}),
    "may only read": (403, "PUT", "/api/v1/stacks/none", {"body": LARGE, "headers": {**PLAIN, "token": "viewer"}}),
    "may not write people": (403, "PUT", "/api/v1/users/eve", {"body": LARGE, "headers": {"token": "editor"}}),
    "no such path": (404, "PUT", "/api/v1/nothing/x", {"body": LARGE}),
    "no such type": (404, "PUT", "/api/v1/components/database/x", {"body": LARGE}),
    "no such entity to replace": (404, "PUT", "/api/v1/stacks/none", {"body": LARGE, "headers": MATCH}),
    "no such entity to delete": (404, "DELETE", "/api/v1/stacks/none", {}),
    "too large": (413, "PUT", STACK, {"body": LARGE, "headers": PLAIN}),
    "another type": (415, "PUT", STACK, {"body": b"{", "headers": PLAIN}),
    "another encoding": (
        415,
        "PUT",
        STACK,
        {"body": b"{", "headers": {"Content-Type": "application/json", "Content-Encoding": "gzip"}},
    ),
    "no JSON": (400, "PUT", STACK, {"body": b"{", "headers": {"Content-Type": "application/json"}}),
    "NaN": (400, "PUT", STACK, {"body": b'{"a": NaN}', "headers": {"Content-Type": "application/json"}}),
    "a key twice": (
        400,
        "PUT",
        STACK,
        {"body": b'{"a": 1, "a": 2}', "headers": {"Content-Type": "application/json"}},
    ),
    "too deep": (400, "PUT", STACK, {"body": b"[" * 100_000, "headers": {"Content-Type": "application/json"}}),
    "no condition": (428, "PUT", STACK, {"body": {"colour": "red"}}),
    "no condition to delete": (428, "DELETE", STACK, {}),
    "another revision": (412, "PUT", STACK, {"body": {"name": "default", "components": {}}, "headers": MATCH}),
    "another revision to delete": (412, "DELETE", STACK, {"headers": MATCH}),
    "is there already": (412, "PUT", STACK, {"body": NEW, "headers": {"If-None-Match": "*"}}),
    "invalid": (
        422,
        "PUT",
        "/api/v1/stacks/x",
        {"body": {"name": "x", "colour": 1}, "headers": {"If-None-Match": "*"}},
    ),
    "another spelling": (
        409,
        "PUT",
        "/api/v1/stacks/Default",
        {"body": {**NEW, "name": "Default"}, "headers": {"If-None-Match": "*"}},
    ),
    "in use": (409, "DELETE", "/api/v1/components/orchestrator/default", {"headers": {"If-Match": "*"}}),
    "the last user": (409, "DELETE", "/api/v1/users/default", {"headers": {"If-Match": "*"}}),
    "no object": (400, "PUT", STACK, {"body": b"null", "headers": {"Content-Type": "application/json"}}),
    "no cursor": (400, "GET", "/api/v1/stacks?cursor=%25%25", {}),
    "no such file": (404, "GET", "/static/none.css", {}),
    "a file is only read": (405, "POST", "/static/page.css", {}),
    "another method": (405, "POST", STACK, {"body": NEW}),
}


@pytest.mark.parametrize(("status", "method", "path", "more"), ORDER.values(), ids=ORDER)
def test_the_first_reason_counts(address: str, status: int, method: str, path: str, more: dict[str, Any]) -> None:
    headers = dict(more.get("headers", {}))
    token = {"viewer": serving.VIEWER, "editor": serving.EDITOR}.get(headers.pop("token", ""), serving.TOKEN)

    said = asking(address, token)(method, path, more.get("body"), headers)

    assert (said.status, said.json["status"]) == (status, status)
    assert said.json["detail"]
    assert said.json["hint"]
    assert asking(address)("GET", "/api/v1/profile").json["head"] == "1"


def test_a_path_that_takes_other_methods_names_them(ask: Ask) -> None:
    assert ask("PATCH", STACK).headers["Allow"] == "DELETE, GET, HEAD, PUT"


@pytest.mark.parametrize(("path", "most"), [("changes", DOCUMENT_LIMIT), ("bulk", BULK_LIMIT)])
def test_a_change_set_is_bounded(ask: Ask, path: str, most: int) -> None:
    large = {"Content-Type": "application/json"}
    assert ask("POST", f"/api/v1/{path}", b"x" * (most + 1), large).status == 413
    assert ask("POST", f"/api/v1/{path}", b"x" * most, large).status == 400


def test_a_document_of_a_change_set_is_bounded(ask: Ask) -> None:
    text = "name: x\n#" + "x" * DOCUMENT_LIMIT
    edit = {"kind": "user", "type": "", "name": "x", "replaces": None, "text": text}
    assert ask("POST", "/api/v1/bulk", {"edits": [edit]}).status == 413


@pytest.mark.parametrize(
    "path",
    ["/api/v1/stacks/..%2f..%2fetc", "/api/v1/stacks/..", "//api/v1/stacks", "/api/v1/stacks/", "/api/v1/stacks/%00"],
)
def test_a_path_leads_nowhere_else(ask: Ask, path: str) -> None:
    assert ask("GET", path).status == 404


def test_no_name_leads_out_of_the_store(ask: Ask) -> None:
    said = ask("PUT", "/api/v1/users/..%5cx", {"name": "..\\x"}, {"If-None-Match": "*"})

    assert said.status == 422
    assert said.json["code"] == "bad-name"


def test_wrong_tokens_are_slowed_down_and_right_ones_still_work(address: str) -> None:
    ask = asking(address)
    wrong = {"Authorization": "Bearer zpt_0a1b2c3d_wrong"}

    said = [ask("GET", "/api/v1/stacks", headers=wrong) for _ in range(11)]

    assert [one.status for one in said] == [401] * 10 + [429]
    assert 0 < int(said[-1].headers["Retry-After"]) <= 60
    assert ask("GET", "/api/v1/stacks").status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "a b", ""])
def test_another_host_is_not_ours(ask: Ask, host: str) -> None:
    assert ask("GET", "/version", headers={"Host": host}).status == 400


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
def test_another_site_writes_nothing(ask: Ask, origin: str) -> None:
    said = ask("PUT", "/api/v1/stacks/new", NEW, {"If-None-Match": "*", "Origin": origin})

    assert said.status == 403
    assert "Access-Control-Allow-Origin" not in said.headers
    assert ask("GET", "/api/v1/stacks/new").status == 404


def test_sizes_of_address_and_headers_are_bounded(ask: Ask) -> None:
    assert ask("GET", "/version?" + "x" * 20_000).status == 414
    assert ask("GET", "/version", headers={"X-Long": "x" * 40_000}).status == 431
    assert ask("GET", "/version", headers={f"X-{number}": "x" for number in range(120)}).status == 431


def test_what_is_no_http_is_closed(address: str) -> None:
    with socket.create_connection(("127.0.0.1", serving.port())) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 400")


def test_every_answer_carries_the_headers_that_protect(ask: Ask) -> None:
    for said in (ask("GET", "/"), ask("GET", "/nothing"), ask("GET", "/version", headers={"Host": "evil.example"})):
        policy = said.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert said.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in said.headers
        assert said.headers["Zenprofile-Api"] == "1"


def test_the_api_takes_no_cookie(ask: Ask) -> None:
    said = ask("GET", "/api/v1/stacks", headers={"Authorization": None, "Cookie": f"zenprofile={serving.TOKEN}"})

    assert said.status == 401


def test_every_kind_has_its_routes() -> None:
    paths = {resource.path for resource in api.RESOURCES}

    assert {f"/api/v1/{kind.folder}" for kind in KINDS.values()} <= paths
