"""A server on SQLite, over one kept connection, beside a raw ASGI application that has the same bytes ready."""

import http.client
import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import profiles
from measure import Table, process, rounds

from zenprofile.drivers.sql import DRIVER
from zenprofile.store.base import Options

ZENPROFILE = [sys.executable, "-m", "zenprofile"]
LIST = "/api/v1/components"
ONE = "/api/v1/components/orchestrator/orchestrator-1"
# Answers every path with what a file holds; run by the same server as ours.
RAW = """
import socket, sys, uvicorn
bodies = {line.split(" ", 1)[0]: open(line.split(" ", 1)[1], "rb").read() for line in sys.argv[1:]}
async def app(scope, receive, send):
    body = bodies[scope["path"]]
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
at = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY on such alone
at.bind(("127.0.0.1", 0))
at.listen()
print(at.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, http="h11", lifespan="off", log_level="error")).run(sockets=[at])
"""


def bench(table: Table, home: Path, *, quick: bool) -> None:
    """Measure a list of 1,000, one entity, a registration, many clients, and a whole process."""
    url = f"sqlite:///{home / 'store.db'}"
    store = DRIVER.create(url, Options(), profiles.change(1250))
    store.close()
    process(*ZENPROFILE, "create", "served", "--url", url)()
    created = [*ZENPROFILE, "server", "token", "create", "default", "--role", "admin", "--profile", "served"]
    token = subprocess.run(created, capture_output=True, text=True, check=True).stdout.strip()
    started = [*ZENPROFILE, "server", "start", "--port", "0", "--profile", "served"]
    server = subprocess.Popen(started, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    port = int(server.stdout.readline().rpartition(":")[2])
    headers = {"Authorization": f"Bearer {token}"}
    try:
        _measured(table, home, port, headers, 40 if quick else 300)
        _many(table, port, headers, server.pid, 3.0 if quick else 20.0)
        process(*ZENPROFILE, "create", "team", "--url", f"http://127.0.0.1:{port}", ZENPROFILE_TOKEN=token)()
        listed = process(
            *ZENPROFILE, "component", "list", "-t", "orchestrator", "--profile", "team", ZENPROFILE_TOKEN=token
        )
        found = rounds({"pass": process(sys.executable, "-I", "-c", "pass"), "list": listed}, 3 if quick else 15)
        table.row("REST: list of stacks, a whole process", found["list"], found["pass"], "python -I -c pass", "14x")
    finally:
        server.terminate()
        server.wait()


def _asking(port: int, headers: dict[str, str]) -> Callable[..., bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def ask(method: str, path: str, body: Any = None) -> bytes:
        more = {"Content-Type": "application/json", "If-None-Match": "*"} if body else {}
        connection.request(method, path, json.dumps(body) if body else None, {**headers, **more})
        answer = connection.getresponse()
        read = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {read[:200]!r}")
        return read

    return ask


def _measured(table: Table, home: Path, port: int, headers: dict[str, str], count: int) -> None:
    ask = _asking(port, headers)
    bodies: list[str] = []
    for path in (LIST, ONE):
        file = home / f"body-{len(bodies)}"
        file.write_bytes(ask("GET", path))
        bodies.append(f"{path.partition('?')[0]} {file}")
    raw = subprocess.Popen([sys.executable, "-c", RAW, *bodies], stdout=subprocess.PIPE, text=True)
    assert raw.stdout is not None
    limit = _asking(int(raw.stdout.readline()), {})
    numbers = itertools.count()

    def register() -> None:
        name = f"new-{next(numbers)}"
        ask("PUT", f"/api/v1/stacks/{name}", {"name": name, "components": {"orchestrator": "orchestrator-1"}})

    try:
        found = rounds(
            {
                "raw list": lambda: limit("GET", LIST),
                "list": lambda: ask("GET", LIST),
                "raw one": lambda: limit("GET", ONE),
                "one": lambda: ask("GET", ONE),
            },
            count,
        )
        found |= rounds({"register": register, "changed": lambda: ask("GET", LIST)}, count)
    finally:
        raw.terminate()
        raw.wait()
    table.row("REST: list of 1,000 components", found["list"], found["raw list"], "raw ASGI, the bytes ready", "2x")
    what = "REST: the list after each write"
    table.row(what, found["changed"], found["raw list"], "raw ASGI, the bytes ready")
    table.row("REST: one entity", found["one"], found["raw one"], "raw ASGI, the bytes ready", "1.5x")
    table.row("REST: register a stack", found["register"], 1 / 243, "ten times ZenServer 0.13.2's 24.3 a second", "1x")


def _many(table: Table, port: int, headers: dict[str, str], pid: int, seconds: float) -> None:
    """Let 200 clients ask for so long; any error ends the run."""
    end = time.monotonic() + seconds
    failed: list[Exception] = []

    def client() -> None:
        try:
            ask = _asking(port, headers)
            while time.monotonic() < end:
                ask("GET", ONE)
        except Exception as error:
            failed.append(error)

    before = _resident(pid)
    threads = [threading.Thread(target=client) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    table.size(f"REST: growth under 200 clients for {seconds:g} s", _resident(pid) - before, "flat")


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return float(status.partition("VmRSS:")[2].split()[0]) / 1024
