"""A server that is not as it should be costs a client its deadline, and nothing else."""

import gzip
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from zenprofile.core.change import Change, Edit
from zenprofile.core.entity import Key
from zenprofile.errors import AccessDenied, NotFound, Unreachable, Unsafe, Unsupported, ZenprofileError
from zenprofile.store.base import Options
from zenprofile.store.registry import is_profile, open_store

TOKEN = "zpt_canary_token"
OPTIONS = Options(user="ada", password=TOKEN)
SHORT = 1.0  # seconds that a client waits for a server which never ends
VERSION = json.dumps({"name": "zenprofile", "version": "1", "api": 1, "holds": True}).encode()
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


class Evil:
    """A server whose answers a test chooses.

    Attributes:
        url: its address.
        seen: method and path of each request, with its token.
        answer: what it does.
    """

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []
        self.answer: Answer = says(200, VERSION)
        evil = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                self.rfile.read(length)
                evil.seen.append((self.command, self.path, self.headers.get("Authorization", "")))
                try:
                    evil.answer(self)
                except OSError:
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do  # noqa: N815 - the library's names

            def log_message(self, *_: Any) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def says(status: int, body: bytes, **headers: str) -> Answer:
    """Return what answers with a body, as a zenprofile server unless the headers say otherwise."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Zenprofile-Api": "1",
            **given,
        }.items():
            if value:
                handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def evil() -> Iterator[Evil]:
    server = Evil()
    yield server
    server.close()


def drips(handler: http.server.BaseHTTPRequestHandler) -> None:
    """Send a header, one byte at a time, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        handler.wfile.write(b"x")
        time.sleep(0.05)


def drips_body(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Zenprofile-Api", "1")
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        time.sleep(0.05)


def is_silent(handler: http.server.BaseHTTPRequestHandler) -> None:
    time.sleep(3)


WRONG: dict[str, tuple[Answer, type[ZenprofileError], str]] = {
    "a page": (
        says(200, b"<html>Sign in</html>", Content_Type="text/html", Zenprofile_Api=""),
        Unreachable,
        "text/html",
    ),
    "a page of ours": (says(200, b"<html></html>", Content_Type="text/html"), Unreachable, "not JSON"),
    "half an answer": (says(200, VERSION[:20]), Unreachable, "not JSON"),
    "fewer bytes than said": (says(200, VERSION, Content_Length="500", Connection="close"), Unreachable, ""),
    "no JSON": (says(200, b"{"), Unreachable, "not JSON"),
    "too deep": (says(200, b"[" * 200_000), Unreachable, "not JSON"),
    "compressed": (says(200, gzip.compress(b" " * 200_000_000, 1), Content_Encoding="gzip"), Unreachable, "compressed"),
    "sends on": (says(302, b"", Location="https://evil.example/x", Zenprofile_Api=""), Unreachable, "evil.example"),
    "sends on by 307": (says(307, b"", Location="http://127.0.0.1:1/"), Unreachable, "sends on"),
    "another version": (says(200, VERSION, Zenprofile_Api="2"), Unsupported, "version 2"),
    "a gateway that lost it": (
        says(502, b"Bad Gateway", Content_Type="text/plain", Zenprofile_Api=""),
        Unreachable,
        "502",
    ),
}
ENDLESS: dict[str, Answer] = {"silent": is_silent, "a byte at a time": drips, "a body a byte at a time": drips_body}


@pytest.mark.parametrize(("answer", "error", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_told_for_what_it_is(
    evil: Evil, answer: Answer, error: type[ZenprofileError], told: str
) -> None:
    evil.answer = answer

    with pytest.raises(error) as caught:
        open_store(evil.url, OPTIONS)

    assert told in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert TOKEN not in f"{caught.value.message}{caught.value.hint}"
    assert caught.value.exit_status == (1 if error is Unsupported else 4)


@pytest.mark.parametrize("answer", ENDLESS.values(), ids=ENDLESS)
def test_an_answer_without_end_costs_the_deadline(evil: Evil, answer: Answer) -> None:
    evil.answer = answer

    with pytest.raises(Unreachable, match="within 1 seconds"):
        open_store(evil.url, OPTIONS._replace(timeout=SHORT))


def test_a_token_goes_nowhere_else(evil: Evil) -> None:
    other = Evil()
    evil.answer = says(301, b"", Location=f"{other.url}/version")
    try:
        with pytest.raises(Unreachable, match="sends on"):
            open_store(evil.url, OPTIONS)
    finally:
        other.close()

    assert other.seen == []


def test_netrc_never_replaces_the_token(evil: Evil, machine: Any) -> None:
    (machine / ".netrc").write_text("machine 127.0.0.1 login eve password other\n")
    (machine / ".netrc").chmod(0o600)

    open_store(evil.url, OPTIONS).close()

    assert {token for _, _, token in evil.seen} == {f"Bearer {TOKEN}"}


def test_an_answer_that_is_lost_is_asked_for_again_three_times(evil: Evil) -> None:
    def hangs_up(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.close_connection = True

    store = open_store(evil.url, OPTIONS)
    evil.seen.clear()
    evil.answer = hangs_up

    with pytest.raises(Unreachable):
        store.apply(Change((Edit(Key("user", "", "x"), None, "name: x\n"),)))

    assert [method for method, *_ in evil.seen if method == "POST"] == ["POST"] * 3
    store.close()


def test_what_the_server_refuses_is_sent_once(evil: Evil) -> None:
    store = open_store(evil.url, OPTIONS)
    evil.seen.clear()
    problem = {"type": "urn:zenprofile:access-denied", "detail": "no", "hint": "ask", "code": "access-denied"}
    evil.answer = says(403, json.dumps(problem).encode(), Content_Type="application/problem+json")

    with pytest.raises(AccessDenied, match="no"):
        store.head()

    assert len(evil.seen) == 1
    store.close()


def test_a_list_of_a_known_server_is_one_request_which_tells_its_version(evil: Evil) -> None:
    store = open_store(evil.url, OPTIONS._replace(known=True))
    assert evil.seen == []
    evil.answer = says(200, b'{"documents": [], "invalid": [], "problems": []}')

    assert store.snapshot().load("component").entities == []

    assert [path for _, path, _ in evil.seen] == ["/api/v1/documents?kind=component&fields=data"]
    evil.answer = says(200, VERSION, Zenprofile_Api="2")
    with pytest.raises(Unsupported, match="version 2"):
        store.snapshot().load("component")
    store.close()


def test_what_is_wanted_beside_a_list_comes_with_it(evil: Evil) -> None:
    store = open_store(evil.url, OPTIONS._replace(known=True))
    stack = {"kind": "stack", "type": "", "name": "prod"}
    known = {**stack, "revision": "0", "data": {"name": "prod", "components": {}}, "text": "name: prod\n"}
    listed: dict[str, Any] = {"documents": [], "invalid": [], "problems": []}
    keys = [Key("stack", "", name) for name in ("prod", "gone")]
    evil.answer = says(200, json.dumps({**listed, "also": [known]}).encode())

    snapshot = store.snapshot()
    snapshot.prefetch([*keys, Key("stack", "", "a/b"), Key("component", "colour", "x")])
    assert snapshot.load("component").entities == []
    found = [snapshot.get(key) for key in keys]

    assert [entity and entity.data["name"] for entity in found] == ["prod", None]
    assert [path.partition("&also=")[2] for _, path, _ in evil.seen] == ["stack%2Fprod%2Cstack%2Fgone"]
    # A server that knows nothing of it is asked once more.
    evil.answer = says(200, json.dumps(listed).encode())
    snapshot = store.snapshot()
    snapshot.prefetch(keys)
    snapshot.load("component")
    evil.answer = says(200, json.dumps({"documents": [known]}).encode())
    assert snapshot.text(keys[0]) == "name: prod\n"
    assert snapshot.text(keys[1]) is None
    assert len(evil.seen) == 3
    store.close()


def test_nothing_is_asked_of_a_rev_that_is_none(evil: Evil) -> None:
    store = open_store(evil.url, OPTIONS)
    evil.seen.clear()

    for rev in ("", ".", ".."):
        with pytest.raises(NotFound):
            store.snapshot(rev)

    assert evil.seen == []
    store.close()


@pytest.mark.parametrize("url", ["http://10.0.0.1:8237", "http://stacks.example.com", "http://127.0.0.1.example.com"])
def test_what_is_not_protected_on_its_way_is_not_sent(url: str) -> None:
    with pytest.raises(Unsafe, match="not protected"):
        is_profile(url, OPTIONS)


def test_a_git_server_is_told_and_the_way_on_named(evil: Evil) -> None:
    kind = "application/x-git-upload-pack-advertisement"
    evil.answer = says(200, b"", Content_Type=kind, Zenprofile_Api="")

    with pytest.raises(Unsupported) as caught:
        is_profile(evil.url, OPTIONS)

    assert "git+http://" in caught.value.hint


def test_nobody_there_is_told_in_one_line() -> None:
    with pytest.raises(Unreachable) as caught:
        open_store("http://127.0.0.1:1", OPTIONS)

    assert "Connection refused" in caught.value.message
    assert "Pool" not in caught.value.message
