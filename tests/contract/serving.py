"""A live server for tests: one process, in which each store has an address of its own, so that tests start quickly.

Run as a program it is that process: it prints its port and serves until its input ends.
"""

import atexit
import base64
import functools
import subprocess
import sys
import tempfile
from collections import OrderedDict
from typing import Any

TOKEN = "zpt_0a1b2c3d_a-token-that-tests-have"
VIEWER = "zpt_0a1b2c3e_a-token-that-may-read"
EDITOR = "zpt_0a1b2c3f_a-token-that-may-edit"
ROLES = {TOKEN: "admin", VIEWER: "viewer", EDITOR: "editor"}
_KEPT = 6  # stores that are open at a time


@functools.cache
def port(server: int = 0) -> int:
    """Start a server's process, once for all tests of this one, and return its port. It ends with us."""
    started = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    atexit.register(started.communicate)
    return int(started.stdout.readline())


@functools.cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    """Return the folder of a server's process, which goes with it."""
    return tempfile.TemporaryDirectory(prefix="zenprofile-served-")


def address_of(url: str, server: int = 0) -> str:
    """Return the address at which a server, of several, serves a store."""
    return f"http://127.0.0.1:{port(server)}/{base64.urlsafe_b64encode(url.encode()).decode()}"


def store_of(address: str) -> str:
    """Return the URL of the store that is served at an address."""
    return base64.urlsafe_b64decode(address.rpartition("/")[2]).decode()


class _Tokens:
    """Tokens that every store knows."""

    def find(self) -> list[Any]:
        from zenprofile.store import tokens

        return [tokens.Token(tokens.id_of(t), "ada", role, tokens.digest(t), "") for t, role in ROLES.items()]

    def get(self, id_: str) -> Any:
        return next((token for token in self.find() if token.id == id_), None)

    def add(self, token: Any) -> None:
        raise AssertionError("the tokens of tests are fixed")

    def remove(self, id_: str) -> bool:
        raise AssertionError("the tokens of tests are fixed")


class _Sites:
    """An application for each store, by the first part of the path."""

    def __init__(self) -> None:
        self._sites: OrderedDict[str, tuple[Any, Any]] = OrderedDict()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        name = scope["path"].split("/")[1]
        if name not in self._sites:
            self._sites[name] = self._made(base64.urlsafe_b64decode(name).decode())
        self._sites.move_to_end(name)
        while len(self._sites) > _KEPT:
            self._sites.popitem(last=False)[1][1].close()
        await self._sites[name][0]({**scope, "root_path": f"/{name}"}, receive, send)

    @staticmethod
    def _made(url: str) -> tuple[Any, Any]:
        from zenprofile.machine.profiles import Profile
        from zenprofile.server.app import application
        from zenprofile.server.site import Settings, Site
        from zenprofile.store.base import Options
        from zenprofile.usecases.serving import Served

        wrong = tempfile.mkdtemp(dir=_folder().name)
        served = Served(Profile("served", url, ""), Options(user="ada", mode="commit"), _Tokens(), wrong)
        settings = Settings(
            "served", served.open, lambda _: served.file_tokens, wrong, holds=served.holds, begin=served.begin
        )
        site = Site(settings)
        return application(site), site


def _main() -> None:
    import threading

    import uvicorn

    from zenprofile.server.run import Listening, bind

    at = bind(Listening("127.0.0.1", 0))
    config = uvicorn.Config(_Sites(), http="h11", lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)

    def ends() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=ends, daemon=True).start()
    at.listen()
    print(at.getsockname()[1], flush=True)
    server.run(sockets=[at])


if __name__ == "__main__":
    _main()
