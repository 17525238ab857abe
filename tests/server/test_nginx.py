"""The set-up that deploy/nginx.conf shows, run: TLS in front, two servers behind, one of them killed."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ports import free_port

from tests.server.processes import Running, command, made

ROOT = Path(__file__).parent.parent.parent
NAME = "stacks.example.com"


def certificate(folder: Path) -> None:
    """Make a certificate for localhost that signs itself."""
    words = (
        f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,DNS:{NAME}"
    )
    out = ["-keyout", str(folder / "key"), "-out", str(folder / "pem")]
    subprocess.run(["openssl", *words.split(), *out], check=True, capture_output=True)


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Callable[[list[str]], str]]:
    """Give what starts nginx with our configuration in front of some servers, and returns its address."""
    started: list[subprocess.Popen[bytes]] = []
    folder = tmp_path / "nginx"
    folder.mkdir()

    def start(addresses: list[str]) -> str:
        certificate(folder)
        port = free_port()
        shown = (ROOT / "deploy" / "nginx.conf").read_text()
        ports = iter([address.rpartition(":")[2] for address in addresses])
        ours = re.sub(r"server 127\.0\.0\.1:\d+", lambda _: f"server 127.0.0.1:{next(ports)}", shown)
        for old, new in (
            ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
            ("/etc/ssl/private/stacks.example.com.key", f"{folder}/key"),
            ("/etc/ssl/stacks.example.com.pem", f"{folder}/pem"),
        ):
            assert old in ours
            ours = ours.replace(old, new)
        paths = "".join(f"{n}_temp_path {folder}/{n};" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;" if os.geteuid() == 0 else ""
        settings = f"{user}daemon off;pid {folder}/pid;error_log {folder}/errors;events {{}}\n"
        (folder / "conf").write_text(f"{settings}http {{ access_log off; {paths}\n{ours}}}\n")
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        started.append(subprocess.Popen([program, "-c", str(folder / "conf"), "-e", str(folder / "errors")]))
        while True:
            assert started[-1].poll() is None, (folder / "errors").read_text()
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except ConnectionRefusedError:
                continue
            return f"https://localhost:{port}"

    yield start
    for process in started:
        process.terminate()
        process.wait()


@pytest.mark.slow
def test_two_servers_behind_nginx_are_one_address(
    serve: Callable[..., Running],
    nginx: Callable[[list[str]], str],
    tmp_path: Path,
) -> None:
    token = made("sql")
    servers = [serve("--behind-proxy", "--allow-host", NAME) for _ in range(2)]
    address = nginx([server.address for server in servers])
    trust: dict[str, Any] = {"ZENPROFILE_TOKEN": token, "REQUESTS_CA_BUNDLE": str(tmp_path / "nginx" / "pem")}
    command("create", "team", "--url", address, **trust)

    for number in range(4):
        command("user", "create", f"u{number}", "--profile", "team", **trust)
        if number == 1:
            servers[0].end(signal.SIGKILL)

    assert command("log", "--profile", "team", **trust).count("add user u") == 4
    command("create", "other", "--url", address, ZENPROFILE_TOKEN=token, fails=4)  # an authority nobody trusts
