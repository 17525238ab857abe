"""Servers as processes: where they listen, how they end, and what a client does when one dies or loses its answer."""

import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.server.conftest import asking
from tests.server.processes import Running, command, made


def whole(connection: socket.socket) -> bytes:
    """Read one message of HTTP; b"" where the other side has hung up."""
    read = b""
    while b"\r\n\r\n" not in read:
        part = connection.recv(65536)
        if not part:
            return b""
        read += part
    head, _, body = read.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    left = int(length[1]) - len(body) if length else 0
    while left > 0:
        part = connection.recv(65536)
        read, left = read + part, left - len(part) if part else 0
    return read


class Proxy:
    """Hands bytes on to a server, and hangs up instead of the first answer to a write."""

    def __init__(self, address: str, then: Callable[[], None] = lambda: None) -> None:
        self._to = int(address.rpartition(":")[2])
        self._then = then
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.dropped = 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._to)) as server:
            while request := whole(client):
                writes = request.startswith(b"POST /api/v1/changes")
                server.sendall(request)
                answer = whole(server)
                if writes and not self.dropped:
                    self.dropped += 1
                    self._then()
                    return
                client.sendall(answer)

    def close(self) -> None:
        self._listening.close()


@pytest.mark.parametrize("kind", ["sql", "local"])
def test_a_write_whose_answer_is_lost_is_there_once(serve: Callable[..., Running], kind: str) -> None:
    token = made(kind)
    server = serve()
    proxy = Proxy(server.address)
    command("create", "team", "--url", proxy.address)

    said = command("user", "create", "eve", "--profile", "team", ZENPROFILE_TOKEN=token)
    proxy.close()

    assert "Created user with name 'eve'" in said
    assert proxy.dropped == 1
    assert command("log", "--profile", "p").count("add user eve") == 1


def test_a_server_that_is_killed_after_a_write_is_taken_over_by_the_next(serve: Callable[..., Running]) -> None:
    token = made("sql")
    first, second = serve(), serve()
    proxy = Proxy(first.address)

    def dies() -> None:
        first.end(signal.SIGKILL)
        proxy._to = int(second.address.rpartition(":")[2])

    proxy._then = dies
    command("create", "team", "--url", proxy.address)

    command("user", "create", "eve", "--profile", "team", ZENPROFILE_TOKEN=token)
    proxy.close()

    assert command("log", "--profile", "p").count("add user eve") == 1


def test_it_ends_soon_after_it_is_told_to(serve: Callable[..., Running]) -> None:
    made("sql")
    server = serve()
    port = int(server.address.rpartition(":")[2])

    with socket.create_connection(("127.0.0.1", port)) as half:
        half.sendall(b"POST /api/v1/changes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        assert server.end() == 0
    command("server", "start", "--port", str(port), "--host", "203.0.113.1", fails=1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--host", "0.0.0.0"], "nothing protects what they send"),
        (["--host", "0.0.0.0", "--behind-proxy"], "no token exists"),
        (["--tls-cert", "x.pem"], "go together"),
        (["--allow-host", "https://stacks.example.com"], "no name of a host"),
        (["--tls-cert=none.pem", "--tls-key=none.pem"], "none.pem cannot be read: No such file"),
        ([f"--tls-cert={__file__}", f"--tls-key={__file__}"], "cannot be used"),
        (["--host", "203.0.113.1", "--behind-proxy", "--profile", "other"], "not on this machine"),
    ],
)
def test_it_does_not_listen_where_that_would_be_open(
    serve: Callable[..., Running], arguments: list[str], told: str
) -> None:
    command("create", "p", "-t", "sql")
    command("set", "p", "--global")

    status = 2 if {"--tls-cert", "--allow-host"} & {*arguments} else 1
    assert told in command("server", "start", *arguments, fails=status)


def test_servers_of_one_machine_count_wrong_tokens_together(serve: Callable[..., Running]) -> None:
    token = made("sql")
    servers = [serve(), serve()]
    wrong = [asking(server.address, token[:-1] + "-") for server in servers]

    said = [wrong[number % 2]("GET", "/api/v1/profile").status for number in range(11)]

    assert said == [401] * 10 + [429]
    assert [ask("GET", "/api/v1/profile").status for ask in wrong] == [429, 429]
    assert [asking(server.address, token)("GET", "/api/v1/profile").status for server in servers] == [200, 200]


def test_a_token_is_revoked_at_once_on_every_server(serve: Callable[..., Running]) -> None:
    token = made("sql")
    servers = [serve(), serve()]
    asks = [asking(server.address, token) for server in servers]
    assert [ask("GET", "/api/v1/profile").status for ask in asks] == [200, 200]

    command("server", "token", "revoke", token.split("_")[1])

    assert [ask("GET", "/api/v1/profile").status for ask in asks] == [401, 401]
    command("server", "token", "revoke", token.split("_")[1], fails=1)
    command("server", "token", "create", "nobody", fails=1)


def test_each_write_to_a_git_store_is_a_commit_of_the_tokens_user_and_is_pushed(
    serve: Callable[..., Running], tmp_path: Path
) -> None:
    token = made("local")
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(remote)], check=True)
    command("remote", "set", str(remote))
    command("push")
    command("config", "sync", "push")
    server = serve()
    put: Any = asking(server.address, token)

    assert put("PUT", "/api/v1/users/eve", {"name": "eve"}, {"If-None-Match": "*"}).status == 201

    def pushed() -> str:
        shown = ["git", "-C", str(remote), "log", "-1", "--format=%an <%ae> %s", "main"]
        return subprocess.run(shown, capture_output=True, text=True, check=True).stdout.strip()

    wanted = "default <default@zenprofile.invalid> add user eve"
    waited = threading.Event()
    assert any(pushed() == wanted or waited.wait(0.1) for _ in range(600))
