"""Clients that take their time hold no place: their connections end, and others are served meanwhile."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn

from zenprofile.server.connections import Connection
from zenprofile.server.run import Listening, bind

LARGE = bytes(64 * 1024 * 1024)
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
LONG, SHORT = 60.0, 0.2
Connect = Callable[[], socket.socket]


class Timed(Connection):
    """The same with times that a test chooses, and few connections."""

    most = 5
    lost = threading.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.lost.set()


async def application(scope: Any, _receive: Any, send: Any) -> None:
    body = LARGE if scope["path"] == "/large" else b"done"
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Give what connects to a server whose times are long."""
    monkeypatch.setattr(Timed, "head_seconds", LONG)
    monkeypatch.setattr(Timed, "taking_seconds", LONG)
    Timed.lost.clear()
    at = bind(Listening("127.0.0.1", 0))
    at.listen()
    config = uvicorn.Config(application, http=Timed, lifespan="off", log_config=None, timeout_keep_alive=60)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[at])))
    thread.start()
    address = at.getsockname()
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(socket.create_connection(address, timeout=LONG))
    server.should_exit = True
    thread.join()
    at.close()


def answered(connection: socket.socket) -> bool:
    """Send a request and read its answer."""
    connection.sendall(GET)
    read = b""
    while part := connection.recv(1000):
        read += part
        if read.endswith(b"done"):
            return True
    return False


def ends(connection: socket.socket) -> bool:
    """Wait for the server to hang up, whatever it sends before."""
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(1 << 20):
            pass
    return True


def test_headers_that_do_not_come_to_an_end_are_not_waited_for(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, together = connect(), connect()
    assert answered(used)
    monkeypatch.setattr(Timed, "head_seconds", SHORT)
    silent, half = connect(), connect()
    with contextlib.suppress(OSError):  # it may have ended already
        half.sendall(GET[:20])
    used.sendall(GET[:-1])
    together.sendall(GET + GET[:-1])  # a whole request, and one that lacks its end

    assert all(map(ends, (silent, half, used)))
    assert ends(together)


def test_a_byte_at_a_time_does_not_make_it_longer(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Timed, "head_seconds", SHORT)
    drips, ended = connect(), threading.Event()

    def drip() -> None:
        with contextlib.suppress(OSError):
            drips.sendall(b"GET / HTTP/1.1\r\nX-Long: ")
            while not ended.wait(0.05):
                drips.sendall(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    assert ends(drips)
    ended.set()
    thread.join()


def test_a_connection_that_was_used_may_idle(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = connect()
    assert answered(kept)
    monkeypatch.setattr(Timed, "head_seconds", SHORT)
    assert ends(connect())  # so much time has passed
    monkeypatch.setattr(Timed, "head_seconds", LONG)

    assert answered(kept)


def test_who_does_not_take_the_answer_is_left(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Timed, "taking_seconds", SHORT)
    greedy = connect()
    greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    greedy.sendall(GET.replace(b"GET /", b"GET /large"))

    assert Timed.lost.wait(LONG)
    assert answered(connect())


def test_open_connections_are_bounded(connect: Connect) -> None:
    first = [connect() for _ in range(Timed.most)]
    assert all(map(answered, first))

    assert ends(connect())
    assert answered(first[0])
